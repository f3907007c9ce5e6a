// SPDX-License-Identifier: BSL-1.0
//
// What the readers of addresses and networks have in common.
#pragma once

#include <cstddef>
#include <string_view>

#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE::ip::internal {

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

// Splits "address/length", the length being a number up to `most`. False if that is not what it is.
bool split_prefix(std::string_view text, unsigned most, std::string_view& address,
                  unsigned short& length) noexcept;

// Throws system_error, with the text in its message, if `ec` is set.
void throw_if_unreadable(const error_code& ec, const char* operation, std::string_view text);

}  // namespace NET_NAMESPACE::ip::internal
