// SPDX-License-Identifier: BSL-1.0
//
// The RESP parser of the examples, fed as a session feeds it. The input is a stream and how it is
// cut; see pieces.h.
//
// - However the stream is cut, the commands are the same, and so is how it ends.
// - A command lies within the input, says how much of it was used, and keeps to the limits.
// - What is incomplete is small enough to be kept.
// - A command written as an array of bulk strings is read again as the same command.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "examples/pending_input.h"
#include "examples/resp.h"
#include "testing/fuzz/pieces.h"
#include "testing/fuzz/require.h"

namespace {

using examples::resp_limits;
using examples::resp_result;
using examples::resp_status;
using nettest::require;
using arguments = std::vector<std::string_view>;

bool is_within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void check_command(std::string_view input, const arguments& words) {
  require(words.size() <= resp_limits::arguments, "arguments are bounded", input);
  std::string written;
  std::size_t written_bytes = 0;
  examples::append_array(written, words.size());
  for (const std::string_view word : words) {
    require(is_within(word, input), "an argument is part of the command", input);
    require(word.size() <= resp_limits::bulk_bytes, "an argument is bounded", input);
    written_bytes += word.size();
    examples::append_bulk(written, word);
  }
  require(written_bytes <= input.size(), "arguments do not overlap", input);
  arguments again;
  const resp_result result = examples::parse_resp_command(written, again);
  require(result.status == resp_status::complete && result.size == written.size() && again == words,
          "what was written is read again", written);
}

void check_reply(std::string_view error) {
  std::string reply;
  examples::append_error(reply, error);
  require(reply.size() == error.size() + 3 && reply.find_first_of("\r\n") == reply.size() - 2,
          "an error is one line", reply);
}

// What has come out of a stream so far.
class session {
 public:
  void receive(std::string_view bytes) {
    const std::string_view input = pending_.add(bytes);
    std::size_t position = 0;
    while (!is_over_ && answer(input.substr(position), position)) {
    }
    require(position <= input.size(), "no more is used than there is", input);
    pending_.consume(is_over_ ? input.size() : position);
    left_ = is_over_ ? 0 : input.size() - position;
  }

  bool operator==(const session& other) const {
    return commands_ == other.commands_ && ending_ == other.ending_ && left_ == other.left_;
  }

 private:
  bool answer(std::string_view input, std::size_t& position) {
    const resp_result result = examples::parse_resp_command(input, words_);
    switch (result.status) {
      case resp_status::incomplete:
        require(input.size() <= resp_limits::command_bytes + 64, "what is kept is bounded", input);
        require(input.empty() || input[0] == '*' || input.size() < resp_limits::inline_bytes,
                "and a line is bounded", input);
        return false;
      case resp_status::malformed:
        require(!result.error.empty(), "an error says something", input);
        check_reply(result.error);
        ending_ = result.error;
        is_over_ = true;
        return false;
      case resp_status::complete:
        break;
    }
    require(result.size > 0 && result.size <= input.size(), "a command uses what it used", input);
    check_command(input.substr(0, result.size), words_);
    commands_.emplace_back(words_.begin(), words_.end());
    position += result.size;
    return true;
  }

  examples::pending_input pending_;
  arguments words_;
  std::vector<std::vector<std::string>> commands_;
  std::string ending_;
  std::size_t left_ = 0;
  bool is_over_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const nettest::pieces stream(data, size);
  require(stream.is_the_same_uncut<session>(), "it does not matter how the stream is cut",
          stream.whole());
  check_reply(stream.whole());
  return 0;
}
