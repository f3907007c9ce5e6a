// SPDX-License-Identifier: BSL-1.0
//
// main() of the programs whose instructions are counted.
//
//   program MEASURE COUNT
//   program --build
//
// runs MEASURE COUNT times, after a number of times that is always the same, and prints nothing of
// its own: who counts runs it with two counts, and what one program executes more than the other
// is what the operations took, without starting and ending. --build prints by what it was built,
// for a count belongs to a compiler and a processor.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <string_view>

namespace bench {

// So that memory has been allocated, and what happens at first only has happened.
inline constexpr std::int64_t warm_up = 200;

struct counted_measure {
  std::string_view name;
  void (*run)(std::int64_t count);  // `count` times more than `warm_up`
};

// Ends the program with a message when what was to be counted did not come out right.
inline void expect(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
  }
}

// Words without spaces: compiler, its version, processor, and whether it was told to optimise.
inline void print_build() {
#if defined(__clang__)
  std::printf("clang %d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  std::printf("gcc %d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
#if defined(__x86_64__)
  std::printf(" x86_64");
#elif defined(__aarch64__)
  std::printf(" aarch64");
#else
  std::printf(" other");
#endif
#if defined(__OPTIMIZE__)
  std::puts(" optimized");
#else
  std::puts(" unoptimized");
#endif
}

// Returns the exit status.
inline int count_instructions(int argc, char** argv,
                              std::initializer_list<counted_measure> measures) {
  if (argc == 2 && std::string_view(argv[1]) == "--build") {
    print_build();
    return 0;
  }
  const std::string_view wanted = argc == 3 ? argv[1] : "";
  const std::int64_t count = argc == 3 ? std::atoll(argv[2]) : 0;
  for (const counted_measure& each : measures) {
    if (each.name != wanted || count <= 0) {
      continue;
    }
    try {
      each.run(warm_up + count);
      return 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
      return 1;
    }
  }
  std::fprintf(stderr, "usage: %s MEASURE COUNT, where MEASURE is one of:\n", argv[0]);
  for (const counted_measure& each : measures) {
    std::fprintf(stderr, "  %s\n", each.name.data());
  }
  return 2;
}

}  // namespace bench
