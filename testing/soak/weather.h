// SPDX-License-Identifier: BSL-1.0
//
// What goes on around the load: threads that meddle with connections and listeners they do not use,
// that open and close descriptors so that numbers are used again at once, and that use up all
// descriptors for a while; and sleepers of all kinds that measure how late everything is.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "testing/soak/load.h"
#include "testing/soak/world.h"

namespace soak {

class weather {
 public:
  weather(world& where, load& clients);
  ~weather();
  weather(const weather&) = delete;
  weather& operator=(const weather&) = delete;

  // Ends the threads but those that measure.
  void calm_down();
  // Ends the measuring too; the context then has none of its work.
  void end() { is_over_.store(true, std::memory_order_release); }
  std::size_t sleepers() const noexcept { return sleepers_; }

 private:
  void meddle(std::uint64_t seed);
  void churn(std::uint64_t seed);
  void run_out_of_descriptors(std::uint64_t seed);
  void sleep_in_fiber(lateness::gauge mine, bool with_timer);
  void sleep_with_handlers(lateness::gauge mine);
  void sleep_in_thread(lateness::gauge sleeping, lateness::gauge posting);
  void came(lateness::gauge& mine, time_point due);

  world& world_;
  load& load_;
  std::size_t sleepers_ = 0;
  std::atomic<bool> is_calm_{false};
  std::atomic<bool> is_over_{false};
  std::vector<std::thread> threads_;
  std::thread measuring_thread_;
};

}  // namespace soak
