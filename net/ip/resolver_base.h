// SPDX-License-Identifier: BSL-1.0
//
// The flags of a look-up of names, under their names in resolvers and queries. See getaddrinfo(3).
#pragma once

#include <netdb.h>

#include "net/config.h"

namespace NET_NAMESPACE::ip {

class resolver_base {
 public:
  enum flags : int {
    canonical_name = AI_CANONNAME,
    passive = AI_PASSIVE,
    numeric_host = AI_NUMERICHOST,
    numeric_service = AI_NUMERICSERV,
    v4_mapped = AI_V4MAPPED,
    all_matching = AI_ALL,
    address_configured = AI_ADDRCONFIG,
  };

  friend constexpr flags operator&(flags left, flags right) noexcept {
    return static_cast<flags>(static_cast<int>(left) & static_cast<int>(right));
  }
  friend constexpr flags operator|(flags left, flags right) noexcept {
    return static_cast<flags>(static_cast<int>(left) | static_cast<int>(right));
  }
  friend constexpr flags operator^(flags left, flags right) noexcept {
    return static_cast<flags>(static_cast<int>(left) ^ static_cast<int>(right));
  }
  friend constexpr flags operator~(flags what) noexcept {
    return static_cast<flags>(~static_cast<int>(what));
  }
  friend constexpr flags& operator&=(flags& left, flags right) noexcept {
    return left = left & right;
  }
  friend constexpr flags& operator|=(flags& left, flags right) noexcept {
    return left = left | right;
  }
  friend constexpr flags& operator^=(flags& left, flags right) noexcept {
    return left = left ^ right;
  }

 protected:
  ~resolver_base() = default;
};

}  // namespace NET_NAMESPACE::ip
