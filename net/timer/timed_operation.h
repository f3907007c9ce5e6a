// SPDX-License-Identifier: BSL-1.0
//
// What cancel_after and cancel_at are made of: an operation beside the wait for a timer. If the
// timer is first the operation is cancelled; if the operation is first the wait is. The handler is
// called when both are over, so nothing of either is left by then.
//
// Operation and timer complete on the handler's executor, which must not run both at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/adapted_initiation.h"
#include "net/async/associated_allocator.h"
#include "net/async/associated_cancellation_slot.h"
#include "net/async/async_result.h"
#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_type.h"
#include "net/async/completion_signature.h"
#include "net/async/handler_memory.h"
#include "net/config.h"
#include "net/error.h"
#include "net/timer/basic_waitable_timer.h"

namespace NET_NAMESPACE::internal {

// The results of a signature, kept until the wait is over too.
template <typename... Args>
struct kept_results {
  using type = std::tuple<std::decay_t<Args>...>;

  template <typename... Given>
  static constexpr bool take = [] {
    if constexpr (sizeof...(Given) == sizeof...(Args)) {
      return (std::is_constructible_v<std::decay_t<Args>, Given> && ...);
    } else {
      return false;
    }
  }();
};
template <typename Signature>
using results_of = typename signature_traits<Signature>::template args_in<kept_results>;

// Which of the signatures is meant by a call with `Given`: one with just these types, else the first
// that can be made of them. As many as there are signatures if there is none.
template <typename... Given, typename... Results>
constexpr std::size_t chosen_results(std::tuple<Results...>*) {
  std::size_t exact = sizeof...(Results);
  std::size_t near = sizeof...(Results);
  std::size_t index = 0;
  (
      [&] {
        if (std::is_same_v<typename Results::type, std::tuple<std::decay_t<Given>...>> &&
            index < exact) {
          exact = index;
        }
        if (Results::template take<Given...> && index < near) {
          near = index;
        }
        ++index;
      }(),
      ...);
  return exact < sizeof...(Results) ? exact : near;
}

// Between the handler's slot and the operation: in the slot, and known to the operation. When either
// goes the other forgets it.
template <typename Operation>
class timed_canceller {
 public:
  explicit timed_canceller(Operation& of) noexcept : of_(&of) {}
  timed_canceller(const timed_canceller&) = delete;
  timed_canceller& operator=(const timed_canceller&) = delete;
  ~timed_canceller() {
    if (of_ != nullptr) {
      of_->forget_canceller();
    }
  }

  void operator()(cancellation_type type) {
    if (of_ != nullptr) {
      of_->cancel(type);
    }
  }
  void forget_operation() noexcept { of_ = nullptr; }

 private:
  Operation* of_;
};

// `Timer` is a timer, or a reference to one.
template <typename Handler, typename Timer, typename... Signatures>
class timed_operation {
  using all_results = std::tuple<results_of<Signatures>...>;
  using canceller = timed_canceller<timed_operation>;

 public:
  template <typename H, typename Limit, typename Executor>
  timed_operation(H&& handler, const Limit& limit, const Executor& executor)
      : handler_(std::forward<H>(handler)), timer_(limit.timer(executor)), type_(limit.type()) {}
  timed_operation(const timed_operation&) = delete;
  timed_operation& operator=(const timed_operation&) = delete;
  ~timed_operation() { leave_slot(); }

  // The object frees itself when both have completed, or been dropped.
  template <typename Initiation, typename... Args>
  void start(Initiation&& initiation, Args&&... args) {
    if (auto slot = NET_NAMESPACE::get_associated_cancellation_slot(handler_);
        slot.is_connected()) {
      canceller_ = &slot.template emplace<canceller>(*this);
    }
    operation_handler handler(*this);
    timer_.async_wait(timer_handler(*this));
    std::forward<Initiation>(initiation)(std::move(handler), std::forward<Args>(args)...);
  }

  void cancel(cancellation_type type) { signal_.emit(type); }
  void forget_canceller() noexcept { canceller_ = nullptr; }

 private:
  // Half of the operation: whoever has one has a reference.
  class part {
   public:
    using forwarded_handler_type = Handler;
    using cancellation_slot_type = cancellation_slot;

