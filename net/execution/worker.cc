// SPDX-License-Identifier: BSL-1.0
#include "net/execution/worker.h"

#include <algorithm>
#include <utility>

#include "net/execution/run_loop.h"
#include "net/multiple_exceptions.h"

namespace NET_NAMESPACE::internal {
namespace {

// How many operations are stolen at once, at most: those who wait for the lock wait for no more.
constexpr std::size_t steal_limit = 64;

}  // namespace

worker::worker(run_loop& loop, bool many) noexcept
    : runs_many(many),
      loop_(loop),
      outer_(std::exchange(this_thread_state().innermost, this)),
      // What runs in here is not on the fiber that called the run function.
      outer_host_(std::exchange(this_thread_state().host, nullptr)),
      beat_(worker_beat::of_this_thread()) {
  beat_.tick();
  loop.add_worker(*this);
}

worker::~worker() {
  loop_.remove_worker(*this);
  if (outer_ == nullptr) {
    beat_.rest();
  } else {
    beat_.tick();  // what called the run function goes on
  }
  thread_state& state = this_thread_state();
  state.innermost = outer_;
  state.host = outer_host_;
}

std::size_t worker::steal(operation_queue& into) noexcept {
  if (size() == 0 || !lock_.try_lock_other()) {
    return 0;
  }
  const std::size_t wanted = std::min((size() + 1) / 2, steal_limit);
  for (std::size_t i = 0; i != wanted; ++i) {
    into.push(*queue_.pop());
  }
  change_size(-static_cast<std::ptrdiff_t>(wanted));
  lock_.unlock_other();
  return wanted;
}

void worker::capture_exception() noexcept {
  if (captured_ == nullptr) {
    captured_ = std::current_exception();
  } else if (!std::exchange(has_captured_several_, true)) {
    captured_ = std::make_exception_ptr(multiple_exceptions(std::move(captured_)));
  }
  turns_left_ = 1;
}

void worker::rethrow_captured() { std::rethrow_exception(std::exchange(captured_, nullptr)); }

}  // namespace NET_NAMESPACE::internal
