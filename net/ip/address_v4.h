// SPDX-License-Identifier: BSL-1.0
//
// An IPv4 address: four bytes, also to be had as a number in the byte order of the host.
//
//   net::ip::address_v4 a = net::ip::make_address_v4("127.0.0.1");    // a == address_v4::loopback()
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

namespace NET_NAMESPACE::ip {

class address_v4 {
 public:
  using uint_type = std::uint_least32_t;
  using bytes_type = std::array<unsigned char, 4>;

  // 0.0.0.0
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

  friend constexpr bool operator==(const address_v4&, const address_v4&) noexcept = default;
  friend constexpr auto operator<=>(const address_v4&, const address_v4&) noexcept = default;

#ifdef NET_LEGACY
#include "net/legacy/address_v4_members.inc"
#endif

 private:
  bytes_type bytes_{};
};

constexpr address_v4 make_address_v4(const address_v4::bytes_type& bytes) noexcept {
  return address_v4(bytes);
}
constexpr address_v4 make_address_v4(address_v4::uint_type value) noexcept {
  return address_v4(value);
}

// From text, four decimal numbers. error::invalid_argument if that is not what it is; nothing
// around it is skipped.
address_v4 make_address_v4(std::string_view text, error_code& ec) noexcept;
address_v4 make_address_v4(std::string_view text);
inline address_v4 make_address_v4(const char* text, error_code& ec) noexcept {
  return make_address_v4(std::string_view(text), ec);
}
inline address_v4 make_address_v4(const char* text) {
  return make_address_v4(std::string_view(text));
}
inline address_v4 make_address_v4(const std::string& text, error_code& ec) noexcept {
  return make_address_v4(std::string_view(text), ec);
}
inline address_v4 make_address_v4(const std::string& text) {
  return make_address_v4(std::string_view(text));
}

template <typename Elem, typename Traits>
std::basic_ostream<Elem, Traits>& operator<<(std::basic_ostream<Elem, Traits>& out,
                                             const address_v4& what) {
  return out << what.to_string().c_str();
}

}  // namespace NET_NAMESPACE::ip

template <>
struct std::hash<NET_NAMESPACE::ip::address_v4> {
  std::size_t operator()(const NET_NAMESPACE::ip::address_v4& what) const noexcept {
    return std::hash<std::uint_least32_t>()(what.to_uint());
  }
};

#ifdef NET_LEGACY
#include "net/legacy/address_v4.h"
#endif
