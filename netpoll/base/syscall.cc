// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/syscall.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
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

// Makes one call while a test watches, or has just ended watching.
template <interrupted OnInterrupt, typename Attempt>
[[gnu::cold, gnu::noinline]] result invoke_watched(call which, int fd, std::size_t size,
                                                   Attempt attempt) noexcept {
  for (;;) {
    result answer;
    std::optional<result> injected;
    fault_injector* const injector = installed.load(std::memory_order_acquire);
    if (injector != nullptr) {
      injected = injector->before(which, fd, size);
    }
    if (injected) {
      answer = *injected;
    } else {
      answer.value = static_cast<long>(attempt(size));
      answer.error = answer.value < 0 ? errno : 0;
    }
    if (injector != nullptr) {
      injector->after(which, fd, answer);
    }
    if (OnInterrupt == interrupted::retry && answer.error == EINTR) {
      continue;
    }
    return answer;
  }
}

// Makes one call. `attempt(size)` is the system call itself, with the number of bytes it may move.
template <interrupted OnInterrupt = interrupted::retry, typename Attempt>
result invoke(call which, int fd, std::size_t size, Attempt attempt) noexcept {
  // relaxed: a hint, acquired where it is used.
  if (installed.load(std::memory_order_relaxed) != nullptr) [[unlikely]] {
    return invoke_watched<OnInterrupt>(which, fd, size, attempt);
  }
  for (;;) {
    const long value = static_cast<long>(attempt(size));
    if (value >= 0) [[likely]] {
      return {value, 0};
    }
    if (OnInterrupt == interrupted::report || errno != EINTR) {
      return {value, errno};
    }
  }
}

// The same of recv(2) or send(2), which most operations make: their arguments stay in registers.
template <auto Call, typename Data>
[[gnu::always_inline]] inline result invoke_transfer(call which, int fd, Data* data,
                                                     std::size_t size, int flags) noexcept {
  // relaxed: a hint, acquired where it is used.
  while (installed.load(std::memory_order_relaxed) == nullptr) [[likely]] {
      const ::ssize_t value = Call(fd, data, size, flags);
      if (value >= 0) [[likely]] {
        return {value, 0};
      }
      if (const int error = errno; error != EINTR) {
        return {value, error};
      }
    }
  return invoke_watched<interrupted::retry>(
      which, fd, size, [=](std::size_t some) { return Call(fd, data, some, flags); });
}

std::size_t size_of(const ::iovec* buffers, std::size_t count) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    size += buffers[i].iov_len;
  }
  return size;
}

// Makes one call that takes a vector of buffers. `attempt(buffers, count)` is the call itself. The
// kernel takes the vector as it is, but for a test that wants a short transfer.
template <typename Attempt>
result invoke_vector(call which, int fd, const ::iovec* buffers, std::size_t count,
                     Attempt attempt) noexcept {
  const bool is_watched = installed.load(std::memory_order_acquire) != nullptr;
  const std::size_t size = is_watched ? size_of(buffers, count) : 0;
  return invoke(which, fd, size, [&](std::size_t allowed) {
    if (allowed >= size) [[likely]] {
      return attempt(buffers, count);
    }
    ::iovec first = *std::find_if(buffers, buffers + count,
                                  [](const ::iovec& each) { return each.iov_len != 0; });
    first.iov_len = std::min(first.iov_len, allowed);
    return attempt(&first, std::size_t{1});
  });
}

// For calls that have no MSG_NOSIGNAL: a peer that is gone is EPIPE and no signal, whatever the
// process does with SIGPIPE.
class no_sigpipe {
 public:
  no_sigpipe() noexcept {
    ::sigset_t pipe = only_pipe();
    ::pthread_sigmask(SIG_BLOCK, &pipe, &before_);
    if (::sigismember(&before_, SIGPIPE) == 1) {
      ::sigset_t pending;
      ::sigpending(&pending);
      was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    }
  }
  ~no_sigpipe() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  no_sigpipe(const no_sigpipe&) = delete;
  no_sigpipe& operator=(const no_sigpipe&) = delete;

  // The answer to a call that asked for `size` bytes; takes back the signal that may have come with
  // it, leaves errno alone. A call that moved some bytes before it met the end raises it, too.
  long seen(long answer, std::size_t size) const noexcept {
    const int error = errno;
    const bool may_be_raised =
        answer < 0 ? error == EPIPE : static_cast<std::size_t>(answer) < size;
    if (may_be_raised && !was_pending_) {
      const ::sigset_t pipe = only_pipe();
      const ::timespec at_once{};
      while (::sigtimedwait(&pipe, nullptr, &at_once) < 0 && errno == EINTR) {
      }
    }
    errno = error;
    return answer;
  }

