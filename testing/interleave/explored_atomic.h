// SPDX-License-Identifier: BSL-1.0
//
// What netpoll/base/atomic.h is in a build for testing/interleave: words and mutexes that let the
// scheduler choose before each access. All actors run on one thread, so the values are plain;
// memory orders are accepted and not looked at.
#pragma once

#include <atomic>

#include "testing/interleave/scheduler.h"

namespace netpoll::interleave {

template <typename T>
class explored_atomic {
 public:
  constexpr explored_atomic() noexcept = default;
  constexpr explored_atomic(T value) noexcept : value_(value) {}
  explored_atomic(const explored_atomic&) = delete;
  explored_atomic& operator=(const explored_atomic&) = delete;

  T load(std::memory_order = std::memory_order_seq_cst) const noexcept {
    step("load", this);
    return value_;
  }
  void store(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
    step("store", this);
    value_ = value;
  }
  T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
    return modify("exchange", [&](T) { return value; });
  }
  T fetch_add(T by, std::memory_order = std::memory_order_seq_cst) noexcept {
    return modify("fetch_add", [&](T old) { return static_cast<T>(old + by); });
  }
  T fetch_sub(T by, std::memory_order = std::memory_order_seq_cst) noexcept {
    return modify("fetch_sub", [&](T old) { return static_cast<T>(old - by); });
  }
  T fetch_and(T bits, std::memory_order = std::memory_order_seq_cst) noexcept {
    return modify("fetch_and", [&](T old) { return static_cast<T>(old & bits); });
  }
  T fetch_or(T bits, std::memory_order = std::memory_order_seq_cst) noexcept {
    return modify("fetch_or", [&](T old) { return static_cast<T>(old | bits); });
  }
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order = std::memory_order_seq_cst,
                               std::memory_order = std::memory_order_seq_cst) noexcept {
    step("compare_exchange", this);
    if (value_ != expected) {
      expected = value_;
      return false;
    }
    value_ = desired;
    return true;
  }
  bool compare_exchange_weak(T& expected, T desired,
                             std::memory_order = std::memory_order_seq_cst,
                             std::memory_order = std::memory_order_seq_cst) noexcept {
    return compare_exchange_strong(expected, desired);
  }
  void wait(T old, std::memory_order = std::memory_order_seq_cst) const {
    block_until("wait", this, [this, old] { return value_ != old; });
  }
  void notify_all() noexcept {}
  void notify_one() noexcept {}

 private:
  template <typename Change>
  T modify(const char* what, Change change) noexcept {
    step(what, this);
    const T old = value_;
    value_ = change(old);
    return old;
  }

  T value_{};
};

class explored_mutex {
 public:
  void lock() {
    step("lock", this);
    if (is_locked_) {
      block_until("lock", this, [this] { return !is_locked_; });
    }
    is_locked_ = true;
  }
  bool try_lock() noexcept {
    step("try_lock", this);
    return !is_locked_ && (is_locked_ = true);
  }
  void unlock() noexcept {
    step("unlock", this);
    is_locked_ = false;
  }

 private:
  bool is_locked_ = false;
};

}  // namespace netpoll::interleave
