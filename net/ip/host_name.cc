// SPDX-License-Identifier: BSL-1.0
#include "net/ip/host_name.h"

#include <unistd.h>

#include <cerrno>

namespace NET_NAMESPACE::ip {

std::string host_name(error_code& ec) {
  char name[1024];
  if (::gethostname(name, sizeof(name)) != 0) {
    ec = error_code(errno, std::system_category());
    return {};
  }
  ec.clear();
  return name;
}

std::string host_name() {
  error_code ec;
  std::string result = host_name(ec);
  NET_NAMESPACE::internal::throw_if(ec, "host_name");
  return result;
}

}  // namespace NET_NAMESPACE::ip
