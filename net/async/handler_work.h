// SPDX-License-Identifier: BSL-1.0
//
// The handler of an operation that is under way, and what keeps alive where it will be called: on
// the executor associated with it, else on that of the object whose operation it is. A handler of
// the latter kind, of an object on an io_context's own executor, is called by the loop itself.
//
// An operation that the loop has finished asks is_elsewhere() first, and goes to where its handler is
// called with send(), to be run there once more; finish() then calls the handler. complete() is for
// those that have no operation to send.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_executor.h"
#include "net/config.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/operation.h"
#include "net/execution/submit_to.h"
#include "net/execution/work_guard.h"
#include "net/io_executor.h"

namespace NET_NAMESPACE::internal {

// A handler with what it is to be called with: call(handler).
template <typename Handler, typename Call>
class completion {
 public:
  completion(Handler&& handler, Call&& call)
      : handler_(std::move(handler)), call_(std::move(call)) {}

  void operator()() { call_(handler_); }

  using forwarded_handler_type = Handler;
  const Handler& forwarded_handler() const noexcept { return handler_; }

 private:
  Handler handler_;
  Call call_;
};

template <typename Executor, typename Handler, typename Call>
void dispatch_completion(const Executor& executor, Handler&& handler, Call&& call) {
  const auto allocator = get_associated_allocator(handler);
  submit_to<verb::dispatch>(
      executor, completion<Handler, Call>(std::move(handler), std::move(call)), allocator);
}

// Has `which` run on an executor. `loop` is only what it is told to have been run by.
void run_on(any_io_executor executor, operation& which, run_loop& loop);

// An executor like this one that counts as work of its context, if there is such a thing.
any_io_executor prefer_tracked(const any_io_executor& executor);

// By default: on the executor that the handler has, of whatever kind, or on that of the object.
template <typename Handler, typename Executor, typename = void>
class handler_work {
  using associated = associated_executor_t<Handler, Executor>;

 public:
  handler_work(const Handler& handler, const io_executor<Executor>& io)
      : work_(get_associated_executor(handler, io.get())) {}

  static constexpr bool is_elsewhere() noexcept { return false; }
  static void send(operation&, run_loop&) noexcept {}

  template <typename Call>
  void finish(Handler&& handler, Call&& call) {
    complete(std::move(handler), std::forward<Call>(call));
  }

  template <typename Call>
  void complete(Handler&& handler, Call&& call) {
    dispatch_completion(work_.get_executor(), std::move(handler), std::forward<Call>(call));
  }

 private:
  executor_work_guard<associated> work_;
};

// By the loop, which counts the operation as work already.
template <typename Handler, typename Executor>
class handler_work<
    Handler, Executor,
    std::enable_if_t<!has_own_executor<Handler, Executor> && is_loop_executor<Executor>>> {
 public:
  handler_work(const Handler&, const io_executor<Executor>&) noexcept {}

  static constexpr bool is_elsewhere() noexcept { return false; }
  static void send(operation&, run_loop&) noexcept {}

  template <typename Call>
  void finish(Handler&& handler, Call&& call) {
    call(handler);
  }

  template <typename Call>
  void complete(Handler&& handler, Call&& call) {
    call(handler);
  }
};

// By the loop if that is what the executor turns out to be.
template <typename Handler>
class handler_work<Handler, any_io_executor,
                   std::enable_if_t<!has_own_executor<Handler, any_io_executor>>> {
 public:
  handler_work(const Handler&, const io_executor<any_io_executor>& io) {
    if (!io.is_direct()) {
      work_ = prefer_tracked(io.get());
    }
  }

  bool is_elsewhere() const noexcept { return work_ != nullptr; }
  void send(operation& which, run_loop& loop) { run_on(std::move(work_), which, loop); }

  template <typename Call>
  void finish(Handler&& handler, Call&& call) {
    call(handler);
  }

  template <typename Call>
  void complete(Handler&& handler, Call&& call) {
    if (work_ == nullptr) [[likely]] {
      call(handler);
    } else {
      dispatch_completion(work_, std::move(handler), std::forward<Call>(call));
    }
  }

 private:
  any_io_executor work_;
};

}  // namespace NET_NAMESPACE::internal
