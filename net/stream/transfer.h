// SPDX-License-Identifier: BSL-1.0
//
// The one engine behind read, write and read_until, on streams and on devices with positions,
// synchronous and asynchronous: some, and some more, until the work says enough.
//
// What a step does, reading or writing, here or there, is a `Step`:
//
//   step(stream, done, buffers, ec)            transfers some, and returns how much
//   step.start(stream, done, buffers, handler) begins to
//
// What is to be done is a `Work`, for example a transfer_work:
//
//   request(ec)           how much the next step may transfer; 0 if the operation is over
//   first_request()       the same for the first step of an asynchronous operation, taken anyway
//   prepare(n), consume(n), done()
//                         as in transfer_buffers.h
//   is_stuck(ec, bytes)   whether a step with this outcome ends an asynchronous operation
//   finish(ec)            the number of bytes to report, when the operation is over
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/deferred.h"
#include "net/buffer/buffer.h"
#include "net/config.h"
#include "net/error.h"
#include "net/stream/completion_condition.h"
#include "net/stream/composed_step.h"
#include "net/stream/transfer_buffers.h"

namespace NET_NAMESPACE::internal {

struct read_some_step {
  template <typename Stream, typename Buffers>
  std::size_t operator()(Stream& stream, std::size_t, const Buffers& buffers,
                         error_code& ec) const {
    return stream.read_some(buffers, ec);
  }
  template <typename Stream, typename Buffers, typename Handler>
  void start(Stream& stream, std::size_t, const Buffers& buffers, Handler&& handler) const {
    stream.async_read_some(buffers, std::forward<Handler>(handler));
  }
};

struct write_some_step {
  template <typename Stream, typename Buffers>
  std::size_t operator()(Stream& stream, std::size_t, const Buffers& buffers,
                         error_code& ec) const {
    return stream.write_some(buffers, ec);
  }
  template <typename Stream, typename Buffers, typename Handler>
  void start(Stream& stream, std::size_t, const Buffers& buffers, Handler&& handler) const {
    stream.async_write_some(buffers, std::forward<Handler>(handler));
  }
};

struct read_some_at_step {
  std::uint64_t offset;

  template <typename Device, typename Buffers>
  std::size_t operator()(Device& device, std::size_t done, const Buffers& buffers,
                         error_code& ec) const {
    return device.read_some_at(offset + done, buffers, ec);
  }
  template <typename Device, typename Buffers, typename Handler>
  void start(Device& device, std::size_t done, const Buffers& buffers, Handler&& handler) const {
    device.async_read_some_at(offset + done, buffers, std::forward<Handler>(handler));
  }
};

struct write_some_at_step {
  std::uint64_t offset;

  template <typename Device, typename Buffers>
  std::size_t operator()(Device& device, std::size_t done, const Buffers& buffers,
                         error_code& ec) const {
    return device.write_some_at(offset + done, buffers, ec);
  }
  template <typename Device, typename Buffers, typename Handler>
  void start(Device& device, std::size_t done, const Buffers& buffers, Handler&& handler) const {
    device.async_write_some_at(offset + done, buffers, std::forward<Handler>(handler));
  }
};

// Transfers what buffers hold, or have room for, until a condition says enough.
template <typename Buffers, typename Condition>
class transfer_work {
 public:
  // A cancellation that finds the work complete comes too late.
  static constexpr bool cancellation_precedes_completion = false;

  template <typename B>
  transfer_work(B&& buffers, Condition condition)
      : buffers_(std::forward<B>(buffers)), condition_(std::move(condition)) {}

  std::size_t request(const error_code& ec) { return buffers_.empty() ? 0 : ask_for_more(ec); }
  std::size_t first_request() { return ask_for_more({}); }
  auto prepare(std::size_t n) { return buffers_.prepare(n); }
  void consume(std::size_t bytes) { buffers_.consume(bytes); }
  std::size_t done() const noexcept { return buffers_.done(); }
  static bool is_stuck(const error_code& ec, std::size_t bytes) noexcept {
    return bytes == 0 && !ec;
  }
  std::size_t finish(const error_code&) {
    buffers_.finish();
    return buffers_.done();
  }

