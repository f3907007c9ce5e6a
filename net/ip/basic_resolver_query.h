// SPDX-License-Identifier: BSL-1.0
//
// What is asked of a resolver, as a value: the names of a host and of a service, a family and
// flags. The names are given to a resolver directly too.
#pragma once

#include <netdb.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "net/config.h"
#include "net/ip/resolver_query_base.h"

namespace NET_NAMESPACE::ip {

template <typename InternetProtocol>
class basic_resolver_query : public resolver_query_base {
 public:
  using protocol_type = InternetProtocol;

  // For addresses to bind to, of either family or of that of `protocol`.
  basic_resolver_query(const std::string& service,
                       resolver_query_base::flags flags = passive | address_configured)
      : basic_resolver_query(AF_UNSPEC, default_protocol(), {}, service, flags) {}
  basic_resolver_query(const protocol_type& protocol, const std::string& service,
                       resolver_query_base::flags flags = passive | address_configured)
      : basic_resolver_query(protocol.family(), protocol, {}, service, flags) {}

  // For addresses of `host`. An empty name is that of this machine.
  basic_resolver_query(const std::string& host, const std::string& service,
                       resolver_query_base::flags flags = address_configured)
      : basic_resolver_query(AF_UNSPEC, default_protocol(), host, service, flags) {}
  basic_resolver_query(const protocol_type& protocol, const std::string& host,
                       const std::string& service,
                       resolver_query_base::flags flags = address_configured)
      : basic_resolver_query(protocol.family(), protocol, host, service, flags) {}

  // For getaddrinfo(3).
  const ::addrinfo& hints() const noexcept { return hints_; }
  std::string host_name() const { return host_name_; }
  std::string service_name() const { return service_name_; }

 private:
  basic_resolver_query(int family, const protocol_type& protocol, std::string host,
                       std::string service, resolver_query_base::flags flags)
      : host_name_(std::move(host)), service_name_(std::move(service)) {
    hints_.ai_flags = static_cast<int>(flags);
    hints_.ai_family = family;
    hints_.ai_socktype = protocol.type();
    hints_.ai_protocol = protocol.protocol();
  }

  static protocol_type default_protocol() { return typename protocol_type::endpoint().protocol(); }

  ::addrinfo hints_{};
  std::string host_name_;
  std::string service_name_;
};

}  // namespace NET_NAMESPACE::ip
