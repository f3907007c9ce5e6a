// SPDX-License-Identifier: BSL-1.0
#include "testing/integration/fault_table.h"

#include <string.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>

#include "netpoll/error.h"

namespace nettest {
namespace {

using netpoll::sys::call;

std::vector<possible_error> make(std::initializer_list<int> masked,
                                 std::initializer_list<int> reported,
                                 std::initializer_list<int> either = {}) {
  std::vector<possible_error> all;
  for (const int error : masked) {
    all.push_back({error, effect::masked});
  }
  for (const int error : reported) {
    all.push_back({error, effect::reported});
  }
  for (const int error : either) {
    all.push_back({error, effect::either});
  }
  return all;
}

bool is_one_of(std::string_view what, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), what) != all.end();
}

}  // namespace

std::vector<possible_error> errors_of(call which) {
  switch (which) {
    case call::recv:
    case call::receive_message:
      return make({EAGAIN, EINTR}, {EBADF, ECONNREFUSED, ECONNRESET, EFAULT, EHOSTUNREACH, EINVAL,
                                    EIO, ENETDOWN, ENOBUFS, ENOMEM, ENOTCONN, ENOTSOCK, ETIMEDOUT});
    case call::send:
    case call::send_message:
      return make({EAGAIN, EINTR},
                  {EACCES, EALREADY, EBADF,    ECONNRESET, EDESTADDRREQ, EFAULT,      EHOSTUNREACH,
                   EINVAL, EIO,      EISCONN,  EMSGSIZE,   ENETDOWN,     ENETUNREACH, ENOBUFS,
                   ENOMEM, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EPERM,        EPIPE,       ETIMEDOUT});
    // Of the library's eventfds and pipes. A drain that fails is done again by the next wait.
    case call::read: return make({EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EIO, EISDIR}, {});
    // A full eventfd is readable, which is all it is for. Any other error means that it is not an
    // eventfd any more: the wake-up aborts (see the death tests).
    case call::write: return make({EAGAIN, EINTR}, {});
    case call::socket:
      // Without IPv6, which the first address of a wildcard listener needs, IPv4 alone will do.
      return make({EINTR},
                  {EACCES, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT, EPERM},
                  {EAFNOSUPPORT});
    case call::accept:
      // Out of descriptors or memory: waits and tries again.
      return make({EAGAIN, EINTR, ECONNABORTED, EPROTO, EMFILE, ENFILE, ENOBUFS, ENOMEM},
                  {EBADF, EFAULT, EHOSTDOWN, EHOSTUNREACH, EINVAL, ENETDOWN, ENETUNREACH, ENONET,
                   ENOPROTOOPT, ENOSR, ENOTSOCK, EOPNOTSUPP, EPERM, EPROTONOSUPPORT,
                   ESOCKTNOSUPPORT, ETIMEDOUT});
    case call::bind:
      return make({EINTR},
                  {EACCES, EADDRINUSE, EBADF, EFAULT, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM,
                   ENOTDIR, ENOTSOCK, EPERM, EROFS},
                  {EADDRNOTAVAIL, EAFNOSUPPORT});
    case call::listen: return make({EINTR}, {EADDRINUSE, EBADF, ENOTSOCK, EOPNOTSUPP});
    case call::connect:
      // The first three say that it goes on in the background, which the injector sees to. That there
      // is a connection already is just what the call at the end of an attempt says.
      return make({EALREADY, EINPROGRESS, EINTR},
                  {EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EBADF, ECONNREFUSED,
                   ECONNRESET, EFAULT, EHOSTUNREACH, EINVAL, ENETDOWN, ENETUNREACH, ENOBUFS,
                   ENOTSOCK, EPERM, EPROTOTYPE, ETIMEDOUT},
                  {EISCONN});
    case call::shutdown: return make({EINTR}, {EBADF, EINVAL, ENOTCONN, ENOTSOCK});
    case call::get_socket_name: return make({EINTR}, {EBADF, EFAULT, EINVAL, ENOBUFS, ENOTSOCK});
    case call::get_peer_name:
      // ENOTCONN: reported writable too early.
      return make({EINTR, ENOTCONN}, {EBADF, EFAULT, EINVAL, ENOBUFS, ENOTSOCK});
    case call::get_option:
      return make({EINTR}, {EBADF, EFAULT, EINVAL, ENOBUFS, ENOMEM, ENOPROTOOPT, ENOTSOCK});
    case call::set_option:
      // Only that a port can be listened on again at once is worth an error.
      return make({EINTR}, {}, {EBADF, EDOM, EFAULT, EINVAL, ENOMEM, ENOPROTOOPT, ENOTSOCK, EPERM});
    case call::close:
      // The number is free whatever close says; the library has nobody to tell. EBADF cannot be:
      // the number is its own.
      return make({EDQUOT, EINTR, EIO, ENOSPC}, {});
    case call::epoll_create: return make({EINTR}, {EINVAL, EMFILE, ENFILE, ENOMEM});
    case call::epoll_control:
      // Removing may fail: close removes too. EPERM: cannot be waited for, so it is only tried.
      return make({EINTR}, {}, {EBADF, EEXIST, EINVAL, ELOOP, ENOENT, ENOMEM, ENOSPC, EPERM});
    // Everything else (EBADF, EFAULT, EINVAL) means that the epoll set is not one any more:
    // aborts, see the death tests. ENOSYS changes how the process waits from then on: a test of
    // its own.
    case call::epoll_wait:
    case call::epoll_wait_precise: return make({EINTR}, {});
    case call::event_fd: return make({EINTR}, {EINVAL, EMFILE, ENFILE, ENODEV, ENOMEM});
    case call::poll: return make({EFAULT, EINTR, EINVAL, ENOMEM}, {});
    // Where there is no room for many stacks there may be for one.
    case call::map_memory: return make({}, {}, {EACCES, EAGAIN, EINVAL, ENFILE, ENOMEM, EPERM});
    case call::unmap_memory: return make({EINVAL, ENOMEM}, {});
    // Advice about huge pages may be refused, a guard may not; but EINVAL says that the kernel
    // does not know guards, and the page is protected in another way.
    case call::advise_memory:
      return make({EINVAL}, {}, {EACCES, EAGAIN, EBADF, EIO, ENOMEM, EPERM});
    // Then the ranges are advised one by one.
    case call::advise_memory_ranges: return make({EBADF, EINVAL, ENOMEM, ENOSYS, EPERM, ESRCH}, {});
    case call::protect_memory: return make({}, {EACCES, EINVAL, ENOMEM});
    // Nothing in the runs makes these.
    case call::read_vector:
    case call::write_vector:
    case call::read_vector_at:
    case call::write_vector_at:
    case call::send_file:
    case call::splice:
    case call::copy_file_range:
    case call::available:
    case call::io_control:
    case call::set_non_blocking:
    case call::is_non_blocking:
    case call::duplicate:
    case call::duplicate_to:
    case call::file_mode:
    case call::pipe:
    case call::set_pipe_size:
    case call::socket_pair:
    case call::timer_fd:
    case call::set_timer_fd:
    case call::memory_residency:
    case call::open_file:
    case call::get_resource_limit:
    case call::signal_action: return {};
    // Either it is there or it is not, which is found out before main().
    case call::memory_barrier: return {};
  }
  return {};
}

