// SPDX-License-Identifier: BSL-1.0
#include "net/ip/lookup.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace NET_NAMESPACE::ip::internal {
namespace {

error_code from_gai(int code, int saved_errno) noexcept {
  switch (code) {
    case 0: return {};
    case EAI_AGAIN: return error::host_not_found_try_again;
    case EAI_BADFLAGS: return error::invalid_argument;
    case EAI_NONAME:
    case EAI_ADDRFAMILY:
    case EAI_NODATA: return error::host_not_found;
    case EAI_FAMILY: return error::address_family_not_supported;
    case EAI_MEMORY: return error::no_memory;
    case EAI_SERVICE: return error::service_not_found;
    case EAI_SOCKTYPE: return error::socket_type_not_supported;
    case EAI_SYSTEM: return {saved_errno, std::system_category()};
    default: return error::no_recovery;
  }
}

}  // namespace

void name_lookup::ask() noexcept { ask(0); }

bool name_lookup::ask_without_network() noexcept {
  ask(AI_NUMERICHOST);
  return ec != error::host_not_found || (hints_.ai_flags & AI_NUMERICHOST) != 0 ||
         host_.find('\0') != std::string::npos;
}

void name_lookup::ask(int more_flags) noexcept {
  // The C library would read up to the terminator and find something else than was asked for.
  if (host_.find('\0') != std::string::npos) {
    ec = error::host_not_found;
    return;
  }
  if (service_.find('\0') != std::string::npos) {
    ec = error::service_not_found;
    return;
  }
  ::addrinfo hints = hints_;
  hints.ai_flags |= more_flags;
  ::addrinfo* list = nullptr;
  errno = 0;
  const int code = ::getaddrinfo(host_.empty() ? nullptr : host_.c_str(),
                                 service_.empty() ? nullptr : service_.c_str(), &hints, &list);
  ec = from_gai(code, errno);
  answer_.reset(list);
}

address_lookup::address_lookup(const ::sockaddr* address, ::socklen_t size,
                               int socket_type) noexcept
    : size_(std::min<::socklen_t>(size, sizeof(address_))),
      flags_(socket_type == SOCK_DGRAM ? NI_DGRAM : 0) {
  std::memcpy(&address_, address, size_);
}

void address_lookup::ask() noexcept {
  const auto ask_with = [this](int flags) {
    errno = 0;
    const int code = ::getnameinfo(reinterpret_cast<const ::sockaddr*>(&address_), size_, host_,
                                   sizeof(host_), service_, sizeof(service_), flags);
    ec = from_gai(code, errno);
  };
  ask_with(flags_);
  if (ec) {
    ask_with(flags_ | NI_NUMERICSERV);
  }
}

}  // namespace NET_NAMESPACE::ip::internal
