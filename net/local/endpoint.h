// SPDX-License-Identifier: BSL-1.0
//
// The address of a unix-domain socket, in the form the kernel takes: a path, a name in Linux's
// abstract namespace, which begins with a zero byte, or none. Plain value. See unix(7).
//
//   net::local::stream_protocol::endpoint here("/run/service");
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <compare>
#include <cstddef>
#include <cstring>
#include <iosfwd>
#include <string>
#include <string_view>

#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE::local {
namespace internal {

inline constexpr std::size_t path_offset = offsetof(::sockaddr_un, sun_path);

// Sets the name. Throws error::name_too_long.
void assign(::sockaddr_un& address, std::string_view path);
// The length of the name in an address that has that size for the kernel. Throws
// error::invalid_argument if it cannot have.
std::size_t path_length(const ::sockaddr_un& address, std::size_t size);

}  // namespace internal

template <typename Protocol>
class basic_endpoint {
 public:
  using protocol_type = Protocol;
  using data_type = ::sockaddr;

  // Without a name, as the ends of a pair.
  basic_endpoint() noexcept = default;
  // A path of at most 107 bytes, or an abstract name of at most 108 with the zero byte that it
  // begins with. Throws error::name_too_long. Nothing is created before bind().
  basic_endpoint(std::string_view path) { this->path(path); }
  basic_endpoint(const char* path) : basic_endpoint(std::string_view(path)) {}
  basic_endpoint(const std::string& path) : basic_endpoint(std::string_view(path)) {}
  // What the kernel reported.
  basic_endpoint(const ::sockaddr_storage& storage, std::size_t size) noexcept {
    std::memcpy(&address_, &storage, sizeof(address_));
    resize(size < capacity() ? size : capacity());
  }

  protocol_type protocol() const noexcept { return protocol_type(); }

  // Of an abstract name with its zero byte; empty if there is none.
  std::string path() const { return std::string(address_.sun_path, length_); }
  void path(std::string_view path) {
    internal::assign(address_, path);
    length_ = path.size();
  }
  void path(const char* path) { this->path(std::string_view(path)); }
  void path(const std::string& path) { this->path(std::string_view(path)); }

  // For the kernel, which may write up to capacity() bytes and then calls for resize(). The size
  // of a path is without its terminator, which is there nevertheless.
  data_type* data() noexcept { return reinterpret_cast<::sockaddr*>(&address_); }
  const data_type* data() const noexcept { return reinterpret_cast<const ::sockaddr*>(&address_); }
  std::size_t size() const noexcept { return internal::path_offset + length_; }
  void resize(std::size_t size) { length_ = internal::path_length(address_, size); }
  static constexpr std::size_t capacity() noexcept { return sizeof(::sockaddr_un); }

  friend bool operator==(const basic_endpoint& left, const basic_endpoint& right) noexcept {
    return left.view() == right.view();
  }
  friend std::strong_ordering operator<=>(const basic_endpoint& left,
                                          const basic_endpoint& right) noexcept {
    return left.view() <=> right.view();
  }

 private:
  std::string_view view() const noexcept { return {address_.sun_path, length_}; }

  ::sockaddr_un address_{.sun_family = AF_UNIX, .sun_path = {}};
  std::size_t length_ = 0;
};

template <typename Elem, typename Traits, typename Protocol>
std::basic_ostream<Elem, Traits>& operator<<(std::basic_ostream<Elem, Traits>& out,
                                             const basic_endpoint<Protocol>& what) {
  return out << what.path();
}

}  // namespace NET_NAMESPACE::local
