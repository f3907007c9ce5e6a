// SPDX-License-Identifier: BSL-1.0
#include "examples/http_parser.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace examples {
namespace {

bool is_token_character(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Whether `word` is among the comma-separated elements of `list`.
bool contains_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (same_word(trim(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

bool parse_request_line(std::string_view line, http_request& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/1.")) return false;
  if (version[7] < '0' || version[7] > '9') return false;
  request.minor_version = version[7] - '0';
  const auto outside_target = [](char c) { return c == ' ' || is_control(c); };
  return is_token(request.method) && !request.target.empty() &&
         std::none_of(request.target.begin(), request.target.end(), outside_target);
}

// What was met among the header lines and matters once all of them are known.
struct header_facts {
  bool host = false;
  bool close = false;
  bool keep_alive = false;
  std::optional<std::uint64_t> length;
};

bool parse_header_line(std::string_view line, http_request& request, header_facts& facts) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  const auto forbidden = [](char c) { return is_control(c) && c != '\t'; };
  if (!is_token(name) || std::any_of(value.begin(), value.end(), forbidden)) return false;

  if (same_word(name, "Host")) {
    if (facts.host) return false;
    facts.host = true;
  } else if (same_word(name, "Connection")) {
    facts.close = facts.close || contains_word(value, "close");
    facts.keep_alive = facts.keep_alive || contains_word(value, "keep-alive");
  } else if (same_word(name, "Content-Length")) {
    const std::optional<std::uint64_t> length = parse_length(value);
    if (!length || (facts.length && *facts.length != *length)) return false;
    facts.length = length;
  } else if (same_word(name, "Transfer-Encoding")) {
    request.has_transfer_encoding = true;
  } else if (same_word(name, "Expect")) {
    request.expects_continue = same_word(value, "100-continue");
  }
  return true;
}

bool finish(http_request& request, const header_facts& facts) {
  if (request.minor_version > 0 && !facts.host) return false;
  if (request.has_transfer_encoding && (facts.length || request.minor_version == 0)) return false;
  request.content_length = facts.length.value_or(0);
  request.keep_alive = !facts.close && (request.minor_version > 0 || facts.keep_alive);
  return true;
}

}  // namespace

http_result parse_http_head(std::string_view input) {
  const auto failed = [](http_status status) { return http_result{status, 0, {}}; };
  http_result result;
  header_facts facts;
  const std::string_view head = input.substr(0, http_head_limit);
  bool request_line_seen = false;
  for (std::size_t position = 0;;) {
    const std::size_t newline = head.find('\n', position);
    if (newline == std::string_view::npos) break;
    if (newline == position || head[newline - 1] != '\r') return failed(http_status::malformed);
    const std::string_view line = head.substr(position, newline - 1 - position);
    position = newline + 1;
    if (!request_line_seen) {
      if (line.empty()) continue;  // some clients end a body with one CRLF too many
      if (!parse_request_line(line, result.request)) return failed(http_status::malformed);
      request_line_seen = true;
    } else if (!line.empty()) {
      if (!parse_header_line(line, result.request, facts)) return failed(http_status::malformed);
    } else {
      if (!finish(result.request, facts)) return failed(http_status::malformed);
      result.status = http_status::complete;
      result.size = position;
      return result;
    }
  }
  return failed(input.size() >= http_head_limit ? http_status::too_large : http_status::incomplete);
}

}  // namespace examples
