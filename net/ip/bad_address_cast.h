// SPDX-License-Identifier: BSL-1.0
//
// What is thrown when an address is asked for as one of a kind that it is not.
#pragma once

#include <typeinfo>

#include "net/config.h"

namespace NET_NAMESPACE::ip {

class bad_address_cast : public std::bad_cast {
 public:
  const char* what() const noexcept override { return "bad address cast"; }
};

}  // namespace NET_NAMESPACE::ip
