// SPDX-License-Identifier: BSL-1.0
//
// An address of any family, in the form the kernel takes. Plain value.
//
//   net::generic::stream_protocol::endpoint peer(net::ip::tcp::endpoint(net::ip::tcp::v4(), 80));
#pragma once

#include <sys/socket.h>

#include <compare>
#include <concepts>
#include <cstddef>

#include "net/config.h"

namespace NET_NAMESPACE::generic {
namespace internal {

class any_endpoint {
 public:
  any_endpoint() noexcept = default;
  // Throws error::invalid_argument above capacity().
  any_endpoint(const void* address, std::size_t size, int protocol);

  int family() const noexcept { return address_.ss_family; }
  int protocol() const noexcept { return protocol_; }
  ::sockaddr* data() noexcept { return reinterpret_cast<::sockaddr*>(&address_); }
  const ::sockaddr* data() const noexcept { return reinterpret_cast<const ::sockaddr*>(&address_); }
  std::size_t size() const noexcept { return size_; }
  // Throws error::invalid_argument above capacity().
  void resize(std::size_t size);

  bool is_equal(const any_endpoint& other) const noexcept;
  std::strong_ordering compare(const any_endpoint& other) const noexcept;

 private:
  ::sockaddr_storage address_{};
  std::size_t size_ = 0;
  int protocol_ = 0;
};

}  // namespace internal

template <typename Protocol>
class basic_endpoint {
 public:
  using protocol_type = Protocol;
  using data_type = ::sockaddr;

  // Of no family.
  basic_endpoint() noexcept = default;
  // What `address` points to. Throws error::invalid_argument above capacity().
  basic_endpoint(const void* address, std::size_t size, int protocol = 0)
      : value_(address, size, protocol) {}
  // What the kernel reported.
  basic_endpoint(const ::sockaddr_storage& storage, std::size_t size)
      : basic_endpoint(&storage, size) {}
  template <typename Endpoint>
  requires(!std::same_as<Endpoint, basic_endpoint>) && requires(const Endpoint& source) {
    { source.data() } -> std::convertible_to<const void*>;
    { source.size() } -> std::convertible_to<std::size_t>;
    { source.protocol().protocol() } -> std::convertible_to<int>;
  }
  basic_endpoint(const Endpoint& source)
      : value_(source.data(), source.size(), source.protocol().protocol()) {}

  protocol_type protocol() const { return protocol_type(value_.family(), value_.protocol()); }

  // For the kernel, which may write up to capacity() bytes and then calls for resize(). That
  // forgets the protocol's number.
  data_type* data() noexcept { return value_.data(); }
  const data_type* data() const noexcept { return value_.data(); }
  std::size_t size() const noexcept { return value_.size(); }
  void resize(std::size_t size) { value_.resize(size); }
  static constexpr std::size_t capacity() noexcept { return sizeof(::sockaddr_storage); }

  // Equal if the bytes are; ordered by the protocol's number first.
  friend bool operator==(const basic_endpoint& left, const basic_endpoint& right) noexcept {
    return left.value_.is_equal(right.value_);
  }
  friend std::strong_ordering operator<=>(const basic_endpoint& left,
                                          const basic_endpoint& right) noexcept {
    return left.value_.compare(right.value_);
  }

 private:
  internal::any_endpoint value_;
};

}  // namespace NET_NAMESPACE::generic
