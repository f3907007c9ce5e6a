// SPDX-License-Identifier: BSL-1.0
//
// Names to addresses for who waits with a deadline; see lookup_pool.h. Numbers are understood at
// once. Who waits may stop waiting: the lookup then ends unheard.
#pragma once

#include <string>
#include <vector>

#include "net/config.h"
#include "net/error.h"
#include "net/ip/tcp.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE::ip::internal {

// The TCP endpoints of `host` (empty: any address if `passive`, else loopback) and `service` (a
// number or a name), of `family` (AF_UNSPEC: either). Parks a fiber, blocks a thread, until
// `deadline` at the longest. Errors: error::netdb_errors, error::service_not_found,
// error::deadline_exceeded.
std::vector<tcp::endpoint> resolve(const std::string& host, const std::string& service, int family,
                                   bool passive, netpoll::nanotime deadline, error_code& ec);

}  // namespace NET_NAMESPACE::ip::internal
