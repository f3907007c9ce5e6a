// SPDX-License-Identifier: BSL-1.0
#include "net/local/endpoint.h"

#include <cstring>

namespace NET_NAMESPACE::local::internal {
namespace {

constexpr std::size_t path_offset = offsetof(::sockaddr_un, sun_path);
constexpr std::size_t most = sizeof(::sockaddr_un) - path_offset;

}  // namespace

void assign(::sockaddr_un& address, std::size_t& size, std::string_view path, error_code& ec) {
  // A path ends with a zero byte, an abstract name where the address does.
  const bool is_abstract = !path.empty() && path.front() == '\0';
  if (path.size() > (is_abstract ? most : most - 1)) {
    ec = error::name_too_long;
    return;
  }
  ec.clear();
  address = {.sun_family = AF_UNIX, .sun_path = {}};
  std::memcpy(address.sun_path, path.data(), path.size());
  size = path_offset + path.size() + (path.empty() || is_abstract ? 0 : 1);
}

std::string path_of(const ::sockaddr_un& address, std::size_t size) {
  if (size <= path_offset) {
    return {};
  }
  const std::size_t length = size - path_offset;
  return address.sun_path[0] == '\0'
             ? std::string(address.sun_path, length)
             : std::string(address.sun_path, ::strnlen(address.sun_path, length));
}

}  // namespace NET_NAMESPACE::local::internal
