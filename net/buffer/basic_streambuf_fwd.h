// SPDX-License-Identifier: BSL-1.0
//
// The name of basic_streambuf, for headers that only mention it.
#pragma once

#include <memory>

#include "net/config.h"

namespace NET_NAMESPACE {

template <typename Allocator = std::allocator<char>>
class basic_streambuf;
template <typename Allocator = std::allocator<char>>
class basic_streambuf_ref;

}  // namespace NET_NAMESPACE
