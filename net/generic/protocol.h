// SPDX-License-Identifier: BSL-1.0
//
// What the protocols of this package have in common: a family and a protocol by number, while the
// type of the socket is fixed.
#pragma once

#include <concepts>
#include <type_traits>

#include "net/config.h"

namespace NET_NAMESPACE::generic::internal {

[[noreturn]] void throw_bad_cast();

template <typename Protocol>
concept protocol_like = requires(const Protocol& source) {
  { source.family() } -> std::convertible_to<int>;
  { source.type() } -> std::convertible_to<int>;
  { source.protocol() } -> std::convertible_to<int>;
};

// A base class.
template <int Type>
class any_protocol {
 public:
  constexpr int family() const noexcept { return family_; }
  constexpr int type() const noexcept { return Type; }
  constexpr int protocol() const noexcept { return protocol_; }

 protected:
  constexpr any_protocol(int family, int protocol) noexcept
      : family_(family), protocol_(protocol) {}
  template <protocol_like Protocol>
  constexpr explicit any_protocol(const Protocol& source)
      : family_(source.family()), protocol_(source.protocol()) {
    if (source.type() != Type) {
      throw_bad_cast();
    }
  }

  friend constexpr bool operator==(const any_protocol&, const any_protocol&) noexcept = default;

 private:
  int family_;
  int protocol_;
};

}  // namespace NET_NAMESPACE::generic::internal
