// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/shared_mutex.h"

#include <mutex>

#include "netpoll/base/check.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE {
namespace {

constexpr const char* cannot_wait =
    "a fiber that is being unwound cannot wait for a shared mutex: use lock(error_code&)";

}  // namespace

class shared_mutex::waiter : public internal::line_waiter {
 public:
  void describe(netpoll::description& into) const noexcept override {
    into << "shared mutex";
    // relaxed: numbers to look at.
    internal::describe_owner(into, mutex_.owner_.load(std::memory_order_relaxed));
    if (const word held = mutex_.word_.load(std::memory_order_relaxed); held >= sharer) {
      into << " shared by " << held / sharer;
    }
  }

  const bool shares;

 protected:
  waiter(shared_mutex& what, bool to_share) noexcept
      : line_waiter(what.line_), shares(to_share), mutex_(what) {}
  ~waiter() = default;

  shared_mutex& mutex_;

 private:
  // Those behind one who wanted it alone may share it with those who hold it.
  void make_way(internal::wait_line::admitted& through) noexcept override {
    // relaxed: `queued` is set, so it changes under the lock only.
    if ((mutex_.word_.load(std::memory_order_relaxed) & exclusive) == 0) {
      mutex_.let_in(through);
    }
  }
};

class shared_mutex::exclusive_waiter final : public waiter {
 public:
  explicit exclusive_waiter(shared_mutex& what) noexcept : waiter(what, false) {}

 private:
  bool try_pass() noexcept override {
    word now = mutex_.word_.load(std::memory_order_relaxed);  // relaxed: compared below
    for (;;) {
      const bool is_free = now == 0;
      if ((now & queued) != 0) {
        return false;
      }
      if (mutex_.word_.compare_exchange_weak(now, is_free ? exclusive : now | queued,
                                             std::memory_order_acquire)) {
        return is_free;
      }
    }
  }
};

class shared_mutex::shared_waiter final : public waiter {
 public:
  explicit shared_waiter(shared_mutex& what) noexcept : waiter(what, true) {}

 private:
  bool try_pass() noexcept override {
    word now = mutex_.word_.load(std::memory_order_relaxed);  // relaxed: compared below
    for (;;) {
      const bool is_open = (now & exclusive) == 0 && mutex_.line_.empty();
      if (!is_open && (now & queued) != 0) {
        return false;
      }
      const word next = is_open ? (now & ~queued) + sharer : now | queued;
      if (mutex_.word_.compare_exchange_weak(now, next, std::memory_order_acquire)) {
        return is_open;
      }
    }
  }
};

shared_mutex::~shared_mutex() {
  // relaxed: nobody else may be using it.
  netpoll::check(word_.load(std::memory_order_relaxed) == 0 && line_.empty(),
                 "a shared mutex was destroyed while it was locked or waited for");
}

bool shared_mutex::try_lock() noexcept {
  word expected = 0;
  if (!word_.compare_exchange_strong(expected, exclusive, std::memory_order_acquire)) {
    return false;
  }
  // relaxed: only the owner himself needs to see it in time.
  owner_.store(internal::current_owner(), std::memory_order_relaxed);
  return true;
}

bool shared_mutex::try_lock_shared() noexcept {
  word now = word_.load(std::memory_order_relaxed);  // relaxed: compared below
  while ((now & (queued | exclusive)) == 0) {
    if (word_.compare_exchange_weak(now, now + sharer, std::memory_order_acquire)) {
      return true;
    }
  }
  return false;
}

void shared_mutex::lock() {
  internal::must_have_passed(wait_to_lock(netpoll::never, on_cancel::ignore), cannot_wait);
}

void shared_mutex::lock_shared() {
  internal::must_have_passed(wait_to_share(netpoll::never, on_cancel::ignore), cannot_wait);
}

wait_result shared_mutex::wait_to_lock(netpoll::nanotime until, on_cancel how) {
  if (try_lock()) {
    return wait_result::resumed;
  }
  const internal::owner_id me = internal::current_owner();
  netpoll::check(owner_.load(std::memory_order_relaxed) != me,  // relaxed: only ours matters
                 "a shared mutex was locked again by the fiber or thread that holds it");
  exclusive_waiter self(*this);
  wait_result result = wait_result::resumed;
  try {
    result = internal::wait_in_line(self, until, how);
  } catch (...) {
    if (self.has_passed()) {
      leave(exclusive);
    }
    throw;
  }
  if (result == wait_result::resumed) {
    owner_.store(me, std::memory_order_relaxed);  // relaxed: as in try_lock()
  }
  return result;
}

wait_result shared_mutex::wait_to_share(netpoll::nanotime until, on_cancel how) {
  if (try_lock_shared()) {
    return wait_result::resumed;
  }
  netpoll::check(owner_.load(std::memory_order_relaxed) != internal::current_owner(),  // as above
                 "a shared mutex was locked again by the fiber or thread that holds it");
  shared_waiter self(*this);
  try {
    return internal::wait_in_line(self, until, how);
  } catch (...) {
    if (self.has_passed()) {
      leave(sharer);
    }
    throw;
  }
}

void shared_mutex::unlock() noexcept {
  // relaxed: only ours matters.
  netpoll::check(owner_.load(std::memory_order_relaxed) == internal::current_owner(),
                 "a shared mutex was unlocked by a fiber or thread that does not hold it alone");
  owner_.store(0, std::memory_order_relaxed);  // relaxed: the word is released after it
  leave(exclusive);
}

void shared_mutex::unlock_shared() noexcept { leave(sharer); }

// Gives back `share`.
void shared_mutex::leave(word share) noexcept {
  for (;;) {
    word now = word_.load(std::memory_order_relaxed);  // relaxed: compared below
    netpoll::check(share == exclusive ? (now & exclusive) != 0 : now >= sharer,
                   "a shared mutex was unlocked more often than locked");
    if ((now & queued) == 0) {
      if (word_.compare_exchange_weak(now, now - share, std::memory_order_release)) {
        return;
      }
      continue;
    }
    internal::wait_line::admitted through;
    {
      const std::lock_guard lock(line_);
      // relaxed: `queued` is set, unless another has just cleared it here; then begin anew.
      now = word_.load(std::memory_order_relaxed);
      if ((now & queued) == 0) {
        continue;
      }
      if (line_.empty()) {
        // It must not become free under the lock: the next to hold it could destroy it.
        word_.fetch_and(~queued, std::memory_order_relaxed);
        continue;
      }
      word_.fetch_sub(share, std::memory_order_acq_rel);
      if (now - share == queued) {
        let_in(through);
      }
    }
    through.resume();
    return;
  }
}

// Lets in the first in line, or all those who are first and share. The mutex is free or shared, and
// somebody holds it, or waits, so that it cannot vanish.
void shared_mutex::let_in(internal::wait_line::admitted& through) noexcept {
  // relaxed: it is not changed meanwhile.
  word now = word_.load(std::memory_order_relaxed) & ~queued;
  while (!line_.empty()) {
    const bool shares = static_cast<const waiter*>(line_.front())->shares;
    if (!shares && now != 0) {
      break;
    }
    now += shares ? sharer : exclusive;
    line_.admit_front(through);
    if (!shares) {
      break;
    }
  }
  word_.exchange(now | (line_.empty() ? 0 : queued), std::memory_order_acq_rel);
}

}  // namespace NET_NAMESPACE
