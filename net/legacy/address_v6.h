// SPDX-License-Identifier: BSL-1.0
//
// address_v6::from_string(), to_v4() and v4_mapped(); see net/legacy.h.
#pragma once

#include <string>

#include "net/config.h"
#include "net/error.h"
#include "net/ip/address_v6.h"
#include "net/ip/bad_address_cast.h"

namespace NET_NAMESPACE::ip {

inline address_v6 address_v6::from_string(const std::string& text) { return make_address_v6(text); }

inline address_v6 address_v6::from_string(const std::string& text, error_code& ec) {
  return make_address_v6(text, ec);
}

inline address_v4 address_v6::to_v4() const {
  const bool is_compatible = [this] {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    return is_v4_compatible();
#pragma GCC diagnostic pop
  }();
  if (!is_v4_mapped() && !is_compatible) {
    throw bad_address_cast();
  }
  return address_v4({bytes_[12], bytes_[13], bytes_[14], bytes_[15]});
}

inline address_v6 address_v6::v4_mapped(const address_v4& plain) {
  return make_address_v6(ip::v4_mapped, plain);
}

}  // namespace NET_NAMESPACE::ip
