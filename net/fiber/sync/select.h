// SPDX-License-Identifier: BSL-1.0
//
// select() waits for the first of several things: to receive from a channel, to send to one, a
// point in time. Exactly one of them happens, and what belongs to it is called.
//
//   net::select(net::receive_case(requests, [&](request one) { … }),
//               net::receive_case(stop, [&](std::optional<int>) { is_over = true; }),
//               net::send_case(answers, std::move(next), [&] { … }),
//               net::after(1s, [&] { … }));                  // or net::otherwise([&] { … })
//
// Of several cases that can happen at once, one is taken at random. A channel that is closed counts
// as one on which something can happen: a function that takes a std::optional<T> is called with
// nothing, and for other cases of such a channel select() fails with channel_errc::closed.
//
// select() returns the position of what happened, from 0. Functions are called after everything
// else is over; what they throw leaves select(). Waiting follows the rules of
// net/fiber/sync/sync.h: in a cancelled fiber, unless there is an otherwise(), select() does
// nothing and fails with error::operation_aborted and no_case.
//
// What send_case() is given as an rvalue is moved from only if it is sent, and must live as long as
// the case; anything else is copied or converted into the case. A case may be used again, by one
// select() at a time, and must not outlive its channel.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/channel.h"
#include "net/fiber/sync/channel_core.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/wait.h"
#include "netpoll/base/clock.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE {

// What select() returns when nothing happened.
inline constexpr std::size_t no_case = static_cast<std::size_t>(-1);

namespace internal {
class select_waiter;
}

// A channel's part in a select, for lists that are made at run time.
class select_case {
 public:
  select_case(const select_case&) = delete;
  select_case& operator=(const select_case&) = delete;

  // Calls the function that belongs to it. False: the channel was closed, which the function could
  // not be told. By select(), when this is what happened.
  virtual bool act(internal::channel_outcome how) = 0;

 protected:
  select_case(internal::channel_core& core, internal::channel_core::parties& where) noexcept
      : core_(core), where_(where) {}
  ~select_case() = default;

  virtual void* place() noexcept = 0;
  // Tries to do it, before there is any waiting.
  virtual internal::channel_outcome attempt_alone() = 0;
  // Tries to do it, under the lock of the channel.
  virtual internal::channel_outcome attempt(netpoll::waiter_queue& to_resume) noexcept = 0;

 private:
  friend class internal::select_waiter;

  internal::channel_core& core_;
  internal::channel_core::parties& where_;
  internal::channel_party party_;
};

namespace internal {

template <typename T>
class receive_case_base : public select_case {
 protected:
  explicit receive_case_base(channel<T>& from) noexcept
      : select_case(from.core_, from.core_.receivers), from_(from) {}
  ~receive_case_base() = default;

  std::optional<T> take() noexcept {
    emptied_.reset();
    std::optional<T> taken = std::move(value_);
    value_.reset();
    return taken;
  }

 private:
  void* place() noexcept final { return &value_; }
  channel_outcome attempt_alone() final {
    return from_.core_.would_receive_wait() ? channel_outcome::blocked : from_.receive_now(value_);
  }
  channel_outcome attempt(netpoll::waiter_queue& to_resume) noexcept final {
    return from_.attempt_receive(value_, to_resume, emptied_);
  }

  channel<T>& from_;
  std::optional<T> value_;
  std::unique_ptr<typename channel<T>::ring> emptied_;
};

template <typename T>
class send_case_base : public select_case {
 protected:
  send_case_base(channel<T>& to, T* value) noexcept
      : select_case(to.core_, to.core_.senders), to_(to), value_(value) {}
  ~send_case_base() = default;

 private:
  void* place() noexcept final { return value_; }
  channel_outcome attempt_alone() final {
    return to_.core_.would_send_wait() ? channel_outcome::blocked : to_.send_now(*value_);
  }
  channel_outcome attempt(netpoll::waiter_queue& to_resume) noexcept final {
    return to_.attempt_send(*value_, to_resume);
  }

