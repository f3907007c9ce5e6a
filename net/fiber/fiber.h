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
// A fiber can be cancelled: whatever it waits for then, or would begin to wait for, ends with
// error::operation_aborted, until it has finished. What was read or written before that is counted
// as ever. A fiber that must not be disturbed for a while, because it cleans up, say, stands behind
// a this_fiber::shield.
//
// fiber_options say what else there is to choose; a function that takes a std::stop_token is given
// the fiber's own.
//
// A handle is for one thread or fiber at a time, which may be another one for cancel() as long as
// nobody joins, moves or destroys the handle meanwhile: to cancel a fiber that is being joined, give
// it a stop token. go() and this_fiber may be used from any.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/execution/run_loop.h"
#include "net/fiber/fiber_options.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/stack.h"
#include "net/fiber/wait.h"
#include "netpoll/base/check.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {

// Where fibers can be spawned: what has a run loop.
template <typename Context>
concept fiber_context = requires(Context& context) {
  { context.loop() } -> std::same_as<run_loop&>;
};

// Or what runs functions on such a context, by rules of its own: an io_context's executor, a
// strand.
template <typename Executor>
concept fiber_executor = requires(const Executor& executor) {
  { executor.context().loop() } -> std::same_as<run_loop&>;
  executor.post([] {}, std::allocator<void>());
};

// What a fiber can run.
template <typename Function>
concept fiber_function = std::is_invocable_v < std::decay_t<Function>
& > || std::is_invocable_v<std::decay_t<Function>&, std::stop_token>;

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
  template <fiber_function Function>
  explicit fiber(Function&& function)
      : fiber(internal::current_loop(), fiber_options{}, std::forward<Function>(function)) {}

  // Runs function() on `executor`, which gives the fiber each of its turns: on a strand nothing
  // else of the strand runs at the same time.
  template <fiber_executor Executor, typename Function>
  fiber(const Executor& executor, const fiber_options& options, Function&& function)
      : state_(&internal::fiber_state::spawn_on(executor, options,
                                                internal::fiber_state::handle::joined,
                                                std::forward<Function>(function))) {}
  template <fiber_executor Executor, typename Function>
  fiber(const Executor& executor, Function&& function)
      : fiber(executor, fiber_options{}, std::forward<Function>(function)) {}

  fiber(fiber&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  fiber& operator=(fiber&& other) noexcept {
    cancel_and_join();
    state_ = std::exchange(other.state_, nullptr);
    return *this;
  }
  // Cancels the fiber if it has not been joined or detached, waits for it, and drops what it threw;
  // so a scope that is left by an exception leaves no fiber behind that uses it. On a plain thread,
  // which might be the one that should run the fiber, that aborts instead.
  ~fiber() { cancel_and_join(); }

  bool joinable() const noexcept { return state_ != nullptr; }

  // As this_fiber::get_id() in the fiber; 0 when not joinable.
  std::uint64_t get_id() const noexcept { return state_ != nullptr ? state_->id() : 0; }

  // As this_fiber::stack_high_water_bytes() in the fiber, also when it has finished; 0 when not
  // joinable.
  std::size_t stack_high_water_bytes() const noexcept {
    return state_ != nullptr ? netpoll::stack_high_water_bytes(state_->memory()) : 0;
  }

  // Waits until the fiber has finished and rethrows what it threw. Parks when called on a fiber,
  // blocks when called on a thread. When the waiting fiber is cancelled, throws or sets
  // error::operation_aborted, and the other one is still joinable.
  void join() {
    error_code ec;
    join(ec);
    internal::throw_if(ec, "join");
  }
  void join(error_code& ec) { (void)join_until(netpoll::never, ec); }

  // Also gives up when the time has come: false, and the fiber is still joinable.
  bool try_join_until(std::chrono::steady_clock::time_point time) {
    error_code ec;
    const bool joined = try_join_until(time, ec);
    internal::throw_if(ec, "join");
    return joined;
  }
  bool try_join_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    return join_until(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool try_join_for(const std::chrono::duration<Rep, Period>& duration) {
    error_code ec;
    const bool joined = try_join_for(duration, ec);
    internal::throw_if(ec, "join");
    return joined;
  }
  template <typename Rep, typename Period>
  bool try_join_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    return join_until(
        netpoll::add_saturated(netpoll::clock::now(), netpoll::to_nanoseconds(duration)), ec);
  }

  // Cancels the fiber; does not wait for its end. Does nothing to one that has finished.
  void cancel() {
    netpoll::check(joinable(), "cancel() of a fiber that is not joinable");
    state_->cancel();
  }

  // Lets the fiber run on its own. What it throws from now on is dropped.
  void detach() {
    netpoll::check(joinable(), "detach() of a fiber that is not joinable");
    std::exchange(state_, nullptr)->detach();
  }

 private:
  template <typename Function>
  fiber(run_loop& loop, const fiber_options& options, Function&& function)
      : state_(&internal::fiber_state::spawn(loop, options, internal::fiber_state::handle::joined,
                                             std::forward<Function>(function))) {}

  bool join_until(netpoll::nanotime until, error_code& ec);
  void cancel_and_join() noexcept;

  internal::fiber_state* state_ = nullptr;
};

