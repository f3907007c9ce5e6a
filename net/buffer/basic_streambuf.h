// SPDX-License-Identifier: BSL-1.0
//
// A std::streambuf to be read into and written from: iostreams on one side of it, operations on
// sockets on the other. It is a dynamic buffer of the first model (see dynamic_buffer.h), with one
// sequence of bytes from which input streams read and to which output streams append.
//
//   net::streambuf buffer;
//   std::size_t n = net::read_until(socket, buffer, '\n');
//   std::istream(&buffer) >> word;
//
// It is neither copied nor moved; basic_streambuf_ref is what refers to one where a dynamic buffer
// is passed by value. Never longer than the maximum: prepare() throws std::length_error instead.
#pragma once

#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <streambuf>
#include <vector>

#include "net/buffer/basic_streambuf_fwd.h"
#include "net/buffer/buffer.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename Allocator>
class basic_streambuf : public std::streambuf {
 public:
  using const_buffers_type = const_buffer;
  using mutable_buffers_type = mutable_buffer;

  explicit basic_streambuf(std::size_t max_size = static_cast<std::size_t>(-1),
                           const Allocator& allocator = Allocator())
      : max_size_(max_size), storage_(allocator) {
    const std::size_t end = max_size_ < step_bytes ? max_size_ : step_bytes;
    storage_.resize(end != 0 ? end : 1);
    place(0, 0, end);
  }
  basic_streambuf(const basic_streambuf&) = delete;
  basic_streambuf& operator=(const basic_streambuf&) = delete;
  ~basic_streambuf() override = default;

  std::size_t size() const noexcept { return static_cast<std::size_t>(pptr() - gptr()); }
  std::size_t max_size() const noexcept { return max_size_; }
  std::size_t capacity() const noexcept { return storage_.capacity(); }

  // What is to be read.
  const_buffers_type data() const noexcept { return {gptr(), size()}; }
  // Room for `n` bytes behind it.
  mutable_buffers_type prepare(std::size_t n) {
    reserve(n);
    return {pptr(), n};
  }
  // Makes the first `n` bytes of the room part of what is to be read.
  void commit(std::size_t n) {
    const std::size_t room = static_cast<std::size_t>(epptr() - pptr());
    setp(pptr() + (n < room ? n : room), epptr());
    setg(eback(), gptr(), pptr());
  }
  void consume(std::size_t n) {
    if (egptr() < pptr()) {
      setg(storage_.data(), gptr(), pptr());
    }
    const std::size_t count = n < size() ? n : size();
    setg(eback(), gptr() + count, egptr());
  }

 protected:
  int_type underflow() override {
    if (gptr() == pptr()) {
      return traits_type::eof();
    }
    setg(storage_.data(), gptr(), pptr());
    return traits_type::to_int_type(*gptr());
  }

  int_type overflow(int_type character) override {
    if (traits_type::eq_int_type(character, traits_type::eof())) {
      return traits_type::not_eof(character);
    }
    if (pptr() == epptr()) {
      const std::size_t left = max_size_ > size() ? max_size_ - size() : 0;
      reserve(left != 0 && left < step_bytes ? left : step_bytes);
    }
    *pptr() = traits_type::to_char_type(character);
    pbump(1);
    return character;
  }

  // Makes room for `n` bytes behind what there is, first by moving that to the front.
  void reserve(std::size_t n) {
    std::size_t end = static_cast<std::size_t>(epptr() - storage_.data());
    const std::size_t put = static_cast<std::size_t>(pptr() - storage_.data());
    if (n <= end - put) {
      return;
    }
    const std::size_t kept = size();
    std::memmove(storage_.data(), gptr(), kept);
    if (n > end - kept) {
      if (n > max_size_ || kept > max_size_ - n) {
        // As it was, only elsewhere.
        place(0, kept, end);
        throw std::length_error("streambuf too long");
      }
      end = kept + n;
      storage_.resize(end != 0 ? end : 1);
    }
    place(0, kept, end);
  }

 private:
  static constexpr std::size_t step_bytes = 128;

  void place(std::size_t get, std::size_t put, std::size_t end) {
    char* const base = storage_.data();
    setg(base, base + get, base + put);
    setp(base + put, base + end);
  }

  std::size_t max_size_;
  std::vector<char, Allocator> storage_;
};

template <typename Allocator>
class basic_streambuf_ref {
 public:
  using const_buffers_type = typename basic_streambuf<Allocator>::const_buffers_type;
  using mutable_buffers_type = typename basic_streambuf<Allocator>::mutable_buffers_type;

  explicit basic_streambuf_ref(basic_streambuf<Allocator>& target) noexcept : target_(&target) {}

  std::size_t size() const noexcept { return target_->size(); }
  std::size_t max_size() const noexcept { return target_->max_size(); }
  std::size_t capacity() const noexcept { return target_->capacity(); }
  const_buffers_type data() const noexcept { return target_->data(); }
  mutable_buffers_type prepare(std::size_t n) { return target_->prepare(n); }
  void commit(std::size_t n) { target_->commit(n); }
  void consume(std::size_t n) { target_->consume(n); }

 private:
  basic_streambuf<Allocator>* target_;
};

}  // namespace NET_NAMESPACE
