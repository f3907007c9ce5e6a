// SPDX-License-Identifier: BSL-1.0
//
// An address and a port, in the form the kernel takes. Plain value.
//
//   net::ip::tcp::endpoint here(net::ip::tcp::v6(), 80);    // [::]:80
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iosfwd>
#include <string>

#include "net/config.h"
#include "net/ip/address.h"

namespace NET_NAMESPACE::ip {

using port_type = std::uint_least16_t;

namespace internal {

// An address of either family. The family stands at the same place in all three, and so does the
// port in the last two.
union socket_address {
  ::sockaddr any;
  ::sockaddr_in v4;
  ::sockaddr_in6 v6;
};

socket_address to_socket_address(const address& where, port_type port) noexcept;
address address_of(const socket_address& from) noexcept;
// Throws error::invalid_argument if no address of any family is that long.
void check_size(std::size_t size);
std::string to_string(const address& where, port_type port);

}  // namespace internal

template <typename InternetProtocol>
class basic_endpoint {
 public:
  using protocol_type = InternetProtocol;
  using data_type = ::sockaddr;

  // 0.0.0.0:0
  basic_endpoint() noexcept : basic_endpoint(ip::address(), 0) {}
  // Any address of the protocol's family.
  basic_endpoint(const InternetProtocol& protocol, port_type port) noexcept
      : basic_endpoint(protocol.family() == AF_INET ? ip::address(address_v4::any())
                                                    : ip::address(address_v6::any()),
                       port) {}
  basic_endpoint(const ip::address& where, port_type port) noexcept
      : address_(internal::to_socket_address(where, port)) {}
  // What the kernel reported.
  explicit basic_endpoint(const ::sockaddr_storage& storage) noexcept {
    std::memcpy(&address_, &storage, sizeof(address_));
  }
  basic_endpoint(const ::sockaddr_storage& storage, std::size_t /*size*/) noexcept
      : basic_endpoint(storage) {}

  protocol_type protocol() const noexcept {
    return is_v4() ? InternetProtocol::v4() : InternetProtocol::v6();
  }
  ip::address address() const noexcept { return internal::address_of(address_); }
  void address(const ip::address& where) noexcept {
    address_ = internal::to_socket_address(where, port());
  }
  port_type port() const noexcept { return ntohs(address_.v4.sin_port); }
  void port(port_type number) noexcept { address_.v4.sin_port = htons(number); }

  // For the kernel, which may write up to capacity() bytes and then calls for resize().
  data_type* data() noexcept { return &address_.any; }
  const data_type* data() const noexcept { return &address_.any; }
  std::size_t size() const noexcept {
    return is_v4() ? sizeof(::sockaddr_in) : sizeof(::sockaddr_in6);
  }
  // The size is that of the address whatever was said here. Throws error::invalid_argument for one
  // that no address has.
  void resize(std::size_t size) { internal::check_size(size); }
  static constexpr std::size_t capacity() noexcept { return sizeof(internal::socket_address); }

  // 127.0.0.1:80, [::1]:80
  std::string to_string() const { return internal::to_string(address(), port()); }

  friend bool operator==(const basic_endpoint& left, const basic_endpoint& right) noexcept {
    return left.address() == right.address() && left.port() == right.port();
  }
  friend auto operator<=>(const basic_endpoint& left, const basic_endpoint& right) noexcept {
    const auto order = left.address() <=> right.address();
    return order != 0 ? order : std::strong_ordering(left.port() <=> right.port());
  }

 private:
  bool is_v4() const noexcept { return address_.any.sa_family == AF_INET; }

  internal::socket_address address_;
};

template <typename Elem, typename Traits, typename InternetProtocol>
std::basic_ostream<Elem, Traits>& operator<<(std::basic_ostream<Elem, Traits>& out,
                                             const basic_endpoint<InternetProtocol>& what) {
  return out << what.to_string().c_str();
}

}  // namespace NET_NAMESPACE::ip

template <typename InternetProtocol>
struct std::hash<NET_NAMESPACE::ip::basic_endpoint<InternetProtocol>> {
  std::size_t operator()(
      const NET_NAMESPACE::ip::basic_endpoint<InternetProtocol>& what) const noexcept {
    return std::hash<NET_NAMESPACE::ip::address>()(what.address()) * 31 + what.port();
  }
};
