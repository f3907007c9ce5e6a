// SPDX-License-Identifier: BSL-1.0
#include "net/timer/sleep.h"

#include <thread>

#include "net/fiber/fiber_state.h"
#include "net/fiber/wait.h"
#include "net/io_context.h"
#include "net/timer/timer_wait.h"

namespace NET_NAMESPACE::internal {

void sleep_until(netpoll::nanotime when) {
  fiber_state* const fiber = fiber_state::current();
  if (fiber == nullptr) {
    std::this_thread::sleep_until(netpoll::to_steady_time(when));
    return;
  }
  // Not the current context: there is none while the fiber is unwound. Only io_contexts have run
  // loops.
  auto& context = static_cast<io_context&>(fiber->loop().context());
  netpoll::timer_queue::entry timer;
  while (netpoll::clock::now() < when) {
    timer_wait wait(context.reactor(), timer, when);
    if (!wait_for(wait)) {
      return;
    }
  }
}

}  // namespace NET_NAMESPACE::internal
