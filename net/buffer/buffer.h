// SPDX-License-Identifier: BSL-1.0
//
// Views of memory to read into and write from. A buffer is a pointer and a size in bytes; it owns
// nothing, so what it points to must outlive the operation it is given to. A buffer sequence is one
// buffer, or any range of them, transferred in order.
//
//   char data[512];
//   socket.read_some(net::buffer(data));
//   net::write(socket, std::array{net::buffer(head), net::buffer(body)});
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "net/config.h"

namespace NET_NAMESPACE {

class mutable_buffer {
 public:
  mutable_buffer() noexcept = default;
  mutable_buffer(void* data, std::size_t size) noexcept : data_(data), size_(size) {}

  void* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

  // Drops up to `n` bytes from the front.
  mutable_buffer& operator+=(std::size_t n) noexcept {
    const std::size_t offset = n < size_ ? n : size_;
    data_ = static_cast<char*>(data_) + offset;
    size_ -= offset;
    return *this;
  }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

class const_buffer {
 public:
  const_buffer() noexcept = default;
  const_buffer(const void* data, std::size_t size) noexcept : data_(data), size_(size) {}
  const_buffer(const mutable_buffer& other) noexcept : data_(other.data()), size_(other.size()) {}

  const void* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

  const_buffer& operator+=(std::size_t n) noexcept {
    const std::size_t offset = n < size_ ? n : size_;
    data_ = static_cast<const char*>(data_) + offset;
    size_ -= offset;
    return *this;
  }

 private:
  const void* data_ = nullptr;
  std::size_t size_ = 0;
};

inline mutable_buffer operator+(mutable_buffer buffer, std::size_t n) noexcept {
  return buffer += n;
}
inline mutable_buffer operator+(std::size_t n, mutable_buffer buffer) noexcept {
  return buffer += n;
}
inline const_buffer operator+(const_buffer buffer, std::size_t n) noexcept { return buffer += n; }
inline const_buffer operator+(std::size_t n, const_buffer buffer) noexcept { return buffer += n; }

// A buffer of the same memory; of the first `max` bytes at most where a maximum is given.
inline mutable_buffer buffer(const mutable_buffer& what) noexcept { return what; }
inline mutable_buffer buffer(const mutable_buffer& what, std::size_t max) noexcept {
  return {what.data(), what.size() < max ? what.size() : max};
}
inline const_buffer buffer(const const_buffer& what) noexcept { return what; }
inline const_buffer buffer(const const_buffer& what, std::size_t max) noexcept {
  return {what.data(), what.size() < max ? what.size() : max};
}
inline mutable_buffer buffer(void* data, std::size_t size) noexcept { return {data, size}; }
inline const_buffer buffer(const void* data, std::size_t size) noexcept { return {data, size}; }

namespace internal {

template <typename T>
concept buffer_container = std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    std::is_trivially_copyable_v<std::ranges::range_value_t<T>> &&
    !std::is_convertible_v<T, const_buffer>;

// mutable_buffer or const_buffer, as the elements are.
template <typename Pointer>
auto buffer_of(Pointer* data, std::size_t count) noexcept {
  using type = std::conditional_t<std::is_const_v<Pointer>, const_buffer, mutable_buffer>;
  return type(data, count * sizeof(Pointer));
}

}  // namespace internal

// Arrays, std::array, std::vector, std::string, std::string_view, std::span and the like.
template <internal::buffer_container T>
auto buffer(T&& elements) noexcept {
  return internal::buffer_of(std::ranges::data(elements), std::ranges::size(elements));
}
template <internal::buffer_container T>
auto buffer(T&& elements, std::size_t max) noexcept {
  return NET_NAMESPACE::buffer(NET_NAMESPACE::buffer(elements), max);
}

namespace internal {

// One buffer, which is a sequence too.
template <typename T>
concept single_buffer = std::is_convertible_v<const T&, const_buffer>;
template <typename T>
concept buffer_range = !single_buffer<T>;

}  // namespace internal

// The range of buffers that a sequence is.
template <internal::single_buffer Buffer>
const Buffer* buffer_sequence_begin(const Buffer& single) noexcept {
  return std::addressof(single);
}
template <internal::single_buffer Buffer>
const Buffer* buffer_sequence_end(const Buffer& single) noexcept {
  return std::addressof(single) + 1;
}
template <internal::buffer_range Sequence>
auto buffer_sequence_begin(const Sequence& sequence) noexcept(noexcept(std::begin(sequence)))
    -> decltype(std::begin(sequence)) {
  return std::begin(sequence);
}
template <internal::buffer_range Sequence>
auto buffer_sequence_end(const Sequence& sequence) noexcept(noexcept(std::end(sequence)))
    -> decltype(std::end(sequence)) {
  return std::end(sequence);
}

template <typename T>
concept const_buffer_sequence = requires(const T& sequence) {
  { *buffer_sequence_begin(sequence) } -> std::convertible_to<const_buffer>;
  buffer_sequence_end(sequence);
};
template <typename T>
concept mutable_buffer_sequence = requires(const T& sequence) {
  { *buffer_sequence_begin(sequence) } -> std::convertible_to<mutable_buffer>;
  buffer_sequence_end(sequence);
};

// The number of bytes in all buffers together.
template <const_buffer_sequence Sequence>
std::size_t buffer_size(const Sequence& sequence) noexcept {
  std::size_t size = 0;
  for (auto at = buffer_sequence_begin(sequence); at != buffer_sequence_end(sequence); ++at) {
    size += const_buffer(*at).size();
  }
  return size;
}

// Copies as much as fits, at most `max` bytes, and returns how much that was.
template <mutable_buffer_sequence Target, const_buffer_sequence Source>
std::size_t buffer_copy(const Target& target, const Source& source,
                        std::size_t max = static_cast<std::size_t>(-1)) noexcept {
  auto to = buffer_sequence_begin(target);
  auto from = buffer_sequence_begin(source);
  std::size_t target_used = 0;
  std::size_t source_used = 0;
  std::size_t copied = 0;
  while (to != buffer_sequence_end(target) && from != buffer_sequence_end(source) && copied < max) {
    const mutable_buffer into = mutable_buffer(*to) + target_used;
    const const_buffer out_of = const_buffer(*from) + source_used;
    std::size_t count = into.size() < out_of.size() ? into.size() : out_of.size();
    count = count < max - copied ? count : max - copied;
    if (count != 0) {
      std::memcpy(into.data(), out_of.data(), count);
    }
    copied += count;
    target_used += count;
    source_used += count;
    if (count == into.size()) {
      ++to;
      target_used = 0;
    }
    if (count == out_of.size()) {
      ++from;
      source_used = 0;
    }
  }
  return copied;
}

}  // namespace NET_NAMESPACE
