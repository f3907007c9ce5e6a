// SPDX-License-Identifier: BSL-1.0
//
// The timers of micro_uv.cc: the work that micro_timers.h describes, done by libuv.
#pragma once

#include <uv.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "testing/bench/peers/measure.h"
#include "testing/bench/peers/micro_uv_loop.h"
#include "testing/bench/peers/micro_work.h"

namespace uv {

// As micro_timers.h says.
class timers {
 public:
  explicit timers(std::uint32_t count) : all_(count) {
    for (one& each : all_) {
      check(uv_timer_init(target_.get(), &each.timer));
      arm(each, some_time());
    }
    check(uv_idle_init(target_.get(), &idle_));
    idle_.data = this;
  }
  ~timers() {
    for (one& each : all_) {
      close(each.timer);
    }
    close(idle_);
  }
  timers(const timers&) = delete;
  timers& operator=(const timers&) = delete;

  double rearm(std::int64_t count) {
    work_ = [](timers& self) {
      self.arm(self.all_[self.next_], 2 * bench::hours_10_in_ms);
      self.next_ = self.next_ + 1 == self.all_.size() ? 0 : self.next_ + 1;
    };
    return repeat(count);
  }

  double rearm_random(std::int64_t count) {
    work_ = [](timers& self) { self.arm(self.any(), 2 * bench::hours_10_in_ms); };
    return repeat(count);
  }

  double pull(std::int64_t count) {
    work_ = [](timers& self) {
      one& which = self.any();
      const std::uint64_t expiry = which.expiry - self.random_.below(bench::minute_in_ms);
      self.arm(which, expiry - uv_now(self.target_.get()));
    };
    return repeat(count);
  }

  struct figures {
    double cancel = 0;
    double arm = 0;
  };
  figures cancel_and_arm(std::int64_t count) {
    figures sum;
    std::vector<one*> some;
    std::int64_t done = 0;
    while (done < count) {
      some.clear();
      const auto size = static_cast<std::uint32_t>(all_.size());
      const std::uint32_t step = size / bench::per_batch + 1;
      for (std::uint32_t i = random_.below(std::min(step, size)); i < size; i += step) {
        some.push_back(&all_[i]);
      }
      const bench::stopwatch cancelling;
      for (one* each : some) {
        uv_timer_stop(&each->timer);
      }
      sum.cancel += cancelling.nanoseconds();
      const bench::stopwatch arming;
      for (one* each : some) {
        arm(*each, some_time());
      }
      sum.arm += arming.nanoseconds();
      done += static_cast<std::int64_t>(some.size());
    }
    return {sum.cancel / static_cast<double>(done), sum.arm / static_cast<double>(done)};
  }

 private:
  struct one {
    uv_timer_t timer;
    std::uint64_t expiry = 0;
  };

  std::uint64_t some_time() { return bench::hours_10_in_ms + random_.below(bench::hours_10_in_ms); }

  one& any() { return all_[random_.below(static_cast<std::uint32_t>(all_.size()))]; }

  void arm(one& which, std::uint64_t from_now) {
    which.expiry = uv_now(target_.get()) + from_now;
    uv_timer_start(
        &which.timer, [](uv_timer_t*) { bench::require(false, "a timer fired"); }, from_now, 0);
  }

  double repeat(std::int64_t count) {
    left_ = count;
    const bench::stopwatch watch;
    uv_idle_start(&idle_, [](uv_idle_t* idle) {
      timers& self = *static_cast<timers*>(idle->data);
      for (int i = 0; i < bench::per_turn && self.left_ != 0; ++i, --self.left_) {
        self.work_(self);
      }
      if (self.left_ == 0) {
        uv_idle_stop(idle);
        uv_stop(idle->loop);
      }
    });
    target_.run();
    return watch.nanoseconds() / static_cast<double>(count);
  }

  // Before the loop: it must be gone when they go.
  std::vector<one> all_;
  uv_idle_t idle_;
  loop target_;
  bench::random_numbers random_;
  void (*work_)(timers& self) = nullptr;
  std::int64_t left_ = 0;
  std::size_t next_ = 0;
};

enum class timer_work { all, arm, rearm, rearm_random, pull, cancel };

template <bool IsMillion, timer_work What>
void timers_among(std::int64_t count, const bench::output& out) {
  const auto asked = [](timer_work each) { return What == timer_work::all || What == each; };
  timers among(bench::outstanding(IsMillion ? bench::million : bench::hundred_thousand, count));
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
}

// As micro_timers.h says, but that times are whole milliseconds.
inline void timer_fire(std::int64_t count, const bench::output& out) {
  const std::uint32_t size = bench::outstanding(bench::to_fire, count);
  std::vector<uv_timer_t> all(size);
  loop target;
  bench::random_numbers random;
  std::int64_t fired = 0;
  for (uv_timer_t& each : all) {
    check(uv_timer_init(target.get(), &each));
    each.data = &fired;
  }
  const bench::stopwatch watch;
  for (uv_timer_t& each : all) {
    uv_timer_start(
        &each, [](uv_timer_t* self) { ++*static_cast<std::int64_t*>(self->data); },
        random.below(10), 0);
  }
  target.run();
  out.line("timer_fire", watch.nanoseconds() / static_cast<double>(size));
  bench::require(fired == size, "a timer did not fire");
  for (uv_timer_t& each : all) {
    close(each);
  }
}

}  // namespace uv
