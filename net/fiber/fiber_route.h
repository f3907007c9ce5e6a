// SPDX-License-Identifier: BSL-1.0
//
// Where a fiber goes when it becomes runnable, if that is not the next best thread of its loop: to
// an executor, whose rules it then obeys. On a strand, for one, it never runs at the same time as
// another function of the strand, and between two of its waits nothing else of the strand runs.
#pragma once

#include <memory>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

class fiber_state;

class fiber_route {
 public:
  // Has fiber_state::run_slice() called on `who`, from somewhere else.
  virtual void post(fiber_state& who) noexcept = 0;

 protected:
  ~fiber_route() = default;
};

// What an executor runs: one turn of a fiber. If it is destroyed instead, so is the fiber.
class fiber_slice {
 public:
  explicit fiber_slice(fiber_state& who) noexcept : who_(&who) {}
  fiber_slice(fiber_slice&& other) noexcept : who_(std::exchange(other.who_, nullptr)) {}
  fiber_slice& operator=(fiber_slice&&) = delete;
  ~fiber_slice();

  void operator()();

 private:
  fiber_state* who_;
};

template <typename Executor>
class executor_route final : public fiber_route {
 public:
  explicit executor_route(const Executor& executor) noexcept : executor_(executor) {}

  void post(fiber_state& who) noexcept override {
    executor_.post(fiber_slice(who), std::allocator<void>());
  }

 private:
  Executor executor_;
};

}  // namespace NET_NAMESPACE::internal
