// SPDX-License-Identifier: BSL-1.0
//
// What a parked fiber costs: spawns many that all wait for one event, prints what memory and how
// many mappings the process has of that and how long it took, and lets them run to their end.
//
//   million_fibers [<how many fibers, 1000000>]
//
// Ends with 0 if every fiber ran, and was found waiting among the stacks of the process.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/stack.h"
#include "net/fiber/wait.h"
#include "net/io_context.h"
#include "netpoll/waiter.h"

namespace {

// What fibers of one thread wait for.
class event {
 public:
  void wait() {
    while (!is_set_) {
      entry mine(*this);
      (void)net::wait_for(mine);
    }
  }

  void set() {
    is_set_ = true;
    netpoll::resume_all(waiting_, netpoll::wake_reason::ready);
  }

 private:
  class entry final : public netpoll::waiter {
   public:
    explicit entry(event& what) noexcept : what_(what) {}
    bool commit() noexcept override {
      if (what_.is_set_) {
        return false;
      }
      what_.waiting_.push(*this);
      return true;
    }
    // Nobody is cancelled here.
    bool withdraw() noexcept override { return false; }

   private:
    event& what_;
  };

  bool is_set_ = false;
  netpoll::waiter_queue waiting_;
};

std::uint64_t read_number(const char* path) {
  std::uint64_t number = 0;
  std::ifstream(path) >> number;
  return number;
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  file >> total_pages >> resident_pages;
  return resident_pages * 4096;
}

std::uint64_t page_table_bytes() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    if (word == "VmPTE:") {
      std::uint64_t kib = 0;
      file >> kib;
      return kib * 1024;
    }
  }
  return 0;
}

std::uint64_t mappings() {
  std::ifstream file("/proc/self/maps");
  std::uint64_t lines = 0;
  for (std::string line; std::getline(file, line);) {
    ++lines;
  }
  return lines;
}

struct usage {
  std::uint64_t resident = resident_bytes();
  std::uint64_t page_tables = page_table_bytes();
  std::uint64_t maps = mappings();
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct result {
  std::size_t ran = 0;
  std::size_t found = 0;
};

void report(const usage& before, const usage& after, std::size_t count) {
  const auto each = static_cast<double>(count);
  std::printf("resident:       %8.1f bytes a fiber\n",
              static_cast<double>(after.resident - before.resident) / each);
  std::printf("page tables:    %8.1f bytes a fiber (VmPTE)\n",
              static_cast<double>(after.page_tables - before.page_tables) / each);
  std::printf("mappings:       %8llu, before %llu, vm.max_map_count %llu\n",
              static_cast<unsigned long long>(after.maps),
              static_cast<unsigned long long>(before.maps),
              static_cast<unsigned long long>(read_number("/proc/sys/vm/max_map_count")));
}

result run(std::size_t count) {
  result sum;
  event all_there;
  event go_on;
  std::size_t arrived = 0;
  // Touched before it is measured.
  std::vector<net::fiber> fibers(count);

  const usage before;
  const auto start = std::chrono::steady_clock::now();
  for (net::fiber& each : fibers) {
    each = net::fiber([&] {
      if (++arrived == count) {
        all_there.set();
      }
      go_on.wait();
      ++sum.ran;
    });
  }
  const double spawned = seconds_since(start);
  all_there.wait();
  const double parked = seconds_since(start);
  const usage after;
  std::printf("spawned:        %8.3f s, %.0f ns each\n", spawned,
              spawned * 1e9 / static_cast<double>(count));
  std::printf("all parked:     %8.3f s, %.0f ns each\n", parked,
              parked * 1e9 / static_cast<double>(count));
  report(before, after, count);

  const auto looked = std::chrono::steady_clock::now();
  netpoll::for_each_stack([&](const netpoll::stack&, void*) { ++sum.found; });
  std::printf("all found:      %8.3f s\n", seconds_since(looked));

  const auto resumed = std::chrono::steady_clock::now();
  go_on.set();
  for (net::fiber& each : fibers) {
    each.join();
  }
  const double joined = seconds_since(resumed);
  std::printf("resumed, joined:%8.3f s, %.0f ns each\n", joined,
              joined * 1e9 / static_cast<double>(count));
  const usage at_end;
  std::printf("left resident:  %8.1f MiB\n",
              static_cast<double>(at_end.resident - before.resident) / 1048576);
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  if (count == 0) {
    std::fprintf(stderr, "usage: million_fibers [<how many fibers, 1000000>]\n");
    return 2;
  }
  std::printf("fibers:         %8zu\n", count);
  result sum;
  try {
    net::io_context context;
    net::go(context, net::fiber_options{.stack_size = 1 << 20, .name = "million_fibers"},
            [&] { sum = run(count); });
    context.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "million_fibers: %s\n", error.what());
    return 1;
  }
  // The one that measures has a stack, too.
  if (sum.ran != count || sum.found != count + 1) {
    std::fprintf(stderr, "million_fibers: %zu ran, and %zu were found\n", sum.ran, sum.found);
    return 1;
  }
  return 0;
}
