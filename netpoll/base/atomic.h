// SPDX-License-Identifier: BSL-1.0
//
// The atomic words and the mutexes of the state machines: the standard's, by the names under which
// testing/interleave can put its own in their place.
//
// A test that wants to go through the orders in which threads may take their steps has to stand
// between any two accesses to what they share. For that the same sources are compiled once more,
// with NETPOLL_EXPLORE defined, against types that ask a scheduler before each access.
//
// In every other build a read-modify-write does without its lock prefix, or its exclusive access,
// while the process has one thread: that is most of what the state machines of a program with one
// thread cost. So an atomic must not be modified from a signal handler, nor from a thread that the C
// library does not know of, nor lie in memory that another process writes.
#pragma once

#if defined(NETPOLL_EXPLORE)

#include "testing/interleave/explored_atomic.h"

namespace netpoll {

template <typename T>
using atomic = interleave::explored_atomic<T>;
using mutex = interleave::explored_mutex;

inline bool is_single_threaded() noexcept { return false; }

template <typename T>
void yield_while(const atomic<T>& word, T value, std::memory_order) noexcept {
  if (word.load() == value) {
    word.wait(value);
  }
}

}  // namespace netpoll

#else

#include <sched.h>

#include <atomic>
#include <mutex>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace netpoll {

// Whether the process certainly has no thread but the calling one. It may have had others.
inline bool is_single_threaded() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

// std::atomic, except as said above. Only what is used is here.
template <typename T>
class atomic {
 public:
  constexpr atomic() noexcept = default;
  constexpr atomic(T value) noexcept : value_(value) {}
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return value_.load(order);
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    // A sequentially consistent store is a read-modify-write, too.
    if (order == std::memory_order_seq_cst && is_single_threaded()) {
      value_.store(value, std::memory_order_release);
    } else {
      value_.store(value, order);
    }
  }

  T exchange(T value, std::memory_order order) noexcept {
    return is_single_threaded() ? replace(value) : value_.exchange(value, order);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure) noexcept {
    return is_single_threaded()
               ? replace_if(expected, desired)
               : value_.compare_exchange_strong(expected, desired, success, failure);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order) noexcept {
    return is_single_threaded() ? replace_if(expected, desired)
                                : value_.compare_exchange_strong(expected, desired, order);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure) noexcept {
    return is_single_threaded() ? replace_if(expected, desired)
                                : value_.compare_exchange_weak(expected, desired, success, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order) noexcept {
    return is_single_threaded() ? replace_if(expected, desired)
                                : value_.compare_exchange_weak(expected, desired, order);
  }
  T fetch_add(T more, std::memory_order order) noexcept {
    return is_single_threaded() ? replace(static_cast<T>(now() + more))
                                : value_.fetch_add(more, order);
  }
  T fetch_sub(T less, std::memory_order order) noexcept {
    return is_single_threaded() ? replace(static_cast<T>(now() - less))
                                : value_.fetch_sub(less, order);
  }
  T fetch_or(T bits, std::memory_order order) noexcept {
    return is_single_threaded() ? replace(now() | bits) : value_.fetch_or(bits, order);
  }
  T fetch_and(T bits, std::memory_order order) noexcept {
    return is_single_threaded() ? replace(now() & bits) : value_.fetch_and(bits, order);
  }

  void wait(T old, std::memory_order order) const noexcept { value_.wait(old, order); }
  void notify_all() noexcept { value_.notify_all(); }

 private:
  // relaxed: there is no other thread.
  T now() const noexcept { return value_.load(std::memory_order_relaxed); }
  T replace(T value) noexcept {
    const T before = now();
    value_.store(value, std::memory_order_relaxed);
    return before;
  }
  bool replace_if(T& expected, T desired) noexcept {
    const T before = now();
    if (before != expected) {
      expected = before;
      return false;
    }
    value_.store(desired, std::memory_order_relaxed);
    return true;
  }

  std::atomic<T> value_{};
};
using mutex = std::mutex;

// Gives up the processor until `word` has changed: for what another thread is just about to do. A
// load of this order has seen the change.
template <typename T>
void yield_while(const atomic<T>& word, T value, std::memory_order order) noexcept {
  while (word.load(order) == value) {
    ::sched_yield();
  }
}

}  // namespace netpoll

#endif
