// SPDX-License-Identifier: BSL-1.0
//
// An actor that waits as a fiber does: what net/fiber/sync asks of fibers, for scenarios on its
// code.
//
//   waiting_actor one;
//   … actors() { return {one.does([this] { mutex_.lock(); … }), [this] { one.interrupt(); }}; }
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "net/config.h"
#include "net/fiber/wait.h"
#include "netpoll/waiter.h"
#include "testing/interleave/scheduler.h"

namespace netpoll::interleave {

class waiting_actor final : private resumer {
 public:
  waiting_actor() = default;
  waiting_actor(const waiting_actor&) = delete;
  waiting_actor& operator=(const waiting_actor&) = delete;

  // The actor that is this one.
  actor does(actor what);

  // Cancels it, from another actor. What it waits for then, or begins to wait for, ends.
  void interrupt();

  // What broke the rules of waiting, or nothing.
  const std::string& failure() const noexcept { return failure_; }

  // For net/fiber/sync.
  static waiting_actor& current();
  std::uint64_t id() const noexcept { return id_; }
  NET_NAMESPACE::wait_result wait(waiter& what, NET_NAMESPACE::on_cancel how);

 private:
  void resume(waiter& what) noexcept override;

  static inline std::uint64_t last_id_ = 0;
  const std::uint64_t id_ = ++last_id_;
  waiter* parked_on_ = nullptr;
  bool heeds_ = false;
  bool is_interrupted_ = false;
  bool is_resumed_ = false;
  bool is_withdrawn_ = false;
  int visitors_ = 0;  // who look at what it is parked on
  std::string failure_;
};

}  // namespace netpoll::interleave
