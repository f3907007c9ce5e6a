// SPDX-License-Identifier: BSL-1.0
//
// Buffers that were made known to a context before they are used, as buffer_registration does. They
// are buffer sequences of one, and remember which of the registered ones they are part of.
#pragma once

#include <cstddef>

#include "net/buffer/buffer.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename MutableBufferSequence, typename Allocator>
class buffer_registration;

class registered_buffer_id {
 public:
  using native_handle_type = int;

  registered_buffer_id() noexcept = default;

  // The number of the buffer among those registered together; -1 if there is none.
  native_handle_type native_handle() const noexcept { return index_; }

  friend bool operator==(const registered_buffer_id&,
                         const registered_buffer_id&) noexcept = default;

 private:
  template <typename, typename>
  friend class buffer_registration;

  registered_buffer_id(const void* scope, int index) noexcept : scope_(scope), index_(index) {}

  const void* scope_ = nullptr;
  int index_ = -1;
};

class mutable_registered_buffer {
 public:
  mutable_registered_buffer() noexcept = default;

  const mutable_buffer& buffer() const noexcept { return buffer_; }
  void* data() const noexcept { return buffer_.data(); }
  std::size_t size() const noexcept { return buffer_.size(); }
  const registered_buffer_id& id() const noexcept { return id_; }

  mutable_registered_buffer& operator+=(std::size_t n) noexcept {
    buffer_ += n;
    return *this;
  }

 private:
  template <typename, typename>
  friend class buffer_registration;
  friend mutable_registered_buffer buffer(const mutable_registered_buffer& what,
                                          std::size_t max) noexcept;

  mutable_registered_buffer(const mutable_buffer& buffer, const registered_buffer_id& id) noexcept
      : buffer_(buffer), id_(id) {}

  mutable_buffer buffer_;
  registered_buffer_id id_;
};

class const_registered_buffer {
 public:
  const_registered_buffer() noexcept = default;
  const_registered_buffer(const mutable_registered_buffer& other) noexcept
      : buffer_(other.buffer()), id_(other.id()) {}

  const const_buffer& buffer() const noexcept { return buffer_; }
  const void* data() const noexcept { return buffer_.data(); }
  std::size_t size() const noexcept { return buffer_.size(); }
  const registered_buffer_id& id() const noexcept { return id_; }

  const_registered_buffer& operator+=(std::size_t n) noexcept {
    buffer_ += n;
    return *this;
  }

 private:
  friend const_registered_buffer buffer(const const_registered_buffer& what,
                                        std::size_t max) noexcept;

  const_registered_buffer(const const_buffer& buffer, const registered_buffer_id& id) noexcept
      : buffer_(buffer), id_(id) {}

  const_buffer buffer_;
  registered_buffer_id id_;
};

inline const mutable_buffer* buffer_sequence_begin(
    const mutable_registered_buffer& single) noexcept {
  return &single.buffer();
}
inline const mutable_buffer* buffer_sequence_end(const mutable_registered_buffer& single) noexcept {
  return &single.buffer() + 1;
}
inline const const_buffer* buffer_sequence_begin(const const_registered_buffer& single) noexcept {
  return &single.buffer();
}
inline const const_buffer* buffer_sequence_end(const const_registered_buffer& single) noexcept {
  return &single.buffer() + 1;
}

[[nodiscard]] inline mutable_registered_buffer buffer(
    const mutable_registered_buffer& what) noexcept {
  return what;
}
[[nodiscard]] inline const_registered_buffer buffer(const const_registered_buffer& what) noexcept {
  return what;
}
[[nodiscard]] inline mutable_registered_buffer buffer(const mutable_registered_buffer& what,
                                                      std::size_t max) noexcept {
  return {NET_NAMESPACE::buffer(what.buffer_, max), what.id_};
}
[[nodiscard]] inline const_registered_buffer buffer(const const_registered_buffer& what,
                                                    std::size_t max) noexcept {
  return {NET_NAMESPACE::buffer(what.buffer_, max), what.id_};
}

inline mutable_registered_buffer operator+(const mutable_registered_buffer& buffer,
                                           std::size_t n) noexcept {
  return mutable_registered_buffer(buffer) += n;
}
inline mutable_registered_buffer operator+(std::size_t n,
                                           const mutable_registered_buffer& buffer) noexcept {
  return buffer + n;
}
inline const_registered_buffer operator+(const const_registered_buffer& buffer,
                                         std::size_t n) noexcept {
  return const_registered_buffer(buffer) += n;
}
inline const_registered_buffer operator+(std::size_t n,
                                         const const_registered_buffer& buffer) noexcept {
  return buffer + n;
}

}  // namespace NET_NAMESPACE
