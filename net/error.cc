// SPDX-License-Identifier: BSL-1.0
#include "net/error.h"

#include <string>

namespace NET_NAMESPACE {
namespace error {
namespace {

class netdb_category_type final : public error_category {
 public:
  const char* name() const noexcept override { return "asio.netdb"; }
  std::string message(int code) const override {
    switch (code) {
      case host_not_found:
        return "Host not found (authoritative)";
      case host_not_found_try_again:
        return "Host not found (non-authoritative), try again later";
      case no_data:
        return "The query is valid, but it does not have associated data";
      case no_recovery:
        return "A non-recoverable error occurred during database lookup";
      default:
        return "asio.netdb error";
    }
  }
};

class addrinfo_category_type final : public error_category {
 public:
  const char* name() const noexcept override { return "asio.addrinfo"; }
  std::string message(int code) const override {
    switch (code) {
      case service_not_found:
        return "Service not found";
      case socket_type_not_supported:
        return "Socket type not supported";
      default:
        return "asio.addrinfo error";
    }
  }
};

class misc_category_type final : public error_category {
 public:
  const char* name() const noexcept override { return "asio.misc"; }
  std::string message(int code) const override {
    switch (code) {
      case already_open:
        return "Already open";
      case eof:
        return "End of file";
      case not_found:
        return "Element not found";
      case fd_set_failure:
        return "The descriptor does not fit into the select call's fd_set";
      default:
        return "asio.misc error";
    }
  }
};

}  // namespace

const error_category& get_system_category() noexcept { return std::system_category(); }

const error_category& get_netdb_category() noexcept {
  static const netdb_category_type instance;
  return instance;
}

const error_category& get_addrinfo_category() noexcept {
  static const addrinfo_category_type instance;
  return instance;
}

const error_category& get_misc_category() noexcept {
  static const misc_category_type instance;
  return instance;
}

}  // namespace error

namespace internal {

void throw_if(const error_code& ec, const char* operation) {
  if (ec) {
    throw system_error(ec, operation);
  }
}

}  // namespace internal
}  // namespace NET_NAMESPACE
