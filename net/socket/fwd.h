// SPDX-License-Identifier: BSL-1.0
//
// The names of what protocols name without needing it: sockets, resolvers and streams. Default
// arguments of their templates stand here and nowhere else.
#pragma once

#include <chrono>

#include "net/config.h"

namespace NET_NAMESPACE {

class any_io_executor;
template <typename Clock>
struct wait_traits;

template <typename Protocol, typename Executor = any_io_executor>
class basic_socket;
template <typename Protocol, typename Executor = any_io_executor>
class basic_stream_socket;
template <typename Protocol, typename Executor = any_io_executor>
class basic_socket_acceptor;
template <typename Protocol, typename Executor = any_io_executor>
class basic_datagram_socket;
template <typename Protocol, typename Executor = any_io_executor>
class basic_raw_socket;
template <typename Protocol, typename Executor = any_io_executor>
class basic_seq_packet_socket;
template <typename Protocol, typename Clock = std::chrono::steady_clock,
          typename WaitTraits = wait_traits<Clock>>
class basic_socket_iostream;
template <typename Protocol, typename Clock = std::chrono::steady_clock,
          typename WaitTraits = wait_traits<Clock>>
class basic_socket_streambuf;

namespace ip {
template <typename InternetProtocol, typename Executor = any_io_executor>
class basic_resolver;
}

}  // namespace NET_NAMESPACE