bool can_be_short(call which) {
  return which == call::recv || which == call::send || which == call::receive_message ||
         which == call::send_message;
}

bool may_report(call which, std::string_view operation) {
  switch (which) {
    case call::recv:
    case call::receive_message: return operation == "read";
    case call::send:
    case call::send_message: return operation == "write";
    case call::accept: return operation == "accept";
    case call::shutdown: return operation == "close";
    case call::bind:
    case call::listen: return operation == "listen";
    case call::connect:
    case call::get_peer_name:
    case call::get_option: return operation == "dial";
    case call::socket:
    case call::set_option: return is_one_of(operation, {"dial", "listen"});
    case call::get_socket_name: return is_one_of(operation, {"accept", "dial", "listen"});
    case call::epoll_create:
    case call::event_fd: return operation == "context";
    case call::epoll_control:
      return is_one_of(operation, {"accept", "context", "dial", "read", "set", "write"});
    case call::map_memory:
    case call::advise_memory:
    case call::protect_memory: return operation == "spawn";
    default: return false;
  }
}

bool may_show(call which, int error, const std::error_code& shown) {
  if (shown == std::error_code(error, std::system_category())) {
    return true;
  }
  // What epoll refuses is tried without waiting, and has no deadlines.
  return which == call::epoll_control && error == EPERM &&
         (shown == std::error_code(EAGAIN, std::system_category()) ||
          shown == netpoll::errc::no_deadline);
}

std::string name_of_error(int error) {
  const char* const name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

}  // namespace nettest
