// SPDX-License-Identifier: BSL-1.0
#include "net/ip/text_internal.h"

#include <charconv>
#include <string>

namespace NET_NAMESPACE::ip::internal {

bool split_prefix(std::string_view text, unsigned most, std::string_view& address,
                  unsigned short& length) noexcept {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return false;
  }
  const char* const end = text.data() + text.size();
  unsigned number = 0;
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, number);
  if (error != std::errc() || stop != end || number > most) {
    return false;
  }
  address = text.substr(0, slash);
  length = static_cast<unsigned short>(number);
  return true;
}

void throw_if_unreadable(const error_code& ec, const char* operation, std::string_view text) {
  if (ec) {
    throw system_error(ec, std::string(operation) + ": \"" + std::string(text) + '"');
  }
}

}  // namespace NET_NAMESPACE::ip::internal
