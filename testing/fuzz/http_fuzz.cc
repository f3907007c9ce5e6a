// SPDX-License-Identifier: BSL-1.0
//
// The HTTP parser of the examples, fed as a session feeds it: heads, and behind each the body that
// it announces. The input is a stream and how it is cut; see pieces.h.
//
// - However the stream is cut, the requests are the same, and so is how it ends.
// - A head lies within the input, ends in an empty line, and is as long as it says.
// - What is incomplete is small enough to be kept.
// - A head that was accepted has nothing in it that another reader could take for the end of a
//   line, and leaves no doubt about where the body ends.
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "examples/http_parser.h"
#include "examples/pending_input.h"
#include "testing/fuzz/pieces.h"
#include "testing/fuzz/require.h"

namespace {

using examples::http_request;
using examples::http_result;
using examples::http_status;
using nettest::require;

bool is_within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

std::vector<std::string> lines_of(std::string_view head) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    require(end != std::string_view::npos, "a head consists of lines", head);
    lines.emplace_back(head.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

// The values of the fields of that name (in lower case), as a careless reader would find them: any
// case, blanks wherever they may be.
std::vector<std::string> values_of(const std::vector<std::string>& lines, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string& line : lines) {
    std::string key = line.substr(0, line.find(':'));
    std::erase_if(key, [](unsigned char c) { return std::isgraph(c) == 0; });
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (key == name && line.size() > key.size()) {
      std::string value = line.substr(line.find(':') + 1);
      std::erase_if(value, [](char c) { return c == ' ' || c == '\t'; });
      values.push_back(value);
    }
  }
  return values;
}

void check_head(std::string_view head, const http_request& request) {
  require(head.size() <= examples::http_head_limit, "a head is bounded", head);
  require(head.ends_with("\r\n\r\n"), "a head ends in an empty line", head);
  require(is_within(request.method, head) && is_within(request.target, head),
          "method and target are parts of the head", head);
  require(!request.method.empty() && !request.target.empty(), "neither is empty", head);
  require(request.minor_version >= 0 && request.minor_version <= 9, "a version is a digit", head);

  std::vector<std::string> lines = lines_of(head);
  while (!lines.empty() && lines.front().empty()) {
    lines.erase(lines.begin());
  }
  require(lines.size() >= 2 && lines.back().empty() &&
              std::none_of(lines.begin(), lines.end() - 1,
                           [](const std::string& line) { return line.empty(); }),
          "the empty line is the last", head);
  for (const std::string& line : lines) {
    require(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
            "nothing else ends a line", head);
    require(line.empty() || (line[0] != ' ' && line[0] != '\t'), "no line goes on with the next",
            head);
  }
  require(lines[0] == std::string(request.method) + ' ' + std::string(request.target) + " HTTP/1." +
                          std::to_string(request.minor_version),
          "the first line is what was read of it", head);
  lines.erase(lines.begin());

  require(request.minor_version == 0 || values_of(lines, "host").size() == 1, "there is a host",
          head);
  const std::vector<std::string> lengths = values_of(lines, "content-length");
  for (const std::string& length : lengths) {
    const std::size_t zeroes = std::min(length.find_first_not_of('0'), length.size() - 1);
    require(length.substr(zeroes) == std::to_string(request.content_length),
            "all lengths are the one that counts", head);
  }
  require(!lengths.empty() || request.content_length == 0, "no length is no body", head);
  const bool is_coded = !values_of(lines, "transfer-encoding").empty();
  require(request.has_transfer_encoding == is_coded, "a coding is seen", head);
  require(!is_coded || lengths.empty(), "there is one way to find the end of the body", head);
}

// What has come out of a stream so far.
class session {
 public:
  void receive(std::string_view bytes) {
    const std::string_view input = pending_.add(bytes);
    std::size_t position = 0;
    while (!is_over_) {
      const std::size_t body =
          static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, input.size() - position));
      body_left_ -= body;
      position += body;
      if (body_left_ != 0 || !take_head(input.substr(position), position)) {
        break;
      }
    }
    require(position <= input.size(), "no more is used than there is", input);
    pending_.consume(is_over_ ? input.size() : position);
    left_ = is_over_ ? 0 : input.size() - position;
  }

  bool operator==(const session& other) const {
    return requests_ == other.requests_ && ending_ == other.ending_ && left_ == other.left_ &&
           body_left_ == other.body_left_;
  }

 private:
  using copy = std::tuple<std::string, std::string, int, bool, bool, bool, std::uint64_t>;

  bool take_head(std::string_view input, std::size_t& position) {
    const http_result result = examples::parse_http_head(input);
    if (result.status == http_status::incomplete) {
      require(input.size() < examples::http_head_limit, "what is kept is bounded", input);
      return false;
    }
    if (result.status != http_status::complete) {
      ending_ = result.status;
      is_over_ = true;
      return false;
    }
    require(result.size > 0 && result.size <= input.size(), "a head uses what it used", input);
    const http_request& it = result.request;
    check_head(input.substr(0, result.size), it);
    requests_.emplace_back(it.method, it.target, it.minor_version, it.keep_alive,
                           it.expects_continue, it.has_transfer_encoding, it.content_length);
    position += result.size;
    body_left_ = it.has_transfer_encoding ? 0 : it.content_length;
    return true;
  }

  examples::pending_input pending_;
  std::vector<copy> requests_;
  http_status ending_ = http_status::incomplete;
  std::uint64_t body_left_ = 0;
  std::size_t left_ = 0;
  bool is_over_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const nettest::pieces stream(data, size);
  require(stream.is_the_same_uncut<session>(), "it does not matter how the stream is cut",
          stream.whole());
  return 0;
}
