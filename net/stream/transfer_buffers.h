// SPDX-License-Identifier: BSL-1.0
//
// What a composed operation still has to transfer, in one shape for all that it can be given:
//
//   empty()      there is nothing left, whatever a condition says
//   limit(max)   how much of `max` bytes the next step may ask for
//   prepare(n)   the buffers for such a step
//   consume(n)   the step transferred so much
//   done()       bytes transferred altogether
//   finish()     the operation is over
//
// Buffer sequences are used up. Dynamic buffers grow as they are read into, and lose from their
// front what was written when the operation is over.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

#include "net/buffer/basic_streambuf_fwd.h"
#include "net/buffer/buffer.h"
#include "net/buffer/dynamic_buffer.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

// The part of a buffer sequence that is still to be transferred.
template <typename Buffer, typename Buffers>
class remaining_buffers {
 public:
  static constexpr std::size_t buffers_per_step = 16;

  // A step's worth of it.
  class view {
   public:
    using value_type = Buffer;
    using const_iterator = const Buffer*;

    const Buffer* begin() const noexcept { return buffers_.data(); }
    const Buffer* end() const noexcept { return buffers_.data() + count_; }

   private:
    friend class remaining_buffers;
    std::array<Buffer, buffers_per_step> buffers_;
    std::size_t count_ = 0;
  };

  explicit remaining_buffers(const Buffers& buffers)
      : buffers_(buffers), size_(buffer_size(buffers)) {}

  bool empty() const noexcept { return done_ >= size_; }
  std::size_t done() const noexcept { return done_; }
  static std::size_t limit(std::size_t max) noexcept { return max; }

  view prepare(std::size_t max) const {
    view result;
    std::size_t skip = offset_;
    const auto end = buffer_sequence_end(buffers_);
    for (auto at = first(); at != end && max > 0 && result.count_ < buffers_per_step; ++at) {
      const Buffer part = buffer(Buffer(*at) + skip, max);
      skip = 0;
      if (part.size() != 0) {
        max -= part.size();
        result.buffers_[result.count_++] = part;
      }
    }
    return result;
  }

  void consume(std::size_t bytes) {
    done_ += bytes;
    const auto end = buffer_sequence_end(buffers_);
    for (auto at = first(); at != end && bytes > 0; ++at) {
      const std::size_t left = Buffer(*at).size() - offset_;
      if (bytes < left) {
        offset_ += bytes;
        return;
      }
      bytes -= left;
      offset_ = 0;
      ++index_;
    }
  }
  static void finish() noexcept {}

 private:
  auto first() const {
    return std::next(buffer_sequence_begin(buffers_), static_cast<std::ptrdiff_t>(index_));
  }

  // The copy moves with the operation: where it goes on is no iterator, but a number, and how far
  // into that buffer.
  Buffers buffers_;
  std::size_t size_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
  std::size_t done_ = 0;
};

// Of one buffer it is one buffer; what is no buffer itself but divides like one, as a registered
// buffer does, stays what it is.
template <typename T>
concept dividable_buffer = requires(const T& whole, std::size_t n) {
  { buffer(whole + n, n) } -> std::same_as<T>;
};
template <typename Buffer, typename Buffers>
requires single_buffer<Buffers> || dividable_buffer<Buffers>
class remaining_buffers<Buffer, Buffers> {
 public:
  explicit remaining_buffers(const Buffers& buffer) : left_(buffer) {}

  bool empty() const noexcept { return left_.size() == 0; }
  std::size_t done() const noexcept { return done_; }
  static std::size_t limit(std::size_t max) noexcept { return max; }
  auto prepare(std::size_t max) const noexcept { return buffer(left_, max); }
  void consume(std::size_t bytes) noexcept {
    left_ += bytes;
    done_ += bytes;
  }
  static void finish() noexcept {}

 private:
  std::conditional_t<single_buffer<Buffers>, Buffer, Buffers> left_;
  std::size_t done_ = 0;
};

