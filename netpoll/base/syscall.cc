// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/syscall.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <limits>

namespace netpoll::sys {
namespace {

constinit std::atomic<fault_injector*> installed{nullptr};

enum class interrupted { retry, report };

// Makes one call. `attempt(size)` is the system call itself, with the number of bytes it may move.
template <interrupted OnInterrupt = interrupted::retry, typename Attempt>
result invoke(call which, int fd, std::size_t size, Attempt attempt) noexcept {
  for (;;) {
    result answer;
    std::optional<result> injected;
    if (fault_injector* const injector = installed.load(std::memory_order_acquire)) [[unlikely]] {
      injected = injector->before(which, fd, size);
    }
    if (injected) [[unlikely]] {
      answer = *injected;
    } else {
      answer.value = static_cast<long>(attempt(size));
      answer.error = answer.value < 0 ? errno : 0;
    }
    if (OnInterrupt == interrupted::retry && answer.error == EINTR) {
      continue;
    }
    return answer;
  }
}

// Splits nanoseconds the way the kernel wants them.
::timespec to_timespec(std::int64_t duration_ns) noexcept {
  constexpr std::int64_t second_ns = 1'000'000'000;
  return {.tv_sec = duration_ns / second_ns, .tv_nsec = duration_ns % second_ns};
}

int to_milliseconds(std::int64_t duration_ns) noexcept {
  constexpr std::int64_t millisecond_ns = 1'000'000;
  if (duration_ns < 0) {
    return -1;
  }
  const std::int64_t rounded_up =
      duration_ns / millisecond_ns + (duration_ns % millisecond_ns != 0 ? 1 : 0);
  return static_cast<int>(std::min<std::int64_t>(rounded_up, std::numeric_limits<int>::max()));
}

// Whether epoll_pwait2 (Linux 5.11) is there; found out by the first wait.
constinit std::atomic<bool> has_epoll_pwait2{true};

}  // namespace

void set_fault_injector(fault_injector* injector) noexcept {
  installed.store(injector, std::memory_order_release);
}

bool would_block(int error) noexcept { return error == EAGAIN; }

result read(int fd, void* data, std::size_t size) noexcept {
  return invoke(call::read, fd, size, [&](std::size_t n) { return ::read(fd, data, n); });
}

result write(int fd, const void* data, std::size_t size) noexcept {
  return invoke(call::write, fd, size, [&](std::size_t n) { return ::write(fd, data, n); });
}

result read_vector(int fd, const ::iovec* buffers, std::size_t count) noexcept {
  return invoke(call::read_vector, fd, 0,
                [&](std::size_t) { return ::readv(fd, buffers, static_cast<int>(count)); });
}

result write_vector(int fd, const ::iovec* buffers, std::size_t count) noexcept {
  return invoke(call::write_vector, fd, 0,
                [&](std::size_t) { return ::writev(fd, buffers, static_cast<int>(count)); });
}

result recv(int fd, void* data, std::size_t size, int flags) noexcept {
  return invoke(call::recv, fd, size, [&](std::size_t n) { return ::recv(fd, data, n, flags); });
}

result send(int fd, const void* data, std::size_t size, int flags) noexcept {
  return invoke(call::send, fd, size,
                [&](std::size_t n) { return ::send(fd, data, n, flags | MSG_NOSIGNAL); });
}

result receive_message(int fd, ::msghdr* message, int flags) noexcept {
  return invoke(call::receive_message, fd, 0,
                [&](std::size_t) { return ::recvmsg(fd, message, flags | MSG_CMSG_CLOEXEC); });
}

result send_message(int fd, const ::msghdr* message, int flags) noexcept {
  return invoke(call::send_message, fd, 0,
                [&](std::size_t) { return ::sendmsg(fd, message, flags | MSG_NOSIGNAL); });
}

result socket(int family, int type, int protocol) noexcept {
  return invoke(call::socket, -1, 0, [&](std::size_t) {
    return ::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  });
}

result accept(int fd, ::sockaddr* address, ::socklen_t* size) noexcept {
  return invoke(call::accept, fd, 0, [&](std::size_t) {
    return ::accept4(fd, address, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  });
}

result bind(int fd, const ::sockaddr* address, ::socklen_t size) noexcept {
  return invoke(call::bind, fd, 0, [&](std::size_t) { return ::bind(fd, address, size); });
}

result listen(int fd, int backlog) noexcept {
  return invoke(call::listen, fd, 0, [&](std::size_t) { return ::listen(fd, backlog); });
}

result connect(int fd, const ::sockaddr* address, ::socklen_t size) noexcept {
  return invoke<interrupted::report>(call::connect, fd, 0,
                                     [&](std::size_t) { return ::connect(fd, address, size); });
}

result shutdown(int fd, int how) noexcept {
  return invoke(call::shutdown, fd, 0, [&](std::size_t) { return ::shutdown(fd, how); });
}

result get_socket_name(int fd, ::sockaddr* address, ::socklen_t* size) noexcept {
  return invoke(call::get_socket_name, fd, 0,
                [&](std::size_t) { return ::getsockname(fd, address, size); });
}

result get_peer_name(int fd, ::sockaddr* address, ::socklen_t* size) noexcept {
  return invoke(call::get_peer_name, fd, 0,
                [&](std::size_t) { return ::getpeername(fd, address, size); });
}

result get_option(int fd, int level, int name, void* data, ::socklen_t* size) noexcept {
  return invoke(call::get_option, fd, 0,
                [&](std::size_t) { return ::getsockopt(fd, level, name, data, size); });
}

result set_option(int fd, int level, int name, const void* data, ::socklen_t size) noexcept {
  return invoke(call::set_option, fd, 0,
                [&](std::size_t) { return ::setsockopt(fd, level, name, data, size); });
}

result take_socket_error(int fd) noexcept {
  int pending = 0;
  ::socklen_t size = sizeof(pending);
  result answer = get_option(fd, SOL_SOCKET, SO_ERROR, &pending, &size);
  if (answer.ok()) {
    answer.value = pending;
  }
  return answer;
}

result available(int fd) noexcept {
  int count = 0;
  result answer =
      invoke(call::available, fd, 0, [&](std::size_t) { return ::ioctl(fd, FIONREAD, &count); });
  if (answer.ok()) {
    answer.value = count;
  }
  return answer;
}

result set_non_blocking(int fd, bool on) noexcept {
  return invoke(call::set_non_blocking, fd, 0, [&](std::size_t) {
    const int flags = ::fcntl(fd, F_GETFL);
    return flags < 0 ? flags : ::fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
  });
}

result pipe(int (&ends)[2]) noexcept {
  return invoke(call::pipe, -1, 0,
                [&](std::size_t) { return ::pipe2(ends, O_CLOEXEC | O_NONBLOCK); });
}

result socket_pair(int family, int type, int (&ends)[2]) noexcept {
  return invoke(call::socket_pair, -1, 0, [&](std::size_t) {
    return ::socketpair(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends);
  });
}

result close(int fd) noexcept {
  return invoke<interrupted::report>(call::close, fd, 0, [&](std::size_t) { return ::close(fd); });
}

result epoll_create() noexcept {
  return invoke(call::epoll_create, -1, 0,
                [&](std::size_t) { return ::epoll_create1(EPOLL_CLOEXEC); });
}

result epoll_control(int epoll_fd, int operation, int fd, ::epoll_event* event) noexcept {
  return invoke(call::epoll_control, fd, 0,
                [&](std::size_t) { return ::epoll_ctl(epoll_fd, operation, fd, event); });
}

result epoll_wait(int epoll_fd, ::epoll_event* events, int size, std::int64_t timeout_ns) noexcept {
  return invoke<interrupted::report>(call::epoll_wait, epoll_fd, 0, [&](std::size_t) -> long {
    // Whole milliseconds, for ever and "just look" need no finer clock, and older kernels know them.
    const bool fine = timeout_ns > 0;
    // relaxed: a stale value costs one more refused call, nothing else depends on it.
    if (fine && has_epoll_pwait2.load(std::memory_order_relaxed)) {
      const ::timespec timeout = to_timespec(timeout_ns);
      const long count =
          ::syscall(SYS_epoll_pwait2, epoll_fd, events, size, &timeout, nullptr, std::size_t{0});
      if (count >= 0 || errno != ENOSYS) {
        return count;
      }
      has_epoll_pwait2.store(false, std::memory_order_relaxed);
    }
    return ::epoll_wait(epoll_fd, events, size, to_milliseconds(timeout_ns));
  });
}

result event_fd() noexcept {
  return invoke(call::event_fd, -1, 0,
                [&](std::size_t) { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); });
}

result poll(::pollfd* fds, unsigned count, std::int64_t timeout_ns) noexcept {
  return invoke<interrupted::report>(call::poll, -1, 0, [&](std::size_t) {
    const ::timespec timeout = to_timespec(timeout_ns);
    return ::ppoll(fds, count, timeout_ns < 0 ? nullptr : &timeout, nullptr);
  });
}

}  // namespace netpoll::sys
