// SPDX-License-Identifier: BSL-1.0
#include "net/execution/polymorphic_executor.h"

namespace NET_NAMESPACE {

bad_executor::~bad_executor() noexcept = default;

const char* bad_executor::what() const noexcept { return "bad executor"; }

void executor::throw_bad_executor() { throw bad_executor(); }

}  // namespace NET_NAMESPACE
