// SPDX-License-Identifier: BSL-1.0
#include "examples/resp.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace examples {
namespace {

// The longest "*<count>" or "$<length>" that means anything.
constexpr std::size_t longest_number_line = 32;

resp_result malformed(std::string_view why) {
  return {.status = resp_status::malformed, .error = "Protocol error: " + std::string(why)};
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

// Walks over the input. After a failure `result` says which: more input is needed, or none will
// help.
struct reader {
  std::string_view input;
  std::size_t position = 0;
  resp_result result{};

  // The number behind the type character at the current position.
  std::optional<std::int64_t> number_line(std::string_view too_long, std::string_view invalid) {
    const std::string_view rest = input.substr(position, longest_number_line);
    const std::size_t newline = rest.find('\n');
    if (newline == std::string_view::npos) {
      if (rest.size() == longest_number_line) result = malformed(too_long);
      return std::nullopt;
    }
    const std::string_view line = rest.substr(0, newline);
    const auto value =
        line.ends_with('\r') ? parse_number(line.substr(1, newline - 2)) : std::nullopt;
    if (!value) {
      result = malformed(invalid);
      return std::nullopt;
    }
    position += newline + 1;
    return value;
  }

  std::optional<std::string_view> bulk() {
    if (position == input.size()) return std::nullopt;
    if (input[position] != '$') {
      result = malformed("expected '$'");
      return std::nullopt;
    }
    const auto length = number_line("too big bulk count string", "invalid bulk length");
    if (!length) return std::nullopt;
    if (*length < 0 || static_cast<std::uint64_t>(*length) > resp_limits::bulk_bytes ||
        position + static_cast<std::size_t>(*length) > resp_limits::command_bytes) {
      result = malformed("invalid bulk length");
      return std::nullopt;
    }
    const auto size = static_cast<std::size_t>(*length);
    const std::string_view rest = input.substr(position);
    const std::string_view end = rest.substr(std::min(size, rest.size()), 2);
    if (!std::string_view("\r\n").starts_with(end)) {
      result = malformed("expected CRLF after bulk");
      return std::nullopt;
    }
    if (end.size() < 2) return std::nullopt;
    position += size + 2;
    return rest.substr(0, size);
  }
};

resp_result parse_array(std::string_view input, std::vector<std::string_view>& arguments) {
  reader from{.input = input};
  const auto count = from.number_line("too big mbulk count string", "invalid multibulk length");
  if (!count) return from.result;
  if (*count > static_cast<std::int64_t>(resp_limits::arguments)) {
    return malformed("invalid multibulk length");
  }
  for (std::int64_t i = 0; i < *count; ++i) {
    const std::optional<std::string_view> argument = from.bulk();
    if (!argument) return from.result;
    arguments.push_back(*argument);
  }
  return {.status = resp_status::complete, .size = from.position};
}

resp_result parse_inline(std::string_view input, std::vector<std::string_view>& arguments) {
  const std::size_t newline = input.substr(0, resp_limits::inline_bytes).find('\n');
  if (newline == std::string_view::npos) {
    if (input.size() >= resp_limits::inline_bytes) return malformed("too big inline request");
    return {};
  }
  std::string_view line = input.substr(0, newline);
  if (line.ends_with('\r')) line.remove_suffix(1);
  while (true) {
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) break;
    line.remove_prefix(start);
    const std::size_t length = std::min(line.find_first_of(" \t"), line.size());
    if (arguments.size() == resp_limits::arguments) return malformed("too many arguments");
    arguments.push_back(line.substr(0, length));
    line.remove_prefix(length);
  }
  return {.status = resp_status::complete, .size = newline + 1};
}

void append_line(std::string& out, char type, std::int64_t value) {
  char text[24];
  const char* const end = std::to_chars(text, text + sizeof text, value).ptr;
  out += type;
  out.append(text, static_cast<std::size_t>(end - text));
  out += "\r\n";
}

}  // namespace

resp_result parse_resp_command(std::string_view input, std::vector<std::string_view>& arguments) {
  arguments.clear();
  if (input.empty()) return {};
  return input[0] == '*' ? parse_array(input, arguments) : parse_inline(input, arguments);
}

void append_simple(std::string& out, std::string_view text) {
  out += '+';
  out += text;
  out += "\r\n";
}

void append_error(std::string& out, std::string_view text) {
  out += '-';
  for (const char c : text) out += c == '\r' || c == '\n' ? ' ' : c;
  out += "\r\n";
}

void append_integer(std::string& out, std::int64_t value) { append_line(out, ':', value); }

void append_bulk(std::string& out, std::string_view value) {
  append_line(out, '$', static_cast<std::int64_t>(value.size()));
  out += value;
  out += "\r\n";
}

void append_null(std::string& out) { out += "$-1\r\n"; }

void append_array(std::string& out, std::size_t count) {
  append_line(out, '*', static_cast<std::int64_t>(count));
}

}  // namespace examples
