// SPDX-License-Identifier: BSL-1.0
#include "net/ip/address.h"

#include "net/ip/text_internal.h"

namespace NET_NAMESPACE::ip {

address_v4 address::to_v4() const {
  if (is_v6_) {
    throw bad_address_cast();
  }
  return v4_;
}

address_v6 address::to_v6() const {
  if (!is_v6_) {
    throw bad_address_cast();
  }
  return v6_;
}

address make_address(std::string_view text, error_code& ec) noexcept {
  const address_v6 v6 = make_address_v6(text, ec);
  return ec ? address(make_address_v4(text, ec)) : address(v6);
}

address make_address(std::string_view text) {
  error_code ec;
  const address result = make_address(text, ec);
  internal::throw_if_unreadable(ec, "make_address", text);
  return result;
}

}  // namespace NET_NAMESPACE::ip
