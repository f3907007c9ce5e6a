// SPDX-License-Identifier: BSL-1.0
//
// A stream that reads ahead: what is read from the next layer in large pieces is handed out in
// small ones.
//
//   net::buffered_read_stream<net::ip::tcp::socket> stream(context);
//   stream.lowest_layer().connect(endpoint);
//   net::read(stream, net::buffer(four_bytes));
//
// Writing goes straight to the next layer. `Stream` may be a reference. As thread-safe as the next
// layer, except that reads, fill() and peek() of any style exclude each other.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/deferred.h"
#include "net/buffer/buffer.h"
#include "net/config.h"
#include "net/error.h"
#include "net/stream/buffered_read_stream_fwd.h"
#include "net/stream/composed_step.h"
#include "net/stream/stream_storage.h"

namespace NET_NAMESPACE {
namespace internal {

// Takes over what was read ahead.
template <typename Handler>
class fill_step : public wrapped_handler<Handler> {
 public:
  template <typename H>
  fill_step(stream_storage& storage, H&& handler)
      : wrapped_handler<Handler>(std::in_place, std::forward<H>(handler)), storage_(&storage) {}

  void operator()(const error_code& ec, std::size_t bytes) {
    storage_->commit(bytes);
    this->complete(ec, bytes);
  }

 private:
  stream_storage* storage_;
};

template <typename NextLayer>
class initiate_fill {
 public:
  using executor_type = typename NextLayer::lowest_layer_type::executor_type;

  explicit initiate_fill(NextLayer& next_layer) noexcept : next_layer_(&next_layer) {}

  executor_type get_executor() const noexcept { return next_layer_->lowest_layer().get_executor(); }

  template <typename Handler>
  void operator()(Handler&& handler, stream_storage* storage) const {
    next_layer_->async_read_some(storage->prepare(), fill_step<std::decay_t<Handler>>(
                                                         *storage, std::forward<Handler>(handler)));
  }

 private:
  NextLayer* next_layer_;
};

// Hands out what there is, once there is some.
template <typename Buffers, typename Handler>
class hand_out_step : public wrapped_handler<Handler> {
 public:
  template <typename H>
  hand_out_step(stream_storage& storage, const Buffers& buffers, H&& handler)
      : wrapped_handler<Handler>(std::in_place, std::forward<H>(handler)),
        storage_(&storage),
        buffers_(buffers) {}

  void operator()(const error_code& ec, std::size_t) {
    std::size_t bytes = 0;
    if (!ec) {
      bytes = buffer_copy(buffers_, storage_->data());
      storage_->consume(bytes);
    }
    this->complete(ec, bytes);
  }

 private:
  stream_storage* storage_;
  Buffers buffers_;
};

template <typename NextLayer>
class initiate_buffered_read {
 public:
  using executor_type = typename NextLayer::lowest_layer_type::executor_type;

  explicit initiate_buffered_read(NextLayer& next_layer) noexcept : next_layer_(&next_layer) {}

  executor_type get_executor() const noexcept { return next_layer_->lowest_layer().get_executor(); }

  template <typename Handler, typename Buffers>
  void operator()(Handler&& handler, stream_storage* storage, const Buffers& buffers) const {
    hand_out_step<Buffers, std::decay_t<Handler>> step(*storage, buffers,
                                                       std::forward<Handler>(handler));
    if (storage->empty() && buffer_size(buffers) != 0) {
      initiate_fill<NextLayer>{*next_layer_}(std::move(step), storage);
    } else {
      // The next layer calls back when and where it should, with nothing.
      next_layer_->async_read_some(mutable_buffer(), std::move(step));
    }
  }

 private:
  NextLayer* next_layer_;
};

}  // namespace internal

template <typename Stream>
class buffered_read_stream {
 public:
  using next_layer_type = std::remove_reference_t<Stream>;
  using lowest_layer_type = typename next_layer_type::lowest_layer_type;
  using executor_type = typename lowest_layer_type::executor_type;

  static constexpr std::size_t default_buffer_size = 1024;

  // The next layer is made from the argument.
  template <typename Arg>
  explicit buffered_read_stream(Arg&& arg, std::size_t buffer_size = default_buffer_size)
      : next_layer_(std::forward<Arg>(arg)), storage_(buffer_size) {}
  buffered_read_stream(const buffered_read_stream&) = delete;
  buffered_read_stream& operator=(const buffered_read_stream&) = delete;

  next_layer_type& next_layer() noexcept { return next_layer_; }
  lowest_layer_type& lowest_layer() { return next_layer_.lowest_layer(); }
  const lowest_layer_type& lowest_layer() const { return next_layer_.lowest_layer(); }
  executor_type get_executor() noexcept { return lowest_layer().get_executor(); }

  void close() { next_layer_.close(); }
  void close(error_code& ec) { next_layer_.close(ec); }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return next_layer_.write_some(buffers);
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& ec) {
    return next_layer_.write_some(buffers, ec);
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_write_some(const Buffers& buffers, Token&& token = Token()) {
    return next_layer_.async_write_some(buffers, std::forward<Token>(token));
  }

  // Reads once from the next layer, as much as there is room for; returns how much that was.
  std::size_t fill() {
    error_code ec;
    const std::size_t bytes = fill(ec);
    internal::throw_if(ec, "fill");
    return bytes;
  }
  std::size_t fill(error_code& ec) {
    const std::size_t bytes = next_layer_.read_some(storage_.prepare(), ec);
    storage_.commit(bytes);
    return bytes;
  }
  // handler(error_code, bytes)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_fill(Token&& token = Token()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiate_fill<next_layer_type>(next_layer_), token, &storage_);
  }

  // What was read ahead, or else what one fill() brings.
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code ec;
    const std::size_t bytes = read_some(buffers, ec);
    internal::throw_if(ec, "read_some");
    return bytes;
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    ec.clear();
    if (buffer_size(buffers) == 0 || (storage_.empty() && fill(ec) == 0)) {
      return 0;
    }
    const std::size_t bytes = buffer_copy(buffers, storage_.data());
    storage_.consume(bytes);
    return bytes;
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_read_some(const Buffers& buffers, Token&& token = Token()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiate_buffered_read<next_layer_type>(next_layer_), token, &storage_, buffers);
  }

  // The same as read_some(), but it stays there to be read.
  template <typename Buffers>
  std::size_t peek(const Buffers& buffers) {
    error_code ec;
    const std::size_t bytes = peek(buffers, ec);
    internal::throw_if(ec, "peek");
    return bytes;
  }
  template <typename Buffers>
  std::size_t peek(const Buffers& buffers, error_code& ec) {
    ec.clear();
    if (storage_.empty() && fill(ec) == 0) {
      return 0;
    }
    return buffer_copy(buffers, storage_.data());
  }

  // How much can be read at once, without asking the next layer.
  std::size_t in_avail() const noexcept { return storage_.size(); }
  std::size_t in_avail(error_code& ec) const noexcept {
    ec.clear();
    return storage_.size();
  }

 private:
  Stream next_layer_;
  internal::stream_storage storage_;
};

}  // namespace NET_NAMESPACE
