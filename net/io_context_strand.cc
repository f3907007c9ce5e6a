// SPDX-License-Identifier: BSL-1.0
#include "net/io_context_strand.h"

namespace NET_NAMESPACE {

io_context::strand::strand(io_context& context) : strand_(context.get_executor()) {}

}  // namespace NET_NAMESPACE
