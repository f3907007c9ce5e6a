// SPDX-License-Identifier: BSL-1.0
//
// The executor of a context that has a run loop: io_context::executor_type and
// thread_pool::executor_type are of this template.
//
// It is a pointer and the allocator of what it queues, with some of its properties in the lowest
// bits of the pointer. One that has outstanding_work.tracked counts as work of its context, as do its
// copies; moved from, it belongs to no context and does not. All others are trivial to copy. Besides
// execute() it has the members of the executors of the Networking TS.
//
// Safe to use from any thread, as other values are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/erased_function.h"
#include "net/execution/function_operation.h"
#include "net/execution/properties/allocator.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/completion_gate.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/inline_exception_handling.h"
#include "net/execution/properties/mapping.h"
#include "net/execution/properties/occupancy.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/run_loop.h"
#include "net/execution/submit_to.h"

namespace NET_NAMESPACE::internal {

struct loop_executor_bits {
  // Of the pointer.
  static constexpr std::uintptr_t blocking_never = 1;
  static constexpr std::uintptr_t continuation = 2;
  static constexpr std::uintptr_t runtime_bits = 3;
  // Of the type.
  static constexpr std::uintptr_t tracked = 4;
  static constexpr std::uintptr_t blocking_always = 8;
};

// Where functions go, with the bits.
template <typename Context>
class untracked_target {
 public:
  untracked_target(Context* context, std::uintptr_t bits) noexcept
      : word_(reinterpret_cast<std::uintptr_t>(context) | bits) {}

  Context* context() const noexcept {
    return reinterpret_cast<Context*>(word_ & ~loop_executor_bits::runtime_bits);
  }
  std::uintptr_t bits() const noexcept { return word_ & loop_executor_bits::runtime_bits; }
  friend bool operator==(const untracked_target&, const untracked_target&) noexcept = default;

 protected:
  std::uintptr_t word_;
};

template <typename Context>
class tracked_target : public untracked_target<Context> {
 public:
  tracked_target(Context* context, std::uintptr_t bits) noexcept
      : untracked_target<Context>(context, bits) {
    start();
  }
  tracked_target(const tracked_target& other) noexcept : untracked_target<Context>(other) {
    start();
  }
  tracked_target(tracked_target&& other) noexcept : untracked_target<Context>(other) {
    other.word_ = 0;
  }
  tracked_target& operator=(tracked_target other) noexcept {
    std::swap(this->word_, other.word_);
    return *this;
  }
  ~tracked_target() {
    if (this->context() != nullptr) {
      this->context()->loop().work_finished();
    }
  }

 private:
  void start() const noexcept {
    if (this->context() != nullptr) {
      this->context()->loop().work_started();
    }
  }
};

// Runs a function that somebody waits for, who keeps it.
template <typename Function>
class awaited_operation final : public operation {
 public:
  explicit awaited_operation(Function& function) noexcept
      : operation(&run_function), function_(function) {}

  void wait() noexcept { gate_.wait(); }

 private:
  static bool run_function(operation& base, run_loop* loop) {
    struct at_end {
      completion_gate& gate;
      ~at_end() { gate.open(); }
    };
    auto& self = static_cast<awaited_operation&>(base);
    const at_end end{self.gate_};
    if (loop != nullptr) {
      std::move(self.function_)();
    }
    return true;
  }

  Function& function_;
  completion_gate gate_;
};

// Context::executor_policy says what becomes of exceptions, and whether there are threads to wait
// for.
template <typename Context, typename Allocator, std::uintptr_t Bits>
class loop_executor : loop_executor_bits {
  static constexpr bool is_tracked = (Bits & tracked) != 0;
  static constexpr bool is_always_blocking = (Bits & blocking_always) != 0;
  template <typename OtherAllocator, std::uintptr_t OtherBits>
  using with = loop_executor<Context, OtherAllocator, OtherBits>;

 public:
  explicit loop_executor(Context& context) noexcept : loop_executor(&context, Allocator(), 0) {}

  Context& context() const noexcept { return *target_.context(); }
  bool running_in_this_thread() const noexcept { return loop().runs_in_this_thread(); }

  void on_work_started() const noexcept { loop().work_started(); }
  void on_work_finished() const noexcept { loop().work_finished(); }

  // With blocking.possibly, calls the function now if the calling thread is running the context.
  // What it then throws is not for the caller.
  template <typename Function>
  void execute(Function&& function) const {
    execute_with(std::forward<Function>(function), allocator_);
  }

  // Calls `function` now if the calling thread is running the context, else as post() does.
  template <typename Function, typename OtherAllocator>
  void dispatch(Function&& function, const OtherAllocator& allocator) const {
    if (running_in_this_thread()) {
      std::decay_t<Function> mine(std::forward<Function>(function));
      std::move(mine)();
    } else {
      post(std::forward<Function>(function), allocator);
    }
  }
  // Queues `function`; it is never run before post() returns in the calling thread.
  template <typename Function, typename OtherAllocator>
  void post(Function&& function, const OtherAllocator& allocator) const {
    loop().post_new(make_function_operation(std::forward<Function>(function), allocator));
  }
  // As post(), as a continuation of the caller.
  template <typename Function, typename OtherAllocator>
  void defer(Function&& function, const OtherAllocator& allocator) const {
    post(std::forward<Function>(function), allocator);
  }

  friend bool operator==(const loop_executor& left, const loop_executor& right) noexcept {
    return left.target_ == right.target_ && left.allocator_ == right.allocator_;
  }

