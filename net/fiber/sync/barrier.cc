// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/barrier.h"

#include <mutex>

#include "netpoll/describe.h"

namespace NET_NAMESPACE::internal {

class barrier_core::waiter final : public line_waiter {
 public:
  waiter(barrier_core& core, phase which) noexcept
      : line_waiter(core.line_), core_(core), phase_(which) {}
  void describe(netpoll::description& into) const noexcept override { into << "barrier"; }

 private:
  bool try_pass() noexcept override { return core_.phase_ != phase_; }

  barrier_core& core_;
  const phase phase_;
};

barrier_core::~barrier_core() {
  netpoll::check(line_.empty(), "a barrier was destroyed while it was waited for");
}

bool barrier_core::arrive(std::ptrdiff_t update, bool drops, phase& arrived_in) noexcept {
  const std::lock_guard lock(line_);
  netpoll::check(update > 0 && update <= missing_, "more arrived at a barrier than it expects");
  arrived_in = phase_;
  missing_ -= update;
  expected_ -= drops ? 1 : 0;
  return missing_ == 0;
}

void barrier_core::finish() noexcept {
  wait_line::admitted through;
  {
    const std::lock_guard lock(line_);
    missing_ = expected_;
    ++phase_;
    line_.admit_all(through);
  }
  through.resume();
}

wait_result barrier_core::wait(phase which, netpoll::nanotime until, on_cancel how) {
  {
    const std::lock_guard lock(line_);
    netpoll::check(which == phase_ || which + 1 == phase_,
                   "a token of a barrier was used twice, or with another barrier");
    if (which != phase_) {
      return wait_result::resumed;
    }
  }
  waiter self(*this, which);
  return wait_in_line(self, until, how);
}

}  // namespace NET_NAMESPACE::internal
