// SPDX-License-Identifier: BSL-1.0
//
// Waiting for a timer with a handler: a wait in the reactor, and the run loop that calls the handler
// when it is over.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/handler_memory.h"
#include "net/async/handler_work.h"
#include "net/async/request_cancellation.h"
#include "net/config.h"
#include "net/error.h"
#include "net/execution/operation.h"
#include "net/execution/run_loop.h"
#include "net/io_executor.h"
#include "net/timer/timer_wait.h"
#include "netpoll/timer_queue.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

// `Times` is a timer_time.
template <typename Times, typename Handler, typename Executor>
class wait_operation final : public operation,
                             private netpoll::resumer,
                             private handler_work<Handler, Executor>,
                             private slot_of_operation<Handler> {
  using work = handler_work<Handler, Executor>;
  using time_point = typename Times::time_point;

 public:
  template <typename H>
  wait_operation(const io_executor<Executor>& io, netpoll::reactor& reactor,
                 netpoll::timer_queue::entry& timer, const time_point& expiry, H&& handler)
      : operation(&run_handler),
        work(handler, io),
        handler_(std::forward<H>(handler)),
        loop_(io.loop()),
        wait_(reactor, timer, Times::next_look(expiry)),
        expiry_(expiry) {}

  void start() {
    loop_.work_started();
    wait_.set_resumer(*this);
    this->listen(handler_, wait_);
    wait_.commit();
  }

 private:
  void resume(netpoll::waiter&) noexcept override { loop_.post(*this); }

  static bool run_handler(operation& base, run_loop* loop) {
    auto& self = static_cast<wait_operation&>(base);
    if (loop != nullptr) {
      if (!self.is_cancelled() && !Times::has_come(self.expiry_)) {
        self.wait_.wait_anew(Times::next_look(self.expiry_));
        return false;
      }
      if (self.is_elsewhere()) {
        self.set_function(&complete);
        self.send(self, *loop);
        return true;
      }
    }
    return complete(self, loop);
  }

  // The wait is over.
  static bool complete(operation& base, run_loop* loop) {
    auto& self = static_cast<wait_operation&>(base);
    const bool is_cancelled = self.is_cancelled();
    Handler handler(std::move(self.handler_));
    work mine(std::move(static_cast<work&>(self)));
    destroy_operation(get_associated_allocator(handler), &self);
    if (loop != nullptr) {
      const error_code ec = is_cancelled ? make_error_code(error::operation_aborted) : error_code();
      mine.finish(std::move(handler), [ec](auto& target) { std::move(target)(ec); });
    }
    return true;
  }

  bool is_cancelled() const noexcept {
    return wait_.reason() == netpoll::wake_reason::cancelled;
  }

  Handler handler_;
  run_loop& loop_;
  timer_wait wait_;
  const time_point expiry_;
};

template <typename Times, typename Executor, typename Handler>
void start_timer_wait(const io_executor<Executor>& io, netpoll::reactor& reactor,
                      netpoll::timer_queue::entry& timer, const typename Times::time_point& expiry,
                      Handler&& handler) {
  using type = wait_operation<Times, std::decay_t<Handler>, Executor>;
  const auto allocator = get_associated_allocator(handler);
  make_operation<type>(allocator, io, reactor, timer, expiry, std::forward<Handler>(handler))
      ->start();
}

}  // namespace NET_NAMESPACE::internal
