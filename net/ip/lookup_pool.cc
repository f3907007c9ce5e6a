// SPDX-License-Identifier: BSL-1.0
#include "net/ip/lookup_pool.h"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "net/fiber/wait.h"
#include "netpoll/census.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE::ip::internal {

struct lookup_pool::state : std::enable_shared_from_this<lookup_pool::state> {
  explicit state(std::size_t most) noexcept : most_threads(most) {}

  // Below, all under the mutex.

  // False: there is no thread for it, and there can be none.
  bool submit(std::shared_ptr<lookup> question) noexcept {
    if (!is_paused && queued >= idle && threads < most_threads && !start_thread() && threads == 0) {
      return false;
    }
    ++queued;
    lookup* const added = question.get();
    (last != nullptr ? last->next_ : first) = std::move(question);
    last = added;
    changed.notify_one();
    return true;
  }

  std::shared_ptr<lookup> take() noexcept {
    std::shared_ptr<lookup> taken = std::move(first);
    if (taken != nullptr) {
      --queued;
      first = std::move(taken->next_);
      if (first == nullptr) {
        last = nullptr;
      }
    }
    return taken;
  }

  bool start_thread() noexcept {
    try {
      std::thread([self = shared_from_this()] { self->answer_all(); }).detach();
    } catch (const std::system_error&) {
      return false;
    }
    ++threads;
    return true;
  }

  // What the threads do.
  void answer_all() {
    // Who waits for an answer waits for what the kernel brings.
    const netpoll::bystander here;
    std::unique_lock lock(mutex);
    for (;;) {
      while (first == nullptr && !is_over && !is_paused) {
        ++idle;
        changed.wait(lock);
        --idle;
      }
      if (is_over || is_paused) {
        --threads;
        changed.notify_all();
        return;
      }
      const std::shared_ptr<lookup> question = take();
      if (question->who_ == nullptr) {
        continue;
      }
      lock.unlock();
      question->ask();
      lock.lock();
      question->is_answered_ = true;
      if (lookup_wait* const who = std::exchange(question->who_, nullptr)) {
        waits.remove(*who);
        lock.unlock();
        who->resume(netpoll::wake_reason::ready);
        lock.lock();
      }
    }
  }

  const std::size_t most_threads;
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<lookup> first;  // the queue of questions
  lookup* last = nullptr;
  std::size_t queued = 0;
  netpoll::intrusive_list<lookup_wait> waits;
  std::size_t threads = 0;
  std::size_t idle = 0;  // how many of them wait for a question
  bool is_paused = false;
  bool is_over = false;
};

lookup_pool::lookup_pool(std::size_t most_threads)
    : state_(std::make_shared<state>(most_threads)) {}

lookup_pool::~lookup_pool() { shut_down(); }

void lookup_pool::cancel(std::uint64_t owner) noexcept {
  netpoll::waiter_queue ended;
  {
    const std::lock_guard lock(state_->mutex);
    lookup_wait* next = nullptr;
    for (lookup_wait* each = state_->waits.front(); each != nullptr; each = next) {
      next = each->list_next;
      if (each->owner_ == owner) {
        state_->waits.remove(*each);
        each->what_->who_ = nullptr;
        ended.push(*each);
      }
    }
  }
  netpoll::resume_all(ended, netpoll::wake_reason::cancelled);
}

void lookup_pool::shut_down() noexcept {
  netpoll::waiter_queue ended;
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_over = true;
    while (lookup_wait* const each = state_->waits.front()) {
      state_->waits.remove(*each);
      each->what_->who_ = nullptr;
      ended.push(*each);
    }
    while (state_->take() != nullptr) {
    }
    state_->changed.notify_all();
  }
  netpoll::resume_all(ended, netpoll::wake_reason::cancelled);
}

void lookup_pool::before_fork() {
  std::unique_lock lock(state_->mutex);
  state_->is_paused = true;
  state_->changed.notify_all();
  state_->changed.wait(lock, [this] { return state_->threads == 0; });
}

void lookup_pool::after_fork() {
  const std::lock_guard lock(state_->mutex);
  state_->is_paused = false;
  if (state_->first != nullptr) {
    (void)state_->start_thread();
  }
}

lookup_wait::lookup_wait(lookup_pool& pool, std::shared_ptr<lookup> what,
                         std::uint64_t owner) noexcept
    : state_(pool.state_), what_(std::move(what)), owner_(owner) {}

bool lookup_wait::commit() noexcept {
  const std::lock_guard lock(state_->mutex);
  if (what_->is_answered_) {
    return false;
  }
  if (state_->is_over) {
    what_->ec = error::operation_aborted;
    return false;
  }
  if (!what_->is_submitted_) {
    if (!state_->submit(what_)) {
      what_->ec = error::try_again;
      return false;
    }
    what_->is_submitted_ = true;
  }
  what_->who_ = this;
  state_->waits.add(*this);
  return true;
}

bool lookup_wait::withdraw() noexcept {
  const std::lock_guard lock(state_->mutex);
  if (what_->who_ != this) {
    return false;
  }
  what_->who_ = nullptr;
  state_->waits.remove(*this);
  return true;
}

void lookup_wait::describe(netpoll::description& into) const noexcept { into << "name lookup"; }

void await(lookup_pool& pool, const std::shared_ptr<lookup>& what, netpoll::nanotime deadline,
           error_code& ec) {
  lookup_wait wait(pool, what, 0);
  switch (wait_for(wait, deadline)) {
    case wait_result::resumed:
      ec = wait.reason() == netpoll::wake_reason::cancelled
               ? make_error_code(error::operation_aborted)
               : what->ec;
      break;
    case wait_result::deadline: ec = error::deadline_exceeded; break;
    case wait_result::cancelled: ec = error::operation_aborted; break;
  }
}

}  // namespace NET_NAMESPACE::ip::internal
