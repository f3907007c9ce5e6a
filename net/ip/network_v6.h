// SPDX-License-Identifier: BSL-1.0
//
// An IPv6 network: an address, which need not be the network's lowest, and how many of its leading
// bits are the network's.
//
//   net::ip::network_v6 n = net::ip::make_network_v6("2001:db8::7/32");
//   n.canonical().to_string();    // "2001:db8::/32"
//
// Plain value: copy freely, no shared state.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "net/config.h"
#include "net/error.h"
#include "net/ip/address_range.h"
#include "net/ip/address_v6.h"

namespace NET_NAMESPACE::ip {

class network_v6 {
 public:
  // ::/0
  constexpr network_v6() noexcept = default;
  // Throws std::out_of_range above 128.
  network_v6(const address_v6& address, unsigned short prefix_length);

  constexpr address_v6 address() const noexcept { return address_; }
  constexpr unsigned short prefix_length() const noexcept { return prefix_length_; }

  // The lowest address.
  address_v6 network() const noexcept;
  // All addresses, the lowest and the highest too: none is for broadcast. Those of ::/0 are too
  // many for a range.
  address_v6_range hosts() const noexcept;

  network_v6 canonical() const noexcept { return network_v6(network(), prefix_length_); }
  constexpr bool is_host() const noexcept { return prefix_length_ == 128; }
  // Whether it is a part of `other`, in the same scope, and smaller.
  bool is_subnet_of(const network_v6& other) const noexcept;

  std::string to_string() const;
  std::string to_string(error_code& ec) const;

  friend constexpr bool operator==(const network_v6&, const network_v6&) noexcept = default;

 private:
  address_v6 address_;
  unsigned short prefix_length_ = 0;
};

inline network_v6 make_network_v6(const address_v6& address, unsigned short prefix_length) {
  return network_v6(address, prefix_length);
}

// From text, "address/length". error::invalid_argument if that is not what it is.
network_v6 make_network_v6(std::string_view text, error_code& ec) noexcept;
network_v6 make_network_v6(std::string_view text);
inline network_v6 make_network_v6(const char* text, error_code& ec) noexcept {
  return make_network_v6(std::string_view(text), ec);
}
inline network_v6 make_network_v6(const char* text) {
  return make_network_v6(std::string_view(text));
}
inline network_v6 make_network_v6(const std::string& text, error_code& ec) noexcept {
  return make_network_v6(std::string_view(text), ec);
}
inline network_v6 make_network_v6(const std::string& text) {
  return make_network_v6(std::string_view(text));
}

template <typename Elem, typename Traits>
std::basic_ostream<Elem, Traits>& operator<<(std::basic_ostream<Elem, Traits>& out,
                                             const network_v6& what) {
  return out << what.to_string().c_str();
}

}  // namespace NET_NAMESPACE::ip
