// SPDX-License-Identifier: BSL-1.0
//
// Chooses the library that the measures of micro.py are compiled against: this one, or Asio where
// NETPOLL_BENCH_ASIO is defined. The two have the same names, so the measures of both are the same
// source: micro_posts.h, micro_timers.h and micro_ping_pong.h.
//
// Asio is given the executor of io_context in place of any_io_executor, which spares it an indirect
// call here and there, and the hint that one thread runs the context wherever that is so.
#pragma once

#include <chrono>

#if defined(NETPOLL_BENCH_ASIO)

#define ASIO_STANDALONE
#include <asio.hpp>

namespace lib {

using namespace asio;

using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;
template <typename Protocol>
using stream_socket = asio::basic_stream_socket<Protocol, asio::io_context::executor_type>;
using error_code = asio::error_code;

}  // namespace lib

#else

#include "net/net.h"

namespace lib {

using namespace net;

using timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                        net::wait_traits<std::chrono::steady_clock>,
                                        net::io_context::executor_type>;
template <typename Protocol>
using stream_socket = net::basic_stream_socket<Protocol, net::io_context::executor_type>;

}  // namespace lib

#endif
