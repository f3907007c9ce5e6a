// SPDX-License-Identifier: BSL-1.0
//
// Command lines of the form --name number or --name word.
//
//   std::uint64_t threads = 1;
//   soak::parse_flags(argc, argv, {{"threads", &threads}});
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace soak {

struct flag {
  const char* name;
  std::variant<std::uint64_t*, std::string*> value;
};

// Stores what the command line says. When that is not understood, or --help, says what would be and
// ends the process.
void parse_flags(int argc, char** argv, const std::vector<flag>& known);

}  // namespace soak
