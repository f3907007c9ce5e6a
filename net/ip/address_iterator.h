// SPDX-License-Identifier: BSL-1.0
//
// Goes from one address to the next, as if addresses were numbers; the last is followed by the
// first. The scope of an IPv6 address stays as it is.
//
//   net::ip::address_v4_iterator here(net::ip::make_address_v4("10.0.0.255"));
//   *++here;    // 10.0.1.0
#pragma once

#include <cstddef>
#include <iterator>

#include "net/config.h"
#include "net/ip/address_v4.h"
#include "net/ip/address_v6.h"

namespace NET_NAMESPACE::ip {
namespace internal {

constexpr address_v4 next(const address_v4& from) noexcept {
  return address_v4(from.to_uint() + 1);
}
constexpr address_v4 previous(const address_v4& from) noexcept {
  return address_v4(from.to_uint() - 1);
}
constexpr address_v6 next(const address_v6& from) noexcept {
  address_v6::bytes_type bytes = from.to_bytes();
  for (std::size_t i = bytes.size(); i-- > 0 && ++bytes[i] == 0;) {
  }
  return address_v6(bytes, from.scope_id());
}
constexpr address_v6 previous(const address_v6& from) noexcept {
  address_v6::bytes_type bytes = from.to_bytes();
  for (std::size_t i = bytes.size(); i-- > 0 && bytes[i]-- == 0;) {
  }
  return address_v6(bytes, from.scope_id());
}

}  // namespace internal

// Of address_v4 or address_v6.
template <typename Address>
class basic_address_iterator {
 public:
  using value_type = Address;
  using difference_type = std::ptrdiff_t;
  using pointer = const Address*;
  using reference = const Address&;
  // What it refers to is in itself, so it is no forward iterator.
  using iterator_category = std::input_iterator_tag;

  constexpr basic_address_iterator(const Address& address) noexcept : address_(address) {}

  constexpr const Address& operator*() const noexcept { return address_; }
  constexpr const Address* operator->() const noexcept { return &address_; }

  constexpr basic_address_iterator& operator++() noexcept {
    address_ = internal::next(address_);
    return *this;
  }
  constexpr basic_address_iterator operator++(int) noexcept {
    const basic_address_iterator before = *this;
    ++*this;
    return before;
  }
  constexpr basic_address_iterator& operator--() noexcept {
    address_ = internal::previous(address_);
    return *this;
  }
  constexpr basic_address_iterator operator--(int) noexcept {
    const basic_address_iterator before = *this;
    --*this;
    return before;
  }

  friend constexpr bool operator==(const basic_address_iterator&,
                                   const basic_address_iterator&) noexcept = default;

 private:
  Address address_;
};

using address_v4_iterator = basic_address_iterator<address_v4>;
using address_v6_iterator = basic_address_iterator<address_v6>;

}  // namespace NET_NAMESPACE::ip
