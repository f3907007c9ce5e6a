// SPDX-License-Identifier: BSL-1.0
//
// What the C++ programs of this folder share: choosing a measure by name, the clock, and the lines
// that the runner reads.
//
//   program MEASURE COUNT
//
// runs MEASURE once with a tenth of COUNT to warm up, then with COUNT, and prints a line
// `name nanoseconds` for each figure. Depends on the standard library alone: peers are not built by
// Bazel.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <string_view>

namespace bench {

// Prints the figures of one run, unless it is the warm-up.
class output {
 public:
  explicit output(bool is_silent) noexcept : is_silent_(is_silent) {}

  bool is_silent() const noexcept { return is_silent_; }

  void line(const char* name, double nanoseconds) const {
    if (!is_silent_) {
      std::printf("%s %.3f\n", name, nanoseconds);
    }
  }

 private:
  bool is_silent_;
};

// Measures what one thread does: the time that the process had a processor. While it has one for
// itself that is the time that goes by, and else it leaves out when others had it.
class stopwatch {
 public:
  double nanoseconds() const { return now() - start_; }

 private:
  static double now() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  }

  double start_ = now();
};

// Measures what several threads do: the time that goes by.
class wall_clock {
 public:
  double nanoseconds() const {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

struct measure {
  std::string_view name;
  void (*run)(std::int64_t count, const output& out);
};

// Ends the program with a message when what was to be measured did not come out right.
inline void require(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
  }
}

// How many fibers a 10-ary tree with so many leaves has.
inline std::int64_t tree_size(std::int64_t leaves) {
  std::int64_t fibers = 0;
  for (; leaves > 0; leaves /= 10) {
    fibers += leaves;
  }
  return fibers;
}

// The largest power of ten up to `count`.
inline std::int64_t power_of_ten(std::int64_t count) {
  std::int64_t power = 1;
  while (power <= count / 10) {
    power *= 10;
  }
  return power;
}

// main() of a program. Returns its exit status.
inline int run(int argc, char** argv, std::initializer_list<measure> measures) {
  const std::string_view wanted = argc == 3 ? argv[1] : "";
  const std::int64_t count = argc == 3 ? std::atoll(argv[2]) : 0;
  for (const measure& each : measures) {
    if (each.name != wanted || count <= 0) {
      continue;
    }
#ifndef __OPTIMIZE__
    std::puts("# built without optimisation: these figures say nothing (--config=opt)");
#endif
    try {
      each.run(count < 10 ? 1 : count / 10, output(true));
      each.run(count, output(false));
      return 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
      return 1;
    }
  }
  // The runner asks for what a program may not have, and leaves a gap in the table.
  std::fprintf(stderr, "usage: %s MEASURE COUNT, where MEASURE is one of:\n", argv[0]);
  for (const measure& each : measures) {
    std::fprintf(stderr, "  %s\n", each.name.data());
  }
  return 2;
}

}  // namespace bench
