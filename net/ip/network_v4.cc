// SPDX-License-Identifier: BSL-1.0
#include "net/ip/network_v4.h"

#include <bit>
#include <stdexcept>

#include "net/ip/text_internal.h"

namespace NET_NAMESPACE::ip {

network_v4::network_v4(const address_v4& address, unsigned short prefix_length)
    : address_(address), prefix_length_(prefix_length) {
  if (prefix_length > 32) {
    throw std::out_of_range("prefix length too large");
  }
}

network_v4::network_v4(const address_v4& address, const address_v4& mask)
    : address_(address),
      prefix_length_(static_cast<unsigned short>(std::countl_one(mask.to_uint()))) {
  if (mask == netmask()) {
    return;
  }
  // Which exception it is depends on whether the byte with the first zero is at fault.
  const unsigned char expected = netmask().to_bytes()[prefix_length_ / 8];
  if (mask.to_bytes()[prefix_length_ / 8] != expected) {
    throw std::out_of_range("non-contiguous netmask");
  }
  throw std::invalid_argument("non-contiguous netmask");
}

std::string network_v4::to_string() const {
  return address_.to_string() + '/' + std::to_string(prefix_length_);
}

std::string network_v4::to_string(error_code& ec) const {
  ec.clear();
  return to_string();
}

network_v4 make_network_v4(std::string_view text, error_code& ec) noexcept {
  std::string_view address_text;
  unsigned short prefix_length = 0;
  if (!internal::split_prefix(text, 32, address_text, prefix_length)) {
    ec = error::invalid_argument;
    return {};
  }
  const address_v4 address = make_address_v4(address_text, ec);
  return ec ? network_v4() : network_v4(address, prefix_length);
}

network_v4 make_network_v4(std::string_view text) {
  error_code ec;
  const network_v4 result = make_network_v4(text, ec);
  internal::throw_if_unreadable(ec, "make_network_v4", text);
  return result;
}

}  // namespace NET_NAMESPACE::ip