 private:
  static ::sigset_t only_pipe() noexcept {
    ::sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGPIPE);
    return set;
  }

  ::sigset_t before_{};
  bool was_pending_ = false;
};

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

const char* name_of(call which) noexcept {
  switch (which) {
    case call::read: return "read";
    case call::write: return "write";
    case call::read_vector: return "readv";
    case call::write_vector: return "writev";
    case call::recv: return "recv";
    case call::send: return "send";
    case call::receive_message: return "recvmsg";
    case call::send_message: return "sendmsg";
    case call::read_vector_at: return "preadv";
    case call::write_vector_at: return "pwritev";
    case call::send_file: return "sendfile";
    case call::splice: return "splice";
    case call::copy_file_range: return "copy_file_range";
    case call::socket: return "socket";
    case call::accept: return "accept4";
    case call::bind: return "bind";
    case call::listen: return "listen";
    case call::connect: return "connect";
    case call::shutdown: return "shutdown";
    case call::get_socket_name: return "getsockname";
    case call::get_peer_name: return "getpeername";
    case call::get_option: return "getsockopt";
    case call::set_option: return "setsockopt";
    case call::available: return "ioctl(FIONREAD)";
    case call::io_control: return "ioctl";
    case call::set_non_blocking: return "fcntl(F_SETFL)";
    case call::is_non_blocking: return "fcntl(F_GETFL)";
    case call::duplicate: return "fcntl(F_DUPFD_CLOEXEC)";
    case call::duplicate_to: return "dup3";
    case call::file_mode: return "fstat";
    case call::pipe: return "pipe2";
    case call::set_pipe_size: return "fcntl(F_SETPIPE_SZ)";
    case call::socket_pair: return "socketpair";
    case call::close: return "close";
    case call::epoll_create: return "epoll_create1";
    case call::epoll_control: return "epoll_ctl";
    case call::epoll_wait: return "epoll_wait";
    case call::epoll_wait_precise: return "epoll_pwait2";
    case call::event_fd: return "eventfd";
    case call::timer_fd: return "timerfd_create";
    case call::set_timer_fd: return "timerfd_settime";
    case call::poll: return "ppoll";
    case call::map_memory: return "mmap";
    case call::unmap_memory: return "munmap";
    case call::advise_memory: return "madvise";
    case call::advise_memory_ranges: return "process_madvise";
    case call::protect_memory: return "mprotect";
    case call::memory_residency: return "mincore";
    case call::open_file: return "open";
    case call::get_resource_limit: return "getrlimit";
    case call::signal_action: return "sigaction";
    case call::memory_barrier: return "membarrier";
  }
  return "?";
}

void set_fault_injector(fault_injector* injector) noexcept {
  installed.store(injector, std::memory_order_release);
}

result read(int fd, void* data, std::size_t size) noexcept {
  return invoke(call::read, fd, size, [&](std::size_t n) { return ::read(fd, data, n); });
}

result write(int fd, const void* data, std::size_t size) noexcept {
  return invoke(call::write, fd, size, [&](std::size_t n) { return ::write(fd, data, n); });
}

result read_vector(int fd, const ::iovec* buffers, std::size_t count) noexcept {
  return invoke_vector(
      call::read_vector, fd, buffers, count,
      [&](const ::iovec* some, std::size_t n) { return ::readv(fd, some, static_cast<int>(n)); });
}

result write_vector(int fd, const ::iovec* buffers, std::size_t count) noexcept {
  return invoke_vector(
      call::write_vector, fd, buffers, count, [&](const ::iovec* some, std::size_t n) {
        const no_sigpipe quiet;
        return quiet.seen(::writev(fd, some, static_cast<int>(n)), size_of(some, n));
      });
}

result read_vector_at(int fd, const ::iovec* buffers, std::size_t count, ::off_t offset) noexcept {
  return invoke_vector(call::read_vector_at, fd, buffers, count,
                       [&](const ::iovec* some, std::size_t n) {
                         return ::preadv(fd, some, static_cast<int>(n), offset);
                       });
}

result write_vector_at(int fd, const ::iovec* buffers, std::size_t count, ::off_t offset) noexcept {
  return invoke_vector(call::write_vector_at, fd, buffers, count,
                       [&](const ::iovec* some, std::size_t n) {
                         return ::pwritev(fd, some, static_cast<int>(n), offset);
                       });
}

result send_file(int to, int from, ::off_t* offset, std::size_t size) noexcept {
  return invoke(call::send_file, to, size, [&](std::size_t n) {
    const no_sigpipe quiet;
    return quiet.seen(::sendfile(to, from, offset, n), n);
  });
}

