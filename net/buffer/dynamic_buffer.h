// SPDX-License-Identifier: BSL-1.0
//
// Buffers that grow as they are read into: dynamic_buffer() makes one of a string or vector, which
// it refers to and does not own.
//
//   std::string text;
//   net::read_until(socket, net::dynamic_buffer(text, 4096), '\n');
//
// There are two models of them, and these are of both. In the first, prepare() makes room behind
// what there is and commit() takes part of it over; the dynamic buffer knows how much is valid, so
// one object has to be used throughout. In the second, everything in the container is valid, and
// grow(), shrink() and data(position, size) say what they mean, so copies may be used alike. An
// object is of the second until prepare() is first called. consume() drops from the front in both.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "net/buffer/buffer.h"
#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename T>
concept any_dynamic_buffer = requires(T& buffer, std::size_t n) {
  typename T::const_buffers_type;
  typename T::mutable_buffers_type;
  buffer.size();
  buffer.max_size();
  buffer.capacity();
  buffer.consume(n);
};
template <typename T>
concept dynamic_buffer_v1 = any_dynamic_buffer<T> && requires(T& buffer, std::size_t n) {
  buffer.data();
  buffer.prepare(n);
  buffer.commit(n);
};
template <typename T>
concept dynamic_buffer_v2 = any_dynamic_buffer<T> && requires(T& buffer, std::size_t n) {
  buffer.data(n, n);
  buffer.grow(n);
  buffer.shrink(n);
};

// What dynamic_string_buffer and dynamic_vector_buffer are.
template <typename Container>
class container_buffer {
 public:
  using const_buffers_type = const_buffer;
  using mutable_buffers_type = mutable_buffer;

  explicit container_buffer(Container& container, std::size_t max_size) noexcept
      : container_(container), max_size_(max_size) {}

  std::size_t size() const noexcept {
    return is_first_model() ? size_ : smaller(container_.size(), max_size_);
  }
  std::size_t max_size() const noexcept { return max_size_; }
  std::size_t capacity() const noexcept { return smaller(container_.capacity(), max_size_); }

  // What is valid.
  const_buffers_type data() const noexcept { return buffer(container_, size_); }
  // A part of what is valid, cut off where that ends.
  mutable_buffers_type data(std::size_t position, std::size_t n) noexcept {
    return buffer(buffer(container_, max_size_) + position, n);
  }
  const_buffers_type data(std::size_t position, std::size_t n) const noexcept {
    return buffer(buffer(container_, max_size_) + position, n);
  }

  // Room for `n` more bytes. Throws std::length_error if that were too many.
  mutable_buffers_type prepare(std::size_t n) {
    check_room(n);
    if (!is_first_model()) {
      size_ = container_.size();
    }
    container_.resize(size_ + n);
    return buffer(buffer(container_) + size_, n);
  }
  // Makes the first `n` bytes of what was prepared valid.
  void commit(std::size_t n) {
    size_ += smaller(n, container_.size() - size_);
    container_.resize(size_);
  }

  void grow(std::size_t n) {
    check_room(n);
    container_.resize(size() + n);
  }
  void shrink(std::size_t n) { container_.resize(n > size() ? 0 : size() - n); }

  void consume(std::size_t n) {
    const std::size_t count = smaller(n, size());
    container_.erase(container_.begin(), container_.begin() + static_cast<std::ptrdiff_t>(count));
    if (is_first_model()) {
      size_ -= count;
    }
  }

 private:
  static constexpr std::size_t unknown = static_cast<std::size_t>(-1);

  static std::size_t smaller(std::size_t a, std::size_t b) noexcept { return a < b ? a : b; }
  bool is_first_model() const noexcept { return size_ != unknown; }
  void check_room(std::size_t n) const {
    if (size() > max_size_ || max_size_ - size() < n) {
      throw std::length_error("dynamic buffer too long");
    }
  }

  Container& container_;
  std::size_t size_ = unknown;
  std::size_t max_size_;
};

}  // namespace internal

template <typename T>
struct is_dynamic_buffer_v1 : std::bool_constant<internal::dynamic_buffer_v1<T>> {};
template <typename T>
struct is_dynamic_buffer_v2 : std::bool_constant<internal::dynamic_buffer_v2<T>> {};
template <typename T>
struct is_dynamic_buffer : is_dynamic_buffer_v1<T> {};

template <typename Elem, typename Traits, typename Allocator>
class dynamic_string_buffer
    : public internal::container_buffer<std::basic_string<Elem, Traits, Allocator>> {
  using container = std::basic_string<Elem, Traits, Allocator>;

 public:
  explicit dynamic_string_buffer(container& string,
                                 std::size_t max_size = static_cast<std::size_t>(-1)) noexcept
      : internal::container_buffer<container>(string, max_size) {}
};

template <typename Elem, typename Allocator>
class dynamic_vector_buffer : public internal::container_buffer<std::vector<Elem, Allocator>> {
  using container = std::vector<Elem, Allocator>;

 public:
  explicit dynamic_vector_buffer(container& vector,
                                 std::size_t max_size = static_cast<std::size_t>(-1)) noexcept
      : internal::container_buffer<container>(vector, max_size) {}
};

// A dynamic buffer of `data`, which never gets longer than `max_size`.
template <typename Elem, typename Traits, typename Allocator>
[[nodiscard]] dynamic_string_buffer<Elem, Traits, Allocator> dynamic_buffer(
    std::basic_string<Elem, Traits, Allocator>& data,
    std::size_t max_size = static_cast<std::size_t>(-1)) noexcept {
  return dynamic_string_buffer<Elem, Traits, Allocator>(data, max_size);
}
template <typename Elem, typename Allocator>
[[nodiscard]] dynamic_vector_buffer<Elem, Allocator> dynamic_buffer(
    std::vector<Elem, Allocator>& data,
    std::size_t max_size = static_cast<std::size_t>(-1)) noexcept {
  return dynamic_vector_buffer<Elem, Allocator>(data, max_size);
}

}  // namespace NET_NAMESPACE
