// SPDX-License-Identifier: BSL-1.0
#include "net/conn/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "net/conn/network.h"
#include "net/conn/run.h"
#include "net/ip/resolve.h"
#include "netpoll/base/syscall.h"

namespace NET_NAMESPACE {
namespace {

// The kernel cuts it down to net.core.somaxconn.
constexpr int backlog = 65535;

netpoll::unique_fd listen_at(const ip::tcp::endpoint& where, bool dual_stack,
                             internal::failure& why) {
  namespace sys = netpoll::sys;
  const auto failed = [&](const sys::result& answer, const char* call) {
    if (!answer.ok()) {
      why.ec = netpoll::system_error_code(answer.error);
      why.cause = call;
    }
    return !answer.ok();
  };
  const int family = where.protocol().family();
  const sys::result created = sys::socket(family, SOCK_STREAM, IPPROTO_TCP);
  if (failed(created, "socket")) {
    return {};
  }
  netpoll::unique_fd socket(static_cast<int>(created.value));
  const int on = 1;
  const int v6_only = dual_stack ? 0 : 1;
  if (family == AF_INET6) {
    sys::set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
  }
  if (failed(sys::set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)),
             "setsockopt")) {
    return {};
  }
  // Connections inherit these from the listener.
  internal::set_stream_defaults(socket.get());
  if (failed(sys::bind(socket.get(), where.data(), static_cast<::socklen_t>(where.size())),
             "bind") ||
      failed(sys::listen(socket.get(), backlog), "listen")) {
    return {};
  }
  why.ec.clear();
  return socket;
}

listener listen_on(io_context& context, std::string_view network, std::string_view address,
                   internal::failure& why) {
  const internal::target target = internal::parse_target(network, address, why);
  if (why.ec) {
    return {};
  }
  std::vector<ip::tcp::endpoint> candidates;
  const bool is_wildcard = target.where.host.empty();
  if (is_wildcard) {
    // Port first: names and numbers alike.
    candidates = ip::internal::resolve("", target.where.port,
                                       target.family == AF_INET6 ? AF_INET6 : AF_INET, true,
                                       netpoll::never, why.ec);
    if (!why.ec && target.family == AF_UNSPEC) {
      candidates.insert(candidates.begin(),
                        ip::tcp::endpoint(ip::address_v6::any(), candidates.front().port()));
    }
  } else {
    candidates = ip::internal::resolve(target.where.host, target.where.port, target.family, true,
                                       netpoll::never, why.ec);
    // A name may stand for several addresses: listen on the first of IPv4, as one would expect.
    std::stable_partition(candidates.begin(), candidates.end(),
                          [](const auto& each) { return each.address().is_v4(); });
    if (!candidates.empty()) {
      candidates.resize(1);
    }
  }
  if (why.ec) {
    internal::name_lookup(target, why);
    return {};
  }
  netpoll::unique_fd socket;
  for (const ip::tcp::endpoint& each : candidates) {
    why.address = each.to_string();
    socket = listen_at(each, is_wildcard && target.family == AF_UNSPEC, why);
    // Without IPv6 in the kernel, IPv4 alone will do.
    if (why.ec != error::address_family_not_supported && why.ec != std::errc::address_not_available) {
      break;
    }
  }
  if (why.ec) {
    return {};
  }
  error_code ec;
  const ip::tcp::endpoint local = internal::local_endpoint_of(socket.get(), why.ec);
  if (why.ec) {
    why.cause = "getsockname";
    return {};
  }
  listener made(context, std::move(socket), local, ec);
  why.ec = why.ec ? why.ec : ec;
  return made;
}

}  // namespace

listener::listener(io_context& context, netpoll::unique_fd socket, const endpoint_type& local,
                   error_code& ec)
    : context_(&context), local_(local) {
  ec = netpoll::system_error_code(fd_.open(context.reactor(), std::move(socket)));
}

conn listener::accept() {
  error_code ec;
  conn accepted = accept(ec);
  if (ec) {
    fail("accept", ec);
  }
  return accepted;
}

conn listener::accept(error_code& ec) {
  netpoll::accept_request request(netpoll::accept_request::when_exhausted::back_off);
  perform(request, fd_);
  if (context_ == nullptr) {
    ec = error::closed;
    return {};
  }
  return take(*context_, local_, request, ec);
}

// The connection that was accepted, if there was no error.
conn listener::take(io_context& context, const endpoint_type& local,
                    netpoll::accept_request& request, error_code& ec) {
  ec = request.error();
  if (ec) {
    return {};
  }
  // Bound to one address, every connection has that one.
  const endpoint_type mine = local.address().is_unspecified()
                                 ? internal::local_endpoint_of(request.accepted().get(), ec)
                                 : local;
  if (ec) {
    return {};
  }
  return conn(context, std::move(request.accepted()), mine, endpoint_type(request.peer()), ec);
}

void listener::close() {
  error_code ec;
  close(ec);
  if (ec) {
    fail("close", ec);
  }
}

void listener::set_deadline(deadline_type when) {
  if (const error_code ec =
          fd_.set_deadline(netpoll::directions::read, netpoll::to_nanotime(when))) {
    fail("set", ec);
  }
}

void listener::set_timeout_ns(netpoll::nanotime timeout) {
  if (const error_code ec = fd_.set_timeout(netpoll::directions::read, timeout)) {
    fail("set", ec);
  }
}

void listener::fail(const char* operation, const error_code& ec) const {
  op_error::parts what{operation, "tcp", "", "", ""};
  if (context_ != nullptr) {
    what.address = local_.to_string();
  }
  if (ec.category() == std::system_category() && ec != error::operation_aborted) {
    what.cause = "accept4";
  }
  throw op_error(ec, std::move(what));
}

listener listen(io_context& context, std::string_view network, std::string_view address) {
  internal::failure why;
  listener made = listen_on(context, network, address, why);
  if (why.ec) {
    throw op_error(why.ec, {"listen", std::string(network), "", why.address, why.cause});
  }
  return made;
}

listener listen(io_context& context, std::string_view network, std::string_view address,
                error_code& ec) {
  internal::failure why;
  listener made = listen_on(context, network, address, why);
  ec = why.ec;
  return made;
}

listener listen(std::string_view network, std::string_view address) {
  return listen(current_context(), network, address);
}

listener listen(std::string_view network, std::string_view address, error_code& ec) {
  return listen(current_context(), network, address, ec);
}

}  // namespace NET_NAMESPACE
