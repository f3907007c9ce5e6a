// SPDX-License-Identifier: BSL-1.0
//
// What is still to go of a vector of buffers, and how much of it one system call may be given: at
// most IOV_MAX buffers, and no more bytes than the kernel moves at once. A call that was given
// everything it may take and moved less has run into an end; the cursor is what tells "less" from
// "not all".
//
// It walks and shortens the caller's vector in place. Not thread-safe.
#pragma once

#include <sys/uio.h>

#include <cstddef>

namespace netpoll {

// The kernel refuses more buffers in one call (IOV_MAX).
inline constexpr std::size_t max_buffers = 1024;
// It never moves more than INT_MAX rounded down to a page; asking for less than that keeps a cut
// made by it apart from a short transfer.
inline constexpr std::size_t max_transfer = std::size_t{1} << 30;

class iovec_cursor {
 public:
  iovec_cursor(::iovec* buffers, std::size_t count) noexcept : buffers_(buffers), count_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      size_ += buffers[i].iov_len;
    }
    skip_empty();
  }

  bool is_empty() const noexcept { return size_ == 0; }

  // For the next call; `size()` bytes in all.
  ::iovec* data() noexcept {
    if (!is_cut()) [[likely]] {
      return buffers_;
    }
    first_ = {buffers_[0].iov_base, at_most(buffers_[0].iov_len, max_transfer)};
    return &first_;
  }
  std::size_t count() const noexcept { return is_cut() ? 1 : at_most(count_, max_buffers); }
  // How much a call with these can move at most. Exact but for a vector of more than IOV_MAX
  // buffers.
  std::size_t size() const noexcept {
    return is_cut() ? at_most(buffers_[0].iov_len, max_transfer) : size_;
  }
  // Whether a call that moved `bytes` could have moved more.
  bool was_short(std::size_t bytes) const noexcept {
    return bytes < size() && count_ <= max_buffers;
  }

  // Whether one call can be given all of it; a message cannot be sent in pieces.
  bool fits_one_call() const noexcept { return !is_cut() && count_ <= max_buffers; }

  // Whether that was everything.
  bool is_all(std::size_t bytes) const noexcept { return bytes == size_; }

  // `bytes` have been moved.
  void advance(std::size_t bytes) noexcept {
    size_ -= bytes;
    while (count_ > 0 && bytes >= buffers_->iov_len) {
      bytes -= buffers_->iov_len;
      ++buffers_;
      --count_;
    }
    if (count_ > 0) {
      buffers_->iov_base = static_cast<char*>(buffers_->iov_base) + bytes;
      buffers_->iov_len -= bytes;
      skip_empty();
    }
  }

 private:
  static std::size_t at_most(std::size_t size, std::size_t limit) noexcept {
    return size < limit ? size : limit;
  }
  // So much that the kernel would stop of its own accord: one buffer at a time.
  bool is_cut() const noexcept { return size_ > max_transfer; }
  void skip_empty() noexcept {
    while (count_ > 0 && buffers_->iov_len == 0) {
      ++buffers_;
      --count_;
    }
  }

  ::iovec* buffers_;
  std::size_t count_;
  std::size_t size_ = 0;
  ::iovec first_;  // filled in when it is used
};

}  // namespace netpoll
