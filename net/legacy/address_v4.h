// SPDX-License-Identifier: BSL-1.0
//
// address_v4::from_string(); see net/legacy.h.
#pragma once

#include <string>

#include "net/config.h"
#include "net/error.h"
#include "net/ip/address_v4.h"

namespace NET_NAMESPACE::ip {

inline address_v4 address_v4::from_string(const std::string& text) { return make_address_v4(text); }

inline address_v4 address_v4::from_string(const std::string& text, error_code& ec) {
  return make_address_v4(text, ec);
}

}  // namespace NET_NAMESPACE::ip
