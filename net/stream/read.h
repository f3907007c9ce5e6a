// SPDX-License-Identifier: BSL-1.0
//
// read() and async_read(): fill the buffers, or as much of them as a completion condition asks for.
//
//   net::read(socket, net::buffer(header));
//   net::async_read(socket, net::buffer(body), [](std::error_code ec, std::size_t n) { … });
//   net::read(socket, net::dynamic_buffer(text), net::transfer_exactly(100));
//
// Into a buffer sequence, or into a dynamic buffer or streambuf, which grow until they may not, or
// until the end of the stream. Composed of read_some(): nobody else may read from the stream
// meanwhile. The number of bytes is right also when there is an error; the end of the stream before
// the buffers are full is error::eof. Cancellation, terminal or partial, ends an asynchronous read
// between two steps as within one.
#pragma once

#include <cstddef>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/buffer/buffer.h"
#include "net/config.h"
#include "net/error.h"
#include "net/stream/completion_condition.h"
#include "net/stream/transfer.h"
#include "net/stream/transfer_buffers.h"

namespace NET_NAMESPACE {

template <typename Stream, internal::transfer_target Buffers,
          internal::completion_condition Condition>
std::size_t read(Stream& stream, Buffers&& buffers, Condition condition, error_code& ec) {
  return internal::transfer_until<mutable_buffer>(
      stream, internal::read_some_step(), internal::transferable(std::forward<Buffers>(buffers)),
      std::move(condition), ec);
}
template <typename Stream, internal::transfer_target Buffers>
std::size_t read(Stream& stream, Buffers&& buffers, error_code& ec) {
  return NET_NAMESPACE::read(stream, std::forward<Buffers>(buffers), transfer_all(), ec);
}
template <typename Stream, internal::transfer_target Buffers,
          internal::completion_condition Condition = internal::until_all>
std::size_t read(Stream& stream, Buffers&& buffers, Condition condition = Condition()) {
  error_code ec;
  const std::size_t bytes =
      NET_NAMESPACE::read(stream, std::forward<Buffers>(buffers), std::move(condition), ec);
  internal::throw_if(ec, "read");
  return bytes;
}

// handler(error_code, bytes)
template <
    typename Stream, internal::transfer_target Buffers, internal::completion_condition Condition,
    internal::transfer_token Token = default_completion_token_t<typename Stream::executor_type>>
decltype(auto) async_read(Stream& stream, Buffers&& buffers, Condition condition,
                          Token&& token = Token()) {
  using initiation = internal::initiate_transfer<mutable_buffer, Stream, internal::read_some_step>;
  return async_initiate<Token, void(error_code, std::size_t)>(
      initiation(stream, {}), token, internal::transferable(std::forward<Buffers>(buffers)),
      std::move(condition));
}
template <typename Stream, internal::transfer_target Buffers,
          internal::transfer_token Token =
              default_completion_token_t<typename Stream::executor_type>>
requires(!internal::completion_condition<Token>) decltype(auto)
    async_read(Stream& stream, Buffers&& buffers, Token&& token = Token()) {
  return NET_NAMESPACE::async_read(stream, std::forward<Buffers>(buffers), transfer_all(),
                                   std::forward<Token>(token));
}

}  // namespace NET_NAMESPACE
