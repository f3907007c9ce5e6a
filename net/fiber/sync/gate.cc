// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/gate.h"

#include <limits>
#include <mutex>

#include "netpoll/base/check.h"

namespace NET_NAMESPACE::internal {

class gate::passer final : public line_waiter {
 public:
  explicit passer(gate& through) noexcept : line_waiter(through.line_), gate_(through) {}
  void describe(netpoll::description& into) const noexcept override { into << gate_.name_; }

 private:
  bool try_pass() noexcept override { return gate_.count_ == 0; }

  gate& gate_;
};

gate::~gate() {
  netpoll::check(line_.empty(),
                 "a latch, wait group or future was destroyed while it was waited for");
}

void gate::add(std::ptrdiff_t number, const char* broken_rule) noexcept {
  wait_line::admitted through;
  {
    const std::lock_guard lock(line_);
    netpoll::check(number <= std::numeric_limits<std::ptrdiff_t>::max() - count_ &&
                       count_ + number >= 0,
                   broken_rule);
    count_ += number;
    if (count_ == 0) {
      line_.admit_all(through);
    }
  }
  through.resume();
}

bool gate::is_open() noexcept { return count() == 0; }

std::ptrdiff_t gate::count() noexcept {
  const std::lock_guard lock(line_);
  return count_;
}

wait_result gate::wait(netpoll::nanotime until, on_cancel how) {
  if (is_open()) {
    return wait_result::resumed;
  }
  passer self(*this);
  return wait_in_line(self, until, how);
}

}  // namespace NET_NAMESPACE::internal
