// SPDX-License-Identifier: BSL-1.0
//
// What the throwing operations of conn and listener throw: the error code, and a text that says
// which operation failed, between which addresses, and why, as Go's net does:
//
//   read tcp 127.0.0.1:4000->127.0.0.1:5000: i/o timeout
//   dial tcp 127.0.0.1:1: connect: connection refused
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE {

class op_error : public system_error {
 public:
  struct parts {
    std::string operation;  // dial, listen, accept, read, write, close, set
    std::string network;    // tcp
    std::string source;     // may be empty
    std::string address;    // may be empty
    std::string cause;      // the system call or what else was going on; may be empty
  };

  op_error(const error_code& ec, parts what);

  const char* what() const noexcept override { return text_.c_str(); }
  const std::string& operation() const noexcept { return parts_.operation; }
  const std::string& network() const noexcept { return parts_.network; }
  // Whether a deadline passed.
  bool is_timeout() const noexcept { return code() == std::errc::timed_out; }

 private:
  parts parts_;
  std::string text_;
};

// What is wrong with the text of an address or network.
enum class address_errc {
  missing_address = 1,
  missing_port,
  too_many_colons,
  missing_bracket,
  invalid_port,
  unknown_network,
  no_suitable_address,
  unexpected_opening_bracket,
  unexpected_closing_bracket,
};

const error_category& address_category() noexcept;
inline error_code make_error_code(address_errc code) noexcept {
  return {static_cast<int>(code), address_category()};
}

namespace internal {

struct host_and_port {
  std::string host;
  std::string port;
};

// "host:port", "[v6]:port", ":port". The parts may be empty. Brackets are around a host or nowhere.
host_and_port split_host_port(std::string_view text, error_code& ec);

// What failed on the way, for the text of an op_error.
struct failure {
  error_code ec;
  std::string address;
  std::string cause;
};

}  // namespace internal
}  // namespace NET_NAMESPACE

template <>
struct std::is_error_code_enum<NET_NAMESPACE::address_errc> : std::true_type {};
