// SPDX-License-Identifier: BSL-1.0
//
// Every system call of the library, each written once. This is the only place that reads errno,
// that retries EINTR and that asks for close-on-exec and non-blocking descriptors, and the seam
// where a test makes a call fail.
//
// Nothing here throws or blocks unless the kernel call does. All functions are thread-safe.
//
//   sys::result got = sys::read(fd, buffer, size);
//   if (!got.ok()) return got.error;   // an errno value
#pragma once

#include <signal.h>
#include <sys/epoll.h>
#include <sys/poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace netpoll::sys {

// What the kernel answered: `value` when error is 0, else `error` holds an errno value.
struct result {
  long value = 0;
  int error = 0;

  bool ok() const noexcept { return error == 0; }
  std::size_t bytes() const noexcept { return static_cast<std::size_t>(value); }
};

// True for "not now" (EAGAIN; on Linux EWOULDBLOCK is the same number).
inline bool would_block(int error) noexcept { return error == EAGAIN; }

// EINTR is retried by these, unless said otherwise.
result read(int fd, void* data, std::size_t size) noexcept;
result write(int fd, const void* data, std::size_t size) noexcept;
result read_vector(int fd, const ::iovec* buffers, std::size_t count) noexcept;
result write_vector(int fd, const ::iovec* buffers, std::size_t count) noexcept;
// No transfer but write() raises SIGPIPE: a peer that is gone is EPIPE.
result recv(int fd, void* data, std::size_t size, int flags) noexcept;
result send(int fd, const void* data, std::size_t size, int flags) noexcept;
result receive_message(int fd, ::msghdr* message, int flags) noexcept;
result send_message(int fd, const ::msghdr* message, int flags) noexcept;
// At `offset`, leaving the file's position alone (preadv, pwritev).
result read_vector_at(int fd, const ::iovec* buffers, std::size_t count, ::off_t offset) noexcept;
result write_vector_at(int fd, const ::iovec* buffers, std::size_t count, ::off_t offset) noexcept;

// Moves bytes inside the kernel. A null offset is the file's own position, which then advances.
result send_file(int to, int from, ::off_t* offset, std::size_t size) noexcept;
// Never waits for a pipe (SPLICE_F_NONBLOCK); one of the two is a pipe.
result splice(int from, int to, std::size_t size) noexcept;
result copy_file_range(int from, ::off_t* from_offset, int to, ::off_t* to_offset,
                       std::size_t size) noexcept;

// `value` is the new descriptor; close-on-exec and non-blocking.
result socket(int family, int type, int protocol) noexcept;
result accept(int fd, ::sockaddr* address, ::socklen_t* size) noexcept;
result bind(int fd, const ::sockaddr* address, ::socklen_t size) noexcept;
result listen(int fd, int backlog) noexcept;
// Not retried: an interrupted connect goes on in the background, EINTR means what EINPROGRESS does.
result connect(int fd, const ::sockaddr* address, ::socklen_t size) noexcept;
result shutdown(int fd, int how) noexcept;
result get_socket_name(int fd, ::sockaddr* address, ::socklen_t* size) noexcept;
result get_peer_name(int fd, ::sockaddr* address, ::socklen_t* size) noexcept;
result get_option(int fd, int level, int name, void* data, ::socklen_t* size) noexcept;
result set_option(int fd, int level, int name, const void* data, ::socklen_t size) noexcept;
// A pending error of a socket (SO_ERROR), fetched and cleared: `value` is an errno value or 0.
result take_socket_error(int fd) noexcept;
// Bytes that can be read now (FIONREAD).
result available(int fd) noexcept;
// Any command of ioctl(2); `data` is what that command takes.
result io_control(int fd, unsigned long command, void* data) noexcept;

// Sets or clears O_NONBLOCK, which belongs to the description: duplicates see it too.
result set_non_blocking(int fd, bool on) noexcept;
// `value` is 1 or 0.
result is_non_blocking(int fd) noexcept;
// `value` is a new number, close-on-exec, for the same description.
result duplicate(int fd) noexcept;
// Closes `number` and makes it one for that description, close-on-exec.
result duplicate_to(int fd, int number) noexcept;

// `value` is the st_mode that fstat(2) tells.
result file_mode(int fd) noexcept;

// Two ends in `ends`; close-on-exec and non-blocking.
result pipe(int (&ends)[2]) noexcept;
// `value` is the size the kernel chose, at least `size`.
result set_pipe_size(int fd, std::size_t size) noexcept;
result socket_pair(int family, int type, int (&ends)[2]) noexcept;

