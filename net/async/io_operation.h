// SPDX-License-Identifier: BSL-1.0
//
// An asynchronous operation on a descriptor: a request of the reactor's, a completion handler, and
// the run loop that brings them together. The request does the work and the handler is called with
// what `finish` makes of it; nothing about reading, accepting or connecting stands here.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_immediate_executor.h"
#include "net/async/handler_memory.h"
#include "net/async/handler_work.h"
#include "net/async/request_cancellation.h"
#include "net/config.h"
#include "net/execution/operation.h"
#include "net/execution/run_loop.h"
#include "net/io_executor.h"
#include "netpoll/fd.h"
#include "netpoll/io_request.h"

namespace NET_NAMESPACE::internal {

// Whether a handler says where it wants to be called when its operation is done at once. Otherwise
// it is called as if the operation had taken time.
template <typename Handler, typename Executor>
concept has_immediate_executor = !requires {
  typename associated_immediate_executor<
      Handler, Executor>::asio_associated_immediate_executor_is_unspecialised;
};

// `Request` is an io_request. `Finish` is called with the finished request and returns a function
// object that calls a handler with the results.
template <typename Request, typename Finish, typename Handler, typename Executor>
class io_operation final : public operation,
                           private netpoll::resumer,
                           private handler_work<Handler, Executor>,
                           private slot_of_operation<Handler> {
  using work = handler_work<Handler, Executor>;

 public:
  template <typename H, typename... Args>
  io_operation(const io_executor<Executor>& io, Finish finish, H&& handler, Args&&... args)
      : operation(&run_request),
        work(handler, io),
        request_(std::forward<Args>(args)...),
        finish_(std::move(finish)),
        handler_(std::forward<H>(handler)),
        loop_(io.loop()) {}

  // Starts the operation; the object frees itself when it is done. The handler is never called
  // before this returns in the calling thread, unless its immediate executor does so.
  void start(const netpoll::fd& target, [[maybe_unused]] const io_executor<Executor>& io) {
    loop_.work_started();
    request_.set_resumer(*this);
    this->listen(handler_, request_);
    request_.start(target);
    if (request_.parks()) {
      return;
    }
    if constexpr (has_immediate_executor<Handler, Executor>) {
      auto call = finish_(request_);
      Handler handler(std::move(handler_));
      run_loop& loop = loop_;
      destroy_operation(get_associated_allocator(handler), this);
      const auto executor = get_associated_immediate_executor(handler, io.get());
      dispatch_completion(executor, std::move(handler), std::move(call));
      loop.work_finished();
    } else {
      set_function(&complete);
      loop_.post(*this);
    }
  }

 private:
  void resume(netpoll::waiter&) noexcept override { loop_.post(*this); }

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
    if (loop != nullptr && self.is_elsewhere()) [[unlikely]] {
      self.set_function(&complete);
      self.send(self, *loop);
      return true;
    }
    auto call = self.finish_(self.request_);
    Handler handler(std::move(self.handler_));
    work mine(std::move(static_cast<work&>(self)));
    destroy_operation(get_associated_allocator(handler), &self);
    if (loop != nullptr) {
      mine.finish(std::move(handler), std::move(call));
    }
    return true;
  }

  Request request_;
  Finish finish_;
  Handler handler_;
  run_loop& loop_;
};

template <typename Request, typename Finish, typename Handler, typename Executor, typename... Args>
void start_io(const netpoll::fd& target, const io_executor<Executor>& io, Finish finish,
              Handler&& handler, Args&&... args) {
  using type = io_operation<Request, Finish, std::decay_t<Handler>, Executor>;
  const auto allocator = get_associated_allocator(handler);
  make_operation<type>(allocator, io, std::move(finish), std::forward<Handler>(handler),
                       std::forward<Args>(args)...)
      ->start(target, io);
}

}  // namespace NET_NAMESPACE::internal
