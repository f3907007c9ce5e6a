// SPDX-License-Identifier: BSL-1.0
#include "net/execution/pool_loop.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <system_error>

#include "netpoll/base/check.h"
#include "netpoll/reactor.h"

namespace NET_NAMESPACE::internal {
namespace {

constinit std::atomic<fiber_unwinder> unwinder{nullptr};

// The loop of a context that has none of its own: one thread runs it.
class private_loop final : public service_base<private_loop> {
 public:
  explicit private_loop(execution_context& context) : service_base(context), loop_(context) {
    (void)loop_.open_reactor();
    loop_.loop().work_started();
    loop_.start(1);
  }
  ~private_loop() override { stop(); }

  loop_host& host() noexcept { return loop_; }

 private:
  void shutdown() override {
    stop();
    loop_.destroy_all();
  }
  void notify_fork(execution_context::fork_event event) override { loop_.notify_fork(event); }
  void stop() noexcept {
    loop_.loop().stop();
    loop_.join();
  }

  pool_loop loop_;
};

}  // namespace

void set_fiber_unwinder(fiber_unwinder how) noexcept {
  unwinder.store(how, std::memory_order_relaxed);  // relaxed: a constant, but for when it is there
}

loop_host& loop_host::make_for(execution_context& context) {
  return use_service<private_loop>(context).host();
}

pool_loop::pool_loop(execution_context& context)
    : loop_host(loop_), context_(context), loop_(context, *this) {}

pool_loop::~pool_loop() {
  loop_.stop();
  join();
  destroy_all();
  if (netpoll::reactor* const reactor = reactor_.load(std::memory_order_acquire)) {
    execution_context::allocator<netpoll::reactor> memory(context_);
    std::destroy_at(reactor);
    memory.deallocate(reactor, 1);
  }
}

std::size_t pool_loop::default_size() noexcept {
  // What the process may use, which is what the number of threads the machine can run means to it.
  cpu_set_t usable;
  const int count = ::sched_getaffinity(0, sizeof(usable), &usable) == 0
                        ? CPU_COUNT(&usable)
                        : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  return static_cast<std::size_t>(std::max(count, 1)) * 2;
}

netpoll::reactor& pool_loop::open_reactor() {
  const std::lock_guard lock(mutex_);
  netpoll::reactor* reactor = reactor_.load(std::memory_order_relaxed);  // relaxed: under mutex_
  if (reactor == nullptr) {
    execution_context::allocator<netpoll::reactor> memory(context_);
    reactor = ::new (static_cast<void*>(memory.allocate(1))) netpoll::reactor;
    if (const int error = reactor->open()) {
      std::destroy_at(reactor);
      memory.deallocate(reactor, 1);
      throw std::system_error(error, std::system_category(), "cannot create an epoll set");
    }
    reactor_.store(reactor, std::memory_order_release);
    // Whoever waits without it comes back with it.
    is_woken_ = true;
    wake_up_.notify_one();
  }
  return *reactor;
}

void pool_loop::wait(netpoll::nanotime until) {
  netpoll::reactor* reactor = nullptr;
  {
    std::unique_lock lock(mutex_);
    reactor = reactor_.load(std::memory_order_relaxed);  // relaxed: under mutex_
    if (reactor == nullptr) {
      sleep(lock, until);
      return;
    }
    if (std::exchange(is_woken_, false)) {
      until = 0;  // that was for this wait
    }
  }
  reactor->wait(until);
}

// Needs mutex_. As the reactor's wait, for wake() alone.
void pool_loop::sleep(std::unique_lock<std::mutex>& lock, netpoll::nanotime until) {
  const auto is_woken = [this] { return is_woken_; };
  if (until == netpoll::never) {
    wake_up_.wait(lock, is_woken);
  } else if (until > netpoll::clock::now()) {
    wake_up_.wait_until(lock, netpoll::to_steady_time(until), is_woken);
  }
  is_woken_ = false;
}

void pool_loop::wake() noexcept {
  const std::lock_guard lock(mutex_);
  // relaxed: under mutex_.
  if (netpoll::reactor* const reactor = reactor_.load(std::memory_order_relaxed)) {
    reactor->wake();
  } else {
    is_woken_ = true;
    wake_up_.notify_one();
  }
}

void pool_loop::add_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who,
                          netpoll::nanotime when) {
  open_reactor().add_waiter(which, who, when);
}

bool pool_loop::remove_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who) noexcept {
  netpoll::reactor* const reactor = reactor_.load(std::memory_order_acquire);
  return reactor != nullptr && reactor->timers().remove_waiter(which, who);
}

