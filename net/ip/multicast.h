// SPDX-License-Identifier: BSL-1.0
//
// Options of sockets that send to groups or receive what is sent to them.
//
//   socket.set_option(net::ip::multicast::join_group(net::ip::make_address("239.255.0.1")));
#pragma once

#include <netinet/in.h>

#include <cstddef>

#include "net/config.h"
#include "net/ip/address.h"
#include "net/ip/address_v4.h"
#include "net/ip/address_v6.h"
#include "net/ip/family_option.h"

namespace NET_NAMESPACE::ip {
namespace internal {

::ip_mreq membership(const address_v4& group, const address_v4& interface) noexcept;
::ipv6_mreq membership(const address_v6& group, unsigned long interface) noexcept;
::in_addr to_in_addr(const address_v4& address) noexcept;
// `hops`; throws std::out_of_range if they are not from 0 to 255.
int check_hops(int hops);

template <int V4Name, int V6Name>
class multicast_request : public family_option<IPPROTO_IP, V4Name, IPPROTO_IPV6, V6Name> {
 public:
  multicast_request() noexcept = default;
  // On an interface that the kernel chooses, or the one of the address's scope.
  explicit multicast_request(const address& group) noexcept {
    if (group.is_v6()) {
      v6_ = membership(group.to_v6(), 0);
    } else {
      v4_ = membership(group.to_v4(), address_v4::any());
    }
  }
  explicit multicast_request(const address_v4& group,
                             const address_v4& interface = address_v4::any()) noexcept
      : v4_(membership(group, interface)) {}
  explicit multicast_request(const address_v6& group, unsigned long interface = 0) noexcept
      : v6_(membership(group, interface)) {}

  template <typename Protocol>
  const void* data(const Protocol& protocol) const noexcept {
    return this->is_v6(protocol) ? static_cast<const void*>(&v6_) : &v4_;
  }
  template <typename Protocol>
  std::size_t size(const Protocol& protocol) const noexcept {
    return this->is_v6(protocol) ? sizeof(v6_) : sizeof(v4_);
  }

 private:
  ::ip_mreq v4_{};
  ::ipv6_mreq v6_{};
};

class multicast_interface
    : public family_option<IPPROTO_IP, IP_MULTICAST_IF, IPPROTO_IPV6, IPV6_MULTICAST_IF> {
 public:
  multicast_interface() noexcept = default;
  // IPv4 has it by one of its addresses, IPv6 by its number.
  explicit multicast_interface(const address_v4& address) noexcept : v4_(to_in_addr(address)) {}
  explicit multicast_interface(unsigned index) noexcept : v6_(index) {}

  template <typename Protocol>
  const void* data(const Protocol& protocol) const noexcept {
    return is_v6(protocol) ? static_cast<const void*>(&v6_) : &v4_;
  }
  template <typename Protocol>
  std::size_t size(const Protocol& protocol) const noexcept {
    return is_v6(protocol) ? sizeof(v6_) : sizeof(v4_);
  }

 private:
  ::in_addr v4_{};
  unsigned v6_ = 0;
};

class multicast_hops
    : public family_integer<IPPROTO_IP, IP_MULTICAST_TTL, IPPROTO_IPV6, IPV6_MULTICAST_HOPS> {
 public:
  multicast_hops() noexcept = default;
  explicit multicast_hops(int value) : family_integer(check_hops(value)) {}
  multicast_hops& operator=(int value) {
    value_ = check_hops(value);
    return *this;
  }

  int value() const noexcept { return value_; }
};

class multicast_loopback
    : public family_integer<IPPROTO_IP, IP_MULTICAST_LOOP, IPPROTO_IPV6, IPV6_MULTICAST_LOOP> {
 public:
  multicast_loopback() noexcept = default;
  explicit multicast_loopback(bool value) noexcept : family_integer(value ? 1 : 0) {}
  multicast_loopback& operator=(bool value) noexcept {
    value_ = value ? 1 : 0;
    return *this;
  }

  bool value() const noexcept { return value_ != 0; }
  operator bool() const noexcept { return value(); }
  bool operator!() const noexcept { return !value(); }
};

}  // namespace internal

namespace multicast {

// To receive what is sent to a group, and no longer.
using join_group = internal::multicast_request<IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP>;
using leave_group = internal::multicast_request<IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP>;
// Where to send; can only be set.
using outbound_interface = internal::multicast_interface;
// How many routers what is sent may pass, from 0 to 255; std::out_of_range otherwise.
using hops = internal::multicast_hops;
// Whether who sends receives it too.
using enable_loopback = internal::multicast_loopback;

}  // namespace multicast
}  // namespace NET_NAMESPACE::ip
