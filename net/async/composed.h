// SPDX-License-Identifier: BSL-1.0
//
// composed<Signatures...>(implementation, objects or executors...): an asynchronous operation made
// of others, as a function object to be passed to async_initiate(). `implementation` is a function
// object that is called again and again: first with (self, the arguments of the initiation...), and
// then, whenever `self` was the handler of an operation inside, with (self, results...). It ends by
// self.complete(results...).
//
//   struct echo_step {
//     tcp::socket& socket;
//     net::mutable_buffer where;
//     bool received = false;
//     template <typename Self>
//     void operator()(Self& self, std::error_code ec = {}, std::size_t n = 0) {
//       if (ec || received) return self.complete(ec, n);
//       received = true;
//       socket.async_read_some(where, std::move(self));
//     }
//   };
//   return net::async_initiate<Token, void(std::error_code, std::size_t)>(
//       net::composed<void(std::error_code, std::size_t)>(echo_step{socket, where}, socket), token);
//
// `self` has the executor, allocator, and so on of the completion handler, or else the executor of
// the first object; the executors of all objects have work until complete() is called. Cancellation
// reaches the operation inside that is running; only terminal unless the implementation calls
// self.reset_cancellation_state(filter). Between two operations self.cancelled() says what was asked
// for. After complete(), and after `self` was moved, nothing of it may be used.
#pragma once

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_executor.h"
#include "net/async/completion_signature.h"
#include "net/async/composed_work.h"
#include "net/async/operation_cancellation.h"
#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

// complete() for one signature. A function of its own for each, no template, so that arguments in
// braces convert.
template <typename Operation, typename Signature>
class composed_completion;
template <typename Operation, typename R, typename... Args>
class composed_completion<Operation, R(Args...)> {
 public:
  void complete(Args... args) {
    static_cast<Operation&>(*this).finish(static_cast<Args&&>(args)...);
  }
};

template <typename Operation, typename... Signatures>
class composed_completions : public composed_completion<Operation, Signatures>... {
 public:
  using composed_completion<Operation, Signatures>::complete...;
};
// Without signatures, whatever the handler takes.
template <typename Operation>
class composed_completions<Operation> {
 public:
  template <typename... Args>
  void complete(Args&&... args) {
    static_cast<Operation&>(*this).finish(std::forward<Args>(args)...);
  }
};

// What implementations know as `self`, and the operations inside as their handler.
template <typename Implementation, typename Work, typename Handler, typename... Signatures>
class composed_operation
    : public operation_cancellation<Handler>,
      public composed_completions<composed_operation<Implementation, Work, Handler, Signatures...>,
                                  typename signature_traits<Signatures>::unqualified...> {
  using cancellation = operation_cancellation<Handler>;
  template <typename, typename>
  friend class composed_completion;
  template <typename, typename...>
  friend class composed_completions;

 public:
  using io_executor_type = typename Work::executor_type;
  using executor_type = associated_executor_t<Handler, io_executor_type>;
  using allocator_type = associated_allocator_t<Handler, std::allocator<void>>;
  using forwarded_handler_type = Handler;

  template <typename I, typename H, typename... Executors>
  composed_operation(I&& implementation, H&& handler, const Executors&... executors)
      : cancellation(handler, enable_terminal_cancellation()),
        implementation_(std::forward<I>(implementation)),
        work_(executors...),
        handler_(std::forward<H>(handler)) {}
  composed_operation(composed_operation&&) = default;

  io_executor_type get_io_executor() const noexcept { return work_.get_executor(); }
  executor_type get_executor() const noexcept {
    return NET_NAMESPACE::get_associated_executor(handler_, work_.get_executor());
  }
  allocator_type get_allocator() const noexcept {
    return NET_NAMESPACE::get_associated_allocator(handler_, std::allocator<void>());
  }
  const Handler& forwarded_handler() const noexcept { return handler_; }

  template <typename... Args>
  void operator()(Args&&... args) {
    this->get_cancellation_state().slot().clear();  // that of the operation which has completed
    implementation_(*this, std::forward<Args>(args)...);
  }

  // From now on: what may come in, and what goes on to the operation inside; one for both, or none
  // for terminal cancellation only. Forgets what was asked for.
  template <typename... Filters>
  requires(sizeof...(Filters) <= 2) void reset_cancellation_state(Filters&&... filters) {
    cancellation::replace_filters(handler_, std::forward<Filters>(filters)...);
  }

 private:
  template <typename... Args>
  void finish(Args&&... args) {
    work_.reset();
    static_cast<Handler&&>(handler_)(std::forward<Args>(args)...);
  }

  Implementation implementation_;
  Work work_;
  Handler handler_;
};

// The initiation.
template <typename Implementation, typename Executors, typename... Signatures>
class composed_initiation;
template <typename Implementation, typename First, typename... Others, typename... Signatures>
class composed_initiation<Implementation, std::tuple<First, Others...>, Signatures...> {
  template <typename Handler>
  using operation = composed_operation<Implementation, composed_work<First, Others...>,
                                       std::decay_t<Handler>, Signatures...>;

 public:
  using executor_type = First;

  template <typename I>
  composed_initiation(I&& implementation, std::tuple<First, Others...> executors)
      : implementation_(std::forward<I>(implementation)), executors_(std::move(executors)) {}

  executor_type get_executor() const noexcept { return std::get<0>(executors_); }

  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args&&... args) const& {
    operation<Handler>(implementation_, std::forward<Handler>(handler),
                       executors_)(std::forward<Args>(args)...);
  }
  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args&&... args) && {
    operation<Handler>(static_cast<Implementation&&>(implementation_),
                       std::forward<Handler>(handler), executors_)(std::forward<Args>(args)...);
  }

 private:
  Implementation implementation_;
  std::tuple<First, Others...> executors_;
};

// Without objects it has no executor of its own.
template <typename Implementation, typename... Signatures>
class composed_initiation<Implementation, std::tuple<>, Signatures...> {
  template <typename Handler>
  using operation =
      composed_operation<Implementation, composed_work<>, std::decay_t<Handler>, Signatures...>;

 public:
  template <typename I>
  composed_initiation(I&& implementation, std::tuple<>)
      : implementation_(std::forward<I>(implementation)) {}

  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args&&... args) const& {
    operation<Handler>(implementation_,
                       std::forward<Handler>(handler))(std::forward<Args>(args)...);
  }
  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args&&... args) && {
    operation<Handler>(static_cast<Implementation&&>(implementation_),
                       std::forward<Handler>(handler))(std::forward<Args>(args)...);
  }

 private:
  Implementation implementation_;
};

template <typename... Objects>
using composed_executors =
    std::tuple<std::decay_t<decltype(internal::composed_executor(std::declval<Objects&>()))>...>;

}  // namespace internal

template <completion_signature... Signatures, typename Implementation,
          typename... IoObjectsOrExecutors>
internal::composed_initiation<std::decay_t<Implementation>,
                              internal::composed_executors<IoObjectsOrExecutors...>, Signatures...>
composed(Implementation&& implementation, IoObjectsOrExecutors&&... objects) {
  return {std::forward<Implementation>(implementation),
          internal::composed_executors<IoObjectsOrExecutors...>(
              internal::composed_executor(objects)...)};
}

}  // namespace NET_NAMESPACE
