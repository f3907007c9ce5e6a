// SPDX-License-Identifier: BSL-1.0
//
// What listen and dial are told: the name of a network and "host:port". The input is the network, a
// line feed, and the address; without the line feed it is an address of the network "tcp". No name
// is looked up and nothing is connected.
//
// - Text is split, or refused for the same reason, as a second, simpler reading of the rules says.
// - What was split can be joined, and splits into the same again.
// - What the C library would take for the number of a port is one that was checked to be in range,
//   and is all of the text that was given.
// - An error says what was wrong, and with which text.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "net/conn/network.h"
#include "net/conn/op_error.h"
#include "net/error.h"
#include "testing/fuzz/require.h"

namespace {

using net::address_errc;
using net::error_code;
using net::internal::host_and_port;
using nettest::require;

// "host:port", with brackets around a host that has colons of its own.
std::string join(const host_and_port& parts) {
  const bool has_colon = parts.host.find(':') != std::string::npos;
  return (has_colon ? '[' + parts.host + ']' : parts.host) + ':' + parts.port;
}

bool contains(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

// What is wrong with `text`, as the grammar has it: the host is either in brackets, with anything
// but brackets inside, or has neither brackets nor colons; then come a colon and the port, which
// has neither.
error_code expected_error(std::string_view text) {
  if (text.empty()) {
    return address_errc::missing_address;
  }
  std::string_view before_port;
  std::string_view port;
  if (text[0] == '[') {
    if (!contains(text, "]")) {
      return address_errc::missing_bracket;
    }
    const std::size_t end = text.find(']') + 1;
    if (end == text.size() || text[end] != ':') {
      return address_errc::missing_port;
    }
    before_port = text.substr(1, end - 2);
    port = text.substr(end + 1);
  } else {
    if (!contains(text, ":")) {
      return address_errc::missing_port;
    }
    before_port = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  if (contains(port, ":")) {
    return address_errc::too_many_colons;
  }
  const bool has_opening = contains(before_port, "[") || contains(port, "[");
  const bool has_closing = contains(before_port, "]") || contains(port, "]");
  return has_opening   ? address_errc::unexpected_opening_bracket
         : has_closing ? address_errc::unexpected_closing_bracket
                       : error_code();
}

void check_split(std::string_view text) {
  error_code ec;
  const host_and_port parts = net::internal::split_host_port(text, ec);
  require(ec == expected_error(text), "the text is split or refused by the rules", text);
  if (ec) {
    require(ec.category() == net::address_category(), "the error is of addresses", text);
    require(parts.host.empty() && parts.port.empty(), "an error leaves nothing", text);
    return;
  }
  const std::string joined = join(parts);
  require(text == joined || text == '[' + parts.host + "]:" + parts.port,
          "what was split is all of the text", text);
  const host_and_port again = net::internal::split_host_port(joined, ec);
  require(!ec && again.host == parts.host && again.port == parts.port,
          "what was joined splits into the same", text);
}

// The port the C library makes of `text`, without looking anything up; -1 if it is no number to it.
int number_of(const std::string& text) {
  ::addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  ::addrinfo* list = nullptr;
  if (::getaddrinfo("127.0.0.1", text.c_str(), &hints, &list) != 0) {
    return -1;
  }
  ::sockaddr_in found{};
  std::memcpy(&found, list->ai_addr, sizeof(found));
  ::freeaddrinfo(list);
  return ntohs(found.sin_port);
}

// Whether `text` is a number, and it is `value`. Leading zeroes do not count.
bool is_decimal(std::string_view text, int value) {
  const std::size_t zeroes = std::min(text.find_first_not_of('0'), text.size() - 1);
  return text.substr(zeroes) == std::to_string(value);
}

void check_accepted(std::string_view network, const net::internal::target& target,
                    std::string_view address) {
  require(target.family == (network == "tcp"    ? AF_UNSPEC
                            : network == "tcp4" ? AF_INET
                                                : AF_INET6),
          "the network says the family", network);
  error_code ec;
  const host_and_port parts = net::internal::split_host_port(address, ec);
  require(!ec && target.where.host == parts.host, "the host is what was split", address);
  require(target.where.port == (parts.port.empty() ? "0" : parts.port), "and the port", address);
  const int number = number_of(target.where.port);
  require(number == -1 || is_decimal(target.where.port, number),
          "a number to the C library is a number to us", address);

  net::internal::failure why;
  const net::internal::target again = net::internal::parse_target(network, join(target.where), why);
  require(!why.ec && again.family == target.family && again.where.host == target.where.host &&
              again.where.port == target.where.port,
          "a target can be written and read again", address);
}

void check_refused(std::string_view network, std::string_view address,
                   const net::internal::failure& why) {
  require(why.ec.category() == net::address_category(), "the error is of addresses", address);
  require(!why.ec.message().empty() && !contains(why.ec.message(), "unknown address error"),
          "the error has a text", address);
  const net::op_error error(why.ec, {"dial", std::string(network), "", why.address, why.cause});
  const std::string text = error.what();
  require(text.starts_with(network.empty() ? "dial: " : "dial "), "the text says which operation",
          text);
  require(!error.is_timeout(), "it is no timeout", text);
  const std::string_view culprit = why.ec == address_errc::unknown_network   ? network
                                   : why.ec == address_errc::missing_address ? "missing address"
                                                                             : address;
  require(contains(text, culprit.substr(0, culprit.find('\0'))), "and what was wrong", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line_feed = text.find('\n');
  const bool has_network = line_feed != std::string_view::npos;
  const std::string_view network = has_network ? text.substr(0, line_feed) : "tcp";
  const std::string_view address = has_network ? text.substr(line_feed + 1) : text;

  check_split(address);
  net::internal::failure why;
  const net::internal::target target = net::internal::parse_target(network, address, why);
  const bool is_known = network == "tcp" || network == "tcp4" || network == "tcp6";
  require((why.ec == address_errc::unknown_network) == !is_known, "networks are known or not",
          network);
  if (why.ec) {
    check_refused(network, address, why);
  } else {
    check_accepted(network, target, address);
  }
  return 0;
}
