// SPDX-License-Identifier: BSL-1.0
//
// The names of the library's types, for headers that only mention them. Nothing is defined; what it
// includes is <chrono> and <memory>. Default arguments of templates are given here, or in the fwd.h
// that this includes, and nowhere else.
//
//   void serve(net::ip::tcp::socket& client);    // needs "net/ip/tcp.h", for tcp::socket
//   void serve(net::basic_stream_socket<net::ip::tcp>& client);    // needs this only
#pragma once

#include "net/buffer/basic_streambuf_fwd.h"
#include "net/buffer/fwd.h"
#include "net/config.h"
#include "net/socket/fwd.h"
#include "net/stream/buffered_read_stream_fwd.h"
#include "net/stream/buffered_stream_fwd.h"
#include "net/stream/buffered_write_stream_fwd.h"
#include "net/timer/fwd.h"

namespace NET_NAMESPACE {

// --- Contexts and executors -----------------------------------------------------------------------

class execution_context;
class io_context;
class system_context;
class thread_pool;

class any_completion_executor;
class any_io_executor;
class executor;
template <typename InlineExceptionHandling>
class basic_inline_executor;
template <typename Blocking, typename Relationship, typename Allocator>
class basic_system_executor;
template <typename Executor>
class executor_work_guard;
template <typename Executor>
class strand;

namespace execution {

template <typename... SupportableProperties>
class any_executor;
template <typename T>
struct context_as_t;
template <typename InnerProperty>
struct prefer_only;

}  // namespace execution

// --- Asynchronous operations ----------------------------------------------------------------------

template <typename... Signatures>
class any_completion_handler;
class cancellation_signal;
class cancellation_slot;
class cancellation_state;
class coroutine;
template <typename T>
class recycling_allocator;

// --- Buffers --------------------------------------------------------------------------------------

class const_buffer;
class const_registered_buffer;
class mutable_buffer;
class mutable_registered_buffer;
class registered_buffer_id;
template <typename Elem, typename Traits, typename Allocator>
class dynamic_string_buffer;
template <typename Elem, typename Allocator>
class dynamic_vector_buffer;
using streambuf = basic_streambuf<>;

// --- I/O objects ----------------------------------------------------------------------------------

template <typename Executor = any_io_executor>
class basic_readable_pipe;
template <typename Executor = any_io_executor>
class basic_serial_port;
template <typename Executor = any_io_executor>
class basic_signal_set;
template <typename Executor = any_io_executor>
class basic_writable_pipe;
using readable_pipe = basic_readable_pipe<>;
using serial_port = basic_serial_port<>;
using signal_set = basic_signal_set<>;
using writable_pipe = basic_writable_pipe<>;

namespace posix {

template <typename Executor = any_io_executor>
class basic_descriptor;
template <typename Executor = any_io_executor>
class basic_stream_descriptor;
using descriptor = basic_descriptor<>;
using stream_descriptor = basic_stream_descriptor<>;

}  // namespace posix

// --- Protocols ------------------------------------------------------------------------------------

namespace ip {

class address;
class address_v4;
class address_v6;
class icmp;
class network_v4;
class network_v6;
class tcp;
class udp;
template <typename Address>
class basic_address_iterator;
template <typename Address>
class basic_address_range;
template <typename InternetProtocol>
class basic_endpoint;
template <typename InternetProtocol>
class basic_resolver_entry;
template <typename InternetProtocol>
class basic_resolver_iterator;
template <typename InternetProtocol>
class basic_resolver_query;
template <typename InternetProtocol>
class basic_resolver_results;
using address_v4_iterator = basic_address_iterator<address_v4>;
using address_v4_range = basic_address_range<address_v4>;
using address_v6_iterator = basic_address_iterator<address_v6>;
using address_v6_range = basic_address_range<address_v6>;

}  // namespace ip

namespace local {

class datagram_protocol;
class seq_packet_protocol;
class stream_protocol;
template <typename Protocol>
class basic_endpoint;

}  // namespace local

namespace generic {

class datagram_protocol;
class raw_protocol;
class seq_packet_protocol;
class stream_protocol;
template <typename Protocol>
class basic_endpoint;

}  // namespace generic

}  // namespace NET_NAMESPACE
