// SPDX-License-Identifier: BSL-1.0
//
// address::from_string(); see net/legacy.h.
#pragma once

#include <string>

#include "net/config.h"
#include "net/error.h"
#include "net/ip/address.h"

namespace NET_NAMESPACE::ip {

inline address address::from_string(const std::string& text) { return make_address(text); }

inline address address::from_string(const std::string& text, error_code& ec) {
  return make_address(text, ec);
}

}  // namespace NET_NAMESPACE::ip
