// SPDX-License-Identifier: BSL-1.0
//
// A channel carries values from those who send to those who receive, in order, each value to one of
// them. Fibers and threads may do both, as many as like.
//
//   net::channel<request> requests(16);            // up to 16 values wait in it
//   requests.send(std::move(one));                 // waits while there are 16
//   for (request& each : requests) { … }           // until it is closed and empty
//
// With a capacity of 0, the default, a sender waits until a receiver takes his value; with
// `unbounded`, he never waits. close() makes sending fail; what was sent before can still be
// received, and then receiving fails too: with channel_errc::closed.
//
// Waiting follows the rules of net/fiber/sync/sync.h: what can wait fails with
// error::operation_aborted in a cancelled fiber, and with error::deadline_exceeded when the time
// comes. A value is sent exactly if send() succeeds; otherwise the argument was not moved from.
// Without an error_code, failing throws std::system_error. The try_ functions are for plain
// attempts: they do not mind whether the fiber is cancelled, but when they wait.
//
// A T must be movable and destructible without exceptions. Values are moved under an internal lock,
// which others wait for: a move must be short, must not wait, and must not use the channel.
//
// The capacity is allocated at once. An unbounded channel allocates as it grows, and throws
// std::bad_alloc, but not again once it has been that long. Thread-safe. A channel must not be
// destroyed while somebody waits in it; one who has received a value, or learned that it is closed,
// may destroy it although he who sent the value, or closed it, is only just leaving.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/channel_core.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/owner.h"
#include "net/fiber/sync/value_queue.h"
#include "net/fiber/wait.h"
#include "netpoll/base/clock.h"
#include "netpoll/describe.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE {

enum class channel_errc {
  closed = 1,
};

const error_category& channel_category() noexcept;

inline error_code make_error_code(channel_errc code) noexcept {
  return {static_cast<int>(code), channel_category()};
}

}  // namespace NET_NAMESPACE

template <>
struct std::is_error_code_enum<NET_NAMESPACE::channel_errc> : std::true_type {};

namespace NET_NAMESPACE {

namespace internal {
template <typename T>
class receive_case_base;
template <typename T>
class send_case_base;
}  // namespace internal

template <typename T>
class channel {
 public:
  using value_type = T;
  class iterator;

  static constexpr std::size_t unbounded = static_cast<std::size_t>(-1);

  explicit channel(std::size_t capacity = 0)
      : capacity_(capacity),
        core_(capacity != 0),
        values_(capacity == unbounded ? 0 : capacity) {}

  // Sending. True: sent. What is not a T is made one first.
  template <typename Value = T>
    requires std::constructible_from<T, Value&&>
  void send(Value&& value) {
    (void)with_value(std::forward<Value>(value), [&](T& ready) {
      wait_result result = wait_result::resumed;
      const outcome how = send_or_wait(ready, netpoll::never, result);
      if (how != outcome::done) {
        internal::throw_failure(how, result, "send");
      }
      return true;
    });
  }
  template <typename Value = T>
    requires std::constructible_from<T, Value&&>
  bool send(Value&& value, error_code& ec) {
    return send_by(std::forward<Value>(value), netpoll::never, ec);
  }
  template <typename Value = T>
    requires std::constructible_from<T, Value&&>
  bool send_until(Value&& value, std::chrono::steady_clock::time_point time, error_code& ec) {
    return send_by(std::forward<Value>(value), netpoll::to_nanotime(time), ec);
  }
  template <typename Value = T, typename Rep, typename Period>
    requires std::constructible_from<T, Value&&>
  bool send_for(Value&& value, const std::chrono::duration<Rep, Period>& duration,
                error_code& ec) {
    return send_by(std::forward<Value>(value), internal::deadline_in(duration), ec);
  }

  // Does not wait: error::would_block if it had to.
  template <typename Value = T>
    requires std::constructible_from<T, Value&&>
  bool try_send(Value&& value, error_code& ec) {
    return with_value(std::forward<Value>(value), [&](T& ready) {
      return report_attempt(send_now(ready), ec);
    });
  }
  template <typename Value = T>
    requires std::constructible_from<T, Value&&>
  bool try_send(Value&& value) {
    error_code ec;
    return try_send(std::forward<Value>(value), ec);
  }
  // False for whatever reason.
  template <typename Value = T, typename Clock, typename Duration>
    requires std::constructible_from<T, Value&&>
  bool try_send_until(Value&& value, const std::chrono::time_point<Clock, Duration>& time) {
    error_code ec;
    return send_by(std::forward<Value>(value), internal::deadline_at(time), ec);
  }
  template <typename Value = T, typename Rep, typename Period>
    requires std::constructible_from<T, Value&&>
  bool try_send_for(Value&& value, const std::chrono::duration<Rep, Period>& duration) {
    error_code ec;
    return send_for(std::forward<Value>(value), duration, ec);
  }