// How much to read into a dynamic buffer at once: what it has room for, but some in any case.
template <typename Dynamic>
std::size_t read_size(const Dynamic& target, std::size_t max) {
  constexpr std::size_t some = 512;
  const std::size_t size = target.size();
  const std::size_t spare = target.capacity() - size;
  const std::size_t allowed = target.max_size() - size;
  const std::size_t wanted = spare > some ? spare : some;
  const std::size_t at_most = max < allowed ? max : allowed;
  return wanted < at_most ? wanted : at_most;
}

// A dynamic buffer that is read into.
template <typename Dynamic>
class growing_buffer {
 public:
  explicit growing_buffer(Dynamic target) : target_(std::move(target)) {}

  static bool empty() noexcept { return false; }
  std::size_t done() const noexcept { return done_; }
  std::size_t limit(std::size_t max) const { return read_size(target_, max); }

  auto prepare(std::size_t n) {
    if constexpr (dynamic_buffer_v2<Dynamic>) {
      const std::size_t end = target_.size();
      target_.grow(n);
      prepared_ = n;
      return target_.data(end, n);
    } else {
      return target_.prepare(n);
    }
  }
  void consume(std::size_t bytes) {
    if constexpr (dynamic_buffer_v2<Dynamic>) {
      target_.shrink(prepared_ - bytes);
    } else {
      target_.commit(bytes);
    }
    done_ += bytes;
  }
  static void finish() noexcept {}

  const Dynamic& target() const noexcept { return target_; }

 private:
  Dynamic target_;
  std::size_t prepared_ = 0;
  std::size_t done_ = 0;
};

// What there is to be read in a dynamic buffer.
template <typename Dynamic>
typename Dynamic::const_buffers_type contents_of(const Dynamic& buffer) {
  if constexpr (dynamic_buffer_v2<Dynamic>) {
    return buffer.data(0, buffer.size());
  } else {
    return buffer.data();
  }
}

// A dynamic buffer that is written out.
template <typename Dynamic>
class draining_buffer
    : public remaining_buffers<const_buffer, typename Dynamic::const_buffers_type> {
  using base = remaining_buffers<const_buffer, typename Dynamic::const_buffers_type>;

 public:
  explicit draining_buffer(Dynamic source)
      : base(contents_of(source)), source_(std::move(source)) {}

  void finish() { source_.consume(this->done()); }

 private:
  Dynamic source_;
};

template <typename T>
concept either_dynamic_buffer = dynamic_buffer_v1<T> || dynamic_buffer_v2<T>;

// What may be read into and what may be written, references and all.
template <typename T>
concept transfer_target = mutable_buffer_sequence<std::remove_cvref_t<T>> ||
    either_dynamic_buffer<std::remove_cvref_t<T>>;
template <typename T>
concept transfer_source =
    const_buffer_sequence<std::remove_cvref_t<T>> || either_dynamic_buffer<std::remove_cvref_t<T>>;

template <typename Allocator>
basic_streambuf_ref<Allocator> refer_to(basic_streambuf<Allocator>& target) {
  return basic_streambuf_ref<Allocator>(target);
}

// A streambuf is referred to, all else is passed on as it is.
template <typename Buffers>
decltype(auto) transferable(Buffers&& buffers) {
  if constexpr (requires { internal::refer_to(buffers); }) {
    return internal::refer_to(buffers);
  } else {
    return std::forward<Buffers>(buffers);
  }
}

template <typename Buffer, typename Buffers>
struct transfer_buffers_for {
  using type = remaining_buffers<Buffer, Buffers>;
};
template <either_dynamic_buffer Dynamic>
struct transfer_buffers_for<mutable_buffer, Dynamic> {
  using type = growing_buffer<Dynamic>;
};
template <either_dynamic_buffer Dynamic>
struct transfer_buffers_for<const_buffer, Dynamic> {
  using type = draining_buffer<Dynamic>;
};

// `Buffer` is mutable_buffer for reading and const_buffer for writing.
template <typename Buffer, typename Buffers>
using transfer_buffers = typename transfer_buffers_for<Buffer, std::remove_cvref_t<Buffers>>::type;

}  // namespace NET_NAMESPACE::internal
