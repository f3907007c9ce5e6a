// SPDX-License-Identifier: BSL-1.0
//
// Timers: many of them are outstanding, each with a handler that waits. Handlers do a hundred
// operations at a time, as those of a server do that had a hundred descriptors ready; the handlers
// of waits that this ends are run as well, and are part of the figure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "testing/bench/peers/measure.h"
#include "testing/bench/peers/micro_library.h"
#include "testing/bench/peers/micro_work.h"

namespace bench {

class timers {
 public:
  explicit timers(std::uint32_t count) {
    all_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      all_.emplace_back(context_);
      arm(all_.back(), some_time());
    }
  }

  // Pushes one of them later, `count` times: to twenty hours from then, as a server does that gives
  // each connection the same time after each message. Each in its turn, or any of them.
  double rearm(std::int64_t count) {
    std::size_t next = 0;
    const stopwatch watch;
    repeat(count, per_turn, [this, &next] {
      arm(all_[next], std::chrono::hours(20));
      next = next + 1 == all_.size() ? 0 : next + 1;
    });
    return watch.nanoseconds() / static_cast<double>(count);
  }
  double rearm_random(std::int64_t count) {
    const stopwatch watch;
    repeat(count, per_turn, [this] { arm(any(), std::chrono::hours(20)); });
    return watch.nanoseconds() / static_cast<double>(count);
  }

  // Pulls one of them earlier by up to a minute.
  double pull(std::int64_t count) {
    const stopwatch watch;
    repeat(count, per_turn, [this] {
      lib::timer& which = any();
      which.expires_at(which.expiry() - std::chrono::milliseconds(random_.below(minute_in_ms)));
      wait(which);
    });
    return watch.nanoseconds() / static_cast<double>(count);
  }

  struct figures {
    double cancel = 0;
    double arm = 0;
  };
  // Cancels a thousand and arms them anew, `count` and some in all.
  figures cancel_and_arm(std::int64_t count) {
    figures sum;
    std::vector<lib::timer*> some;
    std::int64_t done = 0;
    stopwatch watch;
    // Handlers run in the order in which they were posted: those of the waits that one turn cancels
    // before the next turn.
    repeat(2 * (count / per_batch + 1), 1, [&] {
      if (some.empty()) {
        choose(some);
        watch = stopwatch();
        for (lib::timer* each : some) {
          each->cancel();
        }
      } else {
        sum.cancel += watch.nanoseconds();
        watch = stopwatch();
        for (lib::timer* each : some) {
          arm(*each, some_time());
        }
        sum.arm += watch.nanoseconds();
        done += static_cast<std::int64_t>(some.size());
        some.clear();
      }
    });
    return {sum.cancel / static_cast<double>(done), sum.arm / static_cast<double>(done)};
  }

  // To be called last: every wait that was begun must have ended once.
  void finish() {
    for (lib::timer& each : all_) {
      each.cancel();
    }
    context_.restart();
    context_.run();
    require(begun_ == cancelled_, "a wait did not end, or not as it should");
  }

 private:
  std::chrono::milliseconds some_time() {
    return std::chrono::milliseconds(hours_10_in_ms + random_.below(hours_10_in_ms));
  }

  lib::timer& any() { return all_[random_.below(static_cast<std::uint32_t>(all_.size()))]; }

  // About a thousand, none twice, from all over the memory.
  void choose(std::vector<lib::timer*>& some) {
    const auto size = static_cast<std::uint32_t>(all_.size());
    const std::uint32_t step = size / per_batch + 1;
    for (std::uint32_t i = random_.below(std::min(step, size)); i < size; i += step) {
      some.push_back(&all_[i]);
    }
  }

  void arm(lib::timer& which, std::chrono::steady_clock::duration from_now) {
    which.expires_after(from_now);
    wait(which);
  }

  void wait(lib::timer& which) {
    ++begun_;
    which.async_wait([this](const lib::error_code& ec) { cancelled_ += ec ? 1 : 0; });
  }

  // Calls operation() so many times, some in each handler.
  template <typename Operation>
  struct turn {
    lib::io_context* context;
    std::int64_t left;
    int at_a_time;
    Operation* operation;

    void operator()() const {
      std::int64_t more = left;
      for (int i = 0; i < at_a_time && more != 0; ++i, --more) {
        (*operation)();
      }
      if (more != 0) {
        lib::post(*context, turn{context, more, at_a_time, operation});
      } else {
        context->stop();
      }
    }
  };
  template <typename Operation>
  void repeat(std::int64_t count, int at_a_time, Operation operation) {
    lib::post(context_, turn<Operation>{&context_, count, at_a_time, &operation});
    context_.restart();
    context_.run();
  }

  lib::io_context context_{1};
  random_numbers random_;
  std::int64_t begun_ = 0;
  std::int64_t cancelled_ = 0;
  std::vector<lib::timer> all_;
};

// Random times within ten milliseconds, all armed and then all run. Half a million of them take
// longer to arm than that, so those that were armed first are due before the last ones are armed.
inline void timer_fire(std::int64_t count, const output& out) {
  lib::io_context context(1);
  random_numbers random;
  const std::uint32_t size = outstanding(to_fire, count);
  std::vector<lib::timer> all;
  all.reserve(size);
  for (std::uint32_t i = 0; i < size; ++i) {
    all.emplace_back(context);
  }
  std::int64_t fired = 0;
  const stopwatch watch;
  for (lib::timer& each : all) {
    each.expires_after(std::chrono::microseconds(random.below(10'000)));
    each.async_wait([&fired](const lib::error_code& ec) { fired += ec ? 0 : 1; });
  }
  context.run();
  out.line("timer_fire", watch.nanoseconds() / static_cast<double>(size));
  require(fired == size, "a timer did not fire");
}

enum class timer_work { all, arm, rearm, rearm_random, pull, cancel };

// With a million of them or a hundred thousand, all of it or one part.
template <bool IsMillion, timer_work What>
void timers_among(std::int64_t count, const output& out) {
  const auto asked = [](timer_work each) { return What == timer_work::all || What == each; };
  timers among(outstanding(IsMillion ? million : hundred_thousand, count));
  // First, while what belongs together lies together.
  if (asked(timer_work::rearm)) {
    out.line(IsMillion ? "timer_rearm_1m" : "timer_rearm", among.rearm(count));
  }
  if (asked(timer_work::cancel) || asked(timer_work::arm)) {
    const timers::figures found = among.cancel_and_arm(count);
    out.line(IsMillion ? "timer_cancel_1m" : "timer_cancel", found.cancel);
    out.line(IsMillion ? "timer_arm_1m" : "timer_arm", found.arm);
  }
  if (asked(timer_work::pull)) {
    out.line(IsMillion ? "timer_pull_1m" : "timer_pull", among.pull(count));
  }
  if (asked(timer_work::rearm_random)) {
    out.line(IsMillion ? "timer_rearm_random_1m" : "timer_rearm_random", among.rearm_random(count));
  }
  among.finish();
}

}  // namespace bench