// Runs function() in a fiber of `context`, or of the context that the calling thread runs. An
// exception that leaves it leaves the run function of the context. Throws std::system_error when no
// stack can be had.
template <fiber_context Context, typename Function>
void go(Context& context, const fiber_options& options, Function&& function) {
  internal::fiber_state::spawn(context.loop(), options, internal::fiber_state::handle::none,
                               std::forward<Function>(function));
}
template <fiber_context Context, typename Function>
void go(Context& context, Function&& function) {
  go(context, fiber_options{}, std::forward<Function>(function));
}
template <fiber_executor Executor, typename Function>
void go(const Executor& executor, const fiber_options& options, Function&& function) {
  internal::fiber_state::spawn_on(executor, options, internal::fiber_state::handle::none,
                                  std::forward<Function>(function));
}
template <fiber_executor Executor, typename Function>
void go(const Executor& executor, Function&& function) {
  go(executor, fiber_options{}, std::forward<Function>(function));
}
template <typename Function>
void go(const fiber_options& options, Function&& function) {
  internal::fiber_state::spawn(internal::current_loop(), options,
                               internal::fiber_state::handle::none,
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

// Whether the calling fiber has been cancelled, behind a shield or not. False on a plain thread.
bool is_cancelled() noexcept;

// Stopped when the calling fiber is cancelled. Of a plain thread it never is.
std::stop_token get_stop_token();

// How large the calling fiber's stack is, in bytes, and how much of it has been touched so far, in
// whole pages from its top. Stacks are used again with what is left of their memory, so that may
// have been an earlier fiber, unless net::discard_pooled_stacks() was called before this one was
// spawned. The latter takes a system call, and is 0 when the kernel does not say. Both are 0 on a
// plain thread.
std::size_t stack_size() noexcept;
std::size_t stack_high_water_bytes() noexcept;

// While there is one, the fiber that made it runs on the thread it was on then: for what must not
// notice that fibers move, such as thread_local variables across a wait. They nest. If that thread
// leaves the context's run function, the fiber waits until it is back. On a plain thread it does
// nothing; on a fiber that obeys an executor it aborts.
class pin {
 public:
  pin();
  ~pin();
  pin(const pin&) = delete;
  pin& operator=(const pin&) = delete;

 private:
  internal::fiber_state* const fiber_;
};

// While there is one, the fiber that made it does not notice that it is cancelled. They nest. On a
// plain thread it does nothing.
class shield {
 public:
  shield() noexcept;
  ~shield();
  shield(const shield&) = delete;
  shield& operator=(const shield&) = delete;

 private:
  internal::fiber_state* const fiber_;
};

}  // namespace this_fiber
}  // namespace NET_NAMESPACE
