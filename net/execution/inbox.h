// SPDX-License-Identifier: BSL-1.0
//
// Where a run loop gets operations from other threads: a queue with a short lock of its own, so that
// who posts and those who run do not meet at the loop's mutex.
//
// All members may be called from any thread. Who has pushed does not touch it again: the operation
// may have ended the loop by then.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>

#include "net/config.h"
#include "net/execution/operation.h"
#include "netpoll/base/brief_lock.h"

namespace NET_NAMESPACE::internal {

class inbox {
 public:
  void push(operation& what) noexcept {
    const std::lock_guard lock(lock_);
    append(what);
  }

  // Unless `must_not()`, which is asked when nobody can look into the inbox.
  template <typename MustNot>
  bool push_unless(operation& what, MustNot must_not) noexcept {
    const std::lock_guard lock(lock_);
    if (must_not()) {
      return false;
    }
    append(what);
    return true;
  }

  // Appends all that is here to `into`. Returns how many.
  std::size_t take_all(operation_queue& into) noexcept {
    if (looks_empty()) {
      return 0;
    }
    const std::lock_guard lock(lock_);
    into.splice(queue_);
    const std::size_t count = count_.load(std::memory_order_relaxed);  // relaxed: under lock_
    count_.store(0, std::memory_order_relaxed);
    return count;
  }

  // Exact: also what somebody is just about to push is here.
  bool empty() const noexcept {
    const std::lock_guard lock(lock_);
    return queue_.empty();
  }
  // relaxed: a hint.
  bool looks_empty() const noexcept { return count_.load(std::memory_order_relaxed) == 0; }

 private:
  void append(operation& what) noexcept {
    queue_.push(what);
    // relaxed: written under lock_, and a hint for all others.
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  mutable netpoll::brief_lock lock_;
  operation_queue queue_;              // under lock_
  std::atomic<std::size_t> count_{0};  // written under lock_
};

}  // namespace NET_NAMESPACE::internal
