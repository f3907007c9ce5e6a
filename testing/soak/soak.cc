// SPDX-License-Identifier: BSL-1.0
//
// Seeded random load on the public interface, over loopback, for as long as one likes, with
// everything counted that must come out of it. README.md says what the load is.
//
//   soak --threads 8 --seconds 60 --seed 1 --connections 64
//
// Exits 0 if nothing was lost, leaked, early, late or left over; aborts, and says what is stuck,
// when nothing happens for --stall seconds.
#include <dirent.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "testing/soak/flags.h"
#include "testing/soak/load.h"
#include "testing/soak/tally.h"
#include "testing/soak/weather.h"
#include "testing/soak/world.h"

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_period{50};

std::set<int> open_descriptors() {
  std::set<int> found;
  if (DIR* const all = opendir("/proc/self/fd")) {
    while (const dirent* const each = readdir(all)) {
      const int number = std::atoi(each->d_name);
      if (each->d_name[0] != '.' && number != dirfd(all)) {
        found.insert(number);
      }
    }
    closedir(all);
  }
  return found;
}

// What a descriptor is, as the kernel names it.
std::string name_of(int number) {
  char text[256];
  const std::string path = "/proc/self/fd/" + std::to_string(number);
  const ssize_t size = readlink(path.c_str(), text, sizeof(text));
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "?";
}

class run {
 public:
  run(const soak::settings& what, soak::tally& counts)
      : what_(what), counts_(counts), world_(what, counts), load_(world_) {}

  void go() {
    load_.start();
    soak::weather weather(world_, load_);
    running_.store(what_.threads, std::memory_order_release);
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < what_.threads; ++i) {
      threads.emplace_back([this] {
        const soak::signal_storm::target target(world_.signals);
        world_.context.run();
        running_.fetch_sub(1, std::memory_order_acq_rel);
      });
    }
    const auto end = steady_clock::now() + std::chrono::seconds(what_.seconds);
    watch("running", [&] { return steady_clock::now() >= end; });
    world_.is_ending.store(true, std::memory_order_release);
    watch("clients end", [&] { return load_.clients() == 0; });
    weather.calm_down();
    load_.close_listeners();
    watch("connections end", [&] {
      return world_.endpoints() == 0 && counts_.operations.load() == 0 &&
             counts_.fibers.load() == static_cast<std::int64_t>(weather.sleepers());
    });
    weather.end();
    watch("run() returns", [&] { return running_.load(std::memory_order_acquire) == 0; });
    for (std::thread& each : threads) {
      each.join();
    }
    counts_.add(soak::event::signals, soak::signal_storm::delivered());
    if (const std::int64_t left = counts_.operations.load()) {
      counts_.fail(soak::fault::unended_operations, static_cast<std::uint64_t>(std::abs(left)),
                   "%lld operations", static_cast<long long>(left));
    }
    if (const std::int64_t left = counts_.fibers.load()) {
      counts_.fail(soak::fault::fibers_left, static_cast<std::uint64_t>(std::abs(left)),
                   "%lld fibers", static_cast<long long>(left));
    }
    std::printf("worst lateness of a sleeper  %.3f ms\n",
                static_cast<double>(world_.late.worst_ever().count()) / 1e6);
  }

 private:
  // Waits until `is_done`; aborts when a connection, or everything, has come to a stand.
  template <typename Done>
  void watch(const char* phase, Done is_done) {
    const std::chrono::seconds stall(what_.stall);
    std::uint64_t known = 0;
    auto changed = steady_clock::now();
    while (!is_done()) {
      std::this_thread::sleep_for(look_period);
      const std::uint64_t progress = counts_.of(soak::event::reads) +
                                     counts_.of(soak::event::writes) +
                                     counts_.of(soak::event::dials);
      if (progress != known) {
        known = progress;
        changed = steady_clock::now();
      }
      if (world_.print_stuck(stall) || steady_clock::now() - changed > stall) {
        std::printf(
            "STUCK: seed %llu, phase '%s': clients %zu, endpoints %zu, operations %lld, "
            "fibers %lld, threads in run() %llu\n",
            static_cast<unsigned long long>(what_.seed), phase, load_.clients(), world_.endpoints(),
            static_cast<long long>(counts_.operations.load()),
            static_cast<long long>(counts_.fibers.load()),
            static_cast<unsigned long long>(running_.load()));
        load_.print_acceptors();
        counts_.report();
        std::fflush(stdout);
        std::abort();
      }
    }
  }

  const soak::settings& what_;
  soak::tally& counts_;
  soak::world world_;
  soak::load load_;
  std::atomic<std::uint64_t> running_{0};
};

}  // namespace

int main(int argc, char** argv) {
  soak::settings what;
  what.seed = static_cast<std::uint64_t>(steady_clock::now().time_since_epoch().count());
  soak::parse_flags(argc, argv,
                    {{"threads", &what.threads},
                     {"seconds", &what.seconds},
                     {"seed", &what.seed},
                     {"connections", &what.connections},
                     {"margin-ms", &what.margin_ms},
                     {"stall", &what.stall}});
  if (what.threads == 0 || what.connections == 0) {
    std::fprintf(stderr, "%s: too few threads or connections\n", argv[0]);
    return 2;
  }
  std::printf("seed %llu, threads %llu, connections %llu, seconds %llu\n",
              static_cast<unsigned long long>(what.seed),
              static_cast<unsigned long long>(what.threads),
              static_cast<unsigned long long>(what.connections),
              static_cast<unsigned long long>(what.seconds));
  std::fflush(stdout);
  soak::tally counts;
  const std::set<int> before = open_descriptors();
  run(what, counts).go();
  for (const int each : open_descriptors()) {
    if (before.count(each) == 0) {
      counts.fail(soak::fault::leaked_descriptors, 1, "%d: %s", each, name_of(each).c_str());
    }
  }
  return counts.report() ? 0 : 1;
}
