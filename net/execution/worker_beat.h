// SPDX-License-Identifier: BSL-1.0
//
// The pulse of a thread that runs a context: whether it works or waits for work, and whether it has
// begun something new since one looked last. It costs the thread a store for each thing it begins;
// all else is up to who looks, see net/fiber/watchdog.h.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

class worker_beat {
 public:
  worker_beat() = default;
  worker_beat(const worker_beat&) = delete;
  worker_beat& operator=(const worker_beat&) = delete;

  // The calling thread's own, which is made the first time; and null if there is none yet. The
  // latter is for signal handlers, too.
  static worker_beat& of_this_thread() noexcept;
  static worker_beat* find_of_this_thread() noexcept;

  // By the thread itself: it begins something, and it has nothing to do.
  void tick() noexcept {
    // relaxed, here and below: a single writer, and readers who want to see a change some time.
    word_.store((word_.load(std::memory_order_relaxed) + 2) & ~resting, std::memory_order_relaxed);
  }
  void rest() noexcept {
    word_.store(word_.load(std::memory_order_relaxed) | resting, std::memory_order_relaxed);
  }

  // From any thread: never the same for two things that were begun.
  std::uint64_t word() const noexcept { return word_.load(std::memory_order_relaxed); }
  static bool is_resting(std::uint64_t word) noexcept { return (word & resting) != 0; }

  // As the kernel numbers it.
  ::pid_t thread_id() const noexcept { return thread_id_; }

  // Sends the thread a signal; false if it is not there any more. It finds here what it is asked
  // for: takes it out, and answers.
  bool send_signal(int signal) noexcept;
  std::atomic<void*> request{nullptr};

  // In the child of a fork, which has none of the other threads.
  static void forget_other_threads() noexcept;

  // Calls visit(worker_beat&) for each thread that has one. Threads that get their first one or end
  // wait meanwhile. The object stays for good, but may come to belong to another thread.
  template <typename Visit>
  static void for_each(Visit visit) {
    for_each_with([](void* context, worker_beat& each) { (*static_cast<Visit*>(context))(each); },
                  &visit);
  }

 private:
  struct owner;

  static void for_each_with(void (*visit)(void* context, worker_beat& each), void* context);

  static constexpr std::uint64_t resting = 1;

  std::atomic<std::uint64_t> word_{resting};
  // Under the mutex of all of them.
  ::pthread_t thread_{};
  ::pid_t thread_id_ = 0;
  bool is_taken_ = false;
  worker_beat* next_ = nullptr;
};

}  // namespace NET_NAMESPACE::internal
