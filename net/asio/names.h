// SPDX-License-Identifier: BSL-1.0
//
// Names of the standard library that namespace asio has because Asio once had to bring its own, and
// that ported programs use as asio's. Each is the standard's own, so that it is not ambiguous where both
// namespaces are used.
//
//   struct property { static constexpr bool is_preferable = asio::true_type::value; };
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "net/config.h"

namespace NET_NAMESPACE {

using std::conditional;
using std::decay;
using std::decay_t;
using std::enable_if;
using std::enable_if_t;
using std::false_type;
using std::is_base_of;
using std::is_class;
using std::is_const;
using std::is_constructible;
using std::is_convertible;
using std::is_copy_constructible;
using std::is_destructible;
using std::is_function;
using std::is_integral;
using std::is_move_constructible;
using std::is_nothrow_copy_constructible;
using std::is_nothrow_destructible;
using std::is_object;
using std::is_pointer;
using std::is_reference;
using std::is_same;
using std::is_scalar;
using std::remove_cv;
using std::remove_pointer;
using std::remove_reference;
using std::true_type;

using std::int_least16_t;
using std::int_least32_t;
using std::int_least64_t;
using std::int_least8_t;
using std::nullptr_t;
using std::uint16_t;
using std::uint32_t;
using std::uint64_t;
using std::uint8_t;
using std::uint_least16_t;
using std::uint_least32_t;
using std::uintmax_t;

}  // namespace NET_NAMESPACE
