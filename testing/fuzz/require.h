// SPDX-License-Identifier: BSL-1.0
//
// How a fuzz target says that its input has shown a mistake: the message goes to standard error,
// then the process aborts, which is what a fuzzer looks for.
//
//   require(parsed == printed, "an address reads what it wrote", text);
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace nettest {

// `about` is shown with everything that is not printable escaped.
[[noreturn]] inline void violated(std::string_view what, std::string_view about = {}) {
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  if (!about.empty()) {
    std::fputs("  of: \"", stderr);
    for (const char c : about) {
      const bool is_plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
      std::fprintf(stderr, is_plain ? "%c" : "\\x%02x", static_cast<unsigned char>(c));
    }
    std::fputs("\"\n", stderr);
  }
  std::abort();
}

inline void require(bool condition, std::string_view what, std::string_view about = {}) {
  if (!condition) [[unlikely]] {
    violated(what, about);
  }
}

}  // namespace nettest