  channel<T>& to_;
  T* const value_;
};

template <typename T, typename Function>
class receive_case_of final : public receive_case_base<T> {
  static_assert(std::invocable<Function&, std::optional<T>> || std::invocable<Function&, T>);

 public:
  template <typename F>
  receive_case_of(channel<T>& from, F&& function)
      : receive_case_base<T>(from), function_(std::forward<F>(function)) {}

  bool act(channel_outcome how) override {
    if constexpr (std::invocable<Function&, std::optional<T>>) {
      std::apply(function_, std::forward_as_tuple(this->take()));
    } else if (how == channel_outcome::closed) {
      return false;
    } else {
      std::apply(function_, std::forward_as_tuple(*this->take()));
    }
    return true;
  }

 private:
  Function function_;
};

// The value is a base because the next base needs it.
template <typename T, typename Value, typename Function>
class send_case_of final : private std::optional<T>, public send_case_base<T> {
  static constexpr bool refers = std::is_same_v<Value, T>;

 public:
  template <typename F>
  send_case_of(channel<T>& to, Value&& value, F&& function)
      : std::optional<T>(own(std::forward<Value>(value))),
        send_case_base<T>(to, find(value)),
        function_(std::forward<F>(function)) {}

  bool act(channel_outcome how) override {
    if (how == channel_outcome::closed) {
      return false;
    }
    function_();
    return true;
  }

 private:
  static std::optional<T> own(Value&& value) {
    if constexpr (refers) {
      return std::nullopt;
    } else {
      return std::optional<T>(std::in_place, std::forward<Value>(value));
    }
  }
  T* find(std::remove_reference_t<Value>& value) noexcept {
    if constexpr (refers) {
      return &value;
    } else {
      return &**static_cast<std::optional<T>*>(this);
    }
  }

  Function function_;
};

template <typename Function>
struct timer_case {
  netpoll::nanotime when;
  Function function;
};

template <typename Function>
struct default_case {
  Function function;
};

struct do_nothing {
  void operator()() const noexcept {}
};

// How a select ended: the position in the list and how, or no_case and why.
struct selected {
  std::size_t index = no_case;
  channel_outcome how = channel_outcome::blocked;
  wait_result result = wait_result::resumed;
};

// `scratch` must be as long as the list.
selected select_channels(std::span<select_case* const> cases, std::span<channel_core*> scratch,
                         netpoll::nanotime until, bool may_wait);

// The cases of one call, sorted out.
template <std::size_t Count>
class selection {
 public:
  void add(select_case& each) noexcept {
    positions_[count_] = position_++;
    cases_[count_++] = &each;
  }
  template <typename Function>
  void add(timer_case<Function>& each) noexcept {
    if (!has_timer_ || each.when < until_) {
      until_ = each.when;
      timer_ = position_;
      has_timer_ = true;
    }
    ++position_;
  }
  template <typename Function>
  void add(default_case<Function>&) noexcept {
    default_ = position_++;
  }

  // The position among all cases of what happened; `how` for those of channels.
  std::size_t run(channel_outcome& how, error_code& ec) {
    ec.clear();
    const bool may_wait = default_ == no_case;
    const selected one =
        select_channels({cases_.data(), count_}, {scratch_.data(), count_}, until_, may_wait);
    how = one.how;
    if (one.index != no_case) {
      return positions_[one.index];
    }
    if (!may_wait) {
      return default_;
    }
    if (one.result == wait_result::deadline) {
      return timer_;
    }
    (void)report(one.result, ec);
    return no_case;
  }

