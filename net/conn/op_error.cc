// SPDX-License-Identifier: BSL-1.0
#include "net/conn/op_error.h"

#include <cctype>
#include <utility>

namespace NET_NAMESPACE {
namespace {

class address_error_category final : public error_category {
 public:
  const char* name() const noexcept override { return "netpoll.address"; }
  std::string message(int code) const override {
    switch (static_cast<address_errc>(code)) {
      case address_errc::missing_address:
        return "missing address";
      case address_errc::missing_port:
        return "missing port in address";
      case address_errc::too_many_colons:
        return "too many colons in address";
      case address_errc::missing_bracket:
        return "missing ']' in address";
      case address_errc::invalid_port:
        return "invalid port";
      case address_errc::unknown_network:
        return "unknown network";
      case address_errc::no_suitable_address:
        return "no suitable address found";
      case address_errc::unexpected_opening_bracket:
        return "unexpected '[' in address";
      case address_errc::unexpected_closing_bracket:
        return "unexpected ']' in address";
    }
    return "unknown address error";
  }
};

// Within a sentence: "Connection refused" becomes "connection refused", names stay as they are.
std::string in_sentence(std::string text) {
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

std::string text_of(const error_code& ec, const op_error::parts& what) {
  std::string text = what.operation;
  if (!what.network.empty()) {
    text += ' ' + what.network;
  }
  if (!what.source.empty()) {
    text += ' ' + what.source;
  }
  if (!what.address.empty()) {
    text += (what.source.empty() ? " " : "->") + what.address;
  }
  text += ": ";
  if (!what.cause.empty()) {
    text += what.cause + ": ";
  }
  if (ec == make_error_code(address_errc::unknown_network)) {
    return text + ec.message() + ' ' + what.network;
  }
  const bool is_lookup =
      ec.category() == error::get_netdb_category() && ec.value() != error::no_recovery;
  return text + (is_lookup ? "no such host" : in_sentence(ec.message()));
}

}  // namespace

op_error::op_error(const error_code& ec, parts what)
    : system_error(ec), parts_(std::move(what)), text_(text_of(ec, parts_)) {}

const error_category& address_category() noexcept {
  static const address_error_category instance;
  return instance;
}

namespace internal {

host_and_port split_host_port(std::string_view text, error_code& ec) {
  ec.clear();
  if (text.empty()) {
    ec = address_errc::missing_address;
    return {};
  }
  std::string_view host;
  std::size_t colon = text.rfind(':');
  const bool is_bracketed = text.front() == '[';
  if (is_bracketed) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      ec = address_errc::missing_bracket;
      return {};
    }
    host = text.substr(1, end - 1);
    colon = end + 1;
    if (colon == text.size() || text[colon] != ':') {
      ec = address_errc::missing_port;
      return {};
    }
    if (text.find(':', colon + 1) != std::string_view::npos) {
      ec = address_errc::too_many_colons;
      return {};
    }
  } else {
    if (colon == std::string_view::npos) {
      ec = address_errc::missing_port;
      return {};
    }
    host = text.substr(0, colon);
    if (host.find(':') != std::string_view::npos) {
      ec = address_errc::too_many_colons;
      return {};
    }
  }
  if (text.find('[', is_bracketed ? 1 : 0) != std::string_view::npos) {
    ec = address_errc::unexpected_opening_bracket;
    return {};
  }
  if (text.find(']', is_bracketed ? colon : 0) != std::string_view::npos) {
    ec = address_errc::unexpected_closing_bracket;
    return {};
  }
  return {std::string(host), std::string(text.substr(colon + 1))};
}

}  // namespace internal
}  // namespace NET_NAMESPACE
