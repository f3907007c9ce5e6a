// SPDX-License-Identifier: BSL-1.0
//
// A strand runs function objects on another executor, never two at the same time and in the order
// in which they were submitted. A fiber spawned on a strand obeys it too: while it runs, nothing
// else of the strand does, and when it waits the strand goes on with others.
//
//   auto strand = net::make_strand(context);
//   net::post(strand, [] { … });
//   net::go(strand, [] { … });
//
// Copies are the same strand and compare equal. Each strand has its own lock. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/erased_function.h"
#include "net/execution/execution_context.h"
#include "net/execution/function_operation.h"
#include "net/execution/operation.h"
#include "net/execution/properties/allocator.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/require.h"
#include "net/execution/submit_to.h"
#include "net/execution/thread_state.h"
#include "net/execution/work_guard.h"

namespace NET_NAMESPACE {
namespace internal {

// The queue of a strand. What is submitted while nobody runs it has a turn of its own; what comes
// until that is over has the next one, all together. So others get theirs between.
class strand_queue {
 public:
  strand_queue() = default;
  strand_queue(const strand_queue&) = delete;
  strand_queue& operator=(const strand_queue&) = delete;
  // What was never run is destroyed without being called.
  ~strand_queue();

  // True: nobody runs the strand, and the caller has to see to it that run() is called.
  bool push(operation& what) noexcept;

  // Runs one turn. Calls `leaves` if there is more and run() has to be called again, also when a
  // function throws.
  template <typename Leaves>
  void run(Leaves leaves) {
    struct at_end {
      strand_queue& queue;
      Leaves& leaves;
      ~at_end() {
        if (queue.leave()) {
          leaves();
        }
      }
    };
    const entry mine(*this);
    const at_end end{*this, leaves};
    run_turn();
  }

  // run() will not be called: destroys what is queued.
  void abandon() noexcept;

  bool runs_in_this_thread() const noexcept;

 private:
  // While a thread runs the strand.
  class entry {
   public:
    explicit entry(const strand_queue& queue) noexcept;
    ~entry();
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

   private:
    friend class strand_queue;
    const strand_queue& queue_;
    const entry* const outer_;
  };
  static const entry*& innermost() noexcept;

  void run_turn();
  bool leave() noexcept;

  std::mutex mutex_;
  operation_queue turn_;     // of whoever runs the strand, or under mutex_ while nobody does
  operation_queue waiting_;  // under mutex_
  bool is_taken_ = false;    // under mutex_: somebody runs it or is about to
};

std::shared_ptr<strand_queue> make_strand_queue();

}  // namespace internal

template <typename Executor>
class strand {
 public:
  using inner_executor_type = Executor;

  // A new strand.
  strand() requires std::is_default_constructible_v<Executor>
      : executor_(), queue_(internal::make_strand_queue()) {}
  template <typename OtherExecutor>
  requires(
      !std::is_same_v<OtherExecutor, strand> &&
      std::is_convertible_v<OtherExecutor, Executor>) explicit strand(const OtherExecutor& executor)
      : executor_(executor), queue_(internal::make_strand_queue()) {}

  // The same strand.
  strand(const strand&) noexcept = default;
  strand(strand&&) noexcept = default;
  strand& operator=(const strand&) noexcept = default;
  strand& operator=(strand&&) noexcept = default;
  template <typename OtherExecutor>
  strand(const strand<OtherExecutor>& other) noexcept
      : executor_(other.executor_), queue_(other.queue_) {}
  template <typename OtherExecutor>
  strand(strand<OtherExecutor>&& other) noexcept
      : executor_(std::move(other.executor_)), queue_(std::move(other.queue_)) {}
  template <typename OtherExecutor>
  strand& operator=(const strand<OtherExecutor>& other) noexcept {
    executor_ = other.executor_;
    queue_ = other.queue_;
    return *this;
  }
  template <typename OtherExecutor>
  strand& operator=(strand<OtherExecutor>&& other) noexcept {
    executor_ = std::move(other.executor_);
    queue_ = std::move(other.queue_);
    return *this;
  }

