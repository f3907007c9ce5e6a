// SPDX-License-Identifier: BSL-1.0
//
// For tests: a stream, or a file, whose every step is known. It brings `input`, takes what is
// written into `output`, transfers at most `step_bytes` at a time, and notes what it was asked for.
//
//   scripted_stream stream(context, "hello");
//   stream.step_bytes = 2;
//   net::read(stream, net::buffer(data));
//   EXPECT_EQ(stream.asked, std::vector<std::size_t>({5, 3, 1}));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/async/associated_cancellation_slot.h"
#include "net/async/associated_executor.h"
#include "net/async/async_result.h"
#include "net/async/submit.h"
#include "net/buffer/buffer.h"
#include "net/config.h"
#include "net/error.h"
#include "net/io_context.h"

namespace NET_NAMESPACE {

class scripted_stream {
 public:
  using executor_type = io_context::executor_type;
  using lowest_layer_type = scripted_stream;

  explicit scripted_stream(io_context& context, std::string text = {})
      : input(std::move(text)), context_(&context) {}

  executor_type get_executor() const noexcept { return context_->get_executor(); }
  lowest_layer_type& lowest_layer() noexcept { return *this; }
  const lowest_layer_type& lowest_layer() const noexcept { return *this; }
  void close() { is_closed = true; }
  void close(error_code& ec) {
    ec.clear();
    is_closed = true;
  }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    return read_some_at(position_, buffers, ec);
  }
  template <typename Buffers>
  std::size_t read_some_at(std::uint64_t offset, const Buffers& buffers, error_code& ec) {
    note(offset, buffer_size(buffers));
    const const_buffer rest = buffer(input) + static_cast<std::size_t>(offset);
    ec = rest.size() == 0 && buffer_size(buffers) != 0 ? at_end : error_code();
    const std::size_t bytes = buffer_copy(buffers, rest, next_step());
    position_ = static_cast<std::size_t>(offset) + bytes;
    return bytes;
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& ec) {
    return write_some_at(output.size(), buffers, ec);
  }
  template <typename Buffers>
  std::size_t write_some_at(std::uint64_t offset, const Buffers& buffers, error_code& ec) {
    note(offset, buffer_size(buffers));
    const std::size_t at = static_cast<std::size_t>(offset);
    const std::size_t room = capacity > at ? capacity - at : 0;
    ec = room == 0 && buffer_size(buffers) != 0 ? at_end : error_code();
    output.resize(at + buffer_size(buffers));
    const std::size_t step = next_step();
    const std::size_t bytes = buffer_copy(buffer(output) + at, buffers, step < room ? step : room);
    output.resize(at + bytes);
    return bytes;
  }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return initiate(token, [this, buffers](error_code& ec) { return read_some(buffers, ec); });
  }
  template <typename Buffers, typename Token>
  auto async_read_some_at(std::uint64_t offset, const Buffers& buffers, Token&& token) {
    return initiate(token, [this, offset, buffers](error_code& ec) {
      return read_some_at(offset, buffers, ec);
    });
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return initiate(token, [this, buffers](error_code& ec) { return write_some(buffers, ec); });
  }
  template <typename Buffers, typename Token>
  auto async_write_some_at(std::uint64_t offset, const Buffers& buffers, Token&& token) {
    return initiate(token, [this, offset, buffers](error_code& ec) {
      return write_some_at(offset, buffers, ec);
    });
  }

  std::string input;
  std::string output;
  // How much can be written altogether.
  std::size_t capacity = static_cast<std::size_t>(-1);
  std::size_t step_bytes = static_cast<std::size_t>(-1);
  // So many steps first transfer nothing, and report no error.
  int empty_steps = 0;
  error_code at_end = error::eof;
  // Asynchronous steps after so many stay pending until they are cancelled.
  int steps_before_hang = -1;
  bool is_closed = false;

  // What each step was asked for.
  std::vector<std::size_t> asked;
  std::vector<std::uint64_t> offsets;
  std::vector<cancellation_type> cancellations;

 private:
  void note(std::uint64_t offset, std::size_t size) {
    offsets.push_back(offset);
    asked.push_back(size);
  }
  std::size_t next_step() { return empty_steps > 0 ? (--empty_steps, 0) : step_bytes; }

  template <typename Token, typename Step>
  auto initiate(Token& token, Step step) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, Step some) {
          if (steps_before_hang == 0) {
            hang(std::move(handler));
            return;
          }
          --steps_before_hang;
          error_code ec;
          const std::size_t bytes = some(ec);
          call(std::move(handler), ec, bytes);
        },
        token, std::move(step));
  }

  template <typename Handler>
  void call(Handler handler, error_code ec, std::size_t bytes) {
    const auto executor = get_associated_executor(handler, get_executor());
    post(executor,
         [handler = std::move(handler), ec, bytes]() mutable { std::move(handler)(ec, bytes); });
  }

  template <typename Handler>
  void hang(Handler handler) {
    auto slot = get_associated_cancellation_slot(handler);
    auto shared = std::make_shared<Handler>(std::move(handler));
    if (slot.is_connected()) {
      slot.assign([this, shared](cancellation_type type) {
        cancellations.push_back(type);
        call(std::move(*shared), error::operation_aborted, 0);
      });
    }
  }

  io_context* context_;
  std::size_t position_ = 0;
};

}  // namespace NET_NAMESPACE
