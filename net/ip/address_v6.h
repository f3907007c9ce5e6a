// SPDX-License-Identifier: BSL-1.0
//
// An IPv6 address: sixteen bytes, and the number of a scope, which is 0 unless the address means
// nothing without one. Text is that of RFC 4291 and, on output, RFC 5952; a scope is written after
// '%', by number or by the name of an interface.
//
//   net::ip::address_v6 a = net::ip::make_address_v6("fe80::1%eth0");
//
// Plain value: copy freely, no shared state.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "net/config.h"
#include "net/error.h"
#include "net/ip/address_v4.h"

namespace NET_NAMESPACE::ip {

using scope_id_type = std::uint_least32_t;

class address_v6 {
 public:
  using bytes_type = std::array<unsigned char, 16>;

  // ::
  constexpr address_v6() noexcept = default;
  constexpr explicit address_v6(const bytes_type& bytes, scope_id_type scope = 0) noexcept
      : bytes_(bytes), scope_(scope) {}

  constexpr bytes_type to_bytes() const noexcept { return bytes_; }
  constexpr scope_id_type scope_id() const noexcept { return scope_; }
  constexpr void scope_id(scope_id_type scope) noexcept { scope_ = scope; }
  std::string to_string() const;

  constexpr bool is_loopback() const noexcept { return bytes_ == loopback().bytes_; }
  constexpr bool is_unspecified() const noexcept { return bytes_ == bytes_type{}; }
  constexpr bool is_link_local() const noexcept {
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
  }
  constexpr bool is_site_local() const noexcept {
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0xc0;
  }
  // ::ffff:a.b.c.d
  constexpr bool is_v4_mapped() const noexcept {
    for (std::size_t i = 0; i < 10; ++i) {
      if (bytes_[i] != 0) {
        return false;
      }
    }
    return bytes_[10] == 0xff && bytes_[11] == 0xff;
  }
  constexpr bool is_multicast() const noexcept { return bytes_[0] == 0xff; }
  constexpr bool is_multicast_node_local() const noexcept { return is_multicast_within(0x1); }
  constexpr bool is_multicast_link_local() const noexcept { return is_multicast_within(0x2); }
  constexpr bool is_multicast_site_local() const noexcept { return is_multicast_within(0x5); }
  constexpr bool is_multicast_org_local() const noexcept { return is_multicast_within(0x8); }
  constexpr bool is_multicast_global() const noexcept { return is_multicast_within(0xe); }

  static constexpr address_v6 any() noexcept { return {}; }
  static constexpr address_v6 loopback() noexcept {
    address_v6 result;
    result.bytes_[15] = 1;
    return result;
  }

  friend constexpr bool operator==(const address_v6&, const address_v6&) noexcept = default;
  friend constexpr auto operator<=>(const address_v6&, const address_v6&) noexcept = default;

#ifdef NET_LEGACY
#include "net/legacy/address_v6_members.inc"
#endif

 private:
  constexpr bool is_multicast_within(unsigned char scope) const noexcept {
    return is_multicast() && (bytes_[1] & 0x0f) == scope;
  }

  bytes_type bytes_{};
  scope_id_type scope_ = 0;
};

constexpr address_v6 make_address_v6(const address_v6::bytes_type& bytes,
                                     scope_id_type scope = 0) noexcept {
  return address_v6(bytes, scope);
}

// From text. error::invalid_argument if it is no address, or names an interface that is not there;
// nothing around it is skipped.
address_v6 make_address_v6(std::string_view text, error_code& ec) noexcept;
address_v6 make_address_v6(std::string_view text);
inline address_v6 make_address_v6(const char* text, error_code& ec) noexcept {
  return make_address_v6(std::string_view(text), ec);
}
inline address_v6 make_address_v6(const char* text) {
  return make_address_v6(std::string_view(text));
}
inline address_v6 make_address_v6(const std::string& text, error_code& ec) noexcept {
  return make_address_v6(std::string_view(text), ec);
}
inline address_v6 make_address_v6(const std::string& text) {
  return make_address_v6(std::string_view(text));
}

// Chooses the functions that convert between 1.2.3.4 and ::ffff:1.2.3.4.
enum v4_mapped_t { v4_mapped };

// Throws bad_address_cast if it is not such an address.
address_v4 make_address_v4(v4_mapped_t, const address_v6& mapped);

constexpr address_v6 make_address_v6(v4_mapped_t, const address_v4& plain) noexcept {
  const address_v4::bytes_type last = plain.to_bytes();
  return address_v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, last[0], last[1], last[2], last[3]});
}

template <typename Elem, typename Traits>
std::basic_ostream<Elem, Traits>& operator<<(std::basic_ostream<Elem, Traits>& out,
                                             const address_v6& what) {
  return out << what.to_string().c_str();
}

}  // namespace NET_NAMESPACE::ip

template <>
struct std::hash<NET_NAMESPACE::ip::address_v6> {
  std::size_t operator()(const NET_NAMESPACE::ip::address_v6& what) const noexcept {
    const auto bytes = what.to_bytes();
    const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return std::hash<std::string_view>()(view) ^ what.scope_id();
  }
};

#ifdef NET_LEGACY
#include "net/legacy/address_v6.h"
#endif
