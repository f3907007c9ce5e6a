// SPDX-License-Identifier: BSL-1.0
//
// The command line that every example server understands:
//
//   --port N               where to listen on 127.0.0.1; 0, the default, lets the kernel choose
//   --style fiber|handler  which of the two servers of serve.h runs; fiber by default
//   --threads N            how many threads serve; 1 by default
//   --deadline 5s|0        how long a client may stay silent, or leave an answer unread; 0, the
//                          default, for ever. Units: ms, s, m.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "examples/serve.h"

namespace examples {

// What the command line says. When that is wrong, or --help, says so and ends the process.
server_options parse_flags(int argc, char** argv);

// "250ms", "5s", "2m" or "0". Nothing for anything else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace examples
