// SPDX-License-Identifier: BSL-1.0
//
// io_context::strand is a strand of an io_context as the Networking TS has executors, for programs
// that name it. New ones use net::strand, which it is made of.
//
//   net::io_context::strand strand(context);
//   net::post(strand, [] { … });
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/config.h"
#include "net/execution/strand.h"
#include "net/io_context.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename Dispatcher, typename Handler>
class strand_wrapped_handler;

}  // namespace internal

class io_context::strand {
 public:
  explicit strand(io_context& context);
  strand(const strand&) noexcept = default;
  strand& operator=(const strand&) = delete;

  io_context& context() const noexcept { return strand_.context(); }
  void on_work_started() const noexcept { strand_.on_work_started(); }
  void on_work_finished() const noexcept { strand_.on_work_finished(); }

  template <typename Function, typename Allocator>
  void dispatch(Function&& function, const Allocator& allocator) const {
    strand_.dispatch(std::forward<Function>(function), allocator);
  }
  template <typename Function, typename Allocator>
  void post(Function&& function, const Allocator& allocator) const {
    strand_.post(std::forward<Function>(function), allocator);
  }
  template <typename Function, typename Allocator>
  void defer(Function&& function, const Allocator& allocator) const {
    strand_.defer(std::forward<Function>(function), allocator);
  }

  // A function object that, called with whatever arguments, dispatches a call of `handler` with
  // copies of them to the strand. bind_executor() does more.
  template <typename Handler>
  internal::strand_wrapped_handler<strand, Handler> wrap(Handler handler) {
    return {*this, std::move(handler)};
  }

  bool running_in_this_thread() const noexcept { return strand_.running_in_this_thread(); }

#ifdef NET_LEGACY
#include "net/legacy/strand_members.inc"
#endif

  friend bool operator==(const strand& left, const strand& right) noexcept {
    return left.strand_ == right.strand_;
  }

 private:
  NET_NAMESPACE::strand<io_context::executor_type> strand_;
};

namespace internal {

// See io_context::strand::wrap().
template <typename Dispatcher, typename Handler>
class strand_wrapped_handler {
 public:
  using executor_type = Dispatcher;

  strand_wrapped_handler(const Dispatcher& dispatcher, Handler&& handler)
      : dispatcher_(dispatcher), handler_(std::move(handler)) {}

  executor_type get_executor() const noexcept { return dispatcher_; }

  template <typename... Args>
  void operator()(Args&&... args) {
    submit(handler_, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void operator()(Args&&... args) const {
    submit(handler_, std::forward<Args>(args)...);
  }

 private:
  template <typename... Args>
  void submit(const Handler& handler, Args&&... args) const {
    dispatcher_.dispatch(
        [handler, values = std::tuple<std::decay_t<Args>...>(std::forward<Args>(
                      args)...)]() mutable { std::apply(std::move(handler), std::move(values)); },
        get_associated_allocator(handler_));
  }

  Dispatcher dispatcher_;
  Handler handler_;
};

}  // namespace internal
}  // namespace NET_NAMESPACE
