// SPDX-License-Identifier: BSL-1.0
#include "examples/resp.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using examples::resp_limits;
using examples::resp_result;
using examples::resp_status;
using words = std::vector<std::string_view>;

resp_result parse(std::string_view input) {
  words arguments;
  return examples::parse_resp_command(input, arguments);
}

std::string error_of(std::string_view input) {
  const resp_result result = parse(input);
  EXPECT_EQ(result.status, resp_status::malformed) << input;
  return result.error;
}

const std::string set_command = "*3\r\n$3\r\nSET\r\n$4\r\nna\r\n\r\n$0\r\n\r\n";

TEST(Resp, ReadsAnArrayOfBulkStrings) {
  const std::string input = set_command + "PING\r\n";
  words arguments;
  const resp_result result = examples::parse_resp_command(input, arguments);
  ASSERT_EQ(result.status, resp_status::complete);
  EXPECT_EQ(result.size, set_command.size());
  EXPECT_EQ(arguments, (words{"SET", "na\r\n", ""}));
}

TEST(Resp, ReadsAnInlineCommand) {
  const std::string input = "  SET\tname  value \r\nPING\r\n";
  words arguments;
  const resp_result result = examples::parse_resp_command(input, arguments);
  ASSERT_EQ(result.status, resp_status::complete);
  EXPECT_EQ(result.size, input.size() - 6);
  EXPECT_EQ(arguments, (words{"SET", "name", "value"}));
}

TEST(Resp, IsIncompleteUntilTheLastByte) {
  for (const std::string& input : {set_command, std::string("SET name value\r\n")}) {
    for (std::size_t size = 0; size < input.size(); ++size) {
      EXPECT_EQ(parse(input.substr(0, size)).status, resp_status::incomplete) << size;
    }
    EXPECT_EQ(parse(input).status, resp_status::complete);
  }
}

TEST(Resp, TakesEmptyCommandsWithoutArguments) {
  for (const std::string_view input : {"\r\n", "\n", "   \r\n", "*0\r\n", "*-1\r\n"}) {
    words arguments{"left over"};
    const resp_result result = examples::parse_resp_command(input, arguments);
    EXPECT_EQ(result.status, resp_status::complete);
    EXPECT_EQ(result.size, input.size());
    EXPECT_TRUE(arguments.empty());
  }
}

TEST(Resp, RefusesMalformedArrays) {
  EXPECT_EQ(error_of("*x\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*1\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*1 \r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*+1\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*99999999999999999999\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*" + std::string(31, '0')), "Protocol error: too big mbulk count string");
  EXPECT_EQ(error_of("*1\r\n:1\r\n"), "Protocol error: expected '$'");
  EXPECT_EQ(error_of("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(error_of("*1\r\n$x\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(error_of("*1\r\n$" + std::string(31, '0')),
            "Protocol error: too big bulk count string");
  EXPECT_EQ(error_of("*1\r\n$4\r\nPINGxx"), "Protocol error: expected CRLF after bulk");
  EXPECT_EQ(error_of("*1\r\n$4\r\nPING\rx"), "Protocol error: expected CRLF after bulk");
  EXPECT_EQ(error_of("*1\r\n$4\r\nPINGx"), "Protocol error: expected CRLF after bulk");
}

TEST(Resp, LimitsTheNumberOfArguments) {
  std::string most = "*" + std::to_string(resp_limits::arguments) + "\r\n";
  for (std::size_t i = 0; i < resp_limits::arguments; ++i) most += "$1\r\nx\r\n";
  words arguments;
  EXPECT_EQ(examples::parse_resp_command(most, arguments).status, resp_status::complete);
  EXPECT_EQ(arguments.size(), resp_limits::arguments);
  EXPECT_EQ(error_of("*" + std::to_string(resp_limits::arguments + 1) + "\r\n"),
            "Protocol error: invalid multibulk length");
  std::string line;
  for (std::size_t i = 0; i <= resp_limits::arguments; ++i) line += "x ";
  EXPECT_EQ(error_of(line + "\r\n"), "Protocol error: too many arguments");
}

TEST(Resp, LimitsSizes) {
  const std::string largest = std::to_string(resp_limits::bulk_bytes);
  const std::string bulk =
      "$" + largest + "\r\n" + std::string(resp_limits::bulk_bytes, 'x') + "\r\n";
  EXPECT_EQ(parse("*1\r\n" + bulk).status, resp_status::complete);
  EXPECT_EQ(error_of("*1\r\n$" + std::to_string(resp_limits::bulk_bytes + 1) + "\r\n"),
            "Protocol error: invalid bulk length");
  // Each argument is small enough, all of them are too many.
  EXPECT_EQ(error_of("*5\r\n" + bulk + bulk + bulk + "$" + largest + "\r\n"),
            "Protocol error: invalid bulk length");
  const std::string line(resp_limits::inline_bytes, 'x');
  EXPECT_EQ(error_of(line), "Protocol error: too big inline request");
  EXPECT_EQ(parse(line.substr(1)).status, resp_status::incomplete);
  EXPECT_EQ(parse(line.substr(1) + "\n").status, resp_status::complete);
}

TEST(Resp, WritesReplies) {
  std::string out;
  examples::append_simple(out, "OK");
  examples::append_error(out, "ERR a\r\nb");
  examples::append_integer(out, -12);
  examples::append_bulk(out, "a\r\nb");
  examples::append_null(out);
  examples::append_array(out, 2);
  EXPECT_EQ(out, "+OK\r\n-ERR a  b\r\n:-12\r\n$4\r\na\r\nb\r\n$-1\r\n*2\r\n");
}

}  // namespace
