// SPDX-License-Identifier: BSL-1.0
//
// Reads the head of an HTTP/1 request, as far as a server needs it to find where the request ends
// and whether another one follows. A pure function of the bytes received so far: called again with
// more of them as long as the head is incomplete.
//
// It is strict: lines end in CRLF, header names are tokens with a colon right behind, lines are not
// folded, lengths agree. What one program lets pass and the next one reads otherwise is how
// requests are smuggled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace examples {

struct http_request {
  std::string_view method;
  std::string_view target;
  int minor_version = 1;  // of HTTP/1.x
  bool keep_alive = true;
  bool expects_continue = false;
  bool has_transfer_encoding = false;  // then content_length says nothing
  std::uint64_t content_length = 0;
};

enum class http_status { incomplete, complete, malformed, too_large };

struct http_result {
  http_status status = http_status::incomplete;
  std::size_t size = 0;  // of a complete head; what follows is the body
  http_request request;  // of a complete head; refers to the input
};

// The longest head taken, from the request line to the empty line.
inline constexpr std::size_t http_head_limit = 16 * 1024;

http_result parse_http_head(std::string_view input);

}  // namespace examples
