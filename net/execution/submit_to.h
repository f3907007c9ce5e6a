// SPDX-License-Identifier: BSL-1.0
//
// How a function is handed to an executor of either model: one with execute() and properties, or one
// of the Networking TS with dispatch(), post() and defer().
//
//   internal::submit_to<internal::verb::post>(executor, std::move(function), allocator);
//
// The function is called once, as an rvalue.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/executor.h"
#include "net/execution/is_executor.h"
#include "net/execution/properties/allocator.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/properties/require.h"

namespace NET_NAMESPACE::internal {

// dispatch: now, if the executor may call it in the calling thread. post and defer: not before the
// call returns; defer says that the caller is about to end.
enum class verb { dispatch, post, defer };

// An executor of the Networking TS. It may be one with execute() too.
template <typename T>
concept ts_executor = is_executor<T>::value;

// Executors of ours that queue a function as it is, with the allocator they are given: they are not
// asked for through properties.
template <typename Executor>
inline constexpr bool is_direct_executor = false;

// What such an executor does with a function that execute() is given, for any allocator.
struct direct_access {
  template <typename Executor, typename Function, typename Allocator>
  static void execute(const Executor& executor, Function&& function, const Allocator& allocator) {
    executor.execute_with(std::forward<Function>(function), allocator);
  }
};

// A function that an executor may call as it likes. Whatever is associated with it still is.
template <typename Function>
class called_as_rvalue {
 public:
  template <typename F>
  explicit called_as_rvalue(std::in_place_t, F&& function) : function_(std::forward<F>(function)) {}

  void operator()() { std::move(function_)(); }

  using forwarded_handler_type = Function;
  const Function& forwarded_handler() const noexcept { return function_; }

 private:
  Function function_;
};

template <verb Verb, typename Executor, typename Function, typename Allocator>
void submit_to(const Executor& executor, Function&& function, const Allocator& allocator) {
  if constexpr (is_direct_executor<Executor>) {
    if constexpr (Verb == verb::dispatch) {
      direct_access::execute(executor, std::forward<Function>(function), allocator);
    } else if constexpr (Verb == verb::post) {
      executor.post(std::forward<Function>(function), allocator);
    } else {
      executor.defer(std::forward<Function>(function), allocator);
    }
  } else {
    called_as_rvalue<std::decay_t<Function>> call(std::in_place, std::forward<Function>(function));
    if constexpr (execution::is_executor<Executor>::value) {
      if constexpr (Verb == verb::dispatch) {
        NET_NAMESPACE::prefer(executor, execution::allocator(allocator)).execute(std::move(call));
      } else if constexpr (Verb == verb::post) {
        NET_NAMESPACE::prefer(NET_NAMESPACE::require(executor, execution::blocking.never),
                              execution::relationship.fork, execution::allocator(allocator))
            .execute(std::move(call));
      } else {
        NET_NAMESPACE::prefer(NET_NAMESPACE::require(executor, execution::blocking.never),
                              execution::relationship.continuation, execution::allocator(allocator))
            .execute(std::move(call));
      }
    } else if constexpr (Verb == verb::dispatch) {
      executor.dispatch(std::move(call), allocator);
    } else if constexpr (Verb == verb::post) {
      executor.post(std::move(call), allocator);
    } else {
      executor.defer(std::move(call), allocator);
    }
  }
}

// What a function may be submitted to.
template <typename T>
concept any_executor_model = ts_executor<T> || execution::is_executor<T>::value;

// The same for post() and defer(): it has to be able to do without calling the function itself.
template <typename T>
concept executor_to_post_on = ts_executor<T> ||
    (execution::is_executor<T>::value&& can_require<T, execution::blocking_t::never_t>::value);

}  // namespace NET_NAMESPACE::internal