  inner_executor_type get_inner_executor() const noexcept { return executor_; }
  // Whether the calling thread, or fiber, is inside a function of the strand.
  bool running_in_this_thread() const noexcept { return queue_->runs_in_this_thread(); }

  // The properties are those of the inner executor, but for blocking.always: a strand cannot
  // promise that.
  template <typename Property>
  requires(can_query<const Executor&, Property>::value) auto query(const Property& property) const
      noexcept(is_nothrow_query<const Executor&, Property>::value)
          -> std::conditional_t<std::is_convertible_v<Property, execution::blocking_t>,
                                execution::blocking_t, query_result_t<const Executor&, Property>> {
    if constexpr (std::is_convertible_v<Property, execution::blocking_t>) {
      const execution::blocking_t inner = NET_NAMESPACE::query(executor_, property);
      return inner == execution::blocking.always
                 ? execution::blocking_t(execution::blocking.possibly)
                 : inner;
    } else {
      return NET_NAMESPACE::query(executor_, property);
    }
  }
  template <typename Property>
  requires(can_require<const Executor&, Property>::value &&
           !std::is_convertible_v<
               Property, execution::blocking_t::always_t>) auto require(const Property& property)
      const noexcept(is_nothrow_require<const Executor&, Property>::value) {
    using inner = std::decay_t<require_result_t<const Executor&, Property>>;
    return strand<inner>(NET_NAMESPACE::require(executor_, property), queue_);
  }
  template <typename Property>
  requires(can_prefer<const Executor&, Property>::value &&
           !std::is_convertible_v<
               Property, execution::blocking_t::always_t>) auto prefer(const Property& property)
      const noexcept(is_nothrow_prefer<const Executor&, Property>::value) {
    using inner = std::decay_t<prefer_result_t<const Executor&, Property>>;
    return strand<inner>(NET_NAMESPACE::prefer(executor_, property), queue_);
  }

  // Runs `function` now if the caller is inside the strand and the inner executor does not rule that
  // out; also if the strand has nothing to do and the inner executor runs it now.
  template <typename Function>
  requires(internal::has_execute_member<const Executor&, Function>) void execute(
      Function&& function) const {
    if constexpr (can_query<const Executor&, execution::allocator_t<void>>::value) {
      execute_with(std::forward<Function>(function),
                   NET_NAMESPACE::query(executor_, execution::allocator));
    } else {
      execute_with(std::forward<Function>(function), std::allocator<void>());
    }
  }

  decltype(auto) context() const noexcept requires internal::ts_executor<Executor> {
    return executor_.context();
  }
  void on_work_started() const noexcept requires internal::ts_executor<Executor> {
    executor_.on_work_started();
  }
  void on_work_finished() const noexcept requires internal::ts_executor<Executor> {
    executor_.on_work_finished();
  }

  template <typename Function, typename Allocator>
  void dispatch(Function&& function, const Allocator& allocator) const {
    if (running_in_this_thread()) {
      call(std::forward<Function>(function));
    } else {
      enqueue<internal::verb::dispatch>(std::forward<Function>(function), allocator);
    }
  }
  template <typename Function, typename Allocator>
  void post(Function&& function, const Allocator& allocator) const {
    enqueue<internal::verb::post>(std::forward<Function>(function), allocator);
  }
  template <typename Function, typename Allocator>
  void defer(Function&& function, const Allocator& allocator) const {
    enqueue<internal::verb::defer>(std::forward<Function>(function), allocator);
  }

  friend bool operator==(const strand& left, const strand& right) noexcept {
    return left.queue_ == right.queue_;
  }

 private:
  template <typename>
  friend class strand;
  friend struct internal::direct_access;
  friend struct internal::operation_executor<strand>;