  // Receiving. Nothing: `ec` says why.
  T receive() {
    std::optional<T> value;
    wait_result result = wait_result::resumed;
    const outcome how = receive_or_wait(value, netpoll::never, result);
    if (how != outcome::done) {
      internal::throw_failure(how, result, "receive");
    }
    return *std::move(value);
  }
  std::optional<T> receive(error_code& ec) { return receive_by(netpoll::never, ec); }
  std::optional<T> receive_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    return receive_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  std::optional<T> receive_for(const std::chrono::duration<Rep, Period>& duration,
                               error_code& ec) {
    return receive_by(internal::deadline_in(duration), ec);
  }

  // Does not wait: error::would_block if it had to.
  std::optional<T> try_receive(error_code& ec) {
    std::optional<T> value;
    (void)report_attempt(receive_now(value), ec);
    return value;
  }
  std::optional<T> try_receive() {
    error_code ec;
    return try_receive(ec);
  }
  // Nothing for whatever reason.
  template <typename Clock, typename Duration>
  std::optional<T> try_receive_until(const std::chrono::time_point<Clock, Duration>& time) {
    error_code ec;
    return receive_by(internal::deadline_at(time), ec);
  }
  template <typename Rep, typename Period>
  std::optional<T> try_receive_for(const std::chrono::duration<Rep, Period>& duration) {
    error_code ec;
    return receive_for(duration, ec);
  }

  // Receives until the channel is closed and empty. Advancing throws as receive() does when the
  // fiber is cancelled. A value belongs to the iterator and may be moved from.
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() noexcept { return {}; }

  // All who wait to send fail, and keep their values; so do those who wait to receive, for whom
  // there is nothing. False: it was closed before.
  bool close() noexcept {
    netpoll::waiter_queue to_resume;
    bool is_first = false;
    {
      const std::lock_guard lock(core_);
      is_first = core_.close(to_resume);
    }
    netpoll::resume_all(to_resume, netpoll::wake_reason::ready);
    return is_first;
  }

  // Old as soon as they are returned, unless nobody else uses the channel.
  bool is_closed() const noexcept {
    const std::lock_guard lock(core_);
    return core_.is_closed;
  }
  std::size_t size() const noexcept {
    const std::lock_guard lock(core_);
    return values_.size();
  }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  friend class internal::receive_case_base<T>;
  friend class internal::send_case_base<T>;
  class sender;
  class receiver;
  using outcome = internal::channel_outcome;
  using ring = typename internal::value_queue<T>::ring;

  // What an attempt leaves to be done when the lock is free again.
  struct aftermath {
    netpoll::waiter_queue to_resume;
    std::unique_ptr<ring> emptied;
    ~aftermath() { netpoll::resume_all(to_resume, netpoll::wake_reason::ready); }
  };

  template <typename Value, typename Function>
  static bool with_value(Value&& value, Function function) {
    if constexpr (std::is_same_v<Value, T>) {
      return function(value);
    } else {
      T converted(std::forward<Value>(value));
      return function(converted);
    }
  }
  static bool report_attempt(outcome how, error_code& ec) noexcept {
    if (how == outcome::blocked) {
      ec = error::would_block;
      return false;
    }
    return internal::report(how, wait_result::resumed, ec);
  }

  template <typename Value>
  bool send_by(Value&& value, netpoll::nanotime until, error_code& ec) {
    return with_value(std::forward<Value>(value), [&](T& ready) {
      wait_result result = wait_result::resumed;
      const outcome how = send_or_wait(ready, until, result);
      return internal::report(how, result, ec);
    });
  }
  std::optional<T> receive_by(netpoll::nanotime until, error_code& ec) {
    std::optional<T> value;
    wait_result result = wait_result::resumed;
    const outcome how = receive_or_wait(value, until, result);
    (void)internal::report(how, result, ec);
    return value;
  }

  // `result` is why it is `blocked` that they return.
  outcome send_or_wait(T& value, netpoll::nanotime until, wait_result& result);
  outcome receive_or_wait(std::optional<T>& into, netpoll::nanotime until, wait_result& result);
  outcome send_now(T& value);
  outcome receive_now(std::optional<T>& into) noexcept;
  void make_room(std::unique_lock<internal::channel_core>& lock);
  // These need the lock.
  bool needs_room() const noexcept {
    return capacity_ == unbounded && !values_.has_room() && !core_.is_closed;
  }
  void note_values() noexcept {
    core_.has_values = values_.size() != 0;
    core_.has_room = capacity_ == unbounded || values_.has_room();
    core_.note_prospects();
  }
  outcome attempt_send(T& value, netpoll::waiter_queue& to_resume) noexcept;
  outcome attempt_receive(std::optional<T>& into, netpoll::waiter_queue& to_resume,
                          std::unique_ptr<ring>& emptied) noexcept;

  const std::size_t capacity_;
  mutable internal::channel_core core_;
  internal::value_queue<T> values_;  // under core_
};

template <typename T>
class channel<T>::iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;

