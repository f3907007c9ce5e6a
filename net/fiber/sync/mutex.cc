// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/mutex.h"

#include <mutex>
#include <utility>

#include "netpoll/base/check.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE {

class mutex::waiter final : public netpoll::waiter, public netpoll::intrusive_list_node<waiter> {
 public:
  waiter(mutex& what, internal::owner_id me) noexcept : mutex_(what), me_(me) {}
  // Its wait may have been given up, or the fiber may be unwound.
  ~waiter();

  bool commit() noexcept override;
  bool withdraw() noexcept override;
  void describe(netpoll::description& into) const noexcept override {
    into << "mutex";
    internal::describe_owner(into, mutex_.owner());
  }

  // After a wait. True: the mutex is locked, and this is done with.
  bool settle() noexcept;

 private:
  friend class mutex;

  // outside -> queued  commit()
  // queued  -> outside withdraw()
  // queued  -> called  unlock(), or another that gives up
  // queued, called -> owner   unlock(): handed over
  // outside, called -> owner  commit(), settle(): it was free
  // called  -> queued  commit(): it was not; now starving
  // owner   -> outside settle()
  // All under lock_.
  enum class state : std::uint8_t { outside, queued, called, owner };

  bool take_if_free() noexcept;

  mutex& mutex_;
  const internal::owner_id me_;
  state state_ = state::outside;
};

// Under lock_.
bool mutex::waiter::take_if_free() noexcept {
  const bool was_called = state_ == state::called;
  const bool others_wait =
      !mutex_.waiters_.empty() || (mutex_.called_ != nullptr && !was_called);
  const word mine = me_ << 1 | (others_wait ? watch : 0);
  word now = mutex_.word_.load(std::memory_order_relaxed);  // relaxed: compared below
  while (now <= watch) {
    if (mutex_.word_.compare_exchange_weak(now, mine, std::memory_order_acquire)) {
      state_ = state::owner;
      if (was_called) {
        mutex_.called_ = nullptr;
      }
      return true;
    }
  }
  return false;
}

bool mutex::waiter::settle() noexcept {
  const std::lock_guard lock(mutex_.lock_);
  if (state_ != state::owner && (state_ != state::called || !take_if_free())) {
    return false;
  }
  state_ = state::outside;
  return true;
}

bool mutex::waiter::commit() noexcept {
  const std::lock_guard lock(mutex_.lock_);
  word now = 0;
  do {
    if (state_ == state::owner || take_if_free()) {
      return false;
    }
    now = mutex_.word_.load(std::memory_order_relaxed);  // relaxed: compared below
  } while (now <= watch ||
           ((now & watch) == 0 &&
            // relaxed: only unlock() looks at it, under lock_.
            !mutex_.word_.compare_exchange_weak(now, now | watch, std::memory_order_relaxed)));
  if (state_ == state::called) {
    mutex_.called_ = nullptr;
    mutex_.starving_ = this;
  } else {
    mutex_.waiters_.add(*this);
  }
  state_ = state::queued;
  return true;
}

bool mutex::waiter::withdraw() noexcept {
  const std::lock_guard lock(mutex_.lock_);
  if (state_ != state::queued) {
    return false;
  }
  // `watch` stays; unlock() will find that there is nobody, or the next one.
  if (mutex_.starving_ == this) {
    mutex_.starving_ = nullptr;
  } else {
    mutex_.waiters_.remove(*this);
  }
  state_ = state::outside;
  return true;
}

// One who was called and will not try passes the call on; if the mutex is held, its unlock() will
// call.
mutex::waiter::~waiter() {
  waiter* next = nullptr;
  bool is_owner = false;
  {
    const std::lock_guard lock(mutex_.lock_);
    is_owner = state_ == state::owner;
    if (state_ == state::called) {
      mutex_.called_ = nullptr;
      // relaxed: only looks. Whoever takes it now keeps `watch`.
      if (mutex_.word_.load(std::memory_order_relaxed) <= watch) {
        next = mutex_.call_first();
      }
    }
  }
  if (is_owner) {
    mutex_.unlock();
  }
  if (next != nullptr) {
    next->resume(netpoll::wake_reason::ready);
  }
}

mutex::~mutex() {
  // relaxed: nobody else may be using it.
  netpoll::check(word_.load(std::memory_order_relaxed) <= watch && waiters_.empty() &&
                     called_ == nullptr && starving_ == nullptr,
                 "a mutex was destroyed while it was locked or waited for");
}

bool mutex::take_watched(internal::owner_id me) noexcept {
  word expected = watch;
  return word_.compare_exchange_strong(expected, me << 1 | watch, std::memory_order_acquire);
}

wait_result mutex::wait_to_lock(internal::owner_id me, netpoll::nanotime until, on_cancel how) {
  netpoll::check(owner() != me, "a mutex was locked again by the fiber or thread that holds it");
  if (take_watched(me)) {
    return wait_result::resumed;
  }
  waiter self(*this, me);
  for (;;) {
    const wait_result result = wait_for(self, until, how);
    if (self.settle()) {
      return wait_result::resumed;
    }
    if (result != wait_result::resumed) {
      return result;
    }
  }
}

// Under lock_. He is to be resumed.
mutex::waiter* mutex::call_first() noexcept {
  waiter* const first = waiters_.front();
  if (first != nullptr) {
    waiters_.remove(*first);
    first->state_ = waiter::state::called;
    called_ = first;
    passed_over_ = 0;
  }
  return first;
}

// Under lock_, by the owner.
void mutex::hand_to(waiter& next) noexcept {
  next.state_ = waiter::state::owner;
  // relaxed: the next owner learns of it under lock_.
  word_.store(next.me_ << 1 | (waiters_.empty() ? 0 : watch), std::memory_order_relaxed);
}

void mutex::unlock_watched(internal::owner_id me) noexcept {
  netpoll::check(owner() == me, "a mutex was unlocked by a fiber or thread that does not hold it");
  for (;;) {
    waiter* next = nullptr;
    {
      const std::lock_guard lock(lock_);
      if (starving_ != nullptr) {
        next = std::exchange(starving_, nullptr);
        hand_to(*next);
      } else if (called_ != nullptr && ++passed_over_ == most_passed_over) {
        hand_to(*std::exchange(called_, nullptr));  // he has been resumed already
        return;
      } else if (called_ != nullptr) {
        word_.store(watch, std::memory_order_release);
        return;
      } else if ((next = call_first()) != nullptr) {
        word_.store(watch, std::memory_order_release);
      } else {
        // Nobody waits. It must not become free under lock_: the next owner could destroy it.
        word_.store(me << 1, std::memory_order_relaxed);  // relaxed: still ours
      }
    }
    if (next != nullptr) {
      next->resume(netpoll::wake_reason::ready);
      return;
    }
    word expected = me << 1;
    if (word_.compare_exchange_strong(expected, 0, std::memory_order_release)) {
      return;
    }
  }
}

}  // namespace NET_NAMESPACE
