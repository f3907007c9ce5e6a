// SPDX-License-Identifier: BSL-1.0
//
// What socket options that IPv4 and IPv6 have under different names have in common: who asks with a
// protocol gets the level and the name of its family.
#pragma once

#include <sys/socket.h>

#include "net/config.h"
#include "net/socket/socket_option.h"

namespace NET_NAMESPACE::ip::internal {

// A base class.
template <int V4Level, int V4Name, int V6Level, int V6Name>
class family_option {
 public:
  template <typename Protocol>
  int level(const Protocol& protocol) const noexcept {
    return is_v6(protocol) ? V6Level : V4Level;
  }
  template <typename Protocol>
  int name(const Protocol& protocol) const noexcept {
    return is_v6(protocol) ? V6Name : V4Name;
  }

 protected:
  template <typename Protocol>
  static bool is_v6(const Protocol& protocol) noexcept {
    return protocol.family() == AF_INET6;
  }
};

// One whose value is an int for both families. A base class.
template <int V4Level, int V4Name, int V6Level, int V6Name>
class family_integer : public family_option<V4Level, V4Name, V6Level, V6Name>,
                       public socket_option::internal::option_value<int> {
 protected:
  using option_value::option_value;
};

}  // namespace NET_NAMESPACE::ip::internal
