// SPDX-License-Identifier: BSL-1.0
//
// Finds fibers that wait, yield or end while they hold a std::mutex, or any other lock of POSIX
// threads. The thread goes on with another fiber then, which may want the same lock and so block
// the thread that should release it; or the fiber goes on on another thread, which must not release
// it.
//
// To turn it on, link the program with //net/fiber:held_lock_detection; nothing has to be called.
// Such a fiber then ends the process:
//
//   netpoll: fiber 12 "session" waits and holds 1 lock
//       0x7ffd3a1c2e40, locked at session::update()+0x31 (server+0x1c2af)
//     and is at
//       net::conn::read(net::mutable_buffer)+0x4f (server+0x2a1f0)
//       …
//
// It watches the locks that are taken by code in the program's own file: the linker is asked
// (--wrap) to send calls of pthread_mutex_lock() and the like through a function that takes note.
// That includes everything that is linked statically, and inline functions as those of std::mutex;
// code in shared objects is not seen. Locking costs some nanoseconds more. Nothing is allocated or
// locked for it, so that allocators can be watched as well.
//
// What a thread held before it began to run a context is no fiber's. A lock that one fiber takes
// and another releases is taken for held by the first, as it is undefined for a std::mutex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <vector>

#include "net/config.h"

namespace NET_NAMESPACE {

// A fiber that leaves its stack and holds locks.
struct held_locks {
  enum class step : std::uint8_t { waits, yields, ends };
  struct lock {
    const void* address;
    const void* locked_at;  // a return address: see symbolize.h
  };

  std::uint64_t fiber = 0;
  const char* fiber_name = "";
  step why = step::waits;
  std::size_t count = 0;           // how many it holds
  std::vector<lock> locks;         // those of them that were noted: the first 16
  std::vector<const void*> stack;  // of the fiber, likewise, innermost first
};

// As shown above. Each line ends in a newline.
std::ostream& operator<<(std::ostream& out, const held_locks& what);

// What to do with such a fiber; null, as at the start, to write it to standard error and to abort.
// If the function returns, the fiber goes on as if it held nothing. It is called on the fiber and
// must neither wait nor throw. Thread-safe.
void set_held_locks_handler(void (*handler)(const held_locks&)) noexcept;

// How many locks the calling thread holds, beside what it held when it began to run fibers.
std::size_t count_held_locks() noexcept;

}  // namespace NET_NAMESPACE
