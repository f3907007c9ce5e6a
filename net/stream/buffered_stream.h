// SPDX-License-Identifier: BSL-1.0
//
// A stream that reads ahead and gathers what is written: buffered_read_stream.h and
// buffered_write_stream.h in one. Reading does not flush.
//
//   net::buffered_stream<net::ip::tcp::socket> stream(context, 4096, 16384);
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/async/default_completion_token.h"
#include "net/async/deferred.h"
#include "net/config.h"
#include "net/error.h"
#include "net/stream/buffered_read_stream.h"
#include "net/stream/buffered_stream_fwd.h"
#include "net/stream/buffered_write_stream.h"

namespace NET_NAMESPACE {

template <typename Stream>
class buffered_stream {
 public:
  using next_layer_type = std::remove_reference_t<Stream>;
  using lowest_layer_type = typename next_layer_type::lowest_layer_type;
  using executor_type = typename lowest_layer_type::executor_type;

  // The next layer is made from the argument.
  template <typename Arg>
  explicit buffered_stream(Arg&& arg) : writer_(std::forward<Arg>(arg)), reader_(writer_) {}
  template <typename Arg>
  buffered_stream(Arg&& arg, std::size_t read_buffer_size, std::size_t write_buffer_size)
      : writer_(std::forward<Arg>(arg), write_buffer_size), reader_(writer_, read_buffer_size) {}
  buffered_stream(const buffered_stream&) = delete;
  buffered_stream& operator=(const buffered_stream&) = delete;

  next_layer_type& next_layer() noexcept { return writer_.next_layer(); }
  lowest_layer_type& lowest_layer() { return writer_.lowest_layer(); }
  const lowest_layer_type& lowest_layer() const { return writer_.lowest_layer(); }
  executor_type get_executor() noexcept { return writer_.get_executor(); }

  void close() { writer_.close(); }
  void close(error_code& ec) { writer_.close(ec); }

  std::size_t flush() { return writer_.flush(); }
  std::size_t flush(error_code& ec) { return writer_.flush(ec); }
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_flush(Token&& token = Token()) {
    return writer_.async_flush(std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return writer_.write_some(buffers);
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& ec) {
    return writer_.write_some(buffers, ec);
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_write_some(const Buffers& buffers, Token&& token = Token()) {
    return writer_.async_write_some(buffers, std::forward<Token>(token));
  }

  std::size_t fill() { return reader_.fill(); }
  std::size_t fill(error_code& ec) { return reader_.fill(ec); }
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_fill(Token&& token = Token()) {
    return reader_.async_fill(std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return reader_.read_some(buffers);
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    return reader_.read_some(buffers, ec);
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_read_some(const Buffers& buffers, Token&& token = Token()) {
    return reader_.async_read_some(buffers, std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t peek(const Buffers& buffers) {
    return reader_.peek(buffers);
  }
  template <typename Buffers>
  std::size_t peek(const Buffers& buffers, error_code& ec) {
    return reader_.peek(buffers, ec);
  }
  std::size_t in_avail() const noexcept { return reader_.in_avail(); }
  std::size_t in_avail(error_code& ec) const noexcept { return reader_.in_avail(ec); }

 private:
  buffered_write_stream<Stream> writer_;
  buffered_read_stream<buffered_write_stream<Stream>&> reader_;
};

}  // namespace NET_NAMESPACE
