// SPDX-License-Identifier: BSL-1.0
#include "net/async/handler_work.h"

#include <utility>

#include "net/config.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/operation.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer.h"

namespace NET_NAMESPACE::internal {
namespace {

// Runs an operation, or destroys it if it is not called.
class operation_call {
 public:
  operation_call(operation& which, run_loop& loop) noexcept : which_(&which), loop_(loop) {}
  operation_call(operation_call&& other) noexcept
      : which_(std::exchange(other.which_, nullptr)), loop_(other.loop_) {}
  operation_call& operator=(operation_call&&) = delete;
  ~operation_call() {
    if (which_ != nullptr) {
      which_->destroy();
    }
  }

  void operator()() { std::exchange(which_, nullptr)->run(loop_); }

 private:
  operation* which_;
  run_loop& loop_;
};

}  // namespace

void run_on(any_io_executor executor, operation& which, run_loop& loop) {
  executor.execute(operation_call(which, loop));
}

any_io_executor prefer_tracked(const any_io_executor& executor) {
  return NET_NAMESPACE::prefer(executor, execution::outstanding_work.tracked);
}

}  // namespace NET_NAMESPACE::internal
