// SPDX-License-Identifier: BSL-1.0
//
// The errors of the library, under the names and with the values that standalone Asio gives them,
// and two of our own: deadline_exceeded, which is never mistaken for a cancellation, and closed.
//
// What the operating system reports is in std::system_category(), so it compares equal to codes of
// other libraries. Each category has a function, usable at any time, and a reference, which is
// initialised with the other variables of a program.
//
//   if (ec == net::error::eof) …
//   if (ec == net::error::deadline_exceeded) …      // also ec == std::errc::timed_out
#pragma once

#include <netdb.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "net/config.h"
#include "netpoll/error.h"

namespace NET_NAMESPACE {

using std::error_category;
using std::error_code;
using std::system_category;
using std::system_error;

namespace error {

// errno values, in the system category.
enum basic_errors {
  access_denied = EACCES,
  address_family_not_supported = EAFNOSUPPORT,
  address_in_use = EADDRINUSE,
  already_connected = EISCONN,
  already_started = EALREADY,
  broken_pipe = EPIPE,
  connection_aborted = ECONNABORTED,
  connection_refused = ECONNREFUSED,
  connection_reset = ECONNRESET,
  bad_descriptor = EBADF,
  fault = EFAULT,
  host_unreachable = EHOSTUNREACH,
  in_progress = EINPROGRESS,
  interrupted = EINTR,
  invalid_argument = EINVAL,
  message_size = EMSGSIZE,
  name_too_long = ENAMETOOLONG,
  network_down = ENETDOWN,
  network_reset = ENETRESET,
  network_unreachable = ENETUNREACH,
  no_descriptors = EMFILE,
  no_buffer_space = ENOBUFS,
  no_memory = ENOMEM,
  no_permission = EPERM,
  no_protocol_option = ENOPROTOOPT,
  no_such_device = ENODEV,
  not_connected = ENOTCONN,
  not_socket = ENOTSOCK,
  operation_aborted = ECANCELED,
  operation_not_supported = EOPNOTSUPP,
  shut_down = ESHUTDOWN,
  timed_out = ETIMEDOUT,
  try_again = EAGAIN,
  would_block = EWOULDBLOCK,
};

enum netdb_errors {
  host_not_found = HOST_NOT_FOUND,
  host_not_found_try_again = TRY_AGAIN,
  no_data = NO_DATA,
  no_recovery = NO_RECOVERY,
};

enum addrinfo_errors {
  service_not_found = EAI_SERVICE,
  socket_type_not_supported = EAI_SOCKTYPE,
};

enum misc_errors {
  already_open = 1,
  eof,
  not_found,
  fd_set_failure,
};

// The deadline or timeout of the operation passed.
inline constexpr netpoll::errc deadline_exceeded = netpoll::errc::deadline_exceeded;
// The connection or listener was closed before or during the operation.
inline constexpr netpoll::errc closed = netpoll::errc::closed;

const error_category& get_system_category() noexcept;
const error_category& get_netdb_category() noexcept;
const error_category& get_addrinfo_category() noexcept;
const error_category& get_misc_category() noexcept;

inline const error_category& system_category = get_system_category();
inline const error_category& netdb_category = get_netdb_category();
inline const error_category& addrinfo_category = get_addrinfo_category();
inline const error_category& misc_category = get_misc_category();

// Makes `ec` say success, in the category it had.
inline void clear(error_code& ec) noexcept { ec.assign(0, ec.category()); }

inline error_code make_error_code(basic_errors code) noexcept {
  return {static_cast<int>(code), get_system_category()};
}
inline error_code make_error_code(netdb_errors code) noexcept {
  return {static_cast<int>(code), get_netdb_category()};
}
inline error_code make_error_code(addrinfo_errors code) noexcept {
  return {static_cast<int>(code), get_addrinfo_category()};
}
inline error_code make_error_code(misc_errors code) noexcept {
  return {static_cast<int>(code), get_misc_category()};
}

}  // namespace error

// The groups in which the Networking TS lists these errors.
namespace stream_errc {
using error::eof;
using error::not_found;
}  // namespace stream_errc

namespace socket_errc {
using error::already_open;
using error::not_found;
}  // namespace socket_errc

namespace resolver_errc {
using error::host_not_found;
inline constexpr error::netdb_errors try_again = error::host_not_found_try_again;
using error::service_not_found;
}  // namespace resolver_errc

namespace internal {

// Throws system_error if `ec` is set.
void throw_if(const error_code& ec, const char* operation);

// The throwing form of an operation whose other form is `call(ec)`.
template <typename Call>
decltype(auto) or_throw(const char* operation, Call call) {
  error_code ec;
  if constexpr (std::is_void_v<decltype(call(ec))>) {
    call(ec);
    throw_if(ec, operation);
  } else {
    decltype(auto) result = call(ec);
    throw_if(ec, operation);
    return result;
  }
}

}  // namespace internal
}  // namespace NET_NAMESPACE

template <>
struct std::is_error_code_enum<NET_NAMESPACE::error::basic_errors> : std::true_type {};
template <>
struct std::is_error_code_enum<NET_NAMESPACE::error::netdb_errors> : std::true_type {};
template <>
struct std::is_error_code_enum<NET_NAMESPACE::error::addrinfo_errors> : std::true_type {};
template <>
struct std::is_error_code_enum<NET_NAMESPACE::error::misc_errors> : std::true_type {};
