// SPDX-License-Identifier: BSL-1.0
//
// write() and async_write(): everything in the buffers, or as much as a completion condition asks
// for.
//
//   net::write(socket, net::buffer(text));
//   net::async_write(socket, net::buffer(text), [](std::error_code ec, std::size_t n) { … });
//
// From a buffer sequence, or from a dynamic buffer or streambuf, which lose from their front what
// was written. Composed of write_some(): nobody else may write to the stream meanwhile. The number
// of bytes is right also when there is an error. Cancellation, terminal or partial, ends an
// asynchronous write between two steps as within one.
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

template <typename Stream, internal::transfer_source Buffers,
          internal::completion_condition Condition>
std::size_t write(Stream& stream, Buffers&& buffers, Condition condition, error_code& ec) {
  return internal::transfer_until<const_buffer>(
      stream, internal::write_some_step(), internal::transferable(std::forward<Buffers>(buffers)),
      std::move(condition), ec);
}
template <typename Stream, internal::transfer_source Buffers>
std::size_t write(Stream& stream, Buffers&& buffers, error_code& ec) {
  return NET_NAMESPACE::write(stream, std::forward<Buffers>(buffers), transfer_all(), ec);
}
template <typename Stream, internal::transfer_source Buffers,
          internal::completion_condition Condition = internal::until_all>
std::size_t write(Stream& stream, Buffers&& buffers, Condition condition = Condition()) {
  error_code ec;
  const std::size_t bytes =
      NET_NAMESPACE::write(stream, std::forward<Buffers>(buffers), std::move(condition), ec);
  internal::throw_if(ec, "write");
  return bytes;
}

// handler(error_code, bytes)
template <
    typename Stream, internal::transfer_source Buffers, internal::completion_condition Condition,
    internal::transfer_token Token = default_completion_token_t<typename Stream::executor_type>>
decltype(auto) async_write(Stream& stream, Buffers&& buffers, Condition condition,
                           Token&& token = Token()) {
  using initiation = internal::initiate_transfer<const_buffer, Stream, internal::write_some_step>;
  return async_initiate<Token, void(error_code, std::size_t)>(
      initiation(stream, {}), token, internal::transferable(std::forward<Buffers>(buffers)),
      std::move(condition));
}
template <typename Stream, internal::transfer_source Buffers,
          internal::transfer_token Token =
              default_completion_token_t<typename Stream::executor_type>>
requires(!internal::completion_condition<Token>) decltype(auto)
    async_write(Stream& stream, Buffers&& buffers, Token&& token = Token()) {
  return NET_NAMESPACE::async_write(stream, std::forward<Buffers>(buffers), transfer_all(),
                                    std::forward<Token>(token));
}

}  // namespace NET_NAMESPACE