  // One turn of the strand on its executor. If that ends without running it, so does what is
  // queued.
  class runner {
   public:
    explicit runner(const strand& owner) noexcept : owner_(owner), work_(owner.executor_) {}
    runner(runner&& other) noexcept
        : owner_(std::move(other.owner_)),
          work_(std::move(other.work_)),
          is_due_(std::exchange(other.is_due_, false)) {}
    runner& operator=(runner&&) = delete;
    ~runner() {
      if (is_due_) {
        owner_.queue_->abandon();
      }
    }

    void operator()() {
      is_due_ = false;
      owner_.queue_->run(
          [this] { owner_.template submit_turn<internal::verb::post>(std::allocator<void>()); });
    }

   private:
    // Of an executor whose queue is its context's, what is queued is work anyway.
    struct no_work {
      explicit no_work(const Executor&) noexcept {}
    };
    using work_type = std::conditional_t<internal::is_direct_executor<Executor>, no_work,
                                         executor_work_guard<Executor>>;

    strand owner_;
    [[no_unique_address]] work_type work_;
    bool is_due_ = true;
  };

  strand(const Executor& executor, const std::shared_ptr<internal::strand_queue>& queue) noexcept
      : executor_(executor), queue_(queue) {}

  template <typename Function>
  static void call(Function&& function) {
    std::decay_t<Function> mine(std::forward<Function>(function));
    std::move(mine)();
  }

  template <typename Function, typename Allocator>
  void execute_with(Function&& function, const Allocator& allocator) const {
    if (calls_now()) {
      call(std::forward<Function>(function));
    } else {
      enqueue<internal::verb::dispatch>(std::forward<Function>(function), allocator);
    }
  }
  bool calls_now() const noexcept {
    if (!running_in_this_thread()) {
      return false;
    }
    if constexpr (can_query<const Executor&, execution::blocking_t>::value) {
      return NET_NAMESPACE::query(executor_, execution::blocking) != execution::blocking.never;
    } else {
      return true;
    }
  }

  template <internal::verb Verb, typename Function, typename Allocator>
  void enqueue(Function&& function, const Allocator& allocator) const {
    enqueue_operation<Verb>(
        internal::make_function_operation(std::forward<Function>(function), allocator), allocator);
  }
  template <internal::verb Verb, typename Allocator>
  void enqueue_operation(operation& what, const Allocator& allocator) const {
    if (queue_->push(what)) {
      submit_turn<Verb>(allocator);
    }
  }

  template <internal::verb Verb, typename Allocator>
  void submit_turn(const Allocator& allocator) const {
    if constexpr (Verb == internal::verb::dispatch) {
      // A fiber may leave its thread in the middle of what it calls, and a turn of the strand is of
      // one thread.
      if (internal::this_thread_state().host != nullptr) {
        internal::submit_to<internal::verb::post>(executor_, runner(*this), allocator);
        return;
      }
    }
    internal::submit_to<Verb>(executor_, runner(*this), allocator);
  }

  Executor executor_;
  std::shared_ptr<internal::strand_queue> queue_;
};

namespace internal {

template <typename Executor>
inline constexpr bool is_direct_executor<strand<Executor>> = true;

// Type erased it queues the operation that it gets, unless the inner executor has an allocator.
template <typename Executor>
requires(!can_query<const Executor&, execution::allocator_t<void>>::value ||
         std::is_same_v<query_result_t<const Executor&, execution::allocator_t<void>>,
                        std::allocator<void>>) struct operation_executor<strand<Executor>> {
  static constexpr bool is_supported = true;

  static void execute(const strand<Executor>& executor, erased_operation& operation) {
    if (executor.calls_now()) {
      erased_function function(&operation);
      function();
    } else {
      executor.template enqueue_operation<verb::dispatch>(operation, std::allocator<void>());
    }
  }
};

}  // namespace internal

// A new strand on an executor, or on that of a context.
template <internal::any_executor_model Executor>
strand<Executor> make_strand(const Executor& executor) {
  return strand<Executor>(executor);
}
template <typename Context>
requires std::is_convertible_v<Context&, execution_context&> strand<typename Context::executor_type>
make_strand(Context& context) {
  return strand<typename Context::executor_type>(context.get_executor());
}

}  // namespace NET_NAMESPACE
