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
#include "net/stream/buffered_layer.h"
#include "net/stream/buffered_write_stream_fwd.h"
#include "net/stream/completion_condition.h"
#include "net/stream/stream_storage.h"
#include "net/stream/write.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename NextLayer>
class initiate_flush : public layer_initiation<NextLayer> {
 public:
  using layer_initiation<NextLayer>::layer_initiation;

  template <typename Handler>
  void operator()(Handler&& handler, stream_storage* storage) const {
    NET_NAMESPACE::async_write(*this->next_layer_, storage->data(),
                               account_step<&stream_storage::consume, std::decay_t<Handler>>(
                                   *storage, std::forward<Handler>(handler)));
  }
};

template <typename NextLayer>
class initiate_buffered_write : public layer_initiation<NextLayer> {
 public:
  using layer_initiation<NextLayer>::layer_initiation;

  template <typename Handler, typename Buffers>
  void operator()(Handler&& handler, stream_storage* storage, const Buffers& buffers) const {
    move_step<take_in, Buffers, std::decay_t<Handler>> step(*storage, buffers,
                                                            std::forward<Handler>(handler));
    if (storage->full() && buffer_size(buffers) != 0) {
      initiate_flush<NextLayer>{*this->next_layer_}(std::move(step), storage);
    } else {
      // The next layer calls back when and where it should, with nothing.
      this->next_layer_->async_write_some(const_buffer(), std::move(step));
    }
  }
};

}  // namespace internal

template <typename Stream>
class buffered_write_stream : public internal::buffered_layer<Stream> {
  using layer = internal::buffered_layer<Stream>;

 public:
  using layer::layer;
  using typename layer::executor_type;
  using typename layer::next_layer_type;

  // Writes everything out; returns how much that was. What an error kept from it stays.
  std::size_t flush() {
    error_code ec;
    const std::size_t bytes = flush(ec);
    internal::throw_if(ec, "flush");
    return bytes;
  }
  std::size_t flush(error_code& ec) {
    const std::size_t bytes =
        NET_NAMESPACE::write(this->next_layer_, this->storage_.data(), transfer_all(), ec);
    this->storage_.consume(bytes);
    return bytes;
  }
  // handler(error_code, bytes)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_flush(Token&& token = Token()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiate_flush<next_layer_type>(this->next_layer_), token, &this->storage_);
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
    if (buffer_size(buffers) == 0 || (this->storage_.full() && flush(ec) == 0)) {
      return 0;
    }
    return this->storage_.take_in(buffers);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_write_some(const Buffers& buffers, Token&& token = Token()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiate_buffered_write<next_layer_type>(this->next_layer_), token,
        &this->storage_, buffers);
  }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return this->next_layer_.read_some(buffers);
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    return this->next_layer_.read_some(buffers, ec);
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_read_some(const Buffers& buffers, Token&& token = Token()) {
    return this->next_layer_.async_read_some(buffers, std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t peek(const Buffers& buffers) {
    return this->next_layer_.peek(buffers);
  }
  template <typename Buffers>
  std::size_t peek(const Buffers& buffers, error_code& ec) {
    return this->next_layer_.peek(buffers, ec);
  }
  std::size_t in_avail() { return this->next_layer_.in_avail(); }
  std::size_t in_avail(error_code& ec) { return this->next_layer_.in_avail(ec); }
};

}  // namespace NET_NAMESPACE
