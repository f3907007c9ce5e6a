// SPDX-License-Identifier: BSL-1.0
//
// io_service, and what it had; see net/legacy.h.
#pragma once

#include <utility>

#include "net/async/submit.h"
#include "net/config.h"
#include "net/io_context.h"
#include "net/io_context_strand.h"

namespace NET_NAMESPACE {

using io_service [[deprecated("use io_context")]] = io_context;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

// Keeps run() from returning.
class io_context::work {
 public:
  explicit work(io_context& context) : context_(context) { context_.loop().work_started(); }
  work(const work& other) : work(other.context_) {}
  work& operator=(const work&) = delete;
  ~work() { context_.loop().work_finished(); }

  io_context& get_io_context() { return context_; }
  io_context& get_io_service() { return context_; }

 private:
  io_context& context_;
};

#pragma GCC diagnostic pop

template <typename Token>
decltype(auto) io_context::dispatch(Token&& token) {
  return NET_NAMESPACE::dispatch(get_executor(), std::forward<Token>(token));
}

template <typename Token>
decltype(auto) io_context::post(Token&& token) {
  return NET_NAMESPACE::post(get_executor(), std::forward<Token>(token));
}

namespace internal {
template <typename Dispatcher, typename Handler>
class strand_wrapped_handler;
}

template <typename Handler>
auto io_context::wrap(Handler handler) {
  return internal::strand_wrapped_handler<executor_type, Handler>(get_executor(),
                                                                  std::move(handler));
}

}  // namespace NET_NAMESPACE
