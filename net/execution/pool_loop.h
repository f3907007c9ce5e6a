// SPDX-License-Identifier: BSL-1.0
//
// A run loop for threads of its context's own, which wait for nothing but each other until somebody
// asks for a reactor: then one of them waits on that.
//
//   internal::pool_loop loop(context);
//   loop.start(4);                       // threads
//   loop.join();                         // when there is no work left
//
// The threads call std::terminate() when a handler throws.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/loop_host.h"
#include "net/execution/run_loop.h"

namespace NET_NAMESPACE::internal {

class pool_loop final : public loop_host, private event_source {
 public:
  // Its memory comes from the context's allocator.
  explicit pool_loop(execution_context& context);
  // Stops and joins the threads, and destroys what is queued.
  ~pool_loop();

  netpoll::reactor& open_reactor() override;

  // Adds threads. Throws std::system_error when there can be no more; those that were added stay.
  void start(std::size_t threads);
  // Runs the loop in the calling thread, as one more.
  void attach();
  // Waits until all threads have come back from the loop. Once.
  void join() noexcept;

  // Closes what waits, and destroys what is queued, until nothing is left. No thread may run the
  // loop any more.
  void destroy_all() noexcept;

  // Around a fork: the threads stop where they can be found again, which is after what they are
  // doing, and go on after it. In the child there are as many new ones; threads that were attached
  // stay with the parent. Throws std::system_error in the child.
  void notify_fork(execution_context::fork_event event);

  // How many threads there are, those attached included.
  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  // Twice as many as the machine can run.
  static std::size_t default_size() noexcept;

 private:
  struct thread_node {
    ::pthread_t thread;
    thread_node* next;
  };
  static void* run_thread(void* self) noexcept;

  void wait(netpoll::nanotime until) override;
  void wake() noexcept override;
  void add_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who,
                 netpoll::nanotime when) override;
  bool remove_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who) noexcept override;
  netpoll::nanotime next_timer() const noexcept override;

  void sleep(std::unique_lock<std::mutex>& lock, netpoll::nanotime until);
  void run_until_over() noexcept;
  void add_running(std::size_t threads);
  void pause();
  void unpause() noexcept;
  void end_pause() noexcept;
  void begin_child();

  execution_context& context_;
  run_loop loop_;
  std::atomic<std::size_t> size_{0};
  thread_node* threads_ = nullptr;  // for start() and join() alone

  mutable std::mutex mutex_;
  std::condition_variable wake_up_;
  bool is_woken_ = false;  // under mutex_

  // Around a fork. Written by who notifies of it.
  std::condition_variable pause_changed_;
  bool is_paused_ = false;    // under mutex_
  bool was_stopped_ = false;  // under mutex_
  std::size_t running_ = 0;   // under mutex_: threads that are not paused

  // Written under mutex_, once.
  std::atomic<netpoll::reactor*> reactor_{nullptr};
};

// Has the fibers of a loop unwound at its end: what net/fiber puts here when it is part of the
// program. True if there was any.
using fiber_unwinder = bool (*)(run_loop& loop);
void set_fiber_unwinder(fiber_unwinder how) noexcept;

}  // namespace NET_NAMESPACE::internal
