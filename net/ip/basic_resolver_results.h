// SPDX-License-Identifier: BSL-1.0
//
// What a resolver found: a range of entries, of which copies share the same.
//
//   for (const auto& entry : resolver.resolve("localhost", "http")) {
//     std::cout << entry.endpoint() << '\n';
//   }
#pragma once

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/config.h"
#include "net/ip/basic_resolver_entry.h"
#include "net/ip/basic_resolver_iterator.h"

namespace NET_NAMESPACE::ip {

template <typename InternetProtocol>
class basic_resolver_results {
 public:
  using protocol_type = InternetProtocol;
  using endpoint_type = typename protocol_type::endpoint;
  using value_type = basic_resolver_entry<protocol_type>;
  using const_reference = const value_type&;
  using reference = value_type&;
  using const_iterator = basic_resolver_iterator<protocol_type>;
  using iterator = const_iterator;
  using difference_type = std::ptrdiff_t;
  using size_type = std::size_t;

  basic_resolver_results() noexcept = default;

  // From getaddrinfo()'s list, which may have addresses of other families in it: they are left out.
  // The host's name is the canonical one if the list has that.
  static basic_resolver_results create(const ::addrinfo* list, const std::string& host_name,
                                       const std::string& service_name) {
    const bool has_name = list != nullptr && list->ai_canonname != nullptr;
    const std::string actual_name = has_name ? list->ai_canonname : host_name;
    std::vector<value_type> all;
    for (; list != nullptr; list = list->ai_next) {
      if (const std::size_t size = size_of(*list); size != 0 && list->ai_addrlen >= size) {
        endpoint_type endpoint;
        std::memcpy(endpoint.data(), list->ai_addr, size);
        endpoint.resize(size);
        all.emplace_back(endpoint, actual_name, service_name);
      }
    }
    return basic_resolver_results(std::move(all));
  }
  static basic_resolver_results create(const endpoint_type& endpoint, const std::string& host_name,
                                       const std::string& service_name) {
    return create(&endpoint, &endpoint + 1, host_name, service_name);
  }
  template <typename EndpointIterator>
  static basic_resolver_results create(EndpointIterator begin, EndpointIterator end,
                                       const std::string& host_name,
                                       const std::string& service_name) {
    std::vector<value_type> all;
    for (; begin != end; ++begin) {
      all.emplace_back(*begin, host_name, service_name);
    }
    return basic_resolver_results(std::move(all));
  }

  size_type size() const noexcept { return entries_ == nullptr ? 0 : entries_->size(); }
  size_type max_size() const noexcept { return std::vector<value_type>().max_size(); }
  bool empty() const noexcept { return entries_ == nullptr; }

  // They keep the entries alive.
  const_iterator begin() const noexcept { return const_iterator(entries_); }
  const_iterator end() const noexcept { return {}; }
  const_iterator cbegin() const noexcept { return begin(); }
  const_iterator cend() const noexcept { return end(); }

  void swap(basic_resolver_results& other) noexcept { entries_.swap(other.entries_); }

  // Whether they are copies of each other, or both empty.
  friend bool operator==(const basic_resolver_results&,
                         const basic_resolver_results&) noexcept = default;

#ifdef NET_LEGACY
#include "net/legacy/resolver_results_members.inc"
#endif

 private:
  explicit basic_resolver_results(std::vector<value_type> all) {
    if (!all.empty()) {
      entries_ = std::make_shared<const std::vector<value_type>>(std::move(all));
    }
  }

  // 0 if it is of no family that endpoints can have.
  static std::size_t size_of(const ::addrinfo& entry) noexcept {
    return entry.ai_family == AF_INET    ? sizeof(::sockaddr_in)
           : entry.ai_family == AF_INET6 ? sizeof(::sockaddr_in6)
                                         : 0;
  }

  typename const_iterator::entries entries_;  // null if there are none
};

}  // namespace NET_NAMESPACE::ip
