// SPDX-License-Identifier: BSL-1.0
#include "net/timer/sleep.h"

#include <exception>

#include "net/fiber/wait.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE::internal {
namespace {

// Nobody resumes it: only time ends the wait.
class sleeper final : public netpoll::waiter {
 public:
  bool commit() noexcept override { return true; }
  bool withdraw() noexcept override { return true; }
  void describe(netpoll::description& into) const noexcept override { into << "sleep"; }
};

}  // namespace

void sleep_until(netpoll::nanotime when, error_code& ec) {
  ec.clear();
  sleeper waiter;
  if (wait_for(waiter, when) == wait_result::cancelled) {
    ec = error::operation_aborted;
  }
}

void sleep_until(netpoll::nanotime when) {
  error_code ec;
  sleep_until(when, ec);
  // A destructor that sleeps while its fiber is unwound cannot throw.
  if (std::uncaught_exceptions() == 0) {
    throw_if(ec, "sleep");
  }
}

}  // namespace NET_NAMESPACE::internal
