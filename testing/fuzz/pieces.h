// SPDX-License-Identifier: BSL-1.0
//
// A stream that arrives in pieces, out of the bytes a fuzzer made up: what is in it, and how it is
// cut.
//
//   const nettest::pieces stream(data, size);
//   require(stream.is_the_same_uncut<session>(), "it does not matter how the stream is cut", …);
//
// The first byte says, modulo 8, how many bytes after it are the lengths of the pieces, taken in
// turn; with none of them the stream comes byte by byte. All the rest is the stream itself, in
// which the three bytes "\x01", n, c stand for c repeated 64 n times, so that a few bytes of input
// reach limits that are thousands of bytes away. A '0' in front of any text is thus that text, byte
// by byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nettest {

class pieces {
 public:
  pieces(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    if (rest.empty()) {
      return;
    }
    const std::size_t count = std::min<std::size_t>(data[0] % 8, rest.size() - 1);
    lengths_ = rest.substr(1, count);
    rest.remove_prefix(1 + count);
    for (std::size_t i = 0; i < rest.size() && whole_.size() < most_bytes; ++i) {
      if (rest[i] == '\x01' && i + 2 < rest.size()) {
        whole_.append(static_cast<unsigned char>(rest[i + 1]) * std::size_t{64}, rest[i + 2]);
        i += 2;
      } else {
        whole_ += rest[i];
      }
    }
    whole_.resize(std::min(whole_.size(), most_bytes));
  }

  std::string_view whole() const { return whole_; }

  // No piece is empty. Together they are the whole. Of a long stream none is tiny: a parser that
  // begins anew with each piece would need time that grows with the square of the length.
  template <typename Use>
  void for_each(Use use) const {
    const std::size_t least = 1 + whole_.size() / 128;
    std::size_t turn = 0;
    for (std::size_t at = 0; at < whole_.size();) {
      const std::size_t wanted =
          lengths_.empty() ? 1 : static_cast<unsigned char>(lengths_[turn++ % lengths_.size()]);
      const std::size_t length = std::min(std::max(wanted, least), whole_.size() - at);
      use(std::string_view(whole_).substr(at, length));
      at += length;
    }
  }

  // Whether a Session has received the same from the pieces as from the whole.
  template <typename Session>
  bool is_the_same_uncut() const {
    Session at_once;
    at_once.receive(whole());
    Session in_pieces;
    for_each([&](std::string_view piece) { in_pieces.receive(piece); });
    return in_pieces == at_once;
  }

 private:
  static constexpr std::size_t most_bytes = 24 * 1024;

  std::string_view lengths_;
  std::string whole_;
};

}  // namespace nettest
