// SPDX-License-Identifier: BSL-1.0
//
// A stream that gathers what is written: small pieces go to the next layer as a large one, when the
// memory is full or on flush().
//
//   net::buffered_write_stream<net::ip::tcp::socket> stream(context);
//   stream.lowest_layer().connect(endpoint);
//   net::write(stream, net::buffer("a little", 8));
//   stream.flush();
//
// What is not flushed is lost with the stream. Reading goes straight to the next layer. `Stream`
// may be a reference. As thread-safe as the next layer, except that writes and flushes of any style
// exclude each other.
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
#include "net/stream/buffered_write_stream_fwd.h"
#include "net/stream/completion_condition.h"
#include "net/stream/composed_step.h"
#include "net/stream/stream_storage.h"
#include "net/stream/write.h"

namespace NET_NAMESPACE {
namespace internal {

// Forgets what was written out.
template <typename Handler>
class flush_step : public wrapped_handler<Handler> {
 public:
  template <typename H>
  flush_step(stream_storage& storage, H&& handler)
      : wrapped_handler<Handler>(std::in_place, std::forward<H>(handler)), storage_(&storage) {}

  void operator()(const error_code& ec, std::size_t bytes) {
    storage_->consume(bytes);
    this->complete(ec, bytes);
  }

 private:
  stream_storage* storage_;
};

template <typename NextLayer>
class initiate_flush {
 public:
  using executor_type = typename NextLayer::lowest_layer_type::executor_type;

  explicit initiate_flush(NextLayer& next_layer) noexcept : next_layer_(&next_layer) {}

  executor_type get_executor() const noexcept { return next_layer_->lowest_layer().get_executor(); }

  template <typename Handler>
  void operator()(Handler&& handler, stream_storage* storage) const {
    NET_NAMESPACE::async_write(
        *next_layer_, storage->data(),
        flush_step<std::decay_t<Handler>>(*storage, std::forward<Handler>(handler)));
  }

 private:
  NextLayer* next_layer_;
};

// Takes in what fits, once something does.
template <typename Buffers, typename Handler>
class take_in_step : public wrapped_handler<Handler> {
 public:
  template <typename H>
  take_in_step(stream_storage& storage, const Buffers& buffers, H&& handler)
      : wrapped_handler<Handler>(std::in_place, std::forward<H>(handler)),
        storage_(&storage),
        buffers_(buffers) {}

  void operator()(const error_code& ec, std::size_t) {
    std::size_t bytes = 0;
    if (!ec) {
      bytes = buffer_copy(storage_->prepare(), buffers_);
      storage_->commit(bytes);
    }
    this->complete(ec, bytes);
  }

 private:
  stream_storage* storage_;
  Buffers buffers_;
};

template <typename NextLayer>
class initiate_buffered_write {
 public:
  using executor_type = typename NextLayer::lowest_layer_type::executor_type;

  explicit initiate_buffered_write(NextLayer& next_layer) noexcept : next_layer_(&next_layer) {}

  executor_type get_executor() const noexcept { return next_layer_->lowest_layer().get_executor(); }

  template <typename Handler, typename Buffers>
  void operator()(Handler&& handler, stream_storage* storage, const Buffers& buffers) const {
    take_in_step<Buffers, std::decay_t<Handler>> step(*storage, buffers,
                                                      std::forward<Handler>(handler));
    if (storage->full() && buffer_size(buffers) != 0) {
      initiate_flush<NextLayer>{*next_layer_}(std::move(step), storage);
    } else {
      // The next layer calls back when and where it should, with nothing.
      next_layer_->async_write_some(const_buffer(), std::move(step));
    }
  }

 private:
  NextLayer* next_layer_;
};

}  // namespace internal

template <typename Stream>
class buffered_write_stream {
 public:
  using next_layer_type = std::remove_reference_t<Stream>;
  using lowest_layer_type = typename next_layer_type::lowest_layer_type;
  using executor_type = typename lowest_layer_type::executor_type;

  static constexpr std::size_t default_buffer_size = 1024;

  // The next layer is made from the argument.
  template <typename Arg>
  explicit buffered_write_stream(Arg&& arg, std::size_t buffer_size = default_buffer_size)
      : next_layer_(std::forward<Arg>(arg)), storage_(buffer_size) {}
  buffered_write_stream(const buffered_write_stream&) = delete;
  buffered_write_stream& operator=(const buffered_write_stream&) = delete;

  next_layer_type& next_layer() noexcept { return next_layer_; }
  lowest_layer_type& lowest_layer() { return next_layer_.lowest_layer(); }
  const lowest_layer_type& lowest_layer() const { return next_layer_.lowest_layer(); }
  executor_type get_executor() noexcept { return lowest_layer().get_executor(); }

  void close() { next_layer_.close(); }
  void close(error_code& ec) { next_layer_.close(ec); }

  // Writes everything out; returns how much that was. What an error kept from it stays.
  std::size_t flush() {
    error_code ec;
    const std::size_t bytes = flush(ec);
    internal::throw_if(ec, "flush");
    return bytes;
  }
  std::size_t flush(error_code& ec) {
    const std::size_t bytes =
        NET_NAMESPACE::write(next_layer_, storage_.data(), transfer_all(), ec);
    storage_.consume(bytes);
    return bytes;
  }
  // handler(error_code, bytes)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_flush(Token&& token = Token()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiate_flush<next_layer_type>(next_layer_), token, &storage_);
  }

  // Takes in what fits; flushes first if nothing does.
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    error_code ec;
    const std::size_t bytes = write_some(buffers, ec);
    internal::throw_if(ec, "write_some");
    return bytes;
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& ec) {
    ec.clear();
    if (buffer_size(buffers) == 0 || (storage_.full() && flush(ec) == 0)) {
      return 0;
    }
    const std::size_t bytes = buffer_copy(storage_.prepare(), buffers);
    storage_.commit(bytes);
    return bytes;
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_write_some(const Buffers& buffers, Token&& token = Token()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiate_buffered_write<next_layer_type>(next_layer_), token, &storage_, buffers);
  }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return next_layer_.read_some(buffers);
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    return next_layer_.read_some(buffers, ec);
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_read_some(const Buffers& buffers, Token&& token = Token()) {
    return next_layer_.async_read_some(buffers, std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t peek(const Buffers& buffers) {
    return next_layer_.peek(buffers);
  }
  template <typename Buffers>
  std::size_t peek(const Buffers& buffers, error_code& ec) {
    return next_layer_.peek(buffers, ec);
  }
  std::size_t in_avail() { return next_layer_.in_avail(); }
  std::size_t in_avail(error_code& ec) { return next_layer_.in_avail(ec); }

 private:
  Stream next_layer_;
  internal::stream_storage storage_;
};

}  // namespace NET_NAMESPACE
