// SPDX-License-Identifier: BSL-1.0
//
// What all kinds of sockets share by name: options, shutdown and wait types, message flags.
#pragma once

#include <sys/socket.h>

#include "net/config.h"
#include "net/socket/io_control.h"
#include "net/socket/option_access.h"
#include "net/socket/socket_option.h"
#include "netpoll/poll_descriptor.h"

namespace NET_NAMESPACE {

class socket_base {
 public:
  enum shutdown_type {
    shutdown_receive = SHUT_RD,
    shutdown_send = SHUT_WR,
    shutdown_both = SHUT_RDWR,
  };
  enum wait_type { wait_read, wait_write, wait_error };

  // How the kernel reports readiness; see basic_socket::set_trigger().
  using trigger_type = netpoll::trigger;

  using message_flags = int;
  static constexpr int message_peek = MSG_PEEK;
  static constexpr int message_out_of_band = MSG_OOB;
  static constexpr int message_do_not_route = MSG_DONTROUTE;
  static constexpr int message_end_of_record = MSG_EOR;

  static constexpr int max_listen_connections = SOMAXCONN;

  using broadcast = socket_option::boolean<SOL_SOCKET, SO_BROADCAST>;
  using debug = socket_option::boolean<SOL_SOCKET, SO_DEBUG>;
  using do_not_route = socket_option::boolean<SOL_SOCKET, SO_DONTROUTE>;
  using keep_alive = socket_option::boolean<SOL_SOCKET, SO_KEEPALIVE>;
  using out_of_band_inline = socket_option::boolean<SOL_SOCKET, SO_OOBINLINE>;
  using reuse_address = socket_option::boolean<SOL_SOCKET, SO_REUSEADDR>;
  // What was set is what is got, though the kernel counts twice as much.
  using send_buffer_size = socket_option::integer<SOL_SOCKET, SO_SNDBUF>;
  using receive_buffer_size = socket_option::integer<SOL_SOCKET, SO_RCVBUF>;
  // Linux refuses to change it.
  using send_low_watermark = socket_option::integer<SOL_SOCKET, SO_SNDLOWAT>;
  using receive_low_watermark = socket_option::integer<SOL_SOCKET, SO_RCVLOWAT>;
  using linger = socket_option::linger<SOL_SOCKET, SO_LINGER>;
  // Whether accept reports connections that were gone before it came to them, instead of going on
  // to the next.
  using enable_connection_aborted =
      socket_option::boolean<internal::software_option_level, internal::report_aborted_option>;

  using bytes_readable = internal::bytes_readable;

#ifdef NET_LEGACY
#include "net/legacy/socket_base_members.inc"
#endif

 protected:
  ~socket_base() = default;
};

}  // namespace NET_NAMESPACE
