// SPDX-License-Identifier: BSL-1.0
//
// A buffer sequence as the kernel wants to see it. Few buffers are held in place, many on the heap;
// of what is one buffer by its type, just that.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>

#include "net/buffer/buffer.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

class iovec_view {
 public:
  // `limit`: how many buffers at most; 0 for all.
  template <const_buffer_sequence Sequence>
  explicit iovec_view(const Sequence& sequence, std::size_t limit = 0) {
    const auto end = buffer_sequence_end(sequence);
    for (auto at = buffer_sequence_begin(sequence); at != end && (limit == 0 || count_ < limit);
         ++at) {
      const const_buffer one(*at);
      if (one.size() != 0) {
        add({const_cast<void*>(one.data()), one.size()});
      }
    }
  }
  // The views are where requests point to: not to be moved once in use.
  iovec_view(const iovec_view&) = delete;
  iovec_view& operator=(const iovec_view&) = delete;

  ::iovec* data() noexcept { return large_ != nullptr ? large_.get() : small_; }
  std::size_t count() const noexcept { return count_; }

 private:
  static constexpr std::size_t small_count = 8;

  void add(::iovec one) {
    if (count_ == capacity_) {
      auto larger = std::make_unique<::iovec[]>(capacity_ * 2);
      std::memcpy(larger.get(), data(), count_ * sizeof(::iovec));
      large_ = std::move(larger);
      capacity_ *= 2;
    }
    data()[count_++] = one;
  }

  ::iovec small_[small_count];
  std::unique_ptr<::iovec[]> large_;
  std::size_t count_ = 0;
  std::size_t capacity_ = small_count;
};

class single_iovec {
 public:
  explicit single_iovec(const const_buffer& buffer, std::size_t /*limit*/ = 0) noexcept
      : iovec_{const_cast<void*>(buffer.data()), buffer.size()} {}
  single_iovec(const single_iovec&) = delete;
  single_iovec& operator=(const single_iovec&) = delete;

  ::iovec* data() noexcept { return &iovec_; }
  std::size_t count() const noexcept { return iovec_.iov_len != 0 ? 1 : 0; }

 private:
  ::iovec iovec_;
};

template <typename Sequence>
using iovecs_of = std::conditional_t<single_buffer<Sequence>, single_iovec, iovec_view>;

}  // namespace NET_NAMESPACE::internal
