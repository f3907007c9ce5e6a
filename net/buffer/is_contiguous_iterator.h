// SPDX-License-Identifier: BSL-1.0
//
// Whether what an iterator walks over lies in one piece of memory, as a trait. A container whose
// iterator is such can be made a buffer of.
//
//   static_assert(net::is_contiguous_iterator<std::vector<int>::iterator>::value);
#pragma once

#include <iterator>
#include <type_traits>

#include "net/config.h"

namespace NET_NAMESPACE {

template <typename T>
struct is_contiguous_iterator : std::bool_constant<std::contiguous_iterator<T>> {};

}  // namespace NET_NAMESPACE
