// SPDX-License-Identifier: BSL-1.0
#include "net/ip/address_v6.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>

#include "net/ip/bad_address_cast.h"
#include "net/ip/text_internal.h"

namespace NET_NAMESPACE::ip {
namespace {

// A scope by number or by the name of an interface. False if it is neither.
bool parse_scope(std::string_view text, scope_id_type& scope) noexcept {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, scope);
  if (error == std::errc() && stop == end) {
    return true;
  }
  char name[IF_NAMESIZE];
  scope = internal::terminate(text, name) ? ::if_nametoindex(name) : 0;
  return scope != 0;
}

}  // namespace

std::string address_v6::to_string() const {
  char text[INET6_ADDRSTRLEN];
  std::string result = ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof(text));
  if (scope_ != 0) {
    // Elsewhere the scope need not be an interface.
    char name[IF_NAMESIZE];
    const bool is_interface = is_link_local() || is_multicast_link_local();
    result += '%';
    result += is_interface && ::if_indextoname(scope_, name) != nullptr ? std::string(name)
                                                                        : std::to_string(scope_);
  }
  return result;
}

address_v6 make_address_v6(std::string_view text, error_code& ec) noexcept {
  ec = error::invalid_argument;
  const std::size_t percent = text.find('%');
  scope_id_type scope = 0;
  if (percent != std::string_view::npos) {
    if (!parse_scope(text.substr(percent + 1), scope)) {
      return {};
    }
    text = text.substr(0, percent);
  }
  char terminated[INET6_ADDRSTRLEN];
  address_v6::bytes_type bytes;
  if (!internal::terminate(text, terminated) ||
      ::inet_pton(AF_INET6, terminated, bytes.data()) != 1) {
    return {};
  }
  ec.clear();
  return address_v6(bytes, scope);
}

address_v6 make_address_v6(std::string_view text) {
  error_code ec;
  const address_v6 result = make_address_v6(text, ec);
  internal::throw_if_unreadable(ec, "make_address_v6", text);
  return result;
}

address_v4 make_address_v4(v4_mapped_t, const address_v6& mapped) {
  if (!mapped.is_v4_mapped()) {
    throw bad_address_cast();
  }
  const address_v6::bytes_type all = mapped.to_bytes();
  return address_v4(address_v4::bytes_type{all[12], all[13], all[14], all[15]});
}

}  // namespace NET_NAMESPACE::ip
