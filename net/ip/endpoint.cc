// SPDX-License-Identifier: BSL-1.0
#include "net/ip/endpoint.h"

#include <cstring>

namespace NET_NAMESPACE::ip::internal {

void assign(::sockaddr_storage& storage, const address& where, port_type port) noexcept {
  storage = {};
  if (where.is_v6()) {
    ::sockaddr_in6 v6{};
    const address_v6 source = where.to_v6();
    const auto bytes = source.to_bytes();
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v6.sin6_scope_id = source.scope_id();
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&storage, &v6, sizeof(v6));
  } else {
    ::sockaddr_in v4{};
    const auto bytes = where.to_v4().to_bytes();
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&storage, &v4, sizeof(v4));
  }
}

address address_of(const ::sockaddr_storage& storage) noexcept {
  if (storage.ss_family == AF_INET6) {
    ::sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof(v6));
    address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return address_v6(bytes, v6.sin6_scope_id);
  }
  ::sockaddr_in v4{};
  std::memcpy(&v4, &storage, sizeof(v4));
  address_v4::bytes_type bytes;
  std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
  return address_v4(bytes);
}

port_type port_of(const ::sockaddr_storage& storage) noexcept {
  // The port stands at the same place in both forms.
  ::sockaddr_in any{};
  std::memcpy(&any, &storage, sizeof(any));
  return ntohs(any.sin_port);
}

std::string to_string(const address& where, port_type port) {
  const std::string text = where.to_string();
  return (where.is_v6() ? "[" + text + "]:" : text + ":") + std::to_string(port);
}

}  // namespace NET_NAMESPACE::ip::internal
