// SPDX-License-Identifier: BSL-1.0
//
// write() and async_write(): everything in the buffers, or as much as a completion condition asks
// for.
//
//   net::write(socket, net::buffer(text));
//   net::async_write(socket, net::buffer(text), [](std::error_code ec, std::size_t n) { … });
//
// Composed of write_some(): nobody else may write to the stream meanwhile. The number of bytes is
// right also when there is an error.
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

template <typename Stream, const_buffer_sequence Buffers, typename Condition>
std::size_t write(Stream& stream, const Buffers& buffers, Condition condition, error_code& ec) {
  return internal::transfer<const_buffer>(
      buffers, std::move(condition), ec,
      [&](const auto& some, error_code& error) { return stream.write_some(some, error); });
}
template <typename Stream, const_buffer_sequence Buffers>
std::size_t write(Stream& stream, const Buffers& buffers, error_code& ec) {
  return NET_NAMESPACE::write(stream, buffers, transfer_all(), ec);
}
template <typename Stream, const_buffer_sequence Buffers, typename Condition = transfer_all>
  requires(!std::is_same_v<Condition, error_code>)
std::size_t write(Stream& stream, const Buffers& buffers, Condition condition = {}) {
  error_code ec;
  const std::size_t bytes = NET_NAMESPACE::write(stream, buffers, std::move(condition), ec);
  internal::throw_if(ec, "write");
  return bytes;
}

// handler(error_code, bytes)
template <typename Stream, const_buffer_sequence Buffers, typename Condition, typename Token>
decltype(auto) async_write(Stream& stream, const Buffers& buffers, Condition condition,
                          Token&& token) {
  return async_initiate<Token, void(error_code, std::size_t)>(
      [&stream](auto&& handler, const Buffers& all, Condition until) {
        internal::start_transfer<const_buffer>(
            stream, all, std::move(until),
            [](Stream& target, const auto& some, auto&& next) {
              target.async_write_some(some, std::forward<decltype(next)>(next));
            },
            std::forward<decltype(handler)>(handler));
      },
      token, buffers, std::move(condition));
}
template <typename Stream, const_buffer_sequence Buffers, typename Token>
decltype(auto) async_write(Stream& stream, const Buffers& buffers, Token&& token) {
  return NET_NAMESPACE::async_write(stream, buffers, transfer_all(), std::forward<Token>(token));
}

}  // namespace NET_NAMESPACE
