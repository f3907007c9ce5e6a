// SPDX-License-Identifier: BSL-1.0
//
// The address of a unix-domain socket, in the form the kernel takes: a path, a name in Linux's
// abstract namespace, which begins with a zero byte, or none. Plain value. See unix(7).
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <compare>
#include <cstddef>
#include <iosfwd>
#include <ostream>
#include <string>
#include <string_view>

#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE::local {
namespace internal {

// Sets `size` to that of the whole address. error::name_too_long from 108 bytes on.
void assign(::sockaddr_un& address, std::size_t& size, std::string_view path, error_code& ec);
std::string path_of(const ::sockaddr_un& address, std::size_t size);

}  // namespace internal

template <typename Protocol>
class basic_endpoint {
 public:
  using protocol_type = Protocol;

  // Without a name, as the ends of a pair.
  basic_endpoint() noexcept = default;
  // A path of at most 107 bytes, or an abstract name of at most 108 with the zero byte that it
  // begins with. Throws error::name_too_long. Nothing is created before bind().
  basic_endpoint(std::string_view path) { this->path(path); }
  basic_endpoint(const char* path) : basic_endpoint(std::string_view(path)) {}
  basic_endpoint(const std::string& path) : basic_endpoint(std::string_view(path)) {}
  // What the kernel reported.
  basic_endpoint(const ::sockaddr_storage& storage, std::size_t size) noexcept
      : address_(reinterpret_cast<const ::sockaddr_un&>(storage)),
        size_(size < capacity() ? size : capacity()) {}

  protocol_type protocol() const noexcept { return protocol_type(); }

  // Of an abstract name with its zero byte; empty if there is none.
  std::string path() const { return internal::path_of(address_, size_); }
  void path(std::string_view path) {
    error_code ec;
    internal::assign(address_, size_, path, ec);
    NET_NAMESPACE::internal::throw_if(ec, "path of a local endpoint");
  }

  ::sockaddr* data() noexcept { return reinterpret_cast<::sockaddr*>(&address_); }
  const ::sockaddr* data() const noexcept {
    return reinterpret_cast<const ::sockaddr*>(&address_);
  }
  std::size_t size() const noexcept { return size_; }
  static constexpr std::size_t capacity() noexcept { return sizeof(::sockaddr_un); }

  friend bool operator==(const basic_endpoint& left, const basic_endpoint& right) {
    return left.path() == right.path();
  }
  friend std::strong_ordering operator<=>(const basic_endpoint& left,
                                          const basic_endpoint& right) {
    return left.path() <=> right.path();
  }
  friend std::ostream& operator<<(std::ostream& out, const basic_endpoint& what) {
    return out << what.path();
  }

 private:
  ::sockaddr_un address_{.sun_family = AF_UNIX, .sun_path = {}};
  std::size_t size_ = sizeof(::sa_family_t);
};

}  // namespace NET_NAMESPACE::local
