// SPDX-License-Identifier: BSL-1.0
//
// Views of memory to read into and write from. A buffer is a pointer and a size in bytes; it owns
// nothing, so what it points to must outlive the operation it is given to. A buffer sequence is one
// buffer, a span of bytes, or any range of buffers, transferred in order.
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
namespace internal {

template <typename T>
inline constexpr bool is_byte_span = false;
template <typename T>
inline constexpr bool is_writable_byte_span = false;

// std::span and what looks like it, of elements that are one byte each.
template <template <typename, std::size_t> class Span, typename T, std::size_t Extent>
requires(sizeof(T) == 1) && requires(const Span<T, Extent>& span) {
  { span.subspan(0, 0) } -> std::same_as<Span<T, static_cast<std::size_t>(-1)>>;
}
inline constexpr bool is_byte_span<Span<T, Extent>> = true;

template <template <typename, std::size_t> class Span, typename T, std::size_t Extent>
inline constexpr bool is_writable_byte_span<Span<T, Extent>> =
    is_byte_span<Span<T, Extent>> && !std::is_const_v<T>;

template <typename T>
concept byte_span = is_byte_span<T>;
template <typename T>
concept writable_byte_span = is_writable_byte_span<T>;

}  // namespace internal

class mutable_buffer {
 public:
  mutable_buffer() noexcept = default;
  mutable_buffer(void* data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <internal::writable_byte_span Span>
  mutable_buffer(const Span& span) noexcept : data_(span.data()), size_(span.size()) {}

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
  template <internal::byte_span Span>
  const_buffer(const Span& span) noexcept : data_(span.data()), size_(span.size()) {}

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

inline mutable_buffer operator+(const mutable_buffer& buffer, std::size_t n) noexcept {
  return mutable_buffer(buffer) += n;
}
inline mutable_buffer operator+(std::size_t n, const mutable_buffer& buffer) noexcept {
  return buffer + n;
}
inline const_buffer operator+(const const_buffer& buffer, std::size_t n) noexcept {
  return const_buffer(buffer) += n;
}
inline const_buffer operator+(std::size_t n, const const_buffer& buffer) noexcept {
  return buffer + n;
}

// A buffer of the same memory; of the first `max` bytes at most where a maximum is given.
[[nodiscard]] inline mutable_buffer buffer(const mutable_buffer& what) noexcept { return what; }
[[nodiscard]] inline mutable_buffer buffer(const mutable_buffer& what, std::size_t max) noexcept {
  return {what.data(), what.size() < max ? what.size() : max};
}
[[nodiscard]] inline const_buffer buffer(const const_buffer& what) noexcept { return what; }
[[nodiscard]] inline const_buffer buffer(const const_buffer& what, std::size_t max) noexcept {
  return {what.data(), what.size() < max ? what.size() : max};
}
[[nodiscard]] inline mutable_buffer buffer(void* data, std::size_t size) noexcept {
  return {data, size};
}
[[nodiscard]] inline const_buffer buffer(const void* data, std::size_t size) noexcept {
  return {data, size};
}

namespace internal {

// One buffer, which is a sequence too.
template <typename T>
concept single_buffer = std::is_convertible_v<const T&, const_buffer> ||
    std::is_convertible_v<const T&, mutable_buffer>;
template <typename T>
concept buffer_range = !single_buffer<T>;

// Elements that lie in one piece of memory. What they are is not asked: std::pair is none that may
// be copied byte by byte, by its type, and yet often sent.
template <typename T>
concept buffer_container = !single_buffer<T> && requires(T & elements) {
  requires std::contiguous_iterator<decltype(std::begin(elements))>;
  std::size(elements);
};

// mutable_buffer or const_buffer, as the elements are.
template <typename T>
auto buffer_of(T& elements) noexcept {
  using element = std::remove_reference_t<decltype(*std::begin(elements))>;
  using type = std::conditional_t<std::is_const_v<element>, const_buffer, mutable_buffer>;
  const std::size_t count = std::size(elements);
  return type(count != 0 ? std::to_address(std::begin(elements)) : nullptr,
              count * sizeof(element));
}

}  // namespace internal

// Arrays, std::array, std::vector, std::string, std::string_view, std::span and the like. A
// temporary that owns its elements is only read from.
template <internal::buffer_container T>
[[nodiscard]] auto buffer(T& elements) noexcept {
  return internal::buffer_of(elements);
}
template <internal::buffer_container T>
[[nodiscard]] auto buffer(const T& elements) noexcept {
  return internal::buffer_of(elements);
}
template <internal::byte_span T>
[[nodiscard]] auto buffer(const T& span) noexcept {
  using type = std::conditional_t<internal::writable_byte_span<T>, mutable_buffer, const_buffer>;
  return type(span);
}
template <internal::buffer_container T>
[[nodiscard]] auto buffer(T& elements, std::size_t max) noexcept {
  return NET_NAMESPACE::buffer(internal::buffer_of(elements), max);
}
template <internal::buffer_container T>
[[nodiscard]] auto buffer(const T& elements, std::size_t max) noexcept {
  return NET_NAMESPACE::buffer(internal::buffer_of(elements), max);
}
template <internal::byte_span T>
[[nodiscard]] auto buffer(const T& span, std::size_t max) noexcept {
  return NET_NAMESPACE::buffer(NET_NAMESPACE::buffer(span), max);
}

namespace internal {

// Where a single buffer is seen from: what derives from a buffer is one by its address.
template <typename T>
auto address_of_buffer(const T& single) noexcept {
  if constexpr (std::is_convertible_v<const T*, const mutable_buffer*>) {
    return static_cast<const mutable_buffer*>(std::addressof(single));
  } else if constexpr (std::is_convertible_v<const T*, const const_buffer*>) {
    return static_cast<const const_buffer*>(std::addressof(single));
  } else {
    return std::addressof(single);
  }
}

}  // namespace internal

// The range of buffers that a sequence is.
template <internal::single_buffer Buffer>
auto buffer_sequence_begin(const Buffer& single) noexcept {
  return internal::address_of_buffer(single);
}
template <internal::single_buffer Buffer>
auto buffer_sequence_end(const Buffer& single) noexcept {
  return internal::address_of_buffer(single) + 1;
}
template <internal::buffer_range Sequence>
auto buffer_sequence_begin(Sequence& sequence) noexcept -> decltype(sequence.begin()) {
  return sequence.begin();
}
template <internal::buffer_range Sequence>
auto buffer_sequence_end(Sequence& sequence) noexcept -> decltype(sequence.end()) {
  return sequence.end();
}
template <internal::buffer_range Sequence>
auto buffer_sequence_begin(const Sequence& sequence) noexcept -> decltype(sequence.begin()) {
  return sequence.begin();
}
template <internal::buffer_range Sequence>
auto buffer_sequence_end(const Sequence& sequence) noexcept -> decltype(sequence.end()) {
  return sequence.end();
}

template <typename T>
concept const_buffer_sequence = std::is_class_v<T> && requires(T& sequence) {
  { *buffer_sequence_begin(sequence) } -> std::convertible_to<const_buffer>;
  buffer_sequence_end(sequence);
};
template <typename T>
concept mutable_buffer_sequence = std::is_class_v<T> && requires(T& sequence) {
  { *buffer_sequence_begin(sequence) } -> std::convertible_to<mutable_buffer>;
  buffer_sequence_end(sequence);
};

template <typename T>
struct is_const_buffer_sequence : std::bool_constant<const_buffer_sequence<T>> {};
template <typename T>
struct is_mutable_buffer_sequence : std::bool_constant<mutable_buffer_sequence<T>> {};

// The number of bytes in all buffers together.
template <const_buffer_sequence Sequence>
std::size_t buffer_size(const Sequence& sequence) noexcept {
  std::size_t size = 0;
  const auto end = buffer_sequence_end(sequence);
  for (auto at = buffer_sequence_begin(sequence); at != end; ++at) {
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
  const auto target_end = buffer_sequence_end(target);
  const auto source_end = buffer_sequence_end(source);
  std::size_t target_used = 0;
  std::size_t source_used = 0;
  std::size_t copied = 0;
  while (to != target_end && from != source_end && copied < max) {
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

#ifdef NET_LEGACY
#include "net/legacy/buffer.h"
#endif
