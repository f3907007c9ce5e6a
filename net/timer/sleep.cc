// SPDX-License-Identifier: BSL-1.0
#include "net/timer/sleep.h"

#include <thread>

#include "net/fiber/wait.h"
#include "net/io_context.h"
#include "net/timer/timer_wait.h"

namespace NET_NAMESPACE::internal {

void sleep_until(netpoll::nanotime when) {
  io_context* const context = on_fiber() ? io_context::current() : nullptr;
  if (context == nullptr) {
    std::this_thread::sleep_until(netpoll::to_steady_time(when));
    return;
  }
  netpoll::timer_queue::entry timer;
  while (netpoll::clock::now() < when) {
    timer_wait wait(context->reactor(), timer, when);
    if (!wait_for(wait)) {
      return;
    }
  }
}

}  // namespace NET_NAMESPACE::internal
