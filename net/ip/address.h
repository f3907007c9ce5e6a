// SPDX-License-Identifier: BSL-1.0
//
// An IP address of either version.
//
//   net::ip::address a = net::ip::make_address("127.0.0.1");
//
// Plain value: copy freely, no shared state.
#pragma once

#include <compare>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

#include "net/config.h"
#include "net/error.h"
#include "net/ip/address_v4.h"
#include "net/ip/address_v6.h"
#include "net/ip/bad_address_cast.h"

namespace NET_NAMESPACE::ip {

class address {
 public:
  // 0.0.0.0
  constexpr address() noexcept = default;
  constexpr address(const address_v4& v4) noexcept : v4_(v4) {}
  constexpr address(const address_v6& v6) noexcept : v6_(v6), is_v6_(true) {}

  constexpr bool is_v4() const noexcept { return !is_v6_; }
  constexpr bool is_v6() const noexcept { return is_v6_; }
  // Throw bad_address_cast when it is of the other kind.
  address_v4 to_v4() const;
  address_v6 to_v6() const;
  std::string to_string() const { return is_v6_ ? v6_.to_string() : v4_.to_string(); }

  constexpr bool is_loopback() const noexcept {
    return is_v6_ ? v6_.is_loopback() : v4_.is_loopback();
  }
  constexpr bool is_unspecified() const noexcept {
    return is_v6_ ? v6_.is_unspecified() : v4_.is_unspecified();
  }
  constexpr bool is_multicast() const noexcept {
    return is_v6_ ? v6_.is_multicast() : v4_.is_multicast();
  }

  // All of IPv4 comes before all of IPv6.
  friend constexpr bool operator==(const address&, const address&) noexcept = default;
  friend constexpr auto operator<=>(const address& left, const address& right) noexcept {
    if (const auto kind = left.is_v6_ <=> right.is_v6_; kind != 0) {
      return kind;
    }
    return left.is_v6_ ? left.v6_ <=> right.v6_ : left.v4_ <=> right.v4_;
  }

#ifdef NET_LEGACY
#include "net/legacy/address_members.inc"
#endif

 private:
  // The one that is not meant has its default value.
  address_v4 v4_;
  address_v6 v6_;
  bool is_v6_ = false;
};

// From text, of either kind. error::invalid_argument if it is neither.
address make_address(std::string_view text, error_code& ec) noexcept;
address make_address(std::string_view text);
inline address make_address(const char* text, error_code& ec) noexcept {
  return make_address(std::string_view(text), ec);
}
inline address make_address(const char* text) { return make_address(std::string_view(text)); }
inline address make_address(const std::string& text, error_code& ec) noexcept {
  return make_address(std::string_view(text), ec);
}
inline address make_address(const std::string& text) {
  return make_address(std::string_view(text));
}

template <typename Elem, typename Traits>
std::basic_ostream<Elem, Traits>& operator<<(std::basic_ostream<Elem, Traits>& out,
                                             const address& what) {
  return out << what.to_string().c_str();
}

}  // namespace NET_NAMESPACE::ip

template <>
struct std::hash<NET_NAMESPACE::ip::address> {
  std::size_t operator()(const NET_NAMESPACE::ip::address& what) const noexcept {
    return what.is_v6() ? std::hash<NET_NAMESPACE::ip::address_v6>()(what.to_v6())
                        : std::hash<NET_NAMESPACE::ip::address_v4>()(what.to_v4());
  }
};

#ifdef NET_LEGACY
#include "net/legacy/address.h"
#endif
