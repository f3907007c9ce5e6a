// SPDX-License-Identifier: BSL-1.0
//
// The text of addresses, networks and endpoints. The input is a text; its first bytes are also
// taken as an address, as a network and as what a kernel might report.
//
// - What is an address is what inet_pton(3) says, scopes apart.
// - All forms of make_address agree with each other.
// - What was read is written, and read again as the same; what was written is written the same
//   again.
// - An endpoint gives back its parts, and its text can be split into them.
// - A network is an address and a number; its addresses are those that begin with the same bits.
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
#include "net/ip/bad_address_cast.h"
#include "net/ip/endpoint.h"
#include "net/ip/network_v4.h"
#include "net/ip/network_v6.h"
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

// Whether `convert` says that the address is of the other kind.
template <typename Convert>
bool is_refused(Convert convert) {
  try {
    convert();
    return false;
  } catch (const ip::bad_address_cast& error) {
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
  require(is_refused([&] { (void)address.to_v4(); }) == address.is_v6(), "to_v4 of an IPv4 address",
          text);
  require(is_refused([&] { (void)address.to_v6(); }) == address.is_v4(), "to_v6 of an IPv6 address",
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
  require(v6_error || v6.scope_id() == 0 || has_scope, "a scope was named", text);
  require(!error == (!v4_error || !v6_error), "an address is one of either kind", text);
  require(error || either == (v6_error ? ip::address(v4) : ip::address(v6)), "the same one", text);

  require(throws([&] { (void)ip::make_address_v4(text); }) == !!v4_error, "v4 throws alike", text);
  require(throws([&] { (void)ip::make_address_v6(text); }) == !!v6_error, "v6 throws alike", text);
  require(throws([&] { (void)ip::make_address(text); }) == !!error, "it throws alike", text);

  if (!error) {
    check_address(either, static_cast<ip::port_type>(text.size() * 2654435761U));
  }
}

// Whether the first `length` bits are the same, looked at one by one.
template <typename Bytes>
bool has_the_same_start(const Bytes& left, const Bytes& right, unsigned length) {
  for (unsigned bit = 0; bit < length; ++bit) {
    const unsigned char mask = static_cast<unsigned char>(0x80 >> bit % 8);
    if ((left[bit / 8] & mask) != (right[bit / 8] & mask)) {
      return false;
    }
  }
  return true;
}

// `make` reads the text of a network of that kind.
template <typename Network, typename Make>
void check_network(const Network& network, Make make) {
  const std::string text = network.to_string();
  error_code ec;
  require(make(text, ec) == network && !ec, "a network that was written is read as the same", text);
  const Network canonical = network.canonical();
  const auto bytes = network.address().to_bytes();
  const unsigned length = network.prefix_length();
  require(canonical.address() == network.network(), "the canonical address is the lowest", text);
  require(canonical.canonical() == canonical, "and has no other", text);
  require(has_the_same_start(bytes, network.network().to_bytes(), length), "it starts alike", text);
  require(network.network() <= network.address(), "no address is lower", text);
  require(!network.is_subnet_of(network), "a network is no part of itself", text);
  if (length != 0) {
    const Network larger(network.address(), static_cast<unsigned short>(length - 1));
    require(network.is_subnet_of(larger) && !larger.is_subnet_of(network),
            "with a bit less it is larger", text);
    require(larger.network() <= network.network(), "to both sides", text);
  }
}

void check_network_v4(const ip::network_v4& network) {
  check_network(network, [](const std::string& text, error_code& ec) {
    return ip::make_network_v4(text, ec);
  });
  const std::string text = network.to_string();
  require(ip::make_network_v4(network.address(), network.netmask()) == network,
          "a mask says as much as a length", text);
  require(network.address() <= network.broadcast(), "no address is higher", text);
  const ip::address_v4_range hosts = network.hosts();
  require(hosts.size() ==
              (network.is_host() ? 1 : (std::uint64_t{1} << (32 - network.prefix_length())) - 2),
          "all but two are hosts", text);
  require(hosts.find(network.broadcast()) == hosts.end() || network.is_host(),
          "of which none is for broadcast", text);
}

void check_network_v6(const ip::network_v6& network) {
  check_network(network, [](const std::string& text, error_code& ec) {
    return ip::make_network_v6(text, ec);
  });
  const std::string text = network.to_string();
  const ip::address_v6_range hosts = network.hosts();
  require(hosts.empty() == (network.prefix_length() == 0), "only all are too many", text);
  require(hosts.empty() || *hosts.find(network.address()) == network.address(),
          "the address is one of its own", text);
}

// What is a network is an address, a slash and a number that is small enough.
void check_network_text(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view digits = text.substr(std::min(slash + 1, text.size()));
  const bool is_number = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
  const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  const bool is_short = is_number && digits.size() - zeros <= 3;
  const int length = is_short ? std::stoi('0' + std::string(digits)) : 999;

  error_code ec;
  (void)ip::make_address_v4(text.substr(0, slash), ec);
  const bool is_v4 = !ec && length <= 32;
  (void)ip::make_address_v6(text.substr(0, slash), ec);
  const bool is_v6 = !ec && length <= 128;
  const ip::network_v4 v4 = ip::make_network_v4(text, ec);
  require(!ec == is_v4, "an IPv4 network is an address and a length", text);
  require(!ec || ec == net::error::invalid_argument, "there is one error", text);
  require(throws([&] { (void)ip::make_network_v4(text); }) == !!ec, "it throws alike", text);
  const ip::network_v6 v6 = ip::make_network_v6(text, ec);
  require(!ec == is_v6, "an IPv6 network is an address and a length", text);
  require(!ec || ec == net::error::invalid_argument, "there is one error", text);
  require(throws([&] { (void)ip::make_network_v6(text); }) == !!ec, "it throws alike", text);
  check_network_v4(v4);
  check_network_v6(v6);
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

  check_network_v4(ip::network_v4(small, v6[4] % 33));
  check_network_v6(ip::network_v6(ip::address_v6(v6, v4[3]), v6[5] % 129));
  require(ip::make_address_v6(ip::v4_mapped, small).is_v4_mapped(), "one is mapped");
  require(ip::make_address_v4(ip::v4_mapped, ip::make_address_v6(ip::v4_mapped, small)) == small,
          "and back");

  ::sockaddr_storage storage{};
  std::copy_n(data, std::min(size, sizeof(storage)), reinterpret_cast<std::uint8_t*>(&storage));
  const ip::tcp::endpoint reported(storage);
  check_endpoint(reported.address(), reported.port());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_text({reinterpret_cast<const char*>(data), size});
  check_network_text({reinterpret_cast<const char*>(data), size});
  check_bytes(data, size);
  return 0;
}
