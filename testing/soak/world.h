// SPDX-License-Identifier: BSL-1.0
//
// What all parts of a run share: its settings, the context under load, the counts, who is alive,
// and a few plain threads outside run() that take part as well.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/net.h"
#include "testing/soak/lateness.h"
#include "testing/soak/random.h"
#include "testing/soak/signals.h"
#include "testing/soak/tally.h"

namespace soak {

class endpoint;
class link;

struct settings {
  std::uint64_t seed = 0;
  std::uint64_t threads = 1;
  std::uint64_t seconds = 10;
  std::uint64_t connections = 64;
  // How much later than everything else a deadline may be, in milliseconds.
  std::uint64_t margin_ms = 500;
  // How long, in seconds, nothing may happen before it is called stuck.
  std::uint64_t stall = 60;
};

// Threads outside run() that take over steps of the load while they are free. Nobody waits for one:
// a step whose end depends on another must never stand behind it.
class plain_threads {
 public:
  plain_threads(std::size_t count, signal_storm& signals);
  ~plain_threads();
  plain_threads(const plain_threads&) = delete;
  plain_threads& operator=(const plain_threads&) = delete;

  // Runs `step` on a free thread; false if there is none.
  bool try_run(std::function<void()>& step);

 private:
  void work(signal_storm& signals);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> steps_;  // under mutex_
  std::size_t free_ = 0;                      // under mutex_
  bool is_over_ = false;                      // under mutex_
  std::vector<std::thread> threads_;
};

class world {
 public:
  world(const settings& what, tally& counts);

  const settings& what;
  tally& counts;
  lateness late;
  signal_storm signals;
  net::io_context context;
  plain_threads threads;
  // No new connections.
  std::atomic<bool> is_ending{false};

  // A fiber that is counted.
  template <typename Function>
  void go(Function function) {
    counts.add(event::fibers);
    counts.fibers.fetch_add(1, std::memory_order_relaxed);  // a count, read at the end
    net::go(context, [this, function = std::move(function)]() mutable {
      struct leave {
        tally& counts;
        ~leave() { counts.fibers.fetch_sub(1, std::memory_order_relaxed); }
      } const at_end{counts};
      function();
    });
  }

  // Links between the two ends, by what the client sends first.
  void announce(const std::shared_ptr<link>& what);
  std::shared_ptr<link> find(std::uint64_t id);

  void add(endpoint& who);
  void remove(endpoint& who) noexcept;
  std::shared_ptr<endpoint> any_endpoint(random& dice);
  std::size_t endpoints();
  // Prints those who have done nothing for so long; false if nobody.
  bool print_stuck(std::chrono::seconds stall);

 private:
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::weak_ptr<link>> links_;  // under mutex_
  std::vector<endpoint*> endpoints_;                              // under mutex_
};

}  // namespace soak
