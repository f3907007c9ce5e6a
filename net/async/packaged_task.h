// SPDX-License-Identifier: BSL-1.0
//
// A std::packaged_task as a completion token: it is the handler, and the initiating function
// returns its future.
//
//   std::packaged_task<std::size_t(std::error_code, std::size_t)> task(…);
//   std::future<std::size_t> result = socket.async_read_some(buffer, std::move(task));
#pragma once

#include <future>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/completion_signature.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename Result, typename... Args, completion_signature Signature>
class async_result<std::packaged_task<Result(Args...)>, Signature> {
 public:
  using completion_handler_type = std::packaged_task<Result(Args...)>;
  using return_type = std::future<Result>;

  explicit async_result(completion_handler_type& task) : future_(task.get_future()) {}

  return_type get() { return std::move(future_); }

 private:
  return_type future_;
};

}  // namespace NET_NAMESPACE