result splice(int from, int to, std::size_t size) noexcept {
  return invoke(call::splice, from, size, [&](std::size_t n) {
    const no_sigpipe quiet;
    return quiet.seen(::splice(from, nullptr, to, nullptr, n, SPLICE_F_NONBLOCK | SPLICE_F_MOVE),
                      n);
  });
}

result copy_file_range(int from, ::off_t* from_offset, int to, ::off_t* to_offset,
                       std::size_t size) noexcept {
  return invoke(call::copy_file_range, to, size, [&](std::size_t n) {
    return ::copy_file_range(from, from_offset, to, to_offset, n, 0);
  });
}

result recv(int fd, void* data, std::size_t size, int flags) noexcept {
  return invoke_transfer<::recv>(call::recv, fd, data, size, flags);
}

result send(int fd, const void* data, std::size_t size, int flags) noexcept {
  return invoke_transfer<::send>(call::send, fd, data, size, flags | MSG_NOSIGNAL);
}

result receive_message(int fd, ::msghdr* message, int flags) noexcept {
  return invoke_vector(call::receive_message, fd, message->msg_iov, message->msg_iovlen,
                       [&](const ::iovec* some, std::size_t n) {
                         const ::msghdr whole = *message;
                         message->msg_iov = const_cast<::iovec*>(some);
                         message->msg_iovlen = n;
                         const ::ssize_t got = ::recvmsg(fd, message, flags | MSG_CMSG_CLOEXEC);
                         message->msg_iov = whole.msg_iov;
                         message->msg_iovlen = whole.msg_iovlen;
                         return got;
                       });
}

result send_message(int fd, const ::msghdr* message, int flags) noexcept {
  return invoke_vector(call::send_message, fd, message->msg_iov, message->msg_iovlen,
                       [&](const ::iovec* some, std::size_t n) {
                         ::msghdr cut = *message;
                         cut.msg_iov = const_cast<::iovec*>(some);
                         cut.msg_iovlen = n;
                         return ::sendmsg(fd, &cut, flags | MSG_NOSIGNAL);
                       });
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

result io_control(int fd, unsigned long command, void* data) noexcept {
  return invoke(call::io_control, fd, 0, [&](std::size_t) { return ::ioctl(fd, command, data); });
}

result set_non_blocking(int fd, bool on) noexcept {
  return invoke(call::set_non_blocking, fd, 0, [&](std::size_t) {
    const int flags = ::fcntl(fd, F_GETFL);
    return flags < 0 ? flags : ::fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
  });
}

result is_non_blocking(int fd) noexcept {
  result answer =
      invoke(call::is_non_blocking, fd, 0, [&](std::size_t) { return ::fcntl(fd, F_GETFL); });
  if (answer.ok()) {
    answer.value = (answer.value & O_NONBLOCK) != 0 ? 1 : 0;
  }
  return answer;
}

result duplicate(int fd) noexcept {
  return invoke(call::duplicate, fd, 0,
                [&](std::size_t) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); });
}

result duplicate_to(int fd, int number) noexcept {
  return invoke(call::duplicate_to, fd, 0,
                [&](std::size_t) { return ::dup3(fd, number, O_CLOEXEC); });
}

result file_mode(int fd) noexcept {
  return invoke(call::file_mode, fd, 0, [&](std::size_t) -> long {
    struct ::stat status {};
    const int answer = ::fstat(fd, &status);
    return answer == 0 ? static_cast<long>(status.st_mode) : answer;
  });
}

result pipe(int (&ends)[2]) noexcept {
  return invoke(call::pipe, -1, 0,
                [&](std::size_t) { return ::pipe2(ends, O_CLOEXEC | O_NONBLOCK); });
}

result set_pipe_size(int fd, std::size_t size) noexcept {
  // The kernel refuses the largest number it can be told, and would believe any that is cut off.
  const std::size_t told = std::min<std::size_t>(size, std::numeric_limits<unsigned>::max());
  return invoke(call::set_pipe_size, fd, 0, [&](std::size_t) {
    return ::fcntl(fd, F_SETPIPE_SZ, static_cast<unsigned>(told));
  });
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
  if (fault_injector* const injector = installed.load(std::memory_order_acquire)) [[unlikely]] {
    injector->epoll_control_asked(epoll_fd, operation, fd, *event);
  }
  return invoke(call::epoll_control, fd, 0,
                [&](std::size_t) { return ::epoll_ctl(epoll_fd, operation, fd, event); });
}

