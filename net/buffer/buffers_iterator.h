// SPDX-License-Identifier: BSL-1.0
//
// Walks over the bytes of a buffer sequence as if it were one piece of memory.
//
//   const auto begin = net::buffers_begin(buffers);
//   const auto line_end = std::find(begin, net::buffers_end(buffers), '\n');
//
// Of random access, though what it does to go far is to go through the buffers between. It keeps
// iterators of the sequence, which must outlive it.
#pragma once

#include <compare>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

#include "net/buffer/buffer.h"
#include "net/buffer/fwd.h"
#include "net/config.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE {

template <typename BufferSequence, typename ByteType>
class buffers_iterator {
  using sequence_iterator =
      std::remove_cv_t<decltype(buffer_sequence_begin(std::declval<const BufferSequence&>()))>;
  using buffer_type =
      std::conditional_t<mutable_buffer_sequence<BufferSequence>, mutable_buffer, const_buffer>;
  using byte_type = std::conditional_t<mutable_buffer_sequence<BufferSequence>, ByteType,
                                       std::add_const_t<ByteType>>;

 public:
  using difference_type = std::ptrdiff_t;
  using value_type = ByteType;
  using pointer = byte_type*;
  using reference = byte_type&;
  using iterator_category = std::random_access_iterator_tag;

  buffers_iterator() = default;

  static buffers_iterator begin(const BufferSequence& buffers) {
    buffers_iterator result(buffers);
    result.enter_next_buffer();
    return result;
  }
  static buffers_iterator end(const BufferSequence& buffers) {
    buffers_iterator result(buffers);
    for (; result.at_ != result.end_; ++result.at_) {
      result.position_ += buffer_type(*result.at_).size();
    }
    return result;
  }

  reference operator*() const { return static_cast<pointer>(buffer_.data())[offset_]; }
  pointer operator->() const { return &**this; }
  reference operator[](difference_type n) const { return *(*this + n); }

  buffers_iterator& operator++() { return *this += 1; }
  buffers_iterator operator++(int) {
    const buffers_iterator before(*this);
    ++*this;
    return before;
  }
  buffers_iterator& operator--() { return *this -= 1; }
  buffers_iterator operator--(int) {
    const buffers_iterator before(*this);
    --*this;
    return before;
  }
  buffers_iterator& operator+=(difference_type n) {
    if (n >= 0) {
      go_forward(static_cast<std::size_t>(n));
    } else {
      go_back(static_cast<std::size_t>(-n));
    }
    return *this;
  }
  buffers_iterator& operator-=(difference_type n) { return *this += -n; }

  friend buffers_iterator operator+(const buffers_iterator& from, difference_type n) {
    return buffers_iterator(from) += n;
  }
  friend buffers_iterator operator+(difference_type n, const buffers_iterator& from) {
    return buffers_iterator(from) += n;
  }
  friend buffers_iterator operator-(const buffers_iterator& from, difference_type n) {
    return buffers_iterator(from) -= n;
  }
  friend difference_type operator-(const buffers_iterator& a, const buffers_iterator& b) {
    return static_cast<difference_type>(a.position_) - static_cast<difference_type>(b.position_);
  }
  // Of iterators of the same sequence.
  friend bool operator==(const buffers_iterator& a, const buffers_iterator& b) {
    return a.position_ == b.position_;
  }
  friend std::strong_ordering operator<=>(const buffers_iterator& a, const buffers_iterator& b) {
    return a.position_ <=> b.position_;
  }

 private:
  explicit buffers_iterator(const BufferSequence& buffers)
      : begin_(buffer_sequence_begin(buffers)), at_(begin_), end_(buffer_sequence_end(buffers)) {}

  // Stands at the first byte of the first buffer from here on that has any, or at the end.
  void enter_next_buffer() {
    offset_ = 0;
    for (; at_ != end_; ++at_) {
      buffer_ = buffer_type(*at_);
      if (buffer_.size() != 0) {
        return;
      }
    }
    buffer_ = buffer_type();
  }

  void go_forward(std::size_t n) {
    while (n != 0) {
      netpoll::check(at_ != end_, "a buffers_iterator stays within its buffers");
      const std::size_t left = buffer_.size() - offset_;
      const std::size_t step = n < left ? n : left;
      position_ += step;
      offset_ += step;
      n -= step;
      if (offset_ == buffer_.size()) {
        ++at_;
        enter_next_buffer();
      }
    }
  }

  void go_back(std::size_t n) {
    while (n != 0) {
      if (offset_ == 0) {
        netpoll::check(at_ != begin_, "a buffers_iterator stays within its buffers");
        buffer_ = buffer_type(*--at_);
        offset_ = buffer_.size();
      }
      const std::size_t step = n < offset_ ? n : offset_;
      position_ -= step;
      offset_ -= step;
      n -= step;
    }
  }

  // The buffer that `at_` stands for, empty at the end; how far into it; and into the sequence.
  buffer_type buffer_;
  std::size_t offset_ = 0;
  sequence_iterator begin_{};
  sequence_iterator at_{};
  sequence_iterator end_{};
  std::size_t position_ = 0;
};

template <typename BufferSequence>
buffers_iterator<BufferSequence> buffers_begin(const BufferSequence& buffers) {
  return buffers_iterator<BufferSequence>::begin(buffers);
}
template <typename BufferSequence>
buffers_iterator<BufferSequence> buffers_end(const BufferSequence& buffers) {
  return buffers_iterator<BufferSequence>::end(buffers);
}

}  // namespace NET_NAMESPACE
