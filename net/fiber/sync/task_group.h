// SPDX-License-Identifier: BSL-1.0
//
// A task_group owns fibers: it waits for them, knows when one fails, and can cancel them all.
//
//   net::task_group group(net::on_failure::cancel_rest);
//   for (const request& each : requests) {
//     group.spawn([&] { answer(each); });
//   }
//   group.wait();                            // rethrows the first exception
//
// The destructor cancels what is left and waits for it, so no fiber outlives the scope it was
// spawned for. Fibers that finish are gone at once: a group may spawn for ever.
//
// wait() follows the rules of net/fiber/sync/sync.h; when the waiting fiber is cancelled the others
// go on, until the group is cancelled or destroyed. After a wait that succeeded the group can be
// used again.
//
// A group that was cancelled stays so: what is spawned from then on is cancelled from the start.
// What its fibers throw because of that, a std::system_error with error::operation_aborted, is no
// failure.
//
// spawn(), cancel() and the waits may be called from any fiber or thread, those of the group too,
// while it is there. On a plain thread, which might be the one that should run them, a group must
// not be destroyed before its fibers have finished: that aborts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/fiber/fiber_options.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/gate.h"
#include "net/fiber/sync/task_function.h"
#include "net/fiber/wait.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {

// What becomes of the others when a fiber of a group throws.
enum class on_failure : std::uint8_t { keep_going, cancel_rest };

namespace internal {

// What the fibers of a group share. It lives until the last of them is gone, which is after the
// group when the context is destroyed with fibers that wait.
class task_group_core {
 public:
  explicit task_group_core(on_failure how) noexcept : how_(how) {}

  void cancel() noexcept { stop_.request_stop(); }
  bool is_cancelled() const noexcept { return stop_.stop_requested(); }
  std::stop_token token() const noexcept { return stop_.get_token(); }

  // For a fiber of the group, inside a catch block: notes what it threw.
  void fail() noexcept;
  std::exception_ptr take_failure() noexcept;

  gate running{"task group", 0};

 private:
  const on_failure how_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::exception_ptr failure_;  // the first; under mutex_
};

// That a fiber, or one that is to be, belongs to a group.
class task_group_member {
 public:
  explicit task_group_member(std::shared_ptr<task_group_core> core) noexcept
      : core_(std::move(core)) {
    core_->running.add(1, "a task group has too many fibers");
  }
  task_group_member(task_group_member&& other) noexcept = default;
  task_group_member& operator=(task_group_member&&) = delete;
  ~task_group_member() {
    if (core_ != nullptr) {
      core_->running.add(-1, "a task group lost count");
    }
  }

  task_group_core& core() const noexcept { return *core_; }

 private:
  std::shared_ptr<task_group_core> core_;
};

// What a fiber of a group runs.
template <typename Function>
class group_task {
 public:
  template <typename F>
  group_task(const std::shared_ptr<task_group_core>& core, std::stop_token stop, F&& function)
      : member_(core), function_(std::move(stop), std::forward<F>(function)) {}

  void operator()() {
    try {
      (void)function_();
    } catch (const fiber_unwind&) {
      throw;
    } catch (...) {
      member_.core().fail();
    }
  }

 private:
  task_group_member member_;  // first: the group waits until the function is destroyed
  task_function<Function> function_;
};

}  // namespace internal

class task_group {
 public:
  explicit task_group(on_failure how = on_failure::keep_going)
      : task_group(std::stop_token(), how) {}
  // Also cancelled when a stop is requested.
  explicit task_group(std::stop_token stop, on_failure how = on_failure::keep_going);
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group();

  // As net::go(), but what function() throws is for wait().
  template <typename Function>
  void spawn(Function&& function) {
    spawn(fiber_options{}, std::forward<Function>(function));
  }
  template <typename Function>
  void spawn(fiber_options options, Function&& function) {
    auto task = make_task(options, std::forward<Function>(function));
    go(options, std::move(task));
  }
  // On a context, or an executor.
  template <typename Where, typename Function>
    requires(fiber_context<Where> || fiber_executor<Where>)
  void spawn(Where& where, Function&& function) {
    spawn(where, fiber_options{}, std::forward<Function>(function));
  }
  template <typename Where, typename Function>
    requires(fiber_context<Where> || fiber_executor<Where>)
  void spawn(Where& where, fiber_options options, Function&& function) {
    auto task = make_task(options, std::forward<Function>(function));
    go(where, options, std::move(task));
  }

  // Waits until no fiber is left, and rethrows what the first one that failed threw.
  void wait() {
    error_code ec;
    (void)wait(ec);
    internal::throw_if(ec, "wait");
  }
  // True: no fiber is left. Also rethrow.
  bool wait(error_code& ec) { return wait_by(netpoll::never, ec); }
  bool wait_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    return wait_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool wait_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    return wait_by(internal::deadline_in(duration), ec);
  }

  // Cancels all fibers, but does not wait for them.
  void cancel() noexcept { core_->cancel(); }
  bool is_cancelled() const noexcept { return core_->is_cancelled(); }
  // Stopped when the group is cancelled.
  std::stop_token get_stop_token() const noexcept { return core_->token(); }

  // How many fibers have not finished. Old as soon as it is returned.
  std::size_t size() const noexcept { return static_cast<std::size_t>(core_->running.count()); }

 private:
  struct canceller {
    internal::task_group_core* core;
    void operator()() const noexcept { core->cancel(); }
  };

  template <typename Function>
  auto make_task(fiber_options& options, Function&& function) {
    return internal::group_task<std::decay_t<Function>>(
        core_, std::exchange(options.stop, core_->token()), std::forward<Function>(function));
  }
  bool wait_by(netpoll::nanotime until, error_code& ec);

  const std::shared_ptr<internal::task_group_core> core_;
  std::stop_callback<canceller> on_stop_;
};

}  // namespace NET_NAMESPACE
