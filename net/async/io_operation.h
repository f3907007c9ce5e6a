// SPDX-License-Identifier: BSL-1.0
//
// An asynchronous operation on a descriptor: a request of the reactor's, a completion handler, and
// the run loop that brings them together. The request does the work and the handler is called with
// what `finish` makes of it; nothing about reading, accepting or connecting stands here.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_executor.h"
#include "net/async/handler_memory.h"
#include "net/config.h"
#include "net/execution/operation.h"
#include "net/execution/run_loop.h"
#include "net/execution/submit_to.h"
#include "netpoll/fd.h"
#include "netpoll/io_request.h"

namespace NET_NAMESPACE::internal {

// Calls `complete(handler)`, on the handler's own executor if it has one.
template <typename Executor, typename Handler, typename Complete>
void call_handler(const Executor& executor, Handler&& handler, Complete&& complete) {
  if constexpr (has_own_executor<std::decay_t<Handler>, Executor>) {
    const auto own = get_associated_executor(handler, executor);
    const auto allocator = get_associated_allocator(handler);
    submit_to<verb::dispatch>(
        own,
        [handler = std::move(handler), complete = std::forward<Complete>(complete)]() mutable {
          complete(handler);
        },
        allocator);
  } else {
    complete(handler);
  }
}

// `Request` is an io_request. `Finish` is called with the finished request and returns a function
// object that calls a handler with the results.
template <typename Request, typename Finish, typename Handler, typename Executor>
class io_operation final : public operation, private netpoll::resumer {
 public:
  template <typename H, typename... Args>
  io_operation(const Executor& executor, Finish finish, H&& handler, Args&&... args)
      : operation(&run_request),
        request_(std::forward<Args>(args)...),
        finish_(std::move(finish)),
        handler_(std::forward<H>(handler)),
        executor_(executor) {}

  // Starts the operation; the object frees itself when it is done. The handler is never called
  // before this returns in the calling thread.
  void start(const netpoll::fd& target) {
    run_loop& loop = executor_.context().loop();
    loop.work_started();
    request_.set_resumer(*this);
    request_.start(target);
    if (!request_.parks()) {
      set_function(&complete);
      loop.post(*this);
    }
  }

 private:
  void resume(netpoll::waiter&) noexcept override { executor_.context().loop().post(*this); }

  static bool run_request(operation& base, run_loop* loop) {
    auto& self = static_cast<io_operation&>(base);
    if (loop == nullptr) {
      self.request_.abandon();
    } else if (self.request_.parks()) {
      return false;
    }
    return complete(self, loop);
  }

  // The request is done.
  static bool complete(operation& base, run_loop* loop) {
    auto& self = static_cast<io_operation&>(base);
    auto call = self.finish_(self.request_);
    Handler handler(std::move(self.handler_));
    const Executor executor(self.executor_);
    destroy_operation(get_associated_allocator(handler), &self);
    if (loop != nullptr) {
      call_handler(executor, std::move(handler), std::move(call));
    }
    return true;
  }

  Request request_;
  Finish finish_;
  Handler handler_;
  Executor executor_;
};

template <typename Request, typename Finish, typename Handler, typename Executor, typename... Args>
void start_io(const netpoll::fd& target, const Executor& executor, Finish finish, Handler&& handler,
              Args&&... args) {
  using type = io_operation<Request, Finish, std::decay_t<Handler>, Executor>;
  const auto allocator = get_associated_allocator(handler);
  make_operation<type>(allocator, executor, std::move(finish), std::forward<Handler>(handler),
                       std::forward<Args>(args)...)
      ->start(target);
}

}  // namespace NET_NAMESPACE::internal
