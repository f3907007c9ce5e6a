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

}  // namespace netpoll

#else

#include <atomic>
#include <mutex>

namespace netpoll {

template <typename T>
using atomic = std::atomic<T>;
using mutex = std::mutex;

}  // namespace netpoll

#endif
