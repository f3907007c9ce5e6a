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
#include "net/execution/function_operation.h"
#include "net/execution/operation.h"
#include "net/execution/work_guard.h"

namespace NET_NAMESPACE {
namespace internal {

// The queue of a strand.
class strand_queue {
 public:
  strand_queue() = default;
  strand_queue(const strand_queue&) = delete;
  strand_queue& operator=(const strand_queue&) = delete;
  // What was never run is destroyed without being called.
  ~strand_queue();

  // True: nobody runs the strand, and the caller has to see to it that run() is called.
  bool push(operation& what) noexcept;

  // Runs what was queued when it began. True: there is more, and run() has to be called again;
  // also, through `leaves`, when a function throws.
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
    operation_queue batch = begin();
    run_batch(batch);
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

  operation_queue begin() noexcept;
  void run_batch(operation_queue& batch);
  bool leave() noexcept;

  std::mutex mutex_;
  operation_queue waiting_;  // under mutex_
  bool is_taken_ = false;    // under mutex_: somebody runs it or is about to
};

}  // namespace internal

template <typename Executor>
class strand {
 public:
  using inner_executor_type = Executor;

  explicit strand(const Executor& executor)
      : executor_(executor), queue_(std::make_shared<internal::strand_queue>()) {}

  inner_executor_type get_inner_executor() const noexcept { return executor_; }
  decltype(auto) context() const noexcept { return executor_.context(); }
  // Whether the calling thread, or fiber, is inside a function of the strand.
  bool running_in_this_thread() const noexcept { return queue_->runs_in_this_thread(); }

  void on_work_started() const noexcept { executor_.on_work_started(); }
  void on_work_finished() const noexcept { executor_.on_work_finished(); }

  // Runs `function` now if the caller is inside the strand, else as post() does.
  template <typename Function>
  void execute(Function&& function) const {
    dispatch(std::forward<Function>(function), std::allocator<void>());
  }
  template <typename Function, typename Allocator>
  void dispatch(Function&& function, const Allocator& allocator) const {
    if (running_in_this_thread()) {
      std::decay_t<Function> mine(std::forward<Function>(function));
      std::move(mine)();
    } else {
      post(std::forward<Function>(function), allocator);
    }
  }
  template <typename Function, typename Allocator>
  void post(Function&& function, const Allocator& allocator) const {
    if (queue_->push(
            internal::make_function_operation(std::forward<Function>(function), allocator))) {
      submit_run();
    }
  }
  template <typename Function, typename Allocator>
  void defer(Function&& function, const Allocator& allocator) const {
    post(std::forward<Function>(function), allocator);
  }

  friend bool operator==(const strand& left, const strand& right) noexcept {
    return left.queue_ == right.queue_;
  }

 private:
  // One turn of the strand on its executor. If that ends without running it, so does what is
  // queued.
  class runner {
   public:
    explicit runner(const strand& owner) noexcept : owner_(owner) {}
    runner(runner&& other) noexcept
        : owner_(other.owner_), is_due_(std::exchange(other.is_due_, false)) {}
    runner& operator=(runner&&) = delete;
    ~runner() {
      if (is_due_) {
        owner_.queue_->abandon();
      }
    }

    void operator()() {
      is_due_ = false;
      owner_.queue_->run([this] { owner_.submit_run(); });
    }

   private:
    strand owner_;
    bool is_due_ = true;
  };

  void submit_run() const { executor_.post(runner(*this), std::allocator<void>()); }

  Executor executor_;
  std::shared_ptr<internal::strand_queue> queue_;
};

// A new strand on an executor, or on that of what has one.
template <typename Where>
auto make_strand(Where&& where) {
  if constexpr (requires { where.get_executor(); }) {
    return strand<std::decay_t<decltype(where.get_executor())>>(where.get_executor());
  } else {
    return strand<std::decay_t<Where>>(where);
  }
}

}  // namespace NET_NAMESPACE
