// SPDX-License-Identifier: BSL-1.0
//
// A task is a sequence of operations on one endpoint that does not know how they are waited for. It
// is driven in a fiber, by handlers, or in a plain thread, and changes between them every so often,
// so that all of them meet on the same connection, and in the same direction.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "testing/soak/disturbed.h"
#include "testing/soak/endpoint.h"
#include "testing/soak/random.h"

namespace soak {

// What a task wants to do next.
struct action {
  enum class kind : std::uint8_t { read, write, pause, stop };
  kind what = kind::stop;
  // Read or write this, in two buffers if `split` is not 0.
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  std::size_t split = 0;
  std::chrono::microseconds pause{0};
};

class task {
 public:
  task(std::shared_ptr<endpoint> end, std::uint64_t seed)
      : end_(std::move(end)), dice_(seed), style_dice_(mix(seed, 99)) {}
  virtual ~task() = default;
  task(const task&) = delete;
  task& operator=(const task&) = delete;

  virtual action next() = 0;
  // The read or write has ended.
  virtual void complete(outcome how, std::size_t bytes) { (void)how, (void)bytes; }

  endpoint& end() noexcept { return *end_; }
  random& style_dice() noexcept { return style_dice_; }

 protected:
  // After an operation of this direction expired: mostly lifts the deadline. What to do before the
  // next try, if anything.
  action recover(direction which);

  std::shared_ptr<endpoint> end_;
  random dice_;

 private:
  random style_dice_;
};

// Runs it to its end.
void drive(std::shared_ptr<task> what);

// Lists a new endpoint, and starts all that it has to do. Once.
void start_tasks(const std::shared_ptr<endpoint>& end);

}  // namespace soak
