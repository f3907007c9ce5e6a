// SPDX-License-Identifier: BSL-1.0
#include "net/generic/endpoint.h"

#include <algorithm>
#include <cstring>

#include "net/error.h"

namespace NET_NAMESPACE::generic::internal {
namespace {

void check_size(std::size_t size) {
  if (size > sizeof(::sockaddr_storage)) {
    throw system_error(error::invalid_argument, "size of a generic endpoint");
  }
}

}  // namespace

any_endpoint::any_endpoint(const void* address, std::size_t size, int protocol)
    : size_(size), protocol_(protocol) {
  check_size(size);
  if (size != 0) {
    std::memcpy(&address_, address, size);
  }
}

void any_endpoint::resize(std::size_t size) {
  check_size(size);
  size_ = size;
  protocol_ = 0;
}

bool any_endpoint::is_equal(const any_endpoint& other) const noexcept {
  return size_ == other.size_ && std::memcmp(&address_, &other.address_, size_) == 0;
}

std::strong_ordering any_endpoint::compare(const any_endpoint& other) const noexcept {
  if (const auto order = protocol_ <=> other.protocol_; order != 0) {
    return order;
  }
  const int order = std::memcmp(&address_, &other.address_, std::min(size_, other.size_));
  return order != 0 ? order <=> 0 : size_ <=> other.size_;
}

}  // namespace NET_NAMESPACE::generic::internal
