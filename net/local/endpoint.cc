// SPDX-License-Identifier: BSL-1.0
#include "net/local/endpoint.h"

namespace NET_NAMESPACE::local::internal {

void assign(::sockaddr_un& address, std::string_view path) {
  // A path ends with a zero byte, an abstract name where the address does.
  const bool is_abstract = !path.empty() && path.front() == '\0';
  if (path.size() > sizeof(address.sun_path) - (is_abstract ? 0 : 1)) {
    throw system_error(error::name_too_long, "path of a local endpoint");
  }
  address = {.sun_family = AF_UNIX, .sun_path = {}};
  std::memcpy(address.sun_path, path.data(), path.size());
}

std::size_t path_length(const ::sockaddr_un& address, std::size_t size) {
  if (size > sizeof(address)) {
    throw system_error(error::invalid_argument, "resize of a local endpoint");
  }
  if (size <= path_offset) {
    return 0;
  }
  const std::size_t length = size - path_offset;
  const bool is_path = address.sun_path[0] != '\0';
  return is_path && address.sun_path[length - 1] == '\0' ? length - 1 : length;
}

}  // namespace NET_NAMESPACE::local::internal