namespace {

// Until a time: as precisely as the kernel can.
[[gnu::noinline]] result epoll_wait_until(int epoll_fd, ::epoll_event* events, int size,
                                          std::int64_t timeout_ns) noexcept {
  // relaxed: a stale value costs one more refused call, nothing else depends on it.
  if (has_epoll_pwait2.load(std::memory_order_relaxed)) {
    const result answer = invoke<interrupted::report>(
        call::epoll_wait_precise, epoll_fd, 0, [&](std::size_t) -> long {
          const ::timespec timeout = to_timespec(timeout_ns);
          return ::syscall(SYS_epoll_pwait2, epoll_fd, events, size, &timeout, nullptr,
                           std::size_t{0});
        });
    // EPERM is what a sandbox says that has never heard of the call.
    if (answer.error != ENOSYS && answer.error != EPERM) {
      return answer;
    }
    has_epoll_pwait2.store(false, std::memory_order_relaxed);
  }
  return invoke<interrupted::report>(call::epoll_wait, epoll_fd, 0, [&](std::size_t) {
    return ::epoll_wait(epoll_fd, events, size, to_milliseconds(timeout_ns));
  });
}

}  // namespace

result epoll_wait(int epoll_fd, ::epoll_event* events, int size, std::int64_t timeout_ns) noexcept {
  // For ever and "just look" need no fine clock, and older kernels know them.
  if (timeout_ns > 0) {
    return epoll_wait_until(epoll_fd, events, size, timeout_ns);
  }
  const int timeout = timeout_ns < 0 ? -1 : 0;
  return invoke<interrupted::report>(call::epoll_wait, epoll_fd, 0, [=](std::size_t) {
    return ::epoll_wait(epoll_fd, events, size, timeout);
  });
}

result event_fd() noexcept {
  return invoke(call::event_fd, -1, 0,
                [&](std::size_t) { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); });
}

result timer_fd() noexcept {
  return invoke(call::timer_fd, -1, 0, [&](std::size_t) {
    return ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  });
}

result set_timer_fd(int fd, std::int64_t when_ns) noexcept {
  return invoke(call::set_timer_fd, fd, 0, [&](std::size_t) {
    const ::itimerspec when{.it_interval = {}, .it_value = to_timespec(when_ns)};
    return ::timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, nullptr);
  });
}

result poll(::pollfd* fds, unsigned count, std::int64_t timeout_ns) noexcept {
  return invoke<interrupted::report>(call::poll, -1, 0, [&](std::size_t) {
    const ::timespec timeout = to_timespec(timeout_ns);
    return ::ppoll(fds, count, timeout_ns < 0 ? nullptr : &timeout, nullptr);
  });
}

result map_memory(std::size_t size) noexcept {
  return invoke(call::map_memory, -1, 0, [&](std::size_t) {
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    return memory == MAP_FAILED ? -1 : reinterpret_cast<long>(memory);
  });
}

result unmap_memory(void* where, std::size_t size) noexcept {
  return invoke(call::unmap_memory, -1, 0, [&](std::size_t) { return ::munmap(where, size); });
}

result advise_memory(void* where, std::size_t size, int advice) noexcept {
  return invoke(call::advise_memory, -1, 0,
                [&](std::size_t) { return ::madvise(where, size, advice); });
}

result advise_memory_ranges(const ::iovec* ranges, std::size_t count, int advice) noexcept {
  // From linux/pidfd.h of Linux 6.14: the calling thread, and so its process. A real pidfd would be
  // a descriptor to keep, and after a fork the parent's.
  constexpr int pidfd_self = -10000;
  constexpr long process_madvise_number = 440;  // older headers lack it; the same on all processors
  return invoke(call::advise_memory_ranges, -1, 0, [&](std::size_t) {
    return ::syscall(process_madvise_number, pidfd_self, ranges, count, advice, 0UL);
  });
}

result protect_memory(void* where, std::size_t size, int protection) noexcept {
  return invoke(call::protect_memory, -1, 0,
                [&](std::size_t) { return ::mprotect(where, size, protection); });
}

result memory_residency(void* where, std::size_t size, unsigned char* pages) noexcept {
  return invoke(call::memory_residency, -1, 0,
                [&](std::size_t) { return ::mincore(where, size, pages); });
}

result open_file(const char* path) noexcept {
  return invoke(call::open_file, -1, 0,
                [&](std::size_t) { return ::open(path, O_RDONLY | O_CLOEXEC); });
}

result get_resource_limit(int which, ::rlimit* limit) noexcept {
  return invoke(call::get_resource_limit, -1, 0, [&](std::size_t) {
    return ::getrlimit(static_cast<decltype(RLIMIT_AS)>(which), limit);
  });
}

result signal_action(int signal, const struct ::sigaction* action) noexcept {
  return invoke(call::signal_action, -1, 0,
                [&](std::size_t) { return ::sigaction(signal, action, nullptr); });
}

result memory_barrier(int command) noexcept {
  return invoke(call::memory_barrier, -1, 0,
                [&](std::size_t) { return ::syscall(SYS_membarrier, command, 0, 0); });
}

}  // namespace netpoll::sys
