// SPDX-License-Identifier: BSL-1.0
//
// Buffers of constants. Of a string literal without its terminating zero; of a hexadecimal or
// binary number the bytes as they are written, first the leftmost. Digits come in whole bytes and
// may be separated.
//
//   using namespace net::buffer_literals;
//   net::write(socket, "QUIT\r\n"_buf);
//   net::write(socket, 0xcafe'0001_buf);
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "net/buffer/buffer.h"
#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

template <char... Chars>
inline constexpr std::array<char, sizeof...(Chars)> literal_text{Chars...};

// The number as written, and what it says.
template <char... Chars>
struct bytes_literal {
  static constexpr std::string_view text{literal_text<Chars...>.data(), sizeof...(Chars)};
  static constexpr bool is_hexadecimal = sizeof...(Chars) > 2 && (text[1] == 'x' || text[1] == 'X');
  static constexpr bool is_binary = sizeof...(Chars) > 2 && (text[1] == 'b' || text[1] == 'B');
  static_assert(is_hexadecimal || is_binary, "a buffer literal is hexadecimal or binary");

  static constexpr std::size_t digits_per_byte = is_hexadecimal ? 2 : 8;
  static constexpr std::size_t digits =
      sizeof...(Chars) - 2 - ((Chars == '\'' ? std::size_t{1} : std::size_t{0}) + ... + 0);
  static_assert(digits % digits_per_byte == 0,
                "the digits of a buffer literal make up whole bytes: two hexadecimal or eight "
                "binary ones each");
  static constexpr std::size_t size = digits / digits_per_byte;

  static constexpr unsigned value_of(char digit) {
    if (digit >= 'a') {
      return static_cast<unsigned>(digit - 'a') + 10;
    }
    return static_cast<unsigned>(digit >= 'A' ? digit - 'A' + 10 : digit - '0');
  }
  static constexpr std::array<unsigned char, size> parse() {
    std::array<unsigned char, size> result{};
    std::size_t seen = 0;
    for (const char digit : text.substr(2)) {
      if (digit != '\'') {
        unsigned char& byte = result[seen++ / digits_per_byte];
        byte = static_cast<unsigned char>(byte * (is_hexadecimal ? 16U : 2U) + value_of(digit));
      }
    }
    return result;
  }
  static constexpr std::array<unsigned char, size> bytes = parse();
};

}  // namespace internal

namespace buffer_literals {

inline const_buffer operator""_buf(const char* data, std::size_t size) { return {data, size}; }

template <char... Chars>
const_buffer operator""_buf() {
  using literal = internal::bytes_literal<Chars...>;
  return {literal::bytes.data(), literal::size};
}

}  // namespace buffer_literals
}  // namespace NET_NAMESPACE
