// SPDX-License-Identifier: BSL-1.0
//
// Addresses that follow each other, without the last. Such a range cannot have all addresses there
// are: it would be empty.
//
//   for (net::ip::address_v4 host : net::ip::make_network_v4("10.0.0.0/24").hosts()) …
#pragma once

#include <concepts>
#include <cstddef>

#include "net/config.h"
#include "net/ip/address_iterator.h"

namespace NET_NAMESPACE::ip {

// Of address_v4 or address_v6.
template <typename Address>
class basic_address_range {
 public:
  using iterator = basic_address_iterator<Address>;

  constexpr basic_address_range() noexcept = default;
  constexpr explicit basic_address_range(const iterator& first, const iterator& last) noexcept
      : begin_(first), end_(last) {}

  constexpr iterator begin() const noexcept { return begin_; }
  constexpr iterator end() const noexcept { return end_; }
  constexpr bool empty() const noexcept { return begin_ == end_; }

  constexpr std::size_t size() const noexcept requires std::same_as<Address, address_v4> {
    return address_v4::uint_type{end_->to_uint() - begin_->to_uint()};
  }

  // end() if it is not there.
  constexpr iterator find(const Address& address) const noexcept {
    return contains(address) ? iterator(address) : end_;
  }

 private:
  constexpr bool contains(const Address& address) const noexcept {
    // What ends with the highest address has the lowest one as its end.
    return *begin_ <= *end_ ? *begin_ <= address && address < *end_
                            : *begin_ <= address || address < *end_;
  }

  iterator begin_ = Address();
  iterator end_ = Address();
};

using address_v4_range = basic_address_range<address_v4>;
using address_v6_range = basic_address_range<address_v6>;

}  // namespace NET_NAMESPACE::ip
