// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/condition_variable.h"

#include <mutex>

#include "netpoll/base/check.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE {

condition_variable::waiter::waiter(condition_variable& what) noexcept : variable_(what) {
  const std::lock_guard lock(variable_.lock_);
  variable_.waiters_.add(*this);
}

condition_variable::waiter::~waiter() {
  bool is_unused = false;
  {
    const std::lock_guard lock(variable_.lock_);
    if (is_queued_) {
      variable_.waiters_.remove(*this);
    }
    is_unused = is_notified_;
  }
  if (is_unused) {
    variable_.notify_one();  // its fiber is unwound: the next one may want it
  }
}

wait_result condition_variable::waiter::wait(netpoll::nanotime until, on_cancel how) {
  const wait_result result = NET_NAMESPACE::wait_for(*this, until, how);
  const std::lock_guard lock(variable_.lock_);
  const bool is_over = result == wait_result::resumed || is_notified_;
  is_notified_ = false;
  return is_over ? wait_result::resumed : result;
}

bool condition_variable::waiter::commit() noexcept {
  const std::lock_guard lock(variable_.lock_);
  is_committed_ = is_queued_;
  return is_queued_;
}

bool condition_variable::waiter::withdraw() noexcept {
  const std::lock_guard lock(variable_.lock_);
  if (!is_queued_) {
    return false;
  }
  variable_.waiters_.remove(*this);
  is_queued_ = false;
  return true;
}

void condition_variable::waiter::describe(netpoll::description& into) const noexcept {
  into << "condition variable";
}

void condition_variable::waiter::stop() noexcept {
  {
    const std::lock_guard lock(variable_.lock_);
    if (!is_queued_) {
      return;
    }
    variable_.waiters_.remove(*this);
    is_queued_ = false;
    if (!is_committed_) {
      return;
    }
  }
  resume(netpoll::wake_reason::cancelled);
}

condition_variable::~condition_variable() {
  netpoll::check(waiters_.empty(), "a condition variable was destroyed while it was waited for");
}

void condition_variable::notify_one() noexcept { notify(false); }
void condition_variable::notify_all() noexcept { notify(true); }

void condition_variable::notify(bool all) noexcept {
  netpoll::waiter_queue to_resume;
  {
    const std::lock_guard lock(lock_);
    do {
      waiter* const first = waiters_.front();
      if (first == nullptr) {
        break;
      }
      waiters_.remove(*first);
      first->is_queued_ = false;
      first->is_notified_ = true;
      if (first->is_committed_) {
        to_resume.push(*first);
      }
    } while (all);
  }
  netpoll::resume_all(to_resume, netpoll::wake_reason::ready);
}

}  // namespace NET_NAMESPACE
