// SPDX-License-Identifier: BSL-1.0
#include "net/ip/network_v6.h"

#include <cstddef>
#include <stdexcept>

#include "net/ip/text_internal.h"

namespace NET_NAMESPACE::ip {
namespace {

// The bits of byte `index` that a prefix of that length does not cover.
unsigned char host_bits(unsigned prefix_length, std::size_t index) noexcept {
  const std::size_t before = index * 8;
  if (prefix_length <= before) {
    return 0xff;
  }
  return prefix_length >= before + 8 ? 0 : static_cast<unsigned char>(0xff >> prefix_length % 8);
}

address_v6 lowest(const address_v6& address, unsigned prefix_length) noexcept {
  address_v6::bytes_type bytes = address.to_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] &= static_cast<unsigned char>(~host_bits(prefix_length, i));
  }
  return address_v6(bytes, address.scope_id());
}

address_v6 highest(const address_v6& address, unsigned prefix_length) noexcept {
  address_v6::bytes_type bytes = address.to_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] |= host_bits(prefix_length, i);
  }
  return address_v6(bytes, address.scope_id());
}

}  // namespace

network_v6::network_v6(const address_v6& address, unsigned short prefix_length)
    : address_(address), prefix_length_(prefix_length) {
  if (prefix_length > 128) {
    throw std::out_of_range("prefix length too large");
  }
}

address_v6 network_v6::network() const noexcept { return lowest(address_, prefix_length_); }

address_v6_range network_v6::hosts() const noexcept {
  return address_v6_range(network(), internal::next(highest(address_, prefix_length_)));
}

bool network_v6::is_subnet_of(const network_v6& other) const noexcept {
  return other.prefix_length_ < prefix_length_ &&
         lowest(address_, other.prefix_length_) == other.network();
}

std::string network_v6::to_string() const {
  return address_.to_string() + '/' + std::to_string(prefix_length_);
}

std::string network_v6::to_string(error_code& ec) const {
  ec.clear();
  return to_string();
}

network_v6 make_network_v6(std::string_view text, error_code& ec) noexcept {
  std::string_view address_text;
  unsigned short prefix_length = 0;
  if (!internal::split_prefix(text, 128, address_text, prefix_length)) {
    ec = error::invalid_argument;
    return {};
  }
  const address_v6 address = make_address_v6(address_text, ec);
  return ec ? network_v6() : network_v6(address, prefix_length);
}

network_v6 make_network_v6(std::string_view text) {
  error_code ec;
  const network_v6 result = make_network_v6(text, ec);
  internal::throw_if_unreadable(ec, "make_network_v6", text);
  return result;
}

}  // namespace NET_NAMESPACE::ip
