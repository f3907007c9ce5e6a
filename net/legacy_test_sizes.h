// SPDX-License-Identifier: BSL-1.0
//
// The sizes of the classes that have members of old, for legacy_test to compare between two files.
#pragma once

#include <array>
#include <cstddef>

#include "net/async/use_future.h"
#include "net/net.h"
#include "net/socket/basic_socket_iostream.h"

namespace net {
namespace {

template <typename... Types>
constexpr std::array<std::size_t, 2 * sizeof...(Types)> sizes_of() {
  return {sizeof(Types)..., alignof(Types)...};
}

constexpr auto sizes_here =
    sizes_of<io_context, io_context::strand, io_context::service, ip::address, ip::address_v4,
             ip::address_v6, ip::tcp::resolver, ip::tcp::resolver::results_type, steady_timer,
             ip::tcp::socket, ip::udp::socket, ip::tcp::acceptor, ip::tcp::iostream,
             posix::stream_descriptor, serial_port, signal_set, use_future_t<>>();

}  // namespace

// As they are in a file that sees no members of old.
decltype(sizes_here) sizes_without_legacy();

}  // namespace net
