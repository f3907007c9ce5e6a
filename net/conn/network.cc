// SPDX-License-Identifier: BSL-1.0
#include "net/conn/network.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "netpoll/base/syscall.h"

namespace NET_NAMESPACE::internal {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c >= '0' && c <= '9'; });
}

// Whether getaddrinfo(3) can be trusted with the name of a service. Where a blank or a sign stands
// in front it would read a number that nobody had checked to be in range: " 65616" is port 80 to
// it.
bool is_name(const std::string& text) {
  return std::isalnum(static_cast<unsigned char>(text.front())) != 0 &&
         text.find('\0') == std::string::npos;
}

}  // namespace

target parse_target(std::string_view network, std::string_view address, failure& why) {
  target result;
  if (network == "tcp") {
    result.family = AF_UNSPEC;
  } else if (network == "tcp4") {
    result.family = AF_INET;
  } else if (network == "tcp6") {
    result.family = AF_INET6;
  } else {
    why.ec = address_errc::unknown_network;
    return result;
  }
  result.where = split_host_port(address, why.ec);
  if (!why.ec && is_number(result.where.port)) {
    unsigned number = 0;
    const std::string& port = result.where.port;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || number > 65535) {
      why.ec = address_errc::invalid_port;
    }
  } else if (!why.ec && !result.where.port.empty() && !is_name(result.where.port)) {
    why.ec = address_errc::invalid_port;
  }
  if (!why.ec && result.where.port.empty()) {
    result.where.port = "0";
  }
  if (why.ec && why.ec != address_errc::missing_address) {
    why.cause = "address " + std::string(address);
  }
  return result;
}

void name_lookup(const target& what, failure& why) {
  if (why.ec == error::service_not_found) {
    why.cause = "lookup tcp/" + what.where.port;
  } else if (why.ec != error::deadline_exceeded) {
    why.cause = "lookup " + what.where.host;
  }
}

void set_stream_defaults(int socket) noexcept {
  constexpr int on = 1;
  constexpr int idle_s = 15;
  constexpr int interval_s = 15;
  constexpr int probes = 9;
  const auto set = [socket](int level, int name, const int& value) {
    netpoll::sys::set_option(socket, level, name, &value, sizeof(value));
  };
  set(IPPROTO_TCP, TCP_NODELAY, on);
  set(SOL_SOCKET, SO_KEEPALIVE, on);
  set(IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
  set(IPPROTO_TCP, TCP_KEEPINTVL, interval_s);
  set(IPPROTO_TCP, TCP_KEEPCNT, probes);
}

ip::tcp::endpoint local_endpoint_of(int socket, error_code& ec) noexcept {
  ::sockaddr_storage storage{};
  ::socklen_t size = sizeof(storage);
  const netpoll::sys::result answer =
      netpoll::sys::get_socket_name(socket, reinterpret_cast<::sockaddr*>(&storage), &size);
  ec = netpoll::system_error_code(answer.error);
  return answer.ok() ? ip::tcp::endpoint(storage) : ip::tcp::endpoint();
}

}  // namespace NET_NAMESPACE::internal
