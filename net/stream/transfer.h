// SPDX-License-Identifier: BSL-1.0
//
// The one loop behind read and write: some, and some more, until a completion condition says
// enough. What a step is, reading or writing, is a parameter.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_executor.h"
#include "net/buffer/buffer.h"
#include "net/config.h"
#include "net/error.h"
#include "net/stream/completion_condition.h"

namespace NET_NAMESPACE::internal {

// The part of a buffer sequence that is still to be transferred.
template <typename Buffer, typename Buffers>
class remaining_buffers {
 public:
  static constexpr std::size_t buffers_per_step = 16;

  // A step's worth of it.
  class view {
   public:
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

  view prepare(std::size_t max) const {
    view result;
    std::size_t skip = done_;
    const auto end = buffer_sequence_end(buffers_);
    for (auto at = buffer_sequence_begin(buffers_);
         at != end && max > 0 && result.count_ < buffers_per_step; ++at) {
      const Buffer whole(*at);
      if (skip >= whole.size()) {
        skip -= whole.size();
        continue;
      }
      const Buffer part = NET_NAMESPACE::buffer(whole + skip, max);
      skip = 0;
      max -= part.size();
      result.buffers_[result.count_++] = part;
    }
    return result;
  }

  void consume(std::size_t bytes) noexcept { done_ += bytes; }

 private:
  Buffers buffers_;
  std::size_t size_;
  std::size_t done_ = 0;
};

// Of one buffer it is one buffer.
template <typename Buffer, single_buffer Buffers>
class remaining_buffers<Buffer, Buffers> {
 public:
  explicit remaining_buffers(const Buffers& buffer) : left_(buffer) {}

  bool empty() const noexcept { return left_.size() == 0; }
  std::size_t done() const noexcept { return done_; }
  Buffer prepare(std::size_t max) const noexcept { return NET_NAMESPACE::buffer(left_, max); }
  void consume(std::size_t bytes) noexcept {
    left_ += bytes;
    done_ += bytes;
  }

 private:
  Buffer left_;
  std::size_t done_ = 0;
};

// A condition may say how much, or only whether it is finished.
template <typename Condition>
std::size_t next_step(Condition& condition, const error_code& ec, std::size_t bytes) {
  if constexpr (std::is_same_v<decltype(condition(ec, bytes)), bool>) {
    return condition(ec, bytes) ? 0 : largest_step_bytes;
  } else {
    return condition(ec, bytes);
  }
}

// step(buffers, ec) transfers some. Nothing without an error ends the transfer, as in Asio.
template <typename Buffer, typename Buffers, typename Condition, typename Step>
std::size_t transfer(const Buffers& buffers, Condition condition, error_code& ec, Step step) {
  ec.clear();
  remaining_buffers<Buffer, Buffers> left(buffers);
  while (!left.empty()) {
    const std::size_t max = next_step(condition, ec, left.done());
    if (max == 0) {
      break;
    }
    const std::size_t bytes = step(left.prepare(max), ec);
    left.consume(bytes);
    if (bytes == 0 && !ec) {
      break;
    }
  }
  return left.done();
}

// The same as a chain of handlers. `Step` starts one: step(stream, buffers, handler).
template <typename Buffer, typename Stream, typename Buffers, typename Condition, typename Step,
          typename Handler>
class transfer_chain {
 public:
  using executor_type = associated_executor_t<Handler, typename Stream::executor_type>;
  using allocator_type = associated_allocator_t<Handler>;

  transfer_chain(Stream& stream, const Buffers& buffers, Condition condition, Step step,
                 Handler&& handler)
      : stream_(&stream),
        left_(buffers),
        condition_(std::move(condition)),
        step_(std::move(step)),
        handler_(std::move(handler)) {}

  executor_type get_executor() const noexcept {
    return get_associated_executor(handler_, stream_->get_executor());
  }
  allocator_type get_allocator() const noexcept { return get_associated_allocator(handler_); }

  // An empty transfer takes one step too, so that its handler is not called from here.
  void start() { take_step(next_step(condition_, {}, 0)); }

  void operator()(error_code ec, std::size_t bytes) {
    left_.consume(bytes);
    const bool goes_on = !left_.empty() && (bytes != 0 || ec);
    const std::size_t max = goes_on ? next_step(condition_, ec, left_.done()) : 0;
    if (max != 0) {
      take_step(max);
    } else {
      std::move(handler_)(ec, left_.done());
    }
  }

 private:
  void take_step(std::size_t max) {
    const auto buffers = left_.prepare(max);
    Stream& stream = *stream_;
    const Step step = step_;
    step(stream, buffers, std::move(*this));
  }

  Stream* stream_;
  remaining_buffers<Buffer, Buffers> left_;
  Condition condition_;
  Step step_;
  Handler handler_;
};

template <typename Buffer, typename Stream, typename Buffers, typename Condition, typename Step,
          typename Handler>
void start_transfer(Stream& stream, const Buffers& buffers, Condition condition, Step step,
                    Handler&& handler) {
  transfer_chain<Buffer, Stream, Buffers, Condition, Step, std::decay_t<Handler>>(
      stream, buffers, std::move(condition), step,
      std::decay_t<Handler>(std::forward<Handler>(handler)))
      .start();
}

}  // namespace NET_NAMESPACE::internal
