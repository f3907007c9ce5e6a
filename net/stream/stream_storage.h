// SPDX-License-Identifier: BSL-1.0
//
// Memory of a fixed size between a stream and its user: bytes are put in at the back and taken out
// at the front.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

#include "net/buffer/buffer.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

class stream_storage {
 public:
  explicit stream_storage(std::size_t capacity) : bytes_(capacity) {}

  std::size_t size() const noexcept { return end_ - begin_; }
  std::size_t capacity() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return begin_ == end_; }
  bool full() const noexcept { return size() == capacity(); }

  const_buffer data() const noexcept { return buffer(bytes_, end_) + begin_; }

  // All the room there is, in one piece. What there is moves, but room prepared earlier does not if
  // nothing was taken out since.
  mutable_buffer prepare() noexcept {
    if (begin_ != 0) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    return buffer(bytes_) + end_;
  }
  void commit(std::size_t n) noexcept { end_ += n; }
  void consume(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == end_) {
      begin_ = end_ = 0;
    }
  }

  // As much as there is and the buffers hold; as much of the buffers as there is room for.
  template <typename Buffers>
  std::size_t hand_out(const Buffers& buffers) {
    const std::size_t bytes = buffer_copy(buffers, data());
    consume(bytes);
    return bytes;
  }
  template <typename Buffers>
  std::size_t take_in(const Buffers& buffers) {
    const std::size_t bytes = buffer_copy(prepare(), buffers);
    commit(bytes);
    return bytes;
  }

 private:
  std::vector<unsigned char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace NET_NAMESPACE::internal
