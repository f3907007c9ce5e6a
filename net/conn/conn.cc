// SPDX-License-Identifier: BSL-1.0
#include "net/conn/conn.h"

#include <sys/socket.h>

#include "netpoll/base/syscall.h"

namespace NET_NAMESPACE {

conn::conn(io_context& context, netpoll::unique_fd socket, const endpoint_type& local,
           const endpoint_type& remote, error_code& ec)
    : context_(&context), local_(local), remote_(remote) {
  ec = netpoll::system_error_code(fd_.open(context.reactor(), std::move(socket)));
}

void conn::close() {
  error_code ec;
  close(ec);
  if (ec) {
    fail("close", ec);
  }
}

void conn::close(error_code& ec) { ec = fd_.close(); }

void conn::close_read() {
  error_code ec;
  close_read(ec);
  if (ec) {
    fail("close", ec);
  }
}

void conn::close_read(error_code& ec) { shut(SHUT_RD, ec); }

void conn::close_write() {
  error_code ec;
  close_write(ec);
  if (ec) {
    fail("close", ec);
  }
}

void conn::close_write(error_code& ec) { shut(SHUT_WR, ec); }

void conn::shut(int how, error_code& ec) {
  ec = fd_.with_number([how](int number) { return netpoll::sys::shutdown(number, how); });
}

void conn::set_deadline(netpoll::directions which, deadline_type when) {
  if (const error_code ec = fd_.set_deadline(which, netpoll::to_nanotime(when))) {
    fail("set", ec);
  }
}

void conn::set_timeout(netpoll::directions which, netpoll::nanotime timeout) {
  if (const error_code ec = fd_.set_timeout(which, timeout)) {
    fail("set", ec);
  }
}

void conn::fail(const char* operation, const error_code& ec) const {
  op_error::parts what{operation, "tcp", "", "", ""};
  if (context_ != nullptr) {
    what.source = local_.to_string();
    what.address = remote_.to_string();
  }
  if (ec.category() == std::system_category() && ec != error::operation_aborted) {
    what.cause = what.operation == "close" ? "shutdown" : what.operation;
  }
  throw op_error(ec, std::move(what));
}

}  // namespace NET_NAMESPACE
