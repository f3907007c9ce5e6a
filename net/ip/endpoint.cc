// SPDX-License-Identifier: BSL-1.0
#include "net/ip/endpoint.h"

namespace NET_NAMESPACE::ip::internal {

socket_address to_socket_address(const address& where, port_type port) noexcept {
  socket_address result;
  std::memset(&result, 0, sizeof(result));
  if (where.is_v6()) {
    const address_v6 source = where.to_v6();
    const auto bytes = source.to_bytes();
    result.v6.sin6_family = AF_INET6;
    result.v6.sin6_port = htons(port);
    result.v6.sin6_scope_id = source.scope_id();
    std::memcpy(&result.v6.sin6_addr, bytes.data(), bytes.size());
  } else {
    const auto bytes = where.to_v4().to_bytes();
    result.v4.sin_family = AF_INET;
    result.v4.sin_port = htons(port);
    std::memcpy(&result.v4.sin_addr, bytes.data(), bytes.size());
  }
  return result;
}

address address_of(const socket_address& from) noexcept {
  if (from.any.sa_family == AF_INET) {
    address_v4::bytes_type bytes;
    std::memcpy(bytes.data(), &from.v4.sin_addr, bytes.size());
    return address_v4(bytes);
  }
  address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &from.v6.sin6_addr, bytes.size());
  return address_v6(bytes, from.v6.sin6_scope_id);
}

void check_size(std::size_t size) {
  if (size > sizeof(::sockaddr_storage)) {
    throw system_error(error::invalid_argument, "resize of an endpoint");
  }
}

std::string to_string(const address& where, port_type port) {
  const std::string text = where.to_string();
  return (where.is_v6() ? "[" + text + "]:" : text + ":") + std::to_string(port);
}

}  // namespace NET_NAMESPACE::ip::internal