// Called once and never retried: on Linux the number is free again even when close reports EINTR.
result close(int fd) noexcept;

result epoll_create() noexcept;
result epoll_control(int epoll_fd, int operation, int fd, ::epoll_event* event) noexcept;
// Not retried on EINTR, so that a timed wait computes its time anew. `timeout_ns` < 0 waits for
// ever; otherwise it is rounded up to what the kernel can express, never down.
result epoll_wait(int epoll_fd, ::epoll_event* events, int size, std::int64_t timeout_ns) noexcept;
result event_fd() noexcept;
// A timer on CLOCK_MONOTONIC that is readable once its time has come.
result timer_fd() noexcept;
// `when_ns` on that clock, 0 for never.
result set_timer_fd(int fd, std::int64_t when_ns) noexcept;
// Not retried on EINTR. `timeout_ns` < 0 waits for ever.
result poll(::pollfd* fds, unsigned count, std::int64_t timeout_ns) noexcept;

// Anonymous private memory, readable and writable, committed when touched; `value` is its address.
result map_memory(std::size_t size) noexcept;
result unmap_memory(void* where, std::size_t size) noexcept;
result advise_memory(void* where, std::size_t size, int advice) noexcept;
// The same advice for many ranges of the own process, in one call. `value` is how many bytes took
// it, in the order of the ranges; the rest did not, nor is told why if there are any. What is
// allowed depends on the kernel: Linux 6.14 is the first that takes any advice.
result advise_memory_ranges(const ::iovec* ranges, std::size_t count, int advice) noexcept;
result protect_memory(void* where, std::size_t size, int protection) noexcept;
// For each page of [where, where + size), which begins at a page, whether memory is behind it: bit
// 0 of a byte of `pages`.
result memory_residency(void* where, std::size_t size, unsigned char* pages) noexcept;

// `value` is a new descriptor, close-on-exec, for reading a file of the kernel's, as under /proc.
result open_file(const char* path) noexcept;
result get_resource_limit(int which, ::rlimit* limit) noexcept;

result signal_action(int signal, const struct ::sigaction* action) noexcept;
// membarrier(2), without flags.
result memory_barrier(int command) noexcept;

// Which call is being made; see fault_injector.
enum class call : std::uint8_t {
  read,
  write,
  read_vector,
  write_vector,
  recv,
  send,
  receive_message,
  send_message,
  read_vector_at,
  write_vector_at,
  send_file,
  splice,
  copy_file_range,
  socket,
  accept,
  bind,
  listen,
  connect,
  shutdown,
  get_socket_name,
  get_peer_name,
  get_option,
  set_option,
  available,
  io_control,
  set_non_blocking,
  is_non_blocking,
  duplicate,
  duplicate_to,
  file_mode,
  pipe,
  set_pipe_size,
  socket_pair,
  close,
  epoll_create,
  epoll_control,
  epoll_wait,
  epoll_wait_precise,  // epoll_pwait2; ENOSYS or EPERM puts epoll_wait in its place for good
  event_fd,
  timer_fd,
  set_timer_fd,
  poll,
  map_memory,
  unmap_memory,
  advise_memory,
  advise_memory_ranges,
  protect_memory,
  memory_residency,
  open_file,
  get_resource_limit,
  signal_action,
  memory_barrier,
};
inline constexpr int call_count = static_cast<int>(call::memory_barrier) + 1;

// The call's name in the manual.
const char* name_of(call which) noexcept;

// What a test installs to stand between the library and the kernel.
class fault_injector {
 public:
  // Called before each call. Returning a result makes that the kernel's answer (EINTR is retried
  // like a real one); returning nothing lets the call go on, with `size` possibly made smaller
  // first, to get a short transfer. `size` is 0 for calls that transfer nothing. Called from any
  // thread.
  virtual std::optional<result> before(call which, int fd, std::size_t& size) noexcept = 0;

  // Called after each call, before the library sees what it answered: here a test lets others act
  // between, say, epoll_wait and the dispatch of what it found. Called from any thread.
  virtual void after(call /*which*/, int /*fd*/, const result& /*answer*/) noexcept {}

  // Called before an epoll_control, and before before(): what it asks for.
  virtual void epoll_control_asked(int /*epoll_fd*/, int /*operation*/, int /*fd*/,
                                   const ::epoll_event& /*event*/) noexcept {}

 protected:
  ~fault_injector() = default;
};

// Installs `injector`, or none when null. The caller makes sure no call is under way in it when it
// is taken out.
void set_fault_injector(fault_injector* injector) noexcept;

}  // namespace netpoll::sys