 private:
  std::size_t ask_for_more(const error_code& ec) {
    return buffers_.limit(ask(condition_, ec, buffers_.done()));
  }

  Buffers buffers_;
  [[no_unique_address]] Condition condition_;
};

// Until the work is over, or forever: a step that transfers nothing is followed by another.
template <typename Stream, typename Step, typename Work>
std::size_t transfer(Stream& stream, const Step& step, Work work, error_code& ec) {
  ec.clear();
  while (const std::size_t max = work.request(ec)) {
    work.consume(step(stream, work.done(), work.prepare(max), ec));
  }
  return work.finish(ec);
}

// The same as a chain of handlers.
template <typename Stream, typename Step, typename Work, typename Handler>
class transfer_chain : public composed_step<Handler> {
 public:
  template <typename H>
  transfer_chain(Stream& stream, const Step& step, Work&& work, H&& handler)
      : composed_step<Handler>(std::in_place, std::forward<H>(handler)),
        stream_(&stream),
        step_(step),
        work_(std::move(work)) {}

  // A transfer of nothing takes one step too, so that its handler is not called from here.
  void start() { take_step(work_.first_request()); }

  void operator()(error_code ec, std::size_t bytes) {
    work_.consume(bytes);
    if (!work_.is_stuck(ec, bytes)) {
      if (Work::cancellation_precedes_completion && this->is_cancelled()) {
        ec = error::operation_aborted;
      } else if (const std::size_t max = work_.request(ec)) {
        if (!this->is_cancelled()) {
          take_step(max);
          return;
        }
        ec = error::operation_aborted;
      }
    }
    const std::size_t total = work_.finish(ec);
    this->complete(ec, total);
  }

 private:
  void take_step(std::size_t max) {
    const auto buffers = work_.prepare(max);
    Stream& stream = *stream_;
    const Step step = step_;
    const std::size_t done = work_.done();
    step.start(stream, done, buffers, std::move(*this));
  }

  Stream* stream_;
  [[no_unique_address]] Step step_;
  Work work_;
};

// Starts a transfer of what it is given, with a completion condition: an initiation.
template <typename Buffer, typename Stream, typename Step>
class initiate_transfer {
 public:
  using executor_type = typename Stream::executor_type;

  initiate_transfer(Stream& stream, const Step& step) noexcept : stream_(&stream), step_(step) {}

  executor_type get_executor() const noexcept { return stream_->get_executor(); }

  template <typename Handler, typename Buffers, typename Condition>
  void operator()(Handler&& handler, Buffers&& buffers, Condition&& condition) const {
    using work = transfer_work<transfer_buffers<Buffer, Buffers>, std::decay_t<Condition>>;
    transfer_chain<Stream, Step, work, std::decay_t<Handler>>(
        *stream_, step_, work(std::forward<Buffers>(buffers), std::forward<Condition>(condition)),
        std::forward<Handler>(handler))
        .start();
  }

 private:
  Stream* stream_;
  [[no_unique_address]] Step step_;
};

template <typename Token>
concept transfer_token = completion_token_for<Token, void(error_code, std::size_t)>;

template <typename Buffer, typename Stream, typename Step, typename Buffers, typename Condition>
std::size_t transfer_until(Stream& stream, const Step& step, Buffers&& buffers,
                           Condition&& condition, error_code& ec) {
  using work = transfer_work<transfer_buffers<Buffer, Buffers>, std::decay_t<Condition>>;
  return transfer(stream, step,
                  work(std::forward<Buffers>(buffers), std::forward<Condition>(condition)), ec);
}

}  // namespace NET_NAMESPACE::internal
