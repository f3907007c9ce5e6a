// SPDX-License-Identifier: BSL-1.0
#include "net/ip/multicast.h"

#include <cstring>
#include <stdexcept>

namespace NET_NAMESPACE::ip::internal {

::in_addr to_in_addr(const address_v4& address) noexcept { return {htonl(address.to_uint())}; }

::ip_mreq membership(const address_v4& group, const address_v4& interface) noexcept {
  return {.imr_multiaddr = to_in_addr(group), .imr_interface = to_in_addr(interface)};
}

::ipv6_mreq membership(const address_v6& group, unsigned long interface) noexcept {
  ::ipv6_mreq result{};
  const address_v6::bytes_type bytes = group.to_bytes();
  std::memcpy(&result.ipv6mr_multiaddr, bytes.data(), bytes.size());
  result.ipv6mr_interface = interface != 0 ? static_cast<unsigned>(interface) : group.scope_id();
  return result;
}

int check_hops(int hops) {
  if (hops < 0 || hops > 255) {
    throw std::out_of_range("multicast hops value out of range");
  }
  return hops;
}

}  // namespace NET_NAMESPACE::ip::internal
