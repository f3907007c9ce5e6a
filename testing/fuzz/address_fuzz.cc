// SPDX-License-Identifier: BSL-1.0
//
// The text of addresses and endpoints. The input is a text; its first bytes are also taken as an
// address and as what a kernel might report.
//
// - What is an address is what inet_pton(3) says, scopes apart.
// - All forms of make_address agree with each other.
// - What was read is written, and read again as the same; what was written is written the same
//   again.
// - An endpoint gives back its parts, and its text can be split into them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "net/conn/op_error.h"
#include "net/error.h"
#include "net/ip/address.h"
#include "net/ip/endpoint.h"
#include "net/ip/tcp.h"
#include "testing/fuzz/require.h"

namespace {

namespace ip = net::ip;
using net::error_code;
using nettest::require;

// The verdict of the C library, for text without a scope.
template <std::size_t Size>
bool is_address(int family, std::string_view text, std::array<unsigned char, Size>& bytes) {
  return text.find('\0') == std::string_view::npos &&
         ::inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

template <typename Make>
bool throws(Make make) {
  try {
    make();
    return false;
  } catch (const net::system_error& error) {
    require(error.code() == net::error::invalid_argument, "the exception has the error's code");
    require(error.what()[0] != '\0', "the exception says something");
    return true;
  }
}

void check_endpoint(const ip::address& address, ip::port_type port) {
  ip::tcp::endpoint endpoint(address, port);
  const std::string text = endpoint.to_string();
  require(endpoint.address() == address && endpoint.port() == port, "an endpoint has its parts",
          text);
  require((endpoint.protocol() == ip::tcp::v6()) == address.is_v6(), "of its family", text);

  error_code ec;
  const net::internal::host_and_port parts = net::internal::split_host_port(text, ec);
  require(!ec, "the text of an endpoint can be split", text);
  require(parts.port == std::to_string(port), "into its port", text);
  require(ip::make_address(parts.host) == address, "and its address", text);

  ::sockaddr_storage storage{};
  std::memcpy(&storage, endpoint.data(), endpoint.size());
  const ip::tcp::endpoint reported(storage);
  require(reported == endpoint, "what the kernel gets, it can give back", text);
  require(std::hash<ip::tcp::endpoint>()(reported) == std::hash<ip::tcp::endpoint>()(endpoint),
          "equal endpoints have equal hashes", text);
  endpoint.port(static_cast<ip::port_type>(~port));
  require(endpoint.address() == address && endpoint != reported, "a port is replaced alone", text);
}

void check_address(const ip::address& address, ip::port_type port) {
  const std::string text = address.to_string();
  error_code ec;
  const ip::address again = ip::make_address(text, ec);
  require(!ec, "what was written can be read", text);
  require(again == address && (again <=> address) == 0, "as the same address", text);
  require(again.to_string() == text, "and is written the same", text);
  require(std::hash<ip::address>()(again) == std::hash<ip::address>()(address),
          "equal addresses have equal hashes", text);
  require(throws([&] { (void)address.to_v4(); }) == address.is_v6(), "to_v4 of an IPv4 address",
          text);
  require(throws([&] { (void)address.to_v6(); }) == address.is_v4(), "to_v6 of an IPv6 address",
          text);
  check_endpoint(address, port);
}

void check_text(std::string_view text) {
  const std::size_t percent = std::min(text.find('%'), text.size());
  const bool has_scope = percent != text.size();
  ip::address_v4::bytes_type v4_bytes{};
  ip::address_v6::bytes_type v6_bytes{};
  const bool is_v4 = !has_scope && is_address(AF_INET, text, v4_bytes);
  const bool is_v6 = is_address(AF_INET6, text.substr(0, percent), v6_bytes);

  error_code v4_error;
  error_code v6_error;
  error_code error;
  const ip::address_v4 v4 = ip::make_address_v4(text, v4_error);
  const ip::address_v6 v6 = ip::make_address_v6(text, v6_error);
  const ip::address either = ip::make_address(text, error);
  for (const error_code& each : {v4_error, v6_error, error}) {
    require(!each || each == net::error::invalid_argument, "there is one error", text);
  }
  require(!v4_error == is_v4, "IPv4 is what inet_pton takes", text);
  require(!is_v4 || v4.to_bytes() == v4_bytes, "IPv4 has the value inet_pton finds", text);
  // A scope may be unknown: then the address is refused.
  require(v6_error ? !is_v6 || has_scope : is_v6, "IPv6 is what inet_pton takes", text);
  require(v6_error || v6.to_bytes() == v6_bytes, "IPv6 has the value inet_pton finds", text);
  require(v6_error || (v6.scope_id() != 0) == has_scope, "a scope was named", text);
  require(!error == (!v4_error || !v6_error), "an address is one of either kind", text);
  require(error || either == (v6_error ? ip::address(v4) : ip::address(v6)), "the same one", text);

  require(throws([&] { (void)ip::make_address_v4(text); }) == !!v4_error, "v4 throws alike", text);
  require(throws([&] { (void)ip::make_address_v6(text); }) == !!v6_error, "v6 throws alike", text);
  require(throws([&] { (void)ip::make_address(text); }) == !!error, "it throws alike", text);

  if (!error) {
    check_address(either, static_cast<ip::port_type>(text.size() * 2654435761U));
  }
}

// Addresses that no text led to, and what a kernel might report.
void check_bytes(const std::uint8_t* data, std::size_t size) {
  ip::address_v4::bytes_type v4{};
  ip::address_v6::bytes_type v6{};
  std::copy_n(data, std::min(size, v4.size()), v4.begin());
  std::copy_n(data, std::min(size, v6.size()), v6.begin());
  const ip::address_v4 small(v4);
  require(ip::address_v4(small.to_uint()) == small, "an IPv4 address is its number");
  const ip::port_type port = static_cast<ip::port_type>(v6[14] << 8 | v6[15]);
  check_address(small, port);
  check_address(ip::address_v6(v6), port);
  check_address(ip::address_v6(v6, v4[3]), port);
  const ip::address one(small);
  const ip::address other(ip::address_v6{v6});
  require((one <=> other) == std::strong_ordering::less, "IPv4 comes before IPv6");

  ::sockaddr_storage storage{};
  std::copy_n(data, std::min(size, sizeof(storage)), reinterpret_cast<std::uint8_t*>(&storage));
  const ip::tcp::endpoint reported(storage);
  check_endpoint(reported.address(), reported.port());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_text({reinterpret_cast<const char*>(data), size});
  check_bytes(data, size);
  return 0;
}
