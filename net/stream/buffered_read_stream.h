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
#include "net/stream/buffered_layer.h"
#include "net/stream/buffered_read_stream_fwd.h"
#include "net/stream/stream_storage.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename NextLayer>
class initiate_fill : public layer_initiation<NextLayer> {
 public:
  using layer_initiation<NextLayer>::layer_initiation;

  template <typename Handler>
  void operator()(Handler&& handler, stream_storage* storage) const {
    this->next_layer_->async_read_some(storage->prepare(),
                                       account_step<&stream_storage::commit, std::decay_t<Handler>>(
                                           *storage, std::forward<Handler>(handler)));
  }
};

template <typename NextLayer>
class initiate_buffered_read : public layer_initiation<NextLayer> {
 public:
  using layer_initiation<NextLayer>::layer_initiation;

  template <typename Handler, typename Buffers>
  void operator()(Handler&& handler, stream_storage* storage, const Buffers& buffers) const {
    move_step<hand_out, Buffers, std::decay_t<Handler>> step(*storage, buffers,
                                                             std::forward<Handler>(handler));
    if (storage->empty() && buffer_size(buffers) != 0) {
      initiate_fill<NextLayer>{*this->next_layer_}(std::move(step), storage);
    } else {
      // The next layer calls back when and where it should, with nothing.
      this->next_layer_->async_read_some(mutable_buffer(), std::move(step));
    }
  }
};

}  // namespace internal

template <typename Stream>
class buffered_read_stream : public internal::buffered_layer<Stream> {
  using layer = internal::buffered_layer<Stream>;

 public:
  using layer::layer;
  using typename layer::executor_type;
  using typename layer::next_layer_type;

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return this->next_layer_.write_some(buffers);
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& ec) {
    return this->next_layer_.write_some(buffers, ec);
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_write_some(const Buffers& buffers, Token&& token = Token()) {
    return this->next_layer_.async_write_some(buffers, std::forward<Token>(token));
  }

  // Reads once from the next layer, as much as there is room for; returns how much that was.
  std::size_t fill() {
    error_code ec;
    const std::size_t bytes = fill(ec);
    internal::throw_if(ec, "fill");
    return bytes;
  }
  std::size_t fill(error_code& ec) {
    const std::size_t bytes = this->next_layer_.read_some(this->storage_.prepare(), ec);
    this->storage_.commit(bytes);
    return bytes;
  }
  // handler(error_code, bytes)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_fill(Token&& token = Token()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiate_fill<next_layer_type>(this->next_layer_), token, &this->storage_);
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
    if (buffer_size(buffers) == 0 || (this->storage_.empty() && fill(ec) == 0)) {
      return 0;
    }
    return this->storage_.hand_out(buffers);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_read_some(const Buffers& buffers, Token&& token = Token()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiate_buffered_read<next_layer_type>(this->next_layer_), token,
        &this->storage_, buffers);
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
    if (this->storage_.empty() && fill(ec) == 0) {
      return 0;
    }
    return buffer_copy(buffers, this->storage_.data());
  }

  // How much can be read at once, without asking the next layer.
  std::size_t in_avail() const noexcept { return this->storage_.size(); }
  std::size_t in_avail(error_code& ec) const noexcept {
    ec.clear();
    return this->storage_.size();
  }
};

}  // namespace NET_NAMESPACE
