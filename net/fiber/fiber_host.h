// SPDX-License-Identifier: BSL-1.0
//
// A fiber_host is what a thread needs while it runs fibers: its own context, to which the fiber
// that runs goes back when there is no other fiber to go on with. It lives on the thread's stack as
// long as a fiber that was entered from there, or one that followed, runs.
#pragma once

#include <cstdint>

#include "net/config.h"
#include "net/execution/worker.h"
#include "net/fiber/sanitizer.h"

namespace NET_NAMESPACE::internal {

class fiber_state;

// The C++ runtime's record of exceptions being handled, as the C++ ABI defines it: one for each
// thread, so each fiber needs its own while it is off its stack.
struct exception_globals {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

class fiber_host {
 public:
  // Who gives the fiber its turn.
  enum class giver : std::uint8_t {
    loop,      // the run loop of `self`: fibers may follow each other directly
    executor,  // a function that the fiber's executor runs
    nobody,    // it is being unwound
  };

  // `self` is the calling thread's worker, if it is the loop.
  fiber_host(giver by, worker* self) noexcept;
  fiber_host(const fiber_host&) = delete;
  fiber_host& operator=(const fiber_host&) = delete;

  // Enters `first` and returns when a fiber comes back here; which one is `departed`.
  void enter(fiber_state& first) noexcept;

  const giver by;
  worker* const self;
  fiber_state* running = nullptr;
  // Who has just left its stack for the one that runs now, which has yet to do what he left for.
  fiber_state* departed = nullptr;
  void* context = nullptr;
  netpoll::sanitizer_stack sanitizer;
  // The thread's; its own are kept here meanwhile.
  exception_globals* const globals;
  exception_globals exceptions;
};

}  // namespace NET_NAMESPACE::internal
