// SPDX-License-Identifier: BSL-1.0
//
// One of the endpoints that a resolver found, with the names that were asked for.
#pragma once

#include <string>
#include <string_view>

#include "net/config.h"

namespace NET_NAMESPACE::ip {

template <typename InternetProtocol>
class basic_resolver_entry {
 public:
  using protocol_type = InternetProtocol;
  using endpoint_type = typename InternetProtocol::endpoint;

  basic_resolver_entry() = default;
  basic_resolver_entry(const endpoint_type& endpoint, std::string_view host,
                       std::string_view service)
      : endpoint_(endpoint), host_name_(host), service_name_(service) {}

  endpoint_type endpoint() const { return endpoint_; }
  operator endpoint_type() const { return endpoint_; }

  std::string host_name() const { return host_name_; }
  template <typename Allocator>
  std::basic_string<char, std::char_traits<char>, Allocator> host_name(
      const Allocator& allocator = Allocator()) const {
    return {host_name_.data(), host_name_.size(), allocator};
  }
  std::string service_name() const { return service_name_; }
  template <typename Allocator>
  std::basic_string<char, std::char_traits<char>, Allocator> service_name(
      const Allocator& allocator = Allocator()) const {
    return {service_name_.data(), service_name_.size(), allocator};
  }

 private:
  endpoint_type endpoint_;
  std::string host_name_;
  std::string service_name_;
};

}  // namespace NET_NAMESPACE::ip
