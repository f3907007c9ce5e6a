// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/task_group.h"

#include <memory>
#include <utility>

#include "netpoll/base/check.h"

namespace NET_NAMESPACE {
namespace internal {

void task_group_core::fail() noexcept {
  if (is_cancelled()) {
    try {
      throw;
    } catch (const system_error& error) {
      if (error.code() == NET_NAMESPACE::error::operation_aborted) {
        return;
      }
    } catch (...) {
    }
  }
  {
    const std::lock_guard lock(mutex_);
    if (failure_ == nullptr) {
      failure_ = std::current_exception();
    }
  }
  if (how_ == on_failure::cancel_rest) {
    cancel();
  }
}

std::exception_ptr task_group_core::take_failure() noexcept {
  const std::lock_guard lock(mutex_);
  return std::exchange(failure_, nullptr);
}

}  // namespace internal

task_group::task_group(std::stop_token stop, on_failure how)
    : core_(std::make_shared<internal::task_group_core>(how)),
      on_stop_(std::move(stop), canceller{core_.get()}) {}

task_group::~task_group() {
  if (core_->running.is_open()) {
    return;
  }
  netpoll::check(on_fiber(),
                 "a task group was destroyed on a plain thread before its fibers had finished: "
                 "wait() for them first");
  cancel();
  try {
    (void)core_->running.wait(netpoll::never, on_cancel::ignore);
  } catch (const internal::fiber_unwind&) {
    // Nobody will run the fibers for this one to see; they are unwound like it.
  }
}

bool task_group::wait_by(netpoll::nanotime until, error_code& ec) {
  if (!internal::report(core_->running.wait(until, on_cancel::stop_waiting), ec)) {
    return false;
  }
  if (const std::exception_ptr failure = core_->take_failure()) {
    std::rethrow_exception(failure);
  }
  return true;
}

}  // namespace NET_NAMESPACE
