// SPDX-License-Identifier: BSL-1.0
//
// read() and async_read(): fill the buffers, or as much of them as a completion condition asks for.
//
//   net::read(socket, net::buffer(header));
//   net::async_read(socket, net::buffer(body), [](std::error_code ec, std::size_t n) { … });
//
// Composed of read_some(): nobody else may read from the stream meanwhile. The number of bytes is
// right also when there is an error; the end of the stream before the buffers are full is
// error::eof.
#pragma once

#include <cstddef>
#include <utility>

#include "net/async/async_result.h"
#include "net/buffer/buffer.h"
#include "net/config.h"
#include "net/error.h"
#include "net/stream/completion_condition.h"
#include "net/stream/transfer.h"

namespace NET_NAMESPACE {

template <typename Stream, mutable_buffer_sequence Buffers, typename Condition>
std::size_t read(Stream& stream, const Buffers& buffers, Condition condition, error_code& ec) {
  return internal::transfer<mutable_buffer>(
      buffers, std::move(condition), ec,
      [&](const auto& some, error_code& error) { return stream.read_some(some, error); });
}
template <typename Stream, mutable_buffer_sequence Buffers>
std::size_t read(Stream& stream, const Buffers& buffers, error_code& ec) {
  return NET_NAMESPACE::read(stream, buffers, transfer_all(), ec);
}
template <typename Stream, mutable_buffer_sequence Buffers, typename Condition = transfer_all>
  requires(!std::is_same_v<Condition, error_code>)
std::size_t read(Stream& stream, const Buffers& buffers, Condition condition = {}) {
  error_code ec;
  const std::size_t bytes = NET_NAMESPACE::read(stream, buffers, std::move(condition), ec);
  internal::throw_if(ec, "read");
  return bytes;
}

// handler(error_code, bytes)
template <typename Stream, mutable_buffer_sequence Buffers, typename Condition, typename Token>
decltype(auto) async_read(Stream& stream, const Buffers& buffers, Condition condition,
                          Token&& token) {
  return async_initiate<Token, void(error_code, std::size_t)>(
      [&stream](auto&& handler, const Buffers& all, Condition until) {
        internal::start_transfer<mutable_buffer>(
            stream, all, std::move(until),
            [](Stream& target, const auto& some, auto&& next) {
              target.async_read_some(some, std::forward<decltype(next)>(next));
            },
            std::forward<decltype(handler)>(handler));
      },
      token, buffers, std::move(condition));
}
template <typename Stream, mutable_buffer_sequence Buffers, typename Token>
decltype(auto) async_read(Stream& stream, const Buffers& buffers, Token&& token) {
  return NET_NAMESPACE::async_read(stream, buffers, transfer_all(), std::forward<Token>(token));
}

}  // namespace NET_NAMESPACE
