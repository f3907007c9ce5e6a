// SPDX-License-Identifier: BSL-1.0
#include "net/ip/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include <memory>

#include "net/ip/basic_resolver_results.h"
#include "net/ip/lookup.h"
#include "net/ip/lookup_pool.h"

namespace NET_NAMESPACE::ip::internal {
namespace {

// For all of the process. Never destroyed: its thread may be inside getaddrinfo() when that ends.
lookup_pool& process_pool() {
  static auto* const only = new lookup_pool(1);
  return *only;
}

}  // namespace

std::vector<tcp::endpoint> resolve(const std::string& host, const std::string& service, int family,
                                   bool passive, netpoll::nanotime deadline, error_code& ec) {
  ::addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = passive ? AI_PASSIVE : 0;
  const auto question = std::make_shared<name_lookup>(host, service, hints);
  if (question->ask_without_network()) {
    ec = question->ec;
  } else {
    await(process_pool(), question, deadline, ec);
  }
  std::vector<tcp::endpoint> endpoints;
  if (!ec) {
    for (const auto& entry :
         basic_resolver_results<tcp>::create(question->answer(), host, service)) {
      endpoints.push_back(entry.endpoint());
    }
    if (endpoints.empty()) {
      ec = error::no_data;
    }
  }
  return endpoints;
}

}  // namespace NET_NAMESPACE::ip::internal
