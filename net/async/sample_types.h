// SPDX-License-Identifier: BSL-1.0
//
// For the tests of this folder: an executor that is known by its number and calls at once, and a
// token of the older style, whose handler stores into what the return value reads.
#pragma once

#include "net/async/async_result.h"
#include "net/config.h"

namespace nettest {

struct numbered_executor {
  int number = 0;

  numbered_executor() = default;
  explicit numbered_executor(int which) : number(which) {}

  template <typename Function>
  void execute(Function function) const {
    function();
  }
  friend bool operator==(const numbered_executor& a, const numbered_executor& b) noexcept {
    return a.number == b.number;
  }
};

struct older_token {
  int* result;
};
struct older_handler {
  explicit older_handler(older_token token) : result(token.result) {}
  void operator()(int value) { *result = value; }
  int* result;
};

}  // namespace nettest

namespace NET_NAMESPACE {

template <>
class async_result<nettest::older_token, void(int)> {
 public:
  using completion_handler_type = nettest::older_handler;
  using return_type = int;
  explicit async_result(completion_handler_type& handler) : result_(handler.result) {}
  return_type get() { return *result_ + 1; }

 private:
  int* result_;
};

}  // namespace NET_NAMESPACE
