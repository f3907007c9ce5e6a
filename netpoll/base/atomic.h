// SPDX-License-Identifier: BSL-1.0
//
// The atomic words and the mutexes of the state machines: the standard's, by the names under which
// testing/interleave can put its own in their place.
//
// A test that wants to go through the orders in which threads may take their steps has to stand
// between any two accesses to what they share. For that the same sources are compiled once more,
// with NETPOLL_EXPLORE defined, against types that ask a scheduler before each access. In every
// other build these are aliases and cost nothing.
#pragma once

#if defined(NETPOLL_EXPLORE)

#include "testing/interleave/explored_atomic.h"

namespace netpoll {

template <typename T>
using atomic = interleave::explored_atomic<T>;
using mutex = interleave::explored_mutex;

template <typename T>
void yield_while(const atomic<T>& word, T value, std::memory_order) noexcept {
  if (word.load() == value) {
    word.wait(value);
  }
}

}  // namespace netpoll

#else

#include <atomic>
#include <mutex>
#include <thread>

namespace netpoll {

template <typename T>
using atomic = std::atomic<T>;
using mutex = std::mutex;

// Gives up the processor until `word` has changed: for what another thread is just about to do. A
// load of this order has seen the change.
template <typename T>
void yield_while(const atomic<T>& word, T value, std::memory_order order) noexcept {
  while (word.load(order) == value) {
    std::this_thread::yield();
  }
}

}  // namespace netpoll

#endif
