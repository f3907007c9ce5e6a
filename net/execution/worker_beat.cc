// SPDX-License-Identifier: BSL-1.0
#include "net/execution/worker_beat.h"

#include <signal.h>
#include <unistd.h>

#include <mutex>

namespace NET_NAMESPACE::internal {
namespace {

constinit std::mutex all_mutex;
constinit worker_beat* first = nullptr;  // under all_mutex; what is in the list stays

constinit thread_local worker_beat* mine = nullptr;

}  // namespace

// Of a thread; gives it back when the thread ends.
struct worker_beat::owner {
  owner() {
    const std::lock_guard lock(all_mutex);
    worker_beat* found = first;
    while (found != nullptr && found->is_taken_) {
      found = found->next_;
    }
    if (found == nullptr) {
      found = new worker_beat;
      found->next_ = first;
      first = found;
    }
    found->is_taken_ = true;
    found->thread_ = ::pthread_self();
    found->thread_id_ = ::gettid();
    mine = found;
  }
  ~owner() {
    const std::lock_guard lock(all_mutex);
    mine->rest();
    mine->is_taken_ = false;
    mine = nullptr;
  }
  owner(const owner&) = delete;
  owner& operator=(const owner&) = delete;
};

// Not inlined: a fiber may ask on one thread and ask again on another.
[[gnu::noinline]] worker_beat* worker_beat::find_of_this_thread() noexcept {
  asm volatile("" ::: "memory");
  return mine;
}

worker_beat& worker_beat::of_this_thread() noexcept {
  if (worker_beat* const present = find_of_this_thread()) {
    return *present;
  }
  static thread_local const owner of_thread;
  (void)of_thread;
  return *find_of_this_thread();
}

void worker_beat::forget_other_threads() noexcept {
  const std::lock_guard lock(all_mutex);
  for (worker_beat* each = first; each != nullptr; each = each->next_) {
    if (each == mine) {
      each->thread_id_ = ::gettid();
    } else if (each->is_taken_) {
      each->rest();
      each->is_taken_ = false;
    }
  }
}

bool worker_beat::send_signal(int signal) noexcept {
  const std::lock_guard lock(all_mutex);
  return is_taken_ && ::pthread_kill(thread_, signal) == 0;
}

void worker_beat::for_each_with(void (*visit)(void* context, worker_beat& each), void* context) {
  const std::lock_guard lock(all_mutex);
  for (worker_beat* each = first; each != nullptr; each = each->next_) {
    if (each->is_taken_) {
      visit(context, *each);
    }
  }
}

}  // namespace NET_NAMESPACE::internal
