// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/semaphore.h"

#include <limits>
#include <mutex>

#include "netpoll/describe.h"

namespace NET_NAMESPACE::internal {

class semaphore::acquirer final : public line_waiter {
 public:
  explicit acquirer(semaphore& from) noexcept : line_waiter(from.line_), from_(from) {}
  void describe(netpoll::description& into) const noexcept override { into << "semaphore"; }

 private:
  bool try_pass() noexcept override { return from_.take(); }

  semaphore& from_;
};

semaphore::~semaphore() {
  netpoll::check(line_.empty(), "a semaphore was destroyed while it was waited for");
}

bool semaphore::take() noexcept {
  if (units_ == 0) {
    return false;
  }
  --units_;
  return true;
}

bool semaphore::try_acquire() noexcept {
  const std::lock_guard lock(line_);
  return take();
}

wait_result semaphore::acquire(netpoll::nanotime until, on_cancel how) {
  if (try_acquire()) {
    return wait_result::resumed;
  }
  acquirer self(*this);
  try {
    return wait_in_line(self, until, how);
  } catch (...) {
    // The fiber is unwound: what it was given is for the next one.
    if (self.has_passed()) {
      release(1, std::numeric_limits<std::ptrdiff_t>::max());
    }
    throw;
  }
}

void semaphore::release(std::ptrdiff_t units, std::ptrdiff_t most) noexcept {
  wait_line::admitted through;
  {
    const std::lock_guard lock(line_);
    for (; units > 0 && !line_.empty(); --units) {
      line_.admit_front(through);
    }
    netpoll::check(units >= 0 && units <= most - units_,
                   "a semaphore was released more often than it can count");
    units_ += units;
  }
  through.resume();
}

}  // namespace NET_NAMESPACE::internal
