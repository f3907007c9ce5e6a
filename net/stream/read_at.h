// SPDX-License-Identifier: BSL-1.0
//
// read_at() and async_read_at(): what read() does, from a position in something of random access,
// such as a file.
//
//   net::read_at(file, 4096, net::buffer(page));
//
// Composed of read_some_at(), each with the position where the one before ended. Otherwise all is
// as read.h says.
#pragma once

#include <cstddef>
#include <cstdint>
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

template <typename Device, internal::transfer_target Buffers,
          internal::completion_condition Condition>
std::size_t read_at(Device& device, std::uint64_t offset, Buffers&& buffers, Condition condition,
                    error_code& ec) {
  return internal::transfer_until<mutable_buffer>(
      device, internal::read_some_at_step{offset},
      internal::transferable(std::forward<Buffers>(buffers)), std::move(condition), ec);
}
template <typename Device, internal::transfer_target Buffers>
std::size_t read_at(Device& device, std::uint64_t offset, Buffers&& buffers, error_code& ec) {
  return NET_NAMESPACE::read_at(device, offset, std::forward<Buffers>(buffers), transfer_all(), ec);
}
template <typename Device, internal::transfer_target Buffers,
          internal::completion_condition Condition = internal::until_all>
std::size_t read_at(Device& device, std::uint64_t offset, Buffers&& buffers,
                    Condition condition = Condition()) {
  error_code ec;
  const std::size_t bytes = NET_NAMESPACE::read_at(device, offset, std::forward<Buffers>(buffers),
                                                   std::move(condition), ec);
  internal::throw_if(ec, "read_at");
  return bytes;
}

// handler(error_code, bytes)
template <
    typename Device, internal::transfer_target Buffers, internal::completion_condition Condition,
    internal::transfer_token Token = default_completion_token_t<typename Device::executor_type>>
decltype(auto) async_read_at(Device& device, std::uint64_t offset, Buffers&& buffers,
                             Condition condition, Token&& token = Token()) {
  using initiation =
      internal::initiate_transfer<mutable_buffer, Device, internal::read_some_at_step>;
  return async_initiate<Token, void(error_code, std::size_t)>(
      initiation(device, {offset}), token, internal::transferable(std::forward<Buffers>(buffers)),
      std::move(condition));
}
template <typename Device, internal::transfer_target Buffers,
          internal::transfer_token Token =
              default_completion_token_t<typename Device::executor_type>>
requires(!internal::completion_condition<Token>) decltype(auto)
    async_read_at(Device& device, std::uint64_t offset, Buffers&& buffers,
                  Token&& token = Token()) {
  return NET_NAMESPACE::async_read_at(device, offset, std::forward<Buffers>(buffers),
                                      transfer_all(), std::forward<Token>(token));
}

}  // namespace NET_NAMESPACE
