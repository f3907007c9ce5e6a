// SPDX-License-Identifier: BSL-1.0
//
// How much a request to cancel an operation may leave behind. The types are bits: a request may
// name several, and the operation obeys if it supports one of them.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE {

enum class cancellation_type : unsigned int {
  none = 0,
  terminal = 1,  // afterwards the object may only be closed or destroyed
  partial = 2,   // the operation may have had side effects, which its results report
  total = 4,     // the operation has had no side effects that can be observed
  all = 0xFFFFFFFF,
};

using cancellation_type_t = cancellation_type;

constexpr bool operator!(cancellation_type x) { return x == cancellation_type::none; }
constexpr cancellation_type operator&(cancellation_type x, cancellation_type y) {
  return cancellation_type(unsigned(x) & unsigned(y));
}
constexpr cancellation_type operator|(cancellation_type x, cancellation_type y) {
  return cancellation_type(unsigned(x) | unsigned(y));
}
constexpr cancellation_type operator^(cancellation_type x, cancellation_type y) {
  return cancellation_type(unsigned(x) ^ unsigned(y));
}
constexpr cancellation_type operator~(cancellation_type x) {
  return cancellation_type(~unsigned(x));
}
constexpr cancellation_type& operator&=(cancellation_type& x, cancellation_type y) {
  return x = x & y;
}
constexpr cancellation_type& operator|=(cancellation_type& x, cancellation_type y) {
  return x = x | y;
}
constexpr cancellation_type& operator^=(cancellation_type& x, cancellation_type y) {
  return x = x ^ y;
}

}  // namespace NET_NAMESPACE
