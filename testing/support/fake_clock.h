// SPDX-License-Identifier: BSL-1.0
//
// A clock that stands still until the test moves it. Installed for as long as it lives; reactors
// and threads that wait for a time are told whenever it moves.
//
//   nettest::fake_clock clock;
//   clock.advance(std::chrono::seconds(5));
#pragma once

#include <atomic>
#include <chrono>

#include "netpoll/base/clock.h"

namespace nettest {

class fake_clock final : private netpoll::clock::source {
 public:
  fake_clock() { netpoll::clock::set_source(this); }
  ~fake_clock() { netpoll::clock::set_source(nullptr); }
  fake_clock(const fake_clock&) = delete;
  fake_clock& operator=(const fake_clock&) = delete;

  netpoll::nanotime now() noexcept override { return now_.load(); }

  // What a deadline `from_now` away is.
  netpoll::nanotime after(std::chrono::nanoseconds from_now) noexcept {
    return now_.load() + from_now.count();
  }

  void advance(std::chrono::nanoseconds by) {
    now_ += by.count();
    netpoll::clock::notify_observers();
  }

 private:
  std::atomic<netpoll::nanotime> now_{1'000'000'000'000};
};

}  // namespace nettest