netpoll::nanotime pool_loop::next_timer() const noexcept {
  const netpoll::reactor* const reactor = reactor_.load(std::memory_order_acquire);
  return reactor != nullptr ? reactor->timers().next() : netpoll::never;
}

// noexcept: what a handler throws has nobody to go to.
void pool_loop::run_until_over() noexcept {
  for (;;) {
    (void)loop_.run();
    std::unique_lock lock(mutex_);
    --running_;
    if (!is_paused_) {
      return;
    }
    pause_changed_.notify_all();
    pause_changed_.wait(lock, [this] { return !is_paused_; });
    ++running_;
  }
}

void* pool_loop::run_thread(void* self) noexcept {
  static_cast<pool_loop*>(self)->run_until_over();
  return nullptr;
}

void pool_loop::add_running(std::size_t threads) {
  const std::lock_guard lock(mutex_);
  running_ += threads;
}

void pool_loop::start(std::size_t threads) {
  execution_context::allocator<thread_node> memory(context_);
  for (std::size_t i = 0; i != threads; ++i) {
    thread_node* const node = memory.allocate(1);
    add_running(1);
    if (const int error = ::pthread_create(&node->thread, nullptr, &run_thread, this)) {
      memory.deallocate(node, 1);
      const std::lock_guard lock(mutex_);
      --running_;
      throw std::system_error(error, std::system_category(), "cannot create a thread");
    }
    node->next = std::exchange(threads_, node);
    size_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a number
  }
}

void pool_loop::attach() {
  size_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a number
  add_running(1);
  run_until_over();
}

void pool_loop::join() noexcept {
  end_pause();
  execution_context::allocator<thread_node> memory(context_);
  while (thread_node* const node = threads_) {
    threads_ = node->next;
    ::pthread_join(node->thread, nullptr);
    memory.deallocate(node, 1);
  }
}

void pool_loop::notify_fork(execution_context::fork_event event) {
  switch (event) {
    case execution_context::fork_prepare: pause(); break;
    case execution_context::fork_parent: unpause(); break;
    case execution_context::fork_child: begin_child(); break;
  }
}

void pool_loop::pause() {
  {
    const std::lock_guard lock(mutex_);
    if (is_paused_) {
      return;
    }
    was_stopped_ = loop_.stopped();
    is_paused_ = true;
  }
  loop_.stop();
  const std::size_t self = loop_.runs_in_this_thread() ? 1 : 0;
  std::unique_lock lock(mutex_);
  pause_changed_.wait(lock, [&] { return running_ == self; });
}

void pool_loop::unpause() noexcept {
  // Read without the mutex, which the loop's is taken before: by who paused.
  if (is_paused_ && !was_stopped_) {
    loop_.restart();
  }
  end_pause();
}

void pool_loop::end_pause() noexcept {
  const std::lock_guard lock(mutex_);
  is_paused_ = false;
  pause_changed_.notify_all();
}

void pool_loop::begin_child() {
  // The threads that wait there are not in this process, and would be waited for at its end.
  ::new (static_cast<void*>(&wake_up_)) std::condition_variable;
  ::new (static_cast<void*>(&pause_changed_)) std::condition_variable;
  loop_.forget_other_threads();
  running_ = loop_.runs_in_this_thread() ? 1 : 0;
  std::size_t lost = 0;
  execution_context::allocator<thread_node> memory(context_);
  for (thread_node** place = &threads_; *place != nullptr;) {
    thread_node* const node = *place;
    if (::pthread_equal(node->thread, ::pthread_self()) != 0) {
      place = &node->next;
    } else {
      *place = node->next;
      memory.deallocate(node, 1);
      ++lost;
    }
  }
  size_.store(running_, std::memory_order_relaxed);  // relaxed: a number
  if (netpoll::reactor* const reactor = reactor_.load(std::memory_order_acquire)) {
    if (const int error = reactor->reopen()) {
      throw std::system_error(error, std::system_category(),
                              "cannot create the epoll set of a child process");
    }
  }
  unpause();
  start(lost);
}

void pool_loop::destroy_all() noexcept {
  netpoll::check(!loop_.runs_in_this_thread(), "a context was destroyed by a thread that runs it");
  for (bool any = true; any;) {
    if (netpoll::reactor* const reactor = reactor_.load(std::memory_order_acquire)) {
      reactor->shut_down();
    }
    const fiber_unwinder unwind = unwinder.load(std::memory_order_relaxed);  // relaxed: as above
    any = unwind != nullptr && unwind(loop_);
    any |= loop_.destroy_queued();
  }
}

}  // namespace NET_NAMESPACE::internal
