// SPDX-License-Identifier: BSL-1.0
//
// An address and a port, in the form the kernel takes. Plain value.
#pragma once

#include <netinet/in.h>

#include <compare>
#include <cstddef>
#include <iosfwd>
#include <ostream>
#include <string>

#include "net/config.h"
#include "net/ip/address.h"

namespace NET_NAMESPACE::ip {
namespace internal {

void assign(::sockaddr_storage& storage, const address& where, port_type port) noexcept;
address address_of(const ::sockaddr_storage& storage) noexcept;
port_type port_of(const ::sockaddr_storage& storage) noexcept;
std::string to_string(const address& where, port_type port);

}  // namespace internal

template <typename InternetProtocol>
class basic_endpoint {
 public:
  using protocol_type = InternetProtocol;

  // 0.0.0.0:0
  basic_endpoint() noexcept : basic_endpoint(ip::address(), 0) {}
  // Any address of the protocol's family.
  basic_endpoint(const InternetProtocol& protocol, port_type port) noexcept
      : basic_endpoint(protocol.family() == AF_INET6 ? ip::address(address_v6::any())
                                                     : ip::address(address_v4::any()),
                       port) {}
  basic_endpoint(const ip::address& where, port_type port) noexcept {
    internal::assign(storage_, where, port);
  }
  // What the kernel reported.
  explicit basic_endpoint(const ::sockaddr_storage& storage) noexcept : storage_(storage) {}
  basic_endpoint(const ::sockaddr_storage& storage, std::size_t /*size*/) noexcept
      : basic_endpoint(storage) {}

  protocol_type protocol() const noexcept {
    return storage_.ss_family == AF_INET6 ? InternetProtocol::v6() : InternetProtocol::v4();
  }
  ip::address address() const noexcept { return internal::address_of(storage_); }
  void address(const ip::address& where) noexcept { internal::assign(storage_, where, port()); }
  port_type port() const noexcept { return internal::port_of(storage_); }
  void port(port_type number) noexcept { internal::assign(storage_, address(), number); }

  ::sockaddr* data() noexcept { return reinterpret_cast<::sockaddr*>(&storage_); }
  const ::sockaddr* data() const noexcept {
    return reinterpret_cast<const ::sockaddr*>(&storage_);
  }
  std::size_t size() const noexcept {
    return storage_.ss_family == AF_INET6 ? sizeof(::sockaddr_in6) : sizeof(::sockaddr_in);
  }
  static constexpr std::size_t capacity() noexcept { return sizeof(::sockaddr_storage); }

  // 127.0.0.1:80, [::1]:80
  std::string to_string() const { return internal::to_string(address(), port()); }

  friend bool operator==(const basic_endpoint& left, const basic_endpoint& right) noexcept {
    return left.address() == right.address() && left.port() == right.port();
  }
  friend auto operator<=>(const basic_endpoint& left, const basic_endpoint& right) noexcept {
    const auto order = left.address() <=> right.address();
    return order != 0 ? order : std::strong_ordering(left.port() <=> right.port());
  }
  friend std::ostream& operator<<(std::ostream& out, const basic_endpoint& what) {
    return out << what.to_string();
  }

 private:
  ::sockaddr_storage storage_{};
};

}  // namespace NET_NAMESPACE::ip

template <typename InternetProtocol>
struct std::hash<NET_NAMESPACE::ip::basic_endpoint<InternetProtocol>> {
  std::size_t operator()(
      const NET_NAMESPACE::ip::basic_endpoint<InternetProtocol>& what) const noexcept {
    return std::hash<NET_NAMESPACE::ip::address>()(what.address()) * 31 + what.port();
  }
};
