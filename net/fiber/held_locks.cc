// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/held_locks.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>

#include "net/fiber/backtrace.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/lock_watch.h"
#include "net/fiber/symbolize.h"

namespace NET_NAMESPACE {
namespace {

constexpr unsigned most_noted = 16;
constexpr int most_frames = 64;

// What a thread holds. Read and written by the thread alone, in the functions below, none of which
// is ever inlined: a fiber may go on on another thread after it waited, and an address in here must
// not be kept across that.
struct held_by_thread {
  held_locks::lock noted[most_noted];  // in the order in which they were locked
  unsigned count;                      // of these
  unsigned not_noted;                  // beyond most_noted
  unsigned before;                     // how many of `count` are not the fibers'
};

// initial-exec: to reach it may not allocate, as it might in a shared object.
[[gnu::tls_model("initial-exec")]] constinit thread_local held_by_thread mine{};

constinit std::atomic<void (*)(const held_locks&)> handler_in_use{nullptr};

void end_process(const held_locks& what) {
  // In one piece: other threads write there, too.
  std::ostringstream text;
  text << what;
  std::cerr << text.str() << std::flush;
  std::abort();
}

[[gnu::noinline]] unsigned begin() noexcept {
  const unsigned before = mine.before;
  mine.before = mine.count;
  return before;
}

[[gnu::noinline]] void end(unsigned before) noexcept { mine.before = before; }

// Moves what the fibers hold out of here: who goes on with the thread does not hold it.
[[gnu::noinline]] std::size_t take(held_locks& into) {
  const std::size_t count = mine.count - mine.before + mine.not_noted;
  into.locks.assign(mine.noted + mine.before, mine.noted + mine.count);
  mine.count = mine.before;
  mine.not_noted = 0;
  return count;
}

void leaving(internal::fiber_state& fiber, internal::lock_watch::step why) noexcept {
  if (count_held_locks() == 0) [[likely]] {
    return;
  }
  held_locks what;
  what.fiber = fiber.id();
  what.fiber_name = fiber.name();
  what.why = static_cast<held_locks::step>(why);
  what.count = take(what);
  const void* pcs[most_frames];
  what.stack.assign(pcs, pcs + netpoll::backtrace_here(pcs, most_frames));
  auto* const handler = handler_in_use.load(std::memory_order_acquire);
  (handler != nullptr ? handler : &end_process)(what);
}

constinit const internal::lock_watch watch{.begin = &begin, .end = &end, .leaving = &leaving};

[[maybe_unused]] const bool is_installed = [] {
  internal::lock_watch::installed.store(&watch,
                                        std::memory_order_relaxed);  // relaxed: before main()
  return true;
}();

const char* name_of(held_locks::step what) noexcept {
  switch (what) {
    case held_locks::step::waits: return "waits";
    case held_locks::step::yields: return "yields";
    case held_locks::step::ends: return "ends";
  }
  return "?";
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const held_locks& what) {
  out << "netpoll: fiber " << what.fiber;
  if (*what.fiber_name != '\0') {
    out << " \"" << what.fiber_name << '"';
  }
  out << ' ' << name_of(what.why) << " and holds " << what.count
      << (what.count == 1 ? " lock\n" : " locks\n");
  for (const held_locks::lock& each : what.locks) {
    out << "    " << each.address << ", locked at " << netpoll::symbolize(each.locked_at) << '\n';
  }
  out << "  and is at\n";
  for (const void* const each : what.stack) {
    out << "    " << netpoll::symbolize(each) << '\n';
  }
  return out;
}

void set_held_locks_handler(void (*handler)(const held_locks&)) noexcept {
  handler_in_use.store(handler, std::memory_order_release);
}

[[gnu::noinline]] std::size_t count_held_locks() noexcept {
  return mine.count - mine.before + mine.not_noted;
}

namespace {

// Of the result of a function that locks.
int note_locked(int result, const void* lock, const void* locked_at) noexcept {
  if (result == 0 || result == EOWNERDEAD) {
    if (mine.count != most_noted) {
      mine.noted[mine.count++] = {lock, locked_at};
    } else {
      ++mine.not_noted;
    }
  }
  return result;
}

// Before one that unlocks.
void note_unlocked(const void* lock) noexcept {
  // Usually the last one.
  for (unsigned i = mine.count; i-- != 0;) {
    if (mine.noted[i].address == lock) {
      std::copy(mine.noted + i + 1, mine.noted + mine.count, mine.noted + i);
      --mine.count;
      mine.before -= i < mine.before ? 1 : 0;
      return;
    }
  }
  if (mine.not_noted != 0) {
    --mine.not_noted;
  }
}

}  // namespace
}  // namespace NET_NAMESPACE

using NET_NAMESPACE::note_locked;
using NET_NAMESPACE::note_unlocked;

// The linker sends calls of pthread_mutex_lock() to __wrap_pthread_mutex_lock(), and calls of
// __real_pthread_mutex_lock() to where they went before; likewise for the others.
extern "C" {

int __real_pthread_mutex_lock(::pthread_mutex_t* lock) noexcept;
[[gnu::noinline]] int __wrap_pthread_mutex_lock(::pthread_mutex_t* lock) noexcept {
  return note_locked(__real_pthread_mutex_lock(lock), lock, __builtin_return_address(0));
}

int __real_pthread_mutex_trylock(::pthread_mutex_t* lock) noexcept;
[[gnu::noinline]] int __wrap_pthread_mutex_trylock(::pthread_mutex_t* lock) noexcept {
  return note_locked(__real_pthread_mutex_trylock(lock), lock, __builtin_return_address(0));
}

int __real_pthread_mutex_timedlock(::pthread_mutex_t* lock, const ::timespec* until) noexcept;
[[gnu::noinline]] int __wrap_pthread_mutex_timedlock(::pthread_mutex_t* lock,
                                                     const ::timespec* until) noexcept {
  return note_locked(__real_pthread_mutex_timedlock(lock, until), lock,
                     __builtin_return_address(0));
}

int __real_pthread_mutex_clocklock(::pthread_mutex_t* lock, ::clockid_t clock,
                                   const ::timespec* until) noexcept;
[[gnu::noinline]] int __wrap_pthread_mutex_clocklock(::pthread_mutex_t* lock, ::clockid_t clock,
                                                     const ::timespec* until) noexcept {
  return note_locked(__real_pthread_mutex_clocklock(lock, clock, until), lock,
                     __builtin_return_address(0));
}

int __real_pthread_rwlock_rdlock(::pthread_rwlock_t* lock) noexcept;
[[gnu::noinline]] int __wrap_pthread_rwlock_rdlock(::pthread_rwlock_t* lock) noexcept {
  return note_locked(__real_pthread_rwlock_rdlock(lock), lock, __builtin_return_address(0));
}

int __real_pthread_rwlock_tryrdlock(::pthread_rwlock_t* lock) noexcept;
[[gnu::noinline]] int __wrap_pthread_rwlock_tryrdlock(::pthread_rwlock_t* lock) noexcept {
  return note_locked(__real_pthread_rwlock_tryrdlock(lock), lock, __builtin_return_address(0));
}

int __real_pthread_rwlock_timedrdlock(::pthread_rwlock_t* lock, const ::timespec* until) noexcept;
[[gnu::noinline]] int __wrap_pthread_rwlock_timedrdlock(::pthread_rwlock_t* lock,
                                                        const ::timespec* until) noexcept {
  return note_locked(__real_pthread_rwlock_timedrdlock(lock, until), lock,
                     __builtin_return_address(0));
}

int __real_pthread_rwlock_clockrdlock(::pthread_rwlock_t* lock, ::clockid_t clock,
                                      const ::timespec* until) noexcept;
[[gnu::noinline]] int __wrap_pthread_rwlock_clockrdlock(::pthread_rwlock_t* lock, ::clockid_t clock,
                                                        const ::timespec* until) noexcept {
  return note_locked(__real_pthread_rwlock_clockrdlock(lock, clock, until), lock,
                     __builtin_return_address(0));
}

int __real_pthread_rwlock_wrlock(::pthread_rwlock_t* lock) noexcept;
[[gnu::noinline]] int __wrap_pthread_rwlock_wrlock(::pthread_rwlock_t* lock) noexcept {
  return note_locked(__real_pthread_rwlock_wrlock(lock), lock, __builtin_return_address(0));
}

int __real_pthread_rwlock_trywrlock(::pthread_rwlock_t* lock) noexcept;
[[gnu::noinline]] int __wrap_pthread_rwlock_trywrlock(::pthread_rwlock_t* lock) noexcept {
  return note_locked(__real_pthread_rwlock_trywrlock(lock), lock, __builtin_return_address(0));
}

int __real_pthread_rwlock_timedwrlock(::pthread_rwlock_t* lock, const ::timespec* until) noexcept;
[[gnu::noinline]] int __wrap_pthread_rwlock_timedwrlock(::pthread_rwlock_t* lock,
                                                        const ::timespec* until) noexcept {
  return note_locked(__real_pthread_rwlock_timedwrlock(lock, until), lock,
                     __builtin_return_address(0));
}

int __real_pthread_rwlock_clockwrlock(::pthread_rwlock_t* lock, ::clockid_t clock,
                                      const ::timespec* until) noexcept;
[[gnu::noinline]] int __wrap_pthread_rwlock_clockwrlock(::pthread_rwlock_t* lock, ::clockid_t clock,
                                                        const ::timespec* until) noexcept {
  return note_locked(__real_pthread_rwlock_clockwrlock(lock, clock, until), lock,
                     __builtin_return_address(0));
}

int __real_pthread_mutex_unlock(::pthread_mutex_t* lock) noexcept;
[[gnu::noinline]] int __wrap_pthread_mutex_unlock(::pthread_mutex_t* lock) noexcept {
  note_unlocked(lock);
  return __real_pthread_mutex_unlock(lock);
}

int __real_pthread_rwlock_unlock(::pthread_rwlock_t* lock) noexcept;
[[gnu::noinline]] int __wrap_pthread_rwlock_unlock(::pthread_rwlock_t* lock) noexcept {
  note_unlocked(lock);
  return __real_pthread_rwlock_unlock(lock);
}
}
