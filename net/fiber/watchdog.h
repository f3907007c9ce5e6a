// SPDX-License-Identifier: BSL-1.0
//
// A watchdog tells of fibers and handlers that hold their thread for too long: which, for how long,
// and where they are. What else is queued there waits until another thread takes it.
//
//   net::watchdog dog({.limit = std::chrono::milliseconds(100)});     // as long as it lives
//
//   netpoll: thread 4711 has been held for 132 ms by fiber 12 "session"
//       __GI___clock_nanosleep+0x63 (libc.so.6+0xcf543)
//       compress(std::span<const std::byte>)+0x91 (server+0x1c2af)
//       …
//
// It looks at all threads that are in a run function of any context, from a thread of its own, four
// times within the limit; what is held longer than that is reported between one and one and a
// quarter limits after it began, and again each time that its time has doubled. A thread that waits
// for work is not held, nor is one that is in a run function called by a handler and waits there.
//
// To see where a thread is, it is sent a signal, whose handler walks the stack: system calls that
// are not restarted after a signal (nanosleep(2), poll(2)) end with EINTR. A thread that does not
// answer within a second, because it blocks the signal or the kernel does not let go of it, is
// reported without a stack. Without a watchdog all this costs each operation a store.
//
// Any number may be there at once. Each is for one thread at a time.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "net/config.h"

namespace NET_NAMESPACE {

// A thread that is held.
struct held_thread {
  ::pid_t thread = 0;                   // as the kernel numbers it
  std::chrono::nanoseconds duration{};  // so far, and at least
  std::uint64_t fiber = 0;              // 0: no fiber but a handler, or nothing is known
  std::string fiber_name;               // its first 64 characters
  bool has_answered = false;            // if not, there is no stack
  std::vector<const void*> stack;       // return addresses, innermost first: see symbolize.h
};

// As shown above. Each line ends in a newline.
std::ostream& operator<<(std::ostream& out, const held_thread& what);

struct watchdog_options {
  std::chrono::nanoseconds limit = std::chrono::milliseconds(100);
  // Called by who looks; empty: it is written to standard error. It must not throw.
  std::function<void(const held_thread&)> report;
  // One that nobody else sends to threads of the process. Its handler is installed by the first
  // watchdog that uses it, and stays; what was installed before is called for signals that others
  // sent.
  int signal = SIGURG;
  // False: nothing happens by itself, check() is called by the program.
  bool has_thread = true;
};

class watchdog {
 public:
  // Throws std::system_error when there can be no thread, or no handler for the signal.
  explicit watchdog(watchdog_options options = {});
  ~watchdog();
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

  // Looks at all threads once. `now` must not go back. To be called only if has_thread is false.
  void check(std::chrono::steady_clock::time_point now);

 private:
  class looker;
  const std::unique_ptr<looker> looker_;
};

}  // namespace NET_NAMESPACE
