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
  ~waiter() {
    // Only when its wait was given up, or the fiber is unwound.
    switch (state_) {
      case state::called: decline(); break;
      case state::owner: mutex_.unlock(); break;
      default: break;
    }
  }

  bool commit() noexcept override;
  bool withdraw() noexcept override;
  void describe(netpoll::description& into) const noexcept override {
    into << "mutex";
    internal::describe_owner(into, mutex_.owner());
  }

  // Tries for itself if it was called. True: the mutex is locked, and this is done with.
  bool settle() noexcept {
    if (state_ == state::called) {
      const std::lock_guard lock(mutex_.lock_);
      (void)take_or_ask(false);
    }
    if (state_ != state::owner) {
      return false;
    }
    state_ = state::outside;
    return true;
  }

 private:
  friend class mutex;

  // outside -> queued  commit()
  // queued  -> outside withdraw()
  // queued  -> called  unlock(), or decline() of another
  // queued  -> owner   unlock(): handed over
  // outside, called -> owner  commit(), settle(): it was free
  // called  -> queued  commit(): it was not; now starving
  // All under lock_, but by the one who waits while he is not queued.
  enum class state : std::uint8_t { outside, queued, called, owner };

  bool take_or_ask(bool is_to_queue) noexcept;
  void decline() noexcept;

  mutex& mutex_;
  const internal::owner_id me_;
  state state_ = state::outside;
};

// Under lock_. Takes the mutex if it is free; otherwise, if this is to be queued, sees to it that
// unlock() will look.
bool mutex::waiter::take_or_ask(bool is_to_queue) noexcept {
  const bool was_called = state_ == state::called;
  const bool others_wait = !mutex_.waiters_.empty();
  // relaxed throughout: the word is only compared, but where it is taken.
  word now = mutex_.word_.load(std::memory_order_relaxed);
  for (;;) {
    if (now == 0) {
      const word mine = me_ << 1 | (others_wait ? wake : 0);
      if (mutex_.word_.compare_exchange_weak(now, mine, std::memory_order_acquire,
                                             std::memory_order_relaxed)) {
        state_ = state::owner;
        mutex_.is_called_ = mutex_.is_called_ && !was_called;
        return true;
      }
    } else if (!is_to_queue || (now & wake) != 0 || (mutex_.is_called_ && !was_called) ||
               mutex_.word_.compare_exchange_weak(now, now | wake, std::memory_order_relaxed,
                                                  std::memory_order_relaxed)) {
      return false;
    }
  }
}

bool mutex::waiter::commit() noexcept {
  const std::lock_guard lock(mutex_.lock_);
  if (take_or_ask(true)) {
    return false;
  }
  if (state_ == state::called) {
    mutex_.is_called_ = false;
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
  // `wake` stays; unlock() will find that there is nobody, or the next one.
  if (mutex_.starving_ == this) {
    mutex_.starving_ = nullptr;
  } else {
    mutex_.waiters_.remove(*this);
  }
  state_ = state::outside;
  return true;
}

// It was called and will not try: the call goes to the next one, or to the next unlock().
void mutex::waiter::decline() noexcept {
  waiter* next = nullptr;
  {
    const std::lock_guard lock(mutex_.lock_);
    mutex_.is_called_ = false;
    next = mutex_.waiters_.front();
    // relaxed: the word is only compared.
    word now = mutex_.word_.load(std::memory_order_relaxed);
    while (next != nullptr && now != 0) {
      if (mutex_.word_.compare_exchange_weak(now, now | wake, std::memory_order_relaxed,
                                             std::memory_order_relaxed)) {
        next = nullptr;
      }
    }
    if (next != nullptr) {
      mutex_.waiters_.remove(*next);
      mutex_.is_called_ = true;
      next->state_ = state::called;
    }
  }
  if (next != nullptr) {
    next->resume(netpoll::wake_reason::ready);
  }
}

mutex::~mutex() {
  // relaxed: nobody else may be using it.
  netpoll::check(word_.load(std::memory_order_relaxed) == 0 && waiters_.empty() && !is_called_,
                 "a mutex was destroyed while it was locked or waited for");
}

wait_result mutex::wait_to_lock(internal::owner_id me, netpoll::nanotime until, on_cancel how) {
  netpoll::check(owner() != me, "a mutex was locked again by the fiber or thread that holds it");
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

void mutex::unlock_contended(internal::owner_id me) noexcept {
  netpoll::check(owner() == me, "a mutex was unlocked by a fiber or thread that does not hold it");
  for (;;) {
    lock_.lock();
    if (waiter* const next = std::exchange(starving_, nullptr)) {
      next->state_ = waiter::state::owner;
      // relaxed: the next owner learns of it by being resumed.
      word_.store(next->me_ << 1 | (waiters_.empty() ? 0 : wake), std::memory_order_relaxed);
      lock_.unlock();
      next->resume(netpoll::wake_reason::ready);
      return;
    }
    if (waiter* const next = waiters_.front(); next != nullptr && !is_called_) {
      waiters_.remove(*next);
      is_called_ = true;
      next->state_ = waiter::state::called;
      word_.store(0, std::memory_order_release);
      lock_.unlock();
      next->resume(netpoll::wake_reason::ready);
      return;
    }
    // Nobody to wake. It must not become free under lock_: the next owner could destroy it.
    word expected = me << 1;
    word_.store(expected, std::memory_order_relaxed);  // relaxed: still ours
    lock_.unlock();
    if (word_.compare_exchange_strong(expected, 0, std::memory_order_release,
                                      std::memory_order_relaxed)) {
      return;
    }
  }
}

}  // namespace NET_NAMESPACE
