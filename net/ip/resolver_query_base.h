// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "net/config.h"
#include "net/ip/resolver_base.h"

namespace NET_NAMESPACE::ip {

// What queries for all protocols have in common.
class resolver_query_base : public resolver_base {
 protected:
  ~resolver_query_base() = default;
};

}  // namespace NET_NAMESPACE::ip
