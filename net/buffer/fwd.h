// SPDX-License-Identifier: BSL-1.0
//
// The names of templates over buffers, for who only mentions them. Default arguments stand here and
// nowhere else.
#pragma once

#include <memory>

#include "net/config.h"

namespace NET_NAMESPACE {

template <typename MutableBufferSequence, typename Allocator = std::allocator<void>>
class buffer_registration;
template <typename BufferSequence, typename ByteType = char>
class buffers_iterator;

}  // namespace NET_NAMESPACE
