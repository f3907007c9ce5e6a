// SPDX-License-Identifier: BSL-1.0
//
// An io_context is a run loop on a reactor: it runs completion handlers and fibers, and waits for
// sockets and timers on their behalf. Threads become its workers by calling one of the run
// functions; several may.
//
//   net::io_context context;
//   net::post(context, [] { … });
//   context.run();                       // returns when no work is left
//
// The run functions, post() and the like may be called from any thread; construction and
// destruction are for one. The destructor closes all descriptors and timers of the context,
// destroys handlers that were not run without calling them, and unwinds fibers that still wait. No
// thread may be running the context then.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/loop_executor.h"
#include "net/execution/loop_host.h"
#include "net/execution/properties/properties.h"
#include "net/execution/run_loop.h"
#include "netpoll/reactor.h"

namespace NET_NAMESPACE {

class io_context : public execution_context, private internal::loop_host, private event_source {
 public:
  // What runs function objects on the context; see loop_executor.h. It is cheap to copy.
  template <typename Allocator, std::uintptr_t Bits>
  using basic_executor_type = internal::loop_executor<io_context, Allocator, Bits>;
  using executor_type = basic_executor_type<std::allocator<void>, 0>;
  class service;
  class strand;
  using count_type = std::size_t;

  // How many threads will run the context, `concurrency_hint`, may be asked for in the context's
  // config; the context does not depend on it. Throw std::system_error when the kernel refuses an
  // epoll set or an eventfd.
  io_context();
  explicit io_context(int concurrency_hint);
  // With these services, a config among them if it is to have one.
  explicit io_context(const service_maker& initial_services);
  // What the context allocates for itself and its services comes from `memory`.
  template <typename Allocator>
  io_context(std::allocator_arg_t, const Allocator& memory)
      : io_context(std::allocator_arg, memory, config_from_concurrency_hint()) {}
  template <typename Allocator>
  io_context(std::allocator_arg_t, const Allocator& memory, int concurrency_hint)
      : io_context(std::allocator_arg, memory, config_from_concurrency_hint(concurrency_hint)) {}
  template <typename Allocator>
  io_context(std::allocator_arg_t, const Allocator& memory, const service_maker& initial_services)
      : execution_context(std::allocator_arg, memory, initial_services), loop_host(loop_) {
    open();
  }
  ~io_context();

  executor_type get_executor() noexcept;

  // Run handlers until the context is stopped, which it is when no work is left: no handler queued,
  // no operation under way, no fiber alive, no work guard. Each returns how many handlers it ran,
  // fibers counted when they finish. An exception from a handler leaves the function, which may be
  // called again without restart().
  count_type run() { return loop_.run(); }
  count_type run_one() { return loop_.run_one(); }
  count_type poll() { return loop_.poll(); }
  count_type poll_one() { return loop_.poll_one(); }

  // Also return when the time has come.
  template <typename Rep, typename Period>
  count_type run_for(const std::chrono::duration<Rep, Period>& duration) {
    return loop_.run_until(from_now(duration));
  }
  template <typename Rep, typename Period>
  count_type run_one_for(const std::chrono::duration<Rep, Period>& duration) {
    return loop_.run_one_until(from_now(duration));
  }
  template <typename Clock, typename Duration>
  count_type run_until(const std::chrono::time_point<Clock, Duration>& time) {
    count_type count = 0;
    while (run_one_until(time) != 0) {
      ++count;
    }
    return count;
  }
  template <typename Clock, typename Duration>
  count_type run_one_until(const std::chrono::time_point<Clock, Duration>& time) {
    if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>) {
      return loop_.run_one_until(
          netpoll::to_nanotime(std::chrono::ceil<std::chrono::nanoseconds>(time)));
    } else {
      // A clock that may be set: look at it again at least once a second.
      for (;;) {
        const auto left = time - Clock::now();
        const bool is_last = left <= std::chrono::seconds(1);
        const count_type count = is_last ? run_one_for(left) : run_one_for(std::chrono::seconds(1));
        if (count != 0 || is_last || stopped()) {
          return count;
        }
      }
    }
  }

