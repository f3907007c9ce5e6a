// SPDX-License-Identifier: BSL-1.0
//
// Who calls: a fiber or a plain thread.
#pragma once

#include <cstdint>

#include "net/config.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE::internal {

// Who owns a lock: what this_fiber::get_id() returns, or on a plain thread a number that no other
// thread of the process ever has, with thread_owner set. Never 0, and the highest bit is free.
using owner_id = std::uint64_t;
inline constexpr owner_id thread_owner = owner_id{1} << 62;

owner_id current_owner() noexcept;

// Whether it is a fiber that was cancelled and heeds it.
bool must_stop() noexcept;

// Appends " held by fiber 12", or " held by a thread"; nothing for 0.
void describe_owner(netpoll::description& into, owner_id owner) noexcept;

}  // namespace NET_NAMESPACE::internal