    explicit part(timed_operation& of) noexcept : of_(&of) {}
    part(part&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    part& operator=(part&&) = delete;
    ~part() {
      if (of_ != nullptr) {
        of_->drop();
      }
    }

    const Handler& forwarded_handler() const noexcept { return of_->handler_; }

   protected:
    timed_operation* of_;
  };

  class operation_handler : public part {
   public:
    using part::part;

    cancellation_slot get_cancellation_slot() const noexcept { return this->of_->signal_.slot(); }

    template <typename... Args,
              std::size_t Chosen = chosen_results<Args...>(static_cast<all_results*>(nullptr))>
    requires(Chosen < sizeof...(Signatures)) void operator()(Args&&... args) {
      timed_operation& of = *std::exchange(this->of_, nullptr);
      of.leave_slot();
      std::get<Chosen>(of.results_).emplace(std::forward<Args>(args)...);
      of.has_results_ = true;
      of.operation_completed();
    }
  };

  class timer_handler : public part {
   public:
    using part::part;

    cancellation_slot get_cancellation_slot() const noexcept { return {}; }

    void operator()(error_code) { std::exchange(this->of_, nullptr)->timer_completed(); }
  };

  void operation_completed() {
    if (is_waiting_) {
      timer_.cancel();
      drop();
    } else {
      complete();
    }
  }

  void timer_completed() {
    is_waiting_ = false;
    if (has_results_) {
      complete();
    } else {
      signal_.emit(type_);
      drop();
    }
  }

  // acq_rel: who is last destroys what the other one used.
  bool is_last() noexcept { return references_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  void drop() noexcept {
    if (is_last()) {
      const Handler handler(std::move(handler_));
      destroy_operation(NET_NAMESPACE::get_associated_allocator(handler), this);
    }
  }

  void complete() {
    if (is_last()) {
      complete_chosen(std::index_sequence_for<Signatures...>());
    }
  }
  template <std::size_t... Indices>
  void complete_chosen(std::index_sequence<Indices...>) {
    (complete_with(std::get<Indices>(results_)) || ...);
  }
  // If these are the results there are. Then nothing is left of this object.
  template <typename Results>
  bool complete_with(std::optional<Results>& results) {
    if (!results) {
      return false;
    }
    Results values = *std::move(results);
    Handler handler(std::move(handler_));
    destroy_operation(NET_NAMESPACE::get_associated_allocator(handler), this);
    std::apply(static_cast<Handler&&>(handler), std::move(values));
    return true;
  }

  void leave_slot() noexcept {
    if (canceller_ != nullptr) {
      std::exchange(canceller_, nullptr)->forget_operation();
    }
  }

  std::atomic<int> references_{2};
  Handler handler_;
  Timer timer_;
  cancellation_signal signal_;
  const cancellation_type type_;
  canceller* canceller_ = nullptr;
  std::tuple<std::optional<typename results_of<Signatures>::type>...> results_;  // one at most
  bool has_results_ = false;
  bool is_waiting_ = true;
};

// `Limit` gives the timer and says what to ask for when time is up; see timed_token.h.
template <typename Initiation, typename Limit, typename... Signatures>
class timed_initiation : public initiation_base<Initiation> {
 public:
  template <typename I>
  timed_initiation(I&& initiation, const Limit& limit)
      : initiation_base<Initiation>(std::forward<I>(initiation)), limit_(limit) {}

  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args&&... args) && {
    make(std::forward<Handler>(handler))
        .start(std::move(*this).initiation(), std::forward<Args>(args)...);
  }
  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args&&... args) const& {
    make(std::forward<Handler>(handler)).start(this->initiation(), std::forward<Args>(args)...);
  }

 private:
  // Not before there is a handler is the initiation asked for its executor: what a token is tried
  // with has none.
  template <typename Handler>
  auto& make(Handler&& handler) const {
    const auto executor = this->initiation().get_executor();
    using operation =
        timed_operation<std::decay_t<Handler>, decltype(limit_.timer(executor)), Signatures...>;
    const auto allocator = NET_NAMESPACE::get_associated_allocator(handler);
    return *make_operation<operation>(allocator, std::forward<Handler>(handler), limit_, executor);
  }

  Limit limit_;
};

}  // namespace NET_NAMESPACE::internal