  auto require(execution::blocking_t::possibly_t) const noexcept {
    return change<Bits & ~blocking_always>(target_.bits() & ~blocking_never);
  }
  auto require(execution::blocking_t::never_t) const noexcept {
    return change<Bits & ~blocking_always>(target_.bits() | blocking_never);
  }
  template <typename C = Context>
  requires(C::executor_policy::has_threads) auto require(
      execution::blocking_t::always_t) const noexcept {
    return change<Bits | blocking_always>(target_.bits() & ~blocking_never);
  }
  loop_executor require(execution::relationship_t::fork_t) const noexcept {
    return change<Bits>(target_.bits() & ~continuation);
  }
  loop_executor require(execution::relationship_t::continuation_t) const noexcept {
    return change<Bits>(target_.bits() | continuation);
  }
  auto require(execution::outstanding_work_t::tracked_t) const noexcept {
    return change<Bits | tracked>(target_.bits());
  }
  auto require(execution::outstanding_work_t::untracked_t) const noexcept {
    return change<Bits & ~tracked>(target_.bits());
  }
  template <typename OtherAllocator>
  with<OtherAllocator, Bits> require(execution::allocator_t<OtherAllocator> allocator) const {
    return {target_.context(), allocator.value(), target_.bits()};
  }
  with<std::allocator<void>, Bits> require(execution::allocator_t<void>) const noexcept {
    return {target_.context(), std::allocator<void>(), target_.bits()};
  }

  static constexpr execution::mapping_t query(execution::mapping_t) noexcept {
    return execution::mapping.thread;
  }
  static constexpr execution::inline_exception_handling_t query(
      execution::inline_exception_handling_t) noexcept {
    return typename Context::executor_policy::inline_exceptions();
  }
  static constexpr execution::outstanding_work_t query(execution::outstanding_work_t) noexcept {
    if constexpr (is_tracked) {
      return execution::outstanding_work.tracked;
    } else {
      return execution::outstanding_work.untracked;
    }
  }
  Context& query(execution::context_t) const noexcept { return context(); }
  execution::blocking_t query(execution::blocking_t) const noexcept {
    if constexpr (is_always_blocking) {
      return execution::blocking.always;
    } else if ((target_.bits() & blocking_never) != 0) {
      return execution::blocking.never;
    } else {
      return execution::blocking.possibly;
    }
  }
  execution::relationship_t query(execution::relationship_t) const noexcept {
    if ((target_.bits() & continuation) != 0) {
      return execution::relationship.continuation;
    }
    return execution::relationship.fork;
  }
  template <typename OtherAllocator>
  Allocator query(execution::allocator_t<OtherAllocator>) const noexcept {
    return allocator_;
  }
  template <typename C = Context>
  requires(C::executor_policy::has_threads) std::size_t query(execution::occupancy_t)
  const noexcept { return context().thread_count(); }

 private:
  template <typename, typename, std::uintptr_t>
  friend class loop_executor;
  friend struct direct_access;
  friend struct operation_executor<loop_executor>;

  using target_type =
      std::conditional_t<is_tracked, tracked_target<Context>, untracked_target<Context>>;

  loop_executor(Context* context, const Allocator& allocator, std::uintptr_t bits) noexcept
      : target_(context, bits), allocator_(allocator) {}

  template <std::uintptr_t NewBits>
  with<Allocator, NewBits> change(std::uintptr_t bits) const noexcept {
    return {target_.context(), allocator_, bits};
  }

  run_loop& loop() const noexcept { return context().loop(); }

  bool calls_now() const noexcept {
    return (target_.bits() & blocking_never) == 0 && running_in_this_thread();
  }

  template <typename Function, typename OtherAllocator>
  void execute_with(Function&& function, const OtherAllocator& allocator) const {
    if constexpr (is_always_blocking) {
      execute_and_wait(std::forward<Function>(function));
    } else if (calls_now()) {
      call_now(std::forward<Function>(function));
    } else {
      post(std::forward<Function>(function), allocator);
    }
  }

  template <typename Function>
  void call_now(Function&& function) const {
    using policy = typename Context::executor_policy::inline_exceptions;
    std::decay_t<Function> mine(std::forward<Function>(function));
    try {
      std::move(mine)();
    } catch (...) {
      if constexpr (std::is_same_v<policy, execution::inline_exception_handling_t::capture_t>) {
        loop().capture_exception();
      } else {
        std::terminate();
      }
    }
  }

  template <typename Function>
  void execute_and_wait(Function&& function) const {
    if (running_in_this_thread()) {
      call_now(std::forward<Function>(function));
      return;
    }
    std::decay_t<Function> mine(std::forward<Function>(function));
    awaited_operation<std::decay_t<Function>> awaited(mine);
    loop().post_new(awaited);
    awaited.wait();
  }

  target_type target_;
  [[no_unique_address]] Allocator allocator_;
};

template <typename Context, typename Allocator, std::uintptr_t Bits>
inline constexpr bool is_direct_executor<loop_executor<Context, Allocator, Bits>> = true;

// Type erased it queues the operation that it gets, unless that is to be in memory of its own
// allocator.
template <typename Context, std::uintptr_t Bits>
requires((Bits & loop_executor_bits::blocking_always) ==
         0) struct operation_executor<loop_executor<Context, std::allocator<void>, Bits>> {
  static constexpr bool is_supported = true;

  static void execute(const loop_executor<Context, std::allocator<void>, Bits>& executor,
                      erased_operation& operation) {
    if (executor.calls_now()) {
      executor.call_now(erased_function(&operation));
    } else {
      executor.loop().post_new(operation);
    }
  }
};

}  // namespace NET_NAMESPACE::internal
