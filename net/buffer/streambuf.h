// SPDX-License-Identifier: BSL-1.0
//
// The usual basic_streambuf.
//
//   net::streambuf buffer;
//   std::ostream(&buffer) << "GET " << path << " HTTP/1.0\r\n\r\n";
//   net::write(socket, buffer);
#pragma once

#include "net/buffer/basic_streambuf.h"
#include "net/config.h"

namespace NET_NAMESPACE {

using streambuf = basic_streambuf<>;

}  // namespace NET_NAMESPACE
