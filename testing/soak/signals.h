// SPDX-License-Identifier: BSL-1.0
//
// Signals at random threads, a thousand a second, caught by a handler that was installed without
// SA_RESTART: every system call that can be interrupted will be.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace soak {

class signal_storm {
 public:
  explicit signal_storm(std::uint64_t seed);
  ~signal_storm();
  signal_storm(const signal_storm&) = delete;
  signal_storm& operator=(const signal_storm&) = delete;

  static std::uint64_t delivered() noexcept;

  // The thread that makes one is a target for as long as it lives.
  class target {
   public:
    explicit target(signal_storm& storm);
    ~target();
    target(const target&) = delete;
    target& operator=(const target&) = delete;

   private:
    signal_storm& storm_;
  };

 private:
  void blow(std::uint64_t seed);

  std::mutex mutex_;
  std::vector<pthread_t> targets_;  // under mutex_
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

}  // namespace soak
