// SPDX-License-Identifier: BSL-1.0
//
// Text of a fixed size, for what must be said where nothing may be allocated or locked: what a
// fiber waits for, told to whoever looks into a running process; a line written by a signal
// handler.
//
//   netpoll::description text;
//   text << "read " << socket_address(name, size) << ", deadline" << in_time(when - now);
//   write(2, text.view().data(), text.view().size());
//
// A text that is too long is cut off and ends in "...". One thread at a time.
#pragma once

#include <sys/socket.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "netpoll/base/clock.h"

namespace netpoll {

// What can be put into a text beside characters and whole numbers.

// A number in sixteens: 0x7f12.
struct in_hex {
  std::uint64_t number;
};

// A length of time in its largest unit, to two or three digits: 840 ns, 3.2 s, 12 min.
struct duration_text {
  nanotime duration;
};

// When something is due, counted from now: " in 3.2 s", or " passed 40 ms ago".
struct in_time {
  nanotime from_now;
};

// 127.0.0.1:80, [::1]:80, [fe80::1%2]:80, /run/socket, @abstract; nothing for an unnamed unix
// socket. The address is read when it is put into the text.
struct socket_address {
  socket_address(const ::sockaddr_storage& which, ::socklen_t size) noexcept
      : storage(which), size(size) {}
  const ::sockaddr_storage& storage;
  ::socklen_t size;
};

// Appends to memory that its owner provides.
class text_writer {
 public:
  text_writer(char* memory, std::size_t capacity) noexcept : memory_(memory), capacity_(capacity) {}
  text_writer(const text_writer&) = delete;
  text_writer& operator=(const text_writer&) = delete;

  std::string_view view() const noexcept { return {memory_, size_}; }
  bool is_cut() const noexcept { return is_cut_; }
  void clear() noexcept {
    size_ = 0;
    is_cut_ = false;
  }

  text_writer& operator<<(std::string_view text) noexcept;
  text_writer& operator<<(const char* text) noexcept { return *this << std::string_view(text); }
  text_writer& operator<<(in_hex number) noexcept;
  text_writer& operator<<(duration_text duration) noexcept;
  text_writer& operator<<(in_time when) noexcept;
  text_writer& operator<<(const socket_address& address) noexcept;
  template <std::integral Number>
  text_writer& operator<<(Number number) noexcept {
    static_assert(!std::is_same_v<Number, char> && !std::is_same_v<Number, bool>);
    if constexpr (std::is_signed_v<Number>) {
      if (number < 0) {
        return (*this << "-")
            .append_number(std::uint64_t{0} - static_cast<std::uint64_t>(number), 10);
      }
    }
    return append_number(static_cast<std::uint64_t>(number), 10);
  }

 private:
  text_writer& append_number(std::uint64_t number, unsigned base) noexcept;
  void append_ipv6(const unsigned char (&bytes)[16]) noexcept;

  char* const memory_;
  const std::size_t capacity_;
  std::size_t size_ = 0;
  bool is_cut_ = false;
};

// What somebody waits for, in a few words.
class description final : public text_writer {
 public:
  static constexpr std::size_t capacity_bytes = 160;

  description() noexcept : text_writer(memory_, sizeof(memory_)) {}

 private:
  char memory_[capacity_bytes];
};

// Puts in what the descriptor is and what it is connected to, or to `future_peer` if it is not yet:
// "tcp 127.0.0.1:4000->127.0.0.1:80", "unix /run/socket", "pipe (fd 7)". `number` must be kept open
// meanwhile; -1 is for one that is closed.
void describe_descriptor(text_writer& into, int number,
                         const socket_address* future_peer = nullptr) noexcept;

}  // namespace netpoll
