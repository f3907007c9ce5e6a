// SPDX-License-Identifier: BSL-1.0
#include "net/conn/dial.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "net/conn/network.h"
#include "net/conn/run.h"
#include "net/ip/resolve.h"
#include "netpoll/base/syscall.h"

namespace NET_NAMESPACE {
namespace {

// An address gets at least so much of the time left, if there is that much.
constexpr netpoll::nanotime smallest_share_ns = 2'000'000'000;

// How often a socket that connected to itself is tried again.
constexpr int self_connect_retries = 2;

netpoll::nanotime share_of(netpoll::nanotime deadline, std::size_t addresses_left) {
  if (deadline == netpoll::never) {
    return deadline;
  }
  const netpoll::nanotime now = netpoll::clock::now();
  const netpoll::nanotime left = std::max<netpoll::nanotime>(deadline - now, 0);
  const netpoll::nanotime share =
      std::max(left / static_cast<netpoll::nanotime>(addresses_left), smallest_share_ns);
  return now + std::min(share, left);
}

conn connect_to(io_context& context, const ip::tcp::endpoint& remote, netpoll::nanotime deadline,
                internal::failure& why) {
  why.address = remote.to_string();
  const auto created =
      netpoll::sys::socket(remote.protocol().family(), SOCK_STREAM, IPPROTO_TCP);
  if (!created.ok()) {
    why.ec = netpoll::system_error_code(created.error);
    why.cause = "socket";
    return {};
  }
  internal::set_stream_defaults(static_cast<int>(created.value));
  netpoll::fd socket;
  const int open_error =
      socket.open(context.reactor(), netpoll::unique_fd(static_cast<int>(created.value)));
  if (open_error != 0) {
    why.ec = netpoll::system_error_code(open_error);
    return {};
  }
  (void)socket.set_deadline(netpoll::directions::write, deadline);
  netpoll::connect_request request(remote.data(), static_cast<::socklen_t>(remote.size()));
  perform(request, socket);
  if (request.error()) {
    why.ec = request.error();
    why.cause = why.ec.category() == std::system_category() ? "connect" : "";
    return {};
  }
  (void)socket.set_deadline(netpoll::directions::write, netpoll::never);
  const ip::tcp::endpoint local = internal::local_endpoint_of(socket.native_handle(), why.ec);
  if (why.ec) {
    why.cause = "getsockname";
    return {};
  }
  return conn(context, std::move(socket), local, remote);
}

conn dial_all(io_context& context, std::string_view network, std::string_view address,
              netpoll::nanotime deadline, internal::failure& why) {
  const internal::target target = internal::parse_target(network, address, why);
  if (why.ec) {
    return {};
  }
  const std::vector<ip::tcp::endpoint> candidates =
      ip::internal::resolve(target.where.host, target.where.port, target.family, false, deadline,
                            why.ec);
  if (why.ec) {
    internal::name_lookup(target, why);
    return {};
  }
  internal::failure first;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    for (int attempt = 0; attempt <= self_connect_retries; ++attempt) {
      internal::failure mine;
      conn connected = connect_to(context, candidates[i],
                                  share_of(deadline, candidates.size() - i), mine);
      const bool is_self =
          !mine.ec && connected.local_endpoint() == connected.remote_endpoint();
      if (is_self && attempt < self_connect_retries) {
        continue;  // nobody listens: the kernel gave us the very port we are dialling
      }
      if (is_self) {
        mine.ec = error::connection_refused;
        mine.cause = "connect";
      }
      if (!mine.ec) {
        why.ec.clear();
        return connected;
      }
      if (!first.ec) {
        first = std::move(mine);
      }
      break;
    }
  }
  why = std::move(first);
  return {};
}

}  // namespace

conn internal::dial_until(io_context& context, std::string_view network, std::string_view address,
                          netpoll::nanotime deadline, error_code* ec) {
  failure why;
  conn connected = dial_all(context, network, address, deadline, why);
  if (ec != nullptr) {
    *ec = why.ec;
  } else if (why.ec) {
    throw op_error(why.ec, {"dial", std::string(network), "", why.address, why.cause});
  }
  return connected;
}

conn dial(io_context& context, std::string_view network, std::string_view address) {
  return internal::dial_until(context, network, address, netpoll::never, nullptr);
}

conn dial(io_context& context, std::string_view network, std::string_view address,
          error_code& ec) {
  return internal::dial_until(context, network, address, netpoll::never, &ec);
}

conn dial(std::string_view network, std::string_view address) {
  return dial(current_context(), network, address);
}

conn dial(std::string_view network, std::string_view address, error_code& ec) {
  return dial(current_context(), network, address, ec);
}

}  // namespace NET_NAMESPACE
