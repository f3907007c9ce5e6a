// SPDX-License-Identifier: BSL-1.0
//
// A look-up with a handler: the wait for its answer, and the run loop that calls the handler.
#pragma once

#include <cstdint>
#include <memory>
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
#include "net/ip/lookup_pool.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::ip::internal {

// `Finish` is called with the answered question and returns the results.
template <typename Lookup, typename Finish, typename Handler, typename Executor>
class resolve_operation final : public operation,
                                private netpoll::resumer,
                                private NET_NAMESPACE::internal::handler_work<Handler, Executor>,
                                private NET_NAMESPACE::internal::slot_of_operation<Handler> {
  using work = NET_NAMESPACE::internal::handler_work<Handler, Executor>;

 public:
  template <typename H>
  resolve_operation(const NET_NAMESPACE::internal::io_executor<Executor>& io, lookup_pool& pool,
                    std::uint64_t owner, std::shared_ptr<Lookup> what, Finish finish, H&& handler)
      : operation(&run_handler),
        work(handler, io),
        what_(std::move(what)),
        finish_(std::move(finish)),
        handler_(std::forward<H>(handler)),
        loop_(io.loop()),
        wait_(pool, what_, owner) {}

  void start() {
    loop_.work_started();
    wait_.set_resumer(*this);
    this->listen(handler_, wait_);
    if (!wait_.commit()) {
      loop_.post(*this);
    }
  }

 private:
  void resume(netpoll::waiter&) noexcept override { loop_.post(*this); }

  static bool run_handler(operation& base, run_loop* loop) {
    auto& self = static_cast<resolve_operation&>(base);
    if (loop != nullptr && self.is_elsewhere()) {
      self.send(self, *loop);
      return true;
    }
    using results_type = decltype(self.finish_(*self.what_));
    const bool is_cancelled = self.wait_.reason() == netpoll::wake_reason::cancelled;
    const error_code ec = is_cancelled ? make_error_code(error::operation_aborted) : self.what_->ec;
    results_type results;
    if (loop != nullptr && !ec) {
      results = self.finish_(*self.what_);
    }
    Handler handler(std::move(self.handler_));
    work mine(std::move(static_cast<work&>(self)));
    NET_NAMESPACE::internal::destroy_operation(get_associated_allocator(handler), &self);
    if (loop != nullptr) {
      mine.finish(std::move(handler), [ec, results = std::move(results)](auto& target) mutable {
        std::move(target)(ec, std::move(results));
      });
    }
    return true;
  }

  const std::shared_ptr<Lookup> what_;  // not read by us while it is asked
  Finish finish_;
  Handler handler_;
  run_loop& loop_;
  lookup_wait wait_;
};

template <typename Lookup, typename Finish, typename Handler, typename Executor>
void start_resolve(const NET_NAMESPACE::internal::io_executor<Executor>& io, lookup_pool& pool,
                   std::uint64_t owner, std::shared_ptr<Lookup> what, Finish finish,
                   Handler&& handler) {
  using type = resolve_operation<Lookup, Finish, std::decay_t<Handler>, Executor>;
  const auto allocator = get_associated_allocator(handler);
  NET_NAMESPACE::internal::make_operation<type>(allocator, io, pool, owner, std::move(what),
                                                std::move(finish), std::forward<Handler>(handler))
      ->start();
}

}  // namespace NET_NAMESPACE::ip::internal
