// SPDX-License-Identifier: BSL-1.0
#include "examples/http_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using examples::http_result;
using examples::http_status;
using examples::parse_http_head;

const std::string request =
    "POST /path?x=1 HTTP/1.1\r\nHost: localhost\r\nX-Empty:\r\ncontent-length:  12 \r\n"
    "Expect: 100-continue\r\n\r\n";

// A GET that has these header lines besides Host.
http_result parse_with(const std::string& lines) {
  return parse_http_head("GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n");
}

TEST(HttpParser, ReadsARequest) {
  const std::string input = request + "body of 12 b";
  const http_result result = parse_http_head(input);
  ASSERT_EQ(result.status, http_status::complete);
  EXPECT_EQ(result.size, request.size());
  EXPECT_EQ(result.request.method, "POST");
  EXPECT_EQ(result.request.target, "/path?x=1");
  EXPECT_EQ(result.request.minor_version, 1);
  EXPECT_EQ(result.request.content_length, 12u);
  EXPECT_TRUE(result.request.keep_alive);
  EXPECT_TRUE(result.request.expects_continue);
  EXPECT_FALSE(result.request.has_transfer_encoding);
}

TEST(HttpParser, IsIncompleteUntilTheLastByte) {
  for (std::size_t size = 0; size < request.size(); ++size) {
    EXPECT_EQ(parse_http_head(request.substr(0, size)).status, http_status::incomplete) << size;
  }
}

TEST(HttpParser, SkipsEmptyLinesBeforeTheRequest) {
  const http_result result = parse_http_head("\r\n\r\n" + request);
  ASSERT_EQ(result.status, http_status::complete);
  EXPECT_EQ(result.size, request.size() + 4);
}

TEST(HttpParser, KnowsWhenAConnectionIsKept) {
  EXPECT_TRUE(parse_with("").request.keep_alive);
  EXPECT_FALSE(parse_with("Connection: close\r\n").request.keep_alive);
  EXPECT_FALSE(parse_with("Connection: x\r\nCONNECTION: y , Close\r\n").request.keep_alive);
  EXPECT_TRUE(parse_with("Connection: closed\r\n").request.keep_alive);
  EXPECT_FALSE(parse_http_head("GET / HTTP/1.0\r\n\r\n").request.keep_alive);
  EXPECT_TRUE(
      parse_http_head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").request.keep_alive);
  EXPECT_FALSE(parse_http_head("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n")
                   .request.keep_alive);
}

TEST(HttpParser, RefusesMalformedRequestLines) {
  for (const std::string line :
       {"GET", "GET /", "GET / ", " / HTTP/1.1", "GET  / HTTP/1.1", "GET / / HTTP/1.1",
        "GET  HTTP/1.1", "G@T / HTTP/1.1", "GET / HTTP/2.0", "GET / http/1.1", "GET / HTTP/1.",
        "GET / HTTP/1.x", "GET / HTTP/1.10", "GET /\t HTTP/1.1", "GET /\x7f HTTP/1.1"}) {
    EXPECT_EQ(parse_http_head(line + "\r\nHost: a\r\n\r\n").status, http_status::malformed) << line;
  }
}

TEST(HttpParser, RefusesMalformedHeaders) {
  for (const std::string line :
       {"NoColon", ": no name", "Space : before colon", " folded: line", "\tfolded: line",
        "Cont\x01rol: x", "Control: \x01", "Host: again", "Bare: \r carriage return",
        "Content-Length:", "Content-Length: -1", "Content-Length: +1", "Content-Length: 0x10",
        "Content-Length: 1 2", "Content-Length: 99999999999999999999",
        "Content-Length: 1\r\nContent-Length: 2", "Content-Length: 1, 1",
        "Content-Length: 1\r\nTransfer-Encoding: chunked"}) {
    EXPECT_EQ(parse_with(line + "\r\n").status, http_status::malformed) << line;
  }
}

TEST(HttpParser, TakesTheSameLengthTwice) {
  const http_result result = parse_with("Content-Length: 7\r\nContent-Length: 7\r\n");
  ASSERT_EQ(result.status, http_status::complete);
  EXPECT_EQ(result.request.content_length, 7u);
}

TEST(HttpParser, WantsAHostFromHttp11Only) {
  EXPECT_EQ(parse_http_head("GET / HTTP/1.1\r\n\r\n").status, http_status::malformed);
  EXPECT_EQ(parse_http_head("GET / HTTP/1.0\r\n\r\n").status, http_status::complete);
}

TEST(HttpParser, RefusesBareNewlinesAtOnce) {
  EXPECT_EQ(parse_http_head("\n").status, http_status::malformed);
  EXPECT_EQ(parse_http_head("GET / HTTP/1.1\n").status, http_status::malformed);
  EXPECT_EQ(parse_http_head("GET / HTTP/1.1\r\nHost: a\n").status, http_status::malformed);
}

TEST(HttpParser, TellsAboutTransferEncodings) {
  EXPECT_TRUE(parse_with("Transfer-Encoding: chunked\r\n").request.has_transfer_encoding);
}

TEST(HttpParser, LimitsTheHead) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string end = "\r\n\r\n";
  const std::size_t room = examples::http_head_limit - start.size() - end.size();
  const http_result largest = parse_http_head(start + std::string(room, 'x') + end + "more");
  ASSERT_EQ(largest.status, http_status::complete);
  EXPECT_EQ(largest.size, examples::http_head_limit);
  const std::string over = start + std::string(room + 1, 'x') + end;
  EXPECT_EQ(parse_http_head(over).status, http_status::too_large);
  EXPECT_EQ(parse_http_head(over.substr(0, examples::http_head_limit)).status,
            http_status::too_large);
  EXPECT_EQ(parse_http_head(over.substr(0, examples::http_head_limit - 1)).status,
            http_status::incomplete);
  EXPECT_EQ(parse_http_head(std::string(examples::http_head_limit, 'x')).status,
            http_status::too_large);
}

}  // namespace
