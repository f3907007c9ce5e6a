// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/flags.h"

#include <getopt.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace soak {
namespace {

[[noreturn]] void usage(const char* program, const std::vector<flag>& known, int status) {
  std::FILE* const out = status == 0 ? stdout : stderr;
  std::fprintf(out, "usage: %s", program);
  for (const flag& each : known) {
    if (auto* const* const number = std::get_if<std::uint64_t*>(&each.value)) {
      std::fprintf(out, " [--%s %llu]", each.name, static_cast<unsigned long long>(**number));
    } else {
      std::fprintf(out, " [--%s %s]", each.name, std::get<std::string*>(each.value)->c_str());
    }
  }
  std::fprintf(out, "\n");
  std::exit(status);
}

bool store(const flag& which, std::string_view text) {
  if (auto* const* const word = std::get_if<std::string*>(&which.value)) {
    **word = text;
    return true;
  }
  const char* const end = text.data() + text.size();
  const auto [stopped, error] =
      std::from_chars(text.data(), end, *std::get<std::uint64_t*>(which.value));
  return error == std::errc() && stopped == end;
}

}  // namespace

void parse_flags(int argc, char** argv, const std::vector<flag>& known) {
  constexpr int first = 256;  // past what getopt_long returns by itself
  std::vector<option> options;
  for (std::size_t i = 0; i < known.size(); ++i) {
    options.push_back({known[i].name, required_argument, nullptr, first + static_cast<int>(i)});
  }
  options.push_back({"help", no_argument, nullptr, 'h'});
  options.push_back({});
  int got = 0;
  while ((got = getopt_long(argc, argv, "", options.data(), nullptr)) != -1) {
    if (got < first) {
      usage(argv[0], known, got == 'h' ? 0 : 2);
    }
    if (!store(known[static_cast<std::size_t>(got - first)], optarg)) {
      std::fprintf(stderr, "%s: not a number: '%s'\n", argv[0], optarg);
      usage(argv[0], known, 2);
    }
  }
  if (optind != argc) {
    usage(argv[0], known, 2);
  }
}

}  // namespace soak
