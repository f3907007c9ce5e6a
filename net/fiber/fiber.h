// SPDX-License-Identifier: BSL-1.0
//
// A fiber is a function with a stack of its own that runs on an io_context: when it waits, for a
// socket, a timer or another fiber, its thread runs something else. Many thousands are cheap: an
// idle one costs a page or two of memory.
//
//   net::go([] { … });                       // runs on its own; an exception leaves run()
//   net::fiber child([] { … });              // to be joined, like std::thread
//   child.join();                            // rethrows what the child threw
//
// A fiber may continue on another thread of its context after it waited, so the address of a
// thread_local must not be kept across a wait, nor a std::mutex held. When the context is
// destroyed, fibers that still wait are unwound: the wait throws something that is not a
// std::exception, and `catch (...)` must let it go on.
//
// A handle is for one thread or fiber at a time; go() and this_fiber may be used from any.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/run_loop.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/wait.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE {

struct fiber_options {
  // Bytes, rounded up to whole pages, at least 16 KiB; 0 for the default of 256 KiB. Address space
  // only: memory is used as far as the stack really grows.
  std::size_t stack_size = 0;
  // Shown when the fiber overflows its stack. Not copied: must outlive the fiber.
  const char* name = "";
};

// Where fibers can be spawned: what has a run loop.
template <typename Context>
concept fiber_context = requires(Context& context) {
  { context.loop() } -> std::same_as<run_loop&>;
};

namespace internal {

// The loop that the calling thread runs.
inline run_loop& current_loop() noexcept {
  run_loop* const loop = run_loop::current();
  netpoll::check(loop != nullptr,
                 "a fiber was spawned on the current context, but this thread runs none: name one");
  return *loop;
}

}  // namespace internal

class fiber {
 public:
  fiber() = default;

  // Runs function() on `context`, or on the context that the calling thread runs. Throws
  // std::system_error when no stack can be had.
  template <fiber_context Context, typename Function>
  fiber(Context& context, const fiber_options& options, Function&& function)
      : fiber(context.loop(), options, std::forward<Function>(function)) {}
  template <fiber_context Context, typename Function>
  fiber(Context& context, Function&& function)
      : fiber(context.loop(), fiber_options{}, std::forward<Function>(function)) {}
  template <typename Function>
  fiber(const fiber_options& options, Function&& function)
      : fiber(internal::current_loop(), options, std::forward<Function>(function)) {}
  template <typename Function>
    requires std::is_invocable_v<std::decay_t<Function>&>
  explicit fiber(Function&& function)
      : fiber(internal::current_loop(), fiber_options{}, std::forward<Function>(function)) {}

  fiber(fiber&& other) noexcept : result_(std::exchange(other.result_, nullptr)) {}
  fiber& operator=(fiber&& other) noexcept {
    check_not_joinable();
    result_ = std::exchange(other.result_, nullptr);
    return *this;
  }
  ~fiber() { check_not_joinable(); }

  bool joinable() const noexcept { return result_ != nullptr; }

  // Waits until the fiber has finished and rethrows what it threw. Parks when called on a fiber,
  // blocks when called on a thread.
  void join() {
    netpoll::check(joinable(), "join() of a fiber that is not joinable");
    struct release {
      internal::fiber_result* result;
      ~release() { result->drop_reference(); }
    } const at_end{std::exchange(result_, nullptr)};
    at_end.result->join();
  }

  // Lets the fiber run on its own. What it throws from now on is dropped.
  void detach() {
    netpoll::check(joinable(), "detach() of a fiber that is not joinable");
    std::exchange(result_, nullptr)->drop_reference();
  }

 private:
  template <typename Function>
  fiber(run_loop& loop, const fiber_options& options, Function&& function)
      : result_(new internal::fiber_result) {
    result_->add_reference();  // the fiber's
    try {
      internal::fiber_state::spawn(loop, options.stack_size, options.name, result_,
                                   std::forward<Function>(function));
    } catch (...) {
      delete std::exchange(result_, nullptr);
      throw;
    }
  }

  void check_not_joinable() const noexcept {
    netpoll::check(!joinable(), "a joinable fiber's handle was lost: join() or detach() it first");
  }

  internal::fiber_result* result_ = nullptr;
};

// Runs function() in a fiber of `context`, or of the context that the calling thread runs. An
// exception that leaves it leaves the run function of the context. Throws std::system_error when no
// stack can be had.
template <fiber_context Context, typename Function>
void go(Context& context, const fiber_options& options, Function&& function) {
  internal::fiber_state::spawn(context.loop(), options.stack_size, options.name, nullptr,
                               std::forward<Function>(function));
}
template <fiber_context Context, typename Function>
void go(Context& context, Function&& function) {
  go(context, fiber_options{}, std::forward<Function>(function));
}
template <typename Function>
void go(const fiber_options& options, Function&& function) {
  internal::fiber_state::spawn(internal::current_loop(), options.stack_size, options.name, nullptr,
                               std::forward<Function>(function));
}
template <typename Function>
void go(Function&& function) {
  go(fiber_options{}, std::forward<Function>(function));
}

namespace this_fiber {

// Lets other operations of the context run first. On a plain thread: std::this_thread::yield().
void yield();

// A number that no other fiber of the process ever has; 0 on a plain thread.
std::uint64_t get_id() noexcept;

}  // namespace this_fiber
}  // namespace NET_NAMESPACE
