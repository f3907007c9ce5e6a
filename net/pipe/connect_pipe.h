// SPDX-License-Identifier: BSL-1.0
//
// Makes a pipe of two ends that are closed.
//
//   net::readable_pipe out(context);
//   net::writable_pipe in(context);
//   net::connect_pipe(out, in);
#pragma once

#include "net/config.h"
#include "net/error.h"
#include "net/pipe/basic_readable_pipe.h"
#include "net/pipe/basic_writable_pipe.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/error.h"

namespace NET_NAMESPACE {

// error::already_open if one of the two is open. On error both are as they were.
template <typename ReadExecutor, typename WriteExecutor>
void connect_pipe(basic_readable_pipe<ReadExecutor>& read_end,
                  basic_writable_pipe<WriteExecutor>& write_end, error_code& ec) {
  if (read_end.is_open() || write_end.is_open()) {
    ec = error::already_open;
    return;
  }
  int ends[2];
  if (const auto made = netpoll::sys::pipe(ends); !made.ok()) {
    ec = netpoll::system_error_code(made.error);
    return;
  }
  netpoll::unique_fd reading(ends[0]);
  netpoll::unique_fd writing(ends[1]);
  read_end.assign(reading.get(), ec);
  if (ec) {
    return;
  }
  (void)reading.release();
  write_end.assign(writing.get(), ec);
  if (ec) {
    read_end.close();
    return;
  }
  (void)writing.release();
}

template <typename ReadExecutor, typename WriteExecutor>
void connect_pipe(basic_readable_pipe<ReadExecutor>& read_end,
                  basic_writable_pipe<WriteExecutor>& write_end) {
  internal::or_throw("connect_pipe",
                     [&](error_code& ec) { connect_pipe(read_end, write_end, ec); });
}

}  // namespace NET_NAMESPACE
