// SPDX-License-Identifier: BSL-1.0
#include "net/ip/address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <charconv>
#include <ostream>

namespace NET_NAMESPACE::ip {
namespace {

// The C library wants a terminated string. False if the text is too long for any address.
template <std::size_t Size>
bool terminate(std::string_view text, char (&into)[Size]) noexcept {
  if (text.size() >= Size || text.find('\0') != std::string_view::npos) {
    return false;
  }
  text.copy(into, text.size());
  into[text.size()] = '\0';
  return true;
}

// A scope by number or by the name of an interface; 0 if it is neither.
scope_id_type parse_scope(std::string_view text) noexcept {
  scope_id_type scope = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), scope);
  if (error == std::errc() && end == text.data() + text.size()) {
    return scope;
  }
  char name[IF_NAMESIZE];
  return terminate(text, name) ? ::if_nametoindex(name) : 0;
}

template <typename Address, typename Make>
Address or_throw(std::string_view text, Make make) {
  error_code ec;
  const Address result = make(text, ec);
  if (ec) {
    throw system_error(ec, "make_address: \"" + std::string(text) + "\" is not an address");
  }
  return result;
}

}  // namespace

std::string address_v4::to_string() const {
  char text[INET_ADDRSTRLEN];
  return ::inet_ntop(AF_INET, bytes_.data(), text, sizeof(text));
}

std::string address_v6::to_string() const {
  char text[INET6_ADDRSTRLEN];
  std::string result = ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof(text));
  if (scope_ != 0) {
    char name[IF_NAMESIZE];
    result += '%';
    result += is_link_local() && ::if_indextoname(scope_, name) != nullptr ? std::string(name)
                                                                          : std::to_string(scope_);
  }
  return result;
}

address_v4 address::to_v4() const {
  if (is_v6_) {
    throw system_error(error::invalid_argument, "to_v4 of an IPv6 address");
  }
  return v4_;
}

address_v6 address::to_v6() const {
  if (!is_v6_) {
    throw system_error(error::invalid_argument, "to_v6 of an IPv4 address");
  }
  return v6_;
}

address_v4 make_address_v4(std::string_view text, error_code& ec) noexcept {
  char terminated[INET_ADDRSTRLEN];
  address_v4::bytes_type bytes;
  if (!terminate(text, terminated) || ::inet_pton(AF_INET, terminated, bytes.data()) != 1) {
    ec = error::invalid_argument;
    return {};
  }
  ec.clear();
  return address_v4(bytes);
}

address_v6 make_address_v6(std::string_view text, error_code& ec) noexcept {
  ec = error::invalid_argument;
  const std::size_t percent = text.find('%');
  scope_id_type scope = 0;
  if (percent != std::string_view::npos) {
    scope = parse_scope(text.substr(percent + 1));
    if (scope == 0) {
      return {};
    }
    text = text.substr(0, percent);
  }
  char terminated[INET6_ADDRSTRLEN];
  address_v6::bytes_type bytes;
  if (!terminate(text, terminated) || ::inet_pton(AF_INET6, terminated, bytes.data()) != 1) {
    return {};
  }
  ec.clear();
  return address_v6(bytes, scope);
}

address make_address(std::string_view text, error_code& ec) noexcept {
  const address_v6 v6 = make_address_v6(text, ec);
  return ec ? address(make_address_v4(text, ec)) : address(v6);
}

address_v4 make_address_v4(std::string_view text) {
  return or_throw<address_v4>(
      text, [](std::string_view t, error_code& ec) { return make_address_v4(t, ec); });
}
address_v6 make_address_v6(std::string_view text) {
  return or_throw<address_v6>(
      text, [](std::string_view t, error_code& ec) { return make_address_v6(t, ec); });
}
address make_address(std::string_view text) {
  return or_throw<address>(text,
                           [](std::string_view t, error_code& ec) { return make_address(t, ec); });
}

std::ostream& operator<<(std::ostream& out, const address_v4& what) {
  return out << what.to_string();
}
std::ostream& operator<<(std::ostream& out, const address_v6& what) {
  return out << what.to_string();
}
std::ostream& operator<<(std::ostream& out, const address& what) { return out << what.to_string(); }

}  // namespace NET_NAMESPACE::ip
