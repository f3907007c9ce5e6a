// SPDX-License-Identifier: BSL-1.0
//
// RESP2, the protocol of Redis, as a server needs it: commands in, replies out. A command is an
// array of bulk strings ("*1\r\n$4\r\nPING\r\n") or, typed by hand, a line of words ("PING\r\n");
// words are parted by blanks, quotes mean nothing.
//
// The parser is a pure function of the bytes received so far, called again with more of them as
// long as the command is incomplete. Sizes are bounded, so that a client cannot fill the memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

struct resp_limits {
  static constexpr std::size_t arguments = 1024;             // of a command, its name included
  static constexpr std::size_t bulk_bytes = 1024 * 1024;     // of an argument
  static constexpr std::size_t command_bytes = 4096 * 1024;  // of all arguments, with their lengths
  static constexpr std::size_t inline_bytes = 16 * 1024;     // of a line typed by hand
};

enum class resp_status { incomplete, complete, malformed };

struct resp_result {
  resp_status status = resp_status::incomplete;
  std::size_t size = 0;    // of a complete command
  std::string error = {};  // of a malformed one: what the client is told
};

// Puts the words of the command at the start of `input` into `arguments`; they refer to the input.
// A complete command may have none: an empty line, or an empty array. It is to be ignored.
resp_result parse_resp_command(std::string_view input, std::vector<std::string_view>& arguments);

// Replies, each appended to `out`.
void append_simple(std::string& out, std::string_view text);
// A line break within the text would end the reply early: it is replaced.
void append_error(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t value);
void append_bulk(std::string& out, std::string_view value);
void append_null(std::string& out);
void append_array(std::string& out, std::size_t count);  // its elements follow

}  // namespace examples
