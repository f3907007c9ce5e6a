// SPDX-License-Identifier: BSL-1.0
//
// IP addresses: four bytes, sixteen bytes with a scope, or either. Text forms are those of RFC 4291
// and, on output, RFC 5952; a scope is written after '%', by name or number.
//
//   net::ip::address a = net::ip::make_address("127.0.0.1");
//
// Plain values: copy freely, no shared state.
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

namespace NET_NAMESPACE::ip {

using port_type = std::uint_least16_t;
using scope_id_type = std::uint_least32_t;

class address_v4 {
 public:
  using uint_type = std::uint_least32_t;
  using bytes_type = std::array<unsigned char, 4>;

  constexpr address_v4() noexcept = default;
  constexpr explicit address_v4(const bytes_type& bytes) noexcept : bytes_(bytes) {}
  // Host byte order: 0x7f000001 is 127.0.0.1.
  constexpr explicit address_v4(uint_type value) noexcept
      : bytes_{static_cast<unsigned char>(value >> 24), static_cast<unsigned char>(value >> 16),
               static_cast<unsigned char>(value >> 8), static_cast<unsigned char>(value)} {}

  constexpr bytes_type to_bytes() const noexcept { return bytes_; }
  constexpr uint_type to_uint() const noexcept {
    return uint_type{bytes_[0]} << 24 | uint_type{bytes_[1]} << 16 | uint_type{bytes_[2]} << 8 |
           bytes_[3];
  }
  std::string to_string() const;

  constexpr bool is_loopback() const noexcept { return bytes_[0] == 127; }
  constexpr bool is_unspecified() const noexcept { return to_uint() == 0; }
  constexpr bool is_multicast() const noexcept { return (bytes_[0] & 0xf0) == 0xe0; }

  static constexpr address_v4 any() noexcept { return {}; }
  static constexpr address_v4 loopback() noexcept { return address_v4(0x7f000001); }
  static constexpr address_v4 broadcast() noexcept { return address_v4(0xffffffff); }

  friend constexpr auto operator<=>(const address_v4&, const address_v4&) = default;

 private:
  bytes_type bytes_{};
};

class address_v6 {
 public:
  using bytes_type = std::array<unsigned char, 16>;

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
  constexpr bool is_multicast() const noexcept { return bytes_[0] == 0xff; }
  // ::ffff:a.b.c.d
  constexpr bool is_v4_mapped() const noexcept {
    for (std::size_t i = 0; i < 10; ++i) {
      if (bytes_[i] != 0) {
        return false;
      }
    }
    return bytes_[10] == 0xff && bytes_[11] == 0xff;
  }

  static constexpr address_v6 any() noexcept { return {}; }
  static constexpr address_v6 loopback() noexcept {
    address_v6 result;
    result.bytes_[15] = 1;
    return result;
  }

  friend constexpr auto operator<=>(const address_v6&, const address_v6&) = default;

 private:
  bytes_type bytes_{};
  scope_id_type scope_ = 0;
};

// Either kind; 0.0.0.0 when default-constructed.
class address {
 public:
  constexpr address() noexcept = default;
  constexpr address(const address_v4& v4) noexcept : v4_(v4) {}
  constexpr address(const address_v6& v6) noexcept : v6_(v6), is_v6_(true) {}

  constexpr bool is_v4() const noexcept { return !is_v6_; }
  constexpr bool is_v6() const noexcept { return is_v6_; }
  // Throw system_error (invalid_argument) when it is the other kind.
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

  friend constexpr bool operator==(const address&, const address&) = default;
  friend constexpr auto operator<=>(const address& left, const address& right) {
    if (const auto kind = left.is_v6_ <=> right.is_v6_; kind != 0) {
      return kind;
    }
    return left.is_v6_ ? left.v6_ <=> right.v6_ : left.v4_ <=> right.v4_;
  }

 private:
  address_v4 v4_;
  address_v6 v6_;
  bool is_v6_ = false;
};

// From text. error::invalid_argument if that is not an address; nothing around it is skipped.
address_v4 make_address_v4(std::string_view text, error_code& ec) noexcept;
address_v4 make_address_v4(std::string_view text);
address_v6 make_address_v6(std::string_view text, error_code& ec) noexcept;
address_v6 make_address_v6(std::string_view text);
address make_address(std::string_view text, error_code& ec) noexcept;
address make_address(std::string_view text);

std::ostream& operator<<(std::ostream& out, const address_v4& what);
std::ostream& operator<<(std::ostream& out, const address_v6& what);
std::ostream& operator<<(std::ostream& out, const address& what);

}  // namespace NET_NAMESPACE::ip

template <>
struct std::hash<NET_NAMESPACE::ip::address_v4> {
  std::size_t operator()(const NET_NAMESPACE::ip::address_v4& what) const noexcept {
    return std::hash<std::uint_least32_t>()(what.to_uint());
  }
};
template <>
struct std::hash<NET_NAMESPACE::ip::address_v6> {
  std::size_t operator()(const NET_NAMESPACE::ip::address_v6& what) const noexcept {
    const auto bytes = what.to_bytes();
    const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return std::hash<std::string_view>()(view) ^ what.scope_id();
  }
};
template <>
struct std::hash<NET_NAMESPACE::ip::address> {
  std::size_t operator()(const NET_NAMESPACE::ip::address& what) const noexcept {
    return what.is_v6() ? std::hash<NET_NAMESPACE::ip::address_v6>()(what.to_v6())
                        : std::hash<NET_NAMESPACE::ip::address_v4>()(what.to_v4());
  }
};