 private:
  std::array<select_case*, Count> cases_{};
  std::array<std::size_t, Count> positions_{};
  std::array<channel_core*, Count> scratch_{};
  std::size_t count_ = 0;
  std::size_t position_ = 0;
  netpoll::nanotime until_ = netpoll::never;
  bool has_timer_ = false;
  std::size_t timer_ = no_case;
  std::size_t default_ = no_case;
};

inline bool act(select_case& what, channel_outcome how) { return what.act(how); }
template <typename Function>
bool act(timer_case<Function>& what, channel_outcome) {
  what.function();
  return true;
}
template <typename Function>
bool act(default_case<Function>& what, channel_outcome) {
  what.function();
  return true;
}

template <typename T>
inline constexpr bool is_case = std::is_base_of_v<select_case, T>;
template <typename Function>
inline constexpr bool is_case<timer_case<Function>> = true;
template <typename Function>
inline constexpr bool is_case<default_case<Function>> = true;

std::size_t select_list(std::span<select_case* const> cases, netpoll::nanotime until, bool may_wait,
                        error_code& ec);

}  // namespace internal

// The cases. function(T) or function(std::optional<T>), and function() for all others.
template <typename T, typename Function>
auto receive_case(channel<T>& from, Function&& function) {
  return internal::receive_case_of<T, std::decay_t<Function>>(from,
                                                              std::forward<Function>(function));
}
template <typename T, typename Value = T, typename Function = internal::do_nothing>
requires std::constructible_from<T, Value&&>
auto send_case(channel<T>& to, Value&& value, Function&& function = {}) {
  return internal::send_case_of<T, Value, std::decay_t<Function>>(to, std::forward<Value>(value),
                                                                  std::forward<Function>(function));
}
// When the time has come; the earliest of several.
template <typename Rep, typename Period, typename Function = internal::do_nothing>
auto after(const std::chrono::duration<Rep, Period>& duration, Function&& function = {}) {
  return internal::timer_case<std::decay_t<Function>>{internal::deadline_in(duration),
                                                      std::forward<Function>(function)};
}
template <typename Clock, typename Duration, typename Function = internal::do_nothing>
auto at(const std::chrono::time_point<Clock, Duration>& time, Function&& function = {}) {
  return internal::timer_case<std::decay_t<Function>>{internal::deadline_at(time),
                                                      std::forward<Function>(function)};
}
// When nothing else can happen at once: select() does not wait then.
template <typename Function = internal::do_nothing>
auto otherwise(Function&& function = {}) {
  return internal::default_case<std::decay_t<Function>>{std::forward<Function>(function)};
}

template <typename... Cases>
requires(sizeof...(Cases) > 0 && (internal::is_case<std::remove_reference_t<Cases>> &&
                                  ...)) std::size_t select(error_code& ec, Cases&&... cases) {
  internal::selection<sizeof...(Cases)> all;
  (all.add(cases), ...);
  internal::channel_outcome how = internal::channel_outcome::blocked;
  const std::size_t chosen = all.run(how, ec);
  std::size_t position = 0;
  bool is_told = true;
  ((position++ == chosen ? void(is_told = internal::act(cases, how)) : void()), ...);
  if (!is_told) {
    ec = channel_errc::closed;
  }
  return chosen;
}
template <typename... Cases>
requires(sizeof...(Cases) > 0 && (internal::is_case<std::remove_reference_t<Cases>> &&
                                  ...)) std::size_t select(Cases&&... cases) {
  error_code ec;
  const std::size_t chosen = select(ec, std::forward<Cases>(cases)...);
  internal::throw_if(ec, "select");
  return chosen;
}

// With a list. try_select() does not wait: error::would_block if it had to.
inline std::size_t select(std::span<select_case* const> cases, error_code& ec) {
  return internal::select_list(cases, netpoll::never, true, ec);
}
inline std::size_t select_until(std::span<select_case* const> cases,
                                std::chrono::steady_clock::time_point time, error_code& ec) {
  return internal::select_list(cases, netpoll::to_nanotime(time), true, ec);
}
template <typename Rep, typename Period>
std::size_t select_for(std::span<select_case* const> cases,
                       const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
  return internal::select_list(cases, internal::deadline_in(duration), true, ec);
}
inline std::size_t try_select(std::span<select_case* const> cases, error_code& ec) {
  return internal::select_list(cases, netpoll::never, false, ec);
}

}  // namespace NET_NAMESPACE
