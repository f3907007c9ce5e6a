// SPDX-License-Identifier: BSL-1.0
#include "examples/flags.h"

#include <getopt.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace examples {
namespace {

[[noreturn]] void usage(const char* program, int status) {
  std::fprintf(status == 0 ? stdout : stderr,
               "usage: %s [--port N] [--style fiber|handler] [--threads N] [--deadline 5s|0]\n",
               program);
  std::exit(status);
}

// A decimal number no larger than `most`, and nothing after it.
std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || value > most) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::milliseconds(0);
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) return std::nullopt;
  const std::optional<unsigned> count = parse_number(text.substr(0, digits), 1'000'000);
  if (!count) return std::nullopt;
  const std::string_view unit = text.substr(digits);
  if (unit == "ms") return std::chrono::milliseconds(*count);
  if (unit == "s") return std::chrono::seconds(*count);
  if (unit == "m") return std::chrono::minutes(*count);
  return std::nullopt;
}

server_options parse_flags(int argc, char** argv) {
  static const option known[] = {
      {"port", required_argument, nullptr, 'p'},    {"style", required_argument, nullptr, 's'},
      {"threads", required_argument, nullptr, 't'}, {"deadline", required_argument, nullptr, 'd'},
      {"help", no_argument, nullptr, 'h'},          {nullptr, 0, nullptr, 0},
  };
  server_options options;
  int flag = 0;
  while ((flag = getopt_long(argc, argv, "", known, nullptr)) != -1) {
    const std::string_view value = optarg != nullptr ? optarg : "";
    bool good = true;
    switch (flag) {
      case 'p': {
        const std::optional<unsigned> port = parse_number(value, 65535);
        good = port.has_value();
        if (good) options.port = static_cast<unsigned short>(*port);
        break;
      }
      case 's':
        good = value == "fiber" || value == "handler";
        options.style = value == "handler" ? server_style::handler : server_style::fiber;
        break;
      case 't': {
        const std::optional<unsigned> threads = parse_number(value, 256);
        good = threads.has_value() && *threads > 0;
        if (good) options.threads = *threads;
        break;
      }
      case 'd': {
        const std::optional<std::chrono::milliseconds> deadline = parse_duration(value);
        good = deadline.has_value();
        if (good) options.deadline = *deadline;
        break;
      }
      case 'h':
        usage(argv[0], 0);
      default:
        usage(argv[0], 2);
    }
    if (!good) {
      std::fprintf(stderr, "%s: not understood: '%s'\n", argv[0], optarg);
      usage(argv[0], 2);
    }
  }
  if (optind != argc) usage(argv[0], 2);
  return options;
}

}  // namespace examples