  // Makes the run functions return as soon as possible, until restart(). Nothing queued is lost.
  void stop() noexcept { loop_.stop(); }
  bool stopped() const noexcept { return loop_.stopped(); }
  // Must not be called while a run function is.
  void restart() noexcept { loop_.restart(); }

  // For a program that has an event loop of its own: a descriptor that is readable whenever poll()
  // would find something to do, be it a handler, a fiber, a socket or a timer. Poll it there,
  // level-triggered, and when it is readable, call poll(), and restart() before if the context may
  // have run out of work. It stays the context's. From the first call on, which must come before
  // other threads use the context, waking costs a system call more. Throws std::system_error when
  // the kernel refuses a timerfd.
  int native_handle();

  // Whether a deadlock of fibers ends the process with a message and a dump of them, instead of
  // being waited in for ever: all threads of the process run this context, or wait for its fibers,
  // every fiber is parked, no timer is armed, and no fiber waits for the kernel. Looked at when the
  // last thread of the context has nothing to do. On by default where NDEBUG is not defined. A
  // program whose fibers are only woken from a signal handler or through shared memory has to turn
  // it off.
  void detect_deadlock(bool on) noexcept;

  // The context whose run function the calling thread is in; the innermost, or null.
  static io_context* current() noexcept;

  // What the rest of the library works on.
  run_loop& loop() noexcept { return loop_; }
  netpoll::reactor& reactor() noexcept { return reactor_; }

#ifdef NET_LEGACY
#include "net/legacy/io_context_members.inc"
#endif

 private:
  template <typename, typename, std::uintptr_t>
  friend class internal::loop_executor;
  struct executor_policy {
    // They leave the run function.
    using inline_exceptions = execution::inline_exception_handling_t::capture_t;
    static constexpr bool has_threads = false;
  };

  template <typename Rep, typename Period>
  static netpoll::nanotime from_now(const std::chrono::duration<Rep, Period>& duration) {
    return netpoll::add_saturated(netpoll::clock::now(), netpoll::to_nanoseconds(duration));
  }

  void open();
  void notify_loop_of_fork(fork_event event) override;

  netpoll::reactor& open_reactor() override { return reactor_; }
  void wait(netpoll::nanotime until) override { reactor_.wait(until); }
  void wake() noexcept override { reactor_.wake(); }
  void add_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who,
                 netpoll::nanotime when) override {
    reactor_.add_waiter(which, who, when);
  }
  bool remove_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who) noexcept override {
    return reactor_.timers().remove_waiter(which, who);
  }
  netpoll::nanotime next_timer() const noexcept override { return reactor_.timers().next(); }

  netpoll::reactor reactor_;
  run_loop loop_{*this, *this};
};

// A service of io_contexts only.
class io_context::service : public execution_context::service {
 public:
  io_context& get_io_context() { return static_cast<io_context&>(context()); }
#ifdef NET_LEGACY
  [[deprecated("use get_io_context()")]] io_context& get_io_service() {
    return static_cast<io_context&>(context());
  }
#endif

 protected:
  explicit service(io_context& owner) : execution_context::service(owner) {}

 private:
  void shutdown() override;
  void notify_fork(fork_event event) override;
};

// As for any context, for services whose constructor takes an io_context.
template <typename Service>
Service& use_service(io_context& context) {
  return internal::service_access::use<Service>(context);
}

inline io_context::executor_type io_context::get_executor() noexcept {
  return executor_type(*this);
}


namespace internal {

// In the library.
using tracked_io_context_executor =
    io_context::basic_executor_type<std::allocator<void>, loop_executor_bits::tracked>;
template <>
inline constexpr bool has_table_in_library<any_io_executor_base, io_context::executor_type> = true;
extern template const erased_functions& choose_table<any_io_executor_base>(
    const io_context::executor_type&);
template <>
inline constexpr bool
    has_table_in_library<any_io_executor_base, tracked_io_context_executor> = true;
extern template const erased_functions& choose_table<any_io_executor_base>(
    const tracked_io_context_executor&);

}  // namespace internal

}  // namespace NET_NAMESPACE

#ifdef NET_LEGACY
#include "net/legacy/io_context.h"
#endif
