// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <netinet/in.h>

#include <cstddef>

#include "net/config.h"
#include "net/ip/family_option.h"

namespace NET_NAMESPACE::ip {
namespace internal {

class unicast_hops : public family_integer<IPPROTO_IP, IP_TTL, IPPROTO_IPV6, IPV6_UNICAST_HOPS> {
 public:
  unicast_hops() noexcept = default;
  explicit unicast_hops(int value) noexcept : family_integer(value) {}
  unicast_hops& operator=(int value) noexcept {
    value_ = value;
    return *this;
  }

  int value() const noexcept { return value_; }

  template <typename Protocol>
  void resize(const Protocol& protocol, std::size_t size) {
    family_integer::resize(protocol, size);
    // Some kernels say -1 for what nobody has set.
    if (value_ < 0) {
      value_ &= 0xff;
    }
  }
};

}  // namespace internal

namespace unicast {

// How many routers a packet may pass (IP_TTL, IPV6_UNICAST_HOPS).
using hops = internal::unicast_hops;

}  // namespace unicast
}  // namespace NET_NAMESPACE::ip
