// SPDX-License-Identifier: BSL-1.0
//
// An IPv4 network: an address, which need not be the network's lowest, and how many of its leading
// bits are the network's.
//
//   net::ip::network_v4 n = net::ip::make_network_v4("192.168.1.7/24");
//   n.canonical().to_string();    // "192.168.1.0/24"
//
// Plain value: copy freely, no shared state.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "net/config.h"
#include "net/error.h"
#include "net/ip/address_range.h"
#include "net/ip/address_v4.h"

namespace NET_NAMESPACE::ip {

class network_v4 {
 public:
  // 0.0.0.0/0
  constexpr network_v4() noexcept = default;
  // Throws std::out_of_range above 32.
  network_v4(const address_v4& address, unsigned short prefix_length);
  // Throws std::out_of_range, or std::invalid_argument, for a mask with a one after a zero.
  network_v4(const address_v4& address, const address_v4& mask);

  constexpr address_v4 address() const noexcept { return address_; }
  constexpr unsigned short prefix_length() const noexcept { return prefix_length_; }

  constexpr address_v4 netmask() const noexcept {
    return address_v4(prefix_length_ == 0 ? 0 : 0xffffffffU << (32 - prefix_length_));
  }
  // The lowest and the highest address.
  constexpr address_v4 network() const noexcept {
    return address_v4(address_.to_uint() & netmask().to_uint());
  }
  constexpr address_v4 broadcast() const noexcept {
    return address_v4(address_.to_uint() | ~netmask().to_uint());
  }
  // All between those two; the one address of a network that has no other.
  constexpr address_v4_range hosts() const noexcept {
    return is_host() ? address_v4_range(address_, internal::next(address_))
                     : address_v4_range(internal::next(network()), broadcast());
  }

  network_v4 canonical() const noexcept { return network_v4(network(), prefix_length_); }
  constexpr bool is_host() const noexcept { return prefix_length_ == 32; }
  // Whether it is a part of `other` and smaller.
  constexpr bool is_subnet_of(const network_v4& other) const noexcept {
    return other.prefix_length_ < prefix_length_ &&
           (address_.to_uint() & other.netmask().to_uint()) == other.network().to_uint();
  }

  std::string to_string() const;
  std::string to_string(error_code& ec) const;

  friend constexpr bool operator==(const network_v4&, const network_v4&) noexcept = default;

 private:
  address_v4 address_;
  unsigned short prefix_length_ = 0;
};

inline network_v4 make_network_v4(const address_v4& address, unsigned short prefix_length) {
  return network_v4(address, prefix_length);
}
inline network_v4 make_network_v4(const address_v4& address, const address_v4& mask) {
  return network_v4(address, mask);
}

// From text, "address/length". error::invalid_argument if that is not what it is.
network_v4 make_network_v4(std::string_view text, error_code& ec) noexcept;
network_v4 make_network_v4(std::string_view text);
inline network_v4 make_network_v4(const char* text, error_code& ec) noexcept {
  return make_network_v4(std::string_view(text), ec);
}
inline network_v4 make_network_v4(const char* text) {
  return make_network_v4(std::string_view(text));
}
inline network_v4 make_network_v4(const std::string& text, error_code& ec) noexcept {
  return make_network_v4(std::string_view(text), ec);
}
inline network_v4 make_network_v4(const std::string& text) {
  return make_network_v4(std::string_view(text));
}

template <typename Elem, typename Traits>
std::basic_ostream<Elem, Traits>& operator<<(std::basic_ostream<Elem, Traits>& out,
                                             const network_v4& what) {
  return out << what.to_string().c_str();
}

}  // namespace NET_NAMESPACE::ip
