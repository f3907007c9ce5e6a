// SPDX-License-Identifier: BSL-1.0
#include "net/execution/bad_executor.h"

namespace NET_NAMESPACE {
namespace execution {

bad_executor::~bad_executor() noexcept = default;

const char* bad_executor::what() const noexcept { return "bad executor"; }

}  // namespace execution

namespace internal {

void throw_bad_executor() { throw execution::bad_executor(); }

}  // namespace internal
}  // namespace NET_NAMESPACE