  T& operator*() const noexcept { return *value_; }
  T* operator->() const noexcept { return &*value_; }
  iterator& operator++() {
    error_code ec;
    value_ = from_->receive(ec);
    if (ec != channel_errc::closed) {
      internal::throw_if(ec, "receive");
    }
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const iterator& left, std::default_sentinel_t) noexcept {
    return !left.value_.has_value();
  }

 private:
  friend class channel;
  explicit iterator(channel& from) : from_(&from) { ++*this; }

  channel* from_;
  mutable std::optional<T> value_;
};

// -------------------------------------------------------------------------------------------------

template <typename T>
class channel<T>::sender final : public internal::channel_waiter {
 public:
  sender(channel& to, T& value) noexcept
      : channel_waiter(to.core_, to.core_.senders, &value), to_(to), value_(value) {}
  void describe(netpoll::description& into) const noexcept override { into << "channel send"; }

 private:
  outcome attempt(netpoll::waiter_queue& to_resume) noexcept override {
    return to_.attempt_send(value_, to_resume);
  }

  channel& to_;
  T& value_;
};

template <typename T>
class channel<T>::receiver final : public internal::channel_waiter {
 public:
  receiver(channel& from, std::optional<T>& into) noexcept
      : channel_waiter(from.core_, from.core_.receivers, &into), from_(from), into_(into) {}
  void describe(netpoll::description& into) const noexcept override { into << "channel receive"; }

 private:
  outcome attempt(netpoll::waiter_queue& to_resume) noexcept override {
    return from_.attempt_receive(into_, to_resume, emptied_);
  }

  channel& from_;
  std::optional<T>& into_;
  std::unique_ptr<ring> emptied_;
};

// Values in the channel mean that nobody waits to receive; one who waits to send means that there
// is no room.
template <typename T>
internal::channel_outcome channel<T>::attempt_send(T& value,
                                                   netpoll::waiter_queue& to_resume) noexcept {
  if (core_.is_closed) {
    return outcome::closed;
  }
  if (internal::channel_party* const who = core_.take_first(core_.receivers)) {
    static_cast<std::optional<T>*>(who->place)->emplace(std::move(value));
    core_.tell(*who, outcome::done, to_resume);
    core_.note_prospects();
    return outcome::done;
  }
  if (values_.has_room()) {
    values_.push(std::move(value));
    note_values();
    return outcome::done;
  }
  return outcome::blocked;
}

template <typename T>
internal::channel_outcome channel<T>::attempt_receive(std::optional<T>& into,
                                                      netpoll::waiter_queue& to_resume,
                                                      std::unique_ptr<ring>& emptied) noexcept {
  if (values_.size() != 0) {
    emptied = values_.pop(into);
    if (internal::channel_party* const who = core_.take_first(core_.senders)) {
      values_.push(std::move(*static_cast<T*>(who->place)));
      core_.tell(*who, outcome::done, to_resume);
    }
    note_values();
    return outcome::done;
  }
  if (internal::channel_party* const who = core_.take_first(core_.senders)) {
    into.emplace(std::move(*static_cast<T*>(who->place)));
    core_.tell(*who, outcome::done, to_resume);
    core_.note_prospects();
    return outcome::done;
  }
  return core_.is_closed ? outcome::closed : outcome::blocked;
}

// Allocates without the lock, and looks again.
template <typename T>
void channel<T>::make_room(std::unique_lock<internal::channel_core>& lock) {
  while (needs_room()) {
    const std::size_t wanted = values_.next_capacity();
    lock.unlock();
    auto more = std::make_unique<ring>(wanted);
    lock.lock();
    if (needs_room()) {
      values_.add_room(std::move(more));
      return;
    }
    lock.unlock();
    more.reset();
    lock.lock();
  }
}

template <typename T>
internal::channel_outcome channel<T>::send_now(T& value) {
  aftermath later;
  std::unique_lock lock(core_);
  if (needs_room()) [[unlikely]] {
    make_room(lock);
  }
  return attempt_send(value, later.to_resume);
}

template <typename T>
internal::channel_outcome channel<T>::receive_now(std::optional<T>& into) noexcept {
  aftermath later;
  const std::lock_guard lock(core_);
  return attempt_receive(into, later.to_resume, later.emptied);
}

template <typename T>
internal::channel_outcome channel<T>::send_or_wait(T& value, netpoll::nanotime until,
                                                   wait_result& result) {
  if (!core_.would_send_wait()) {
    if (internal::must_stop()) {
      result = wait_result::cancelled;
      return outcome::blocked;
    }
    if (const outcome how = send_now(value); how != outcome::blocked) {
      return how;
    }
  }
  return sender(*this, value).wait(until, result);
}

template <typename T>
internal::channel_outcome channel<T>::receive_or_wait(std::optional<T>& into,
                                                      netpoll::nanotime until,
                                                      wait_result& result) {
  if (!core_.would_receive_wait()) {
    if (internal::must_stop()) {
      result = wait_result::cancelled;
      return outcome::blocked;
    }
    if (const outcome how = receive_now(into); how != outcome::blocked) {
      return how;
    }
  }
  return receiver(*this, into).wait(until, result);
}

}  // namespace NET_NAMESPACE
