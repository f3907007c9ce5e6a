// SPDX-License-Identifier: BSL-1.0
#include "net/ip/address_v4.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/ip/text_internal.h"

namespace NET_NAMESPACE::ip {

std::string address_v4::to_string() const {
  char text[INET_ADDRSTRLEN];
  return ::inet_ntop(AF_INET, bytes_.data(), text, sizeof(text));
}

address_v4 make_address_v4(std::string_view text, error_code& ec) noexcept {
  char terminated[INET_ADDRSTRLEN];
  address_v4::bytes_type bytes;
  if (!internal::terminate(text, terminated) ||
      ::inet_pton(AF_INET, terminated, bytes.data()) != 1) {
    ec = error::invalid_argument;
    return {};
  }
  ec.clear();
  return address_v4(bytes);
}

address_v4 make_address_v4(std::string_view text) {
  error_code ec;
  const address_v4 result = make_address_v4(text, ec);
  internal::throw_if_unreadable(ec, "make_address_v4", text);
  return result;
}

}  // namespace NET_NAMESPACE::ip
