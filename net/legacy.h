// SPDX-License-Identifier: BSL-1.0
//
// What programs written for Asio before 1.33 use and Asio has removed since, on top of the whole
// library: io_service, its work, post(), dispatch(), wrap() and reset(); resolver::query and
// iterator; address::from_string() and to_ulong(); timers' expires_from_now() and cancel(ec);
// deadline_timer, on std::chrono; buffer_cast(); connect() with one iterator; max_connections. All
// of it is deprecated, and the compiler says what to write instead.
//
//   net::io_service io_service;
//   net::ip::tcp::resolver::query query("localhost", "http");
//
// It is there if NET_LEGACY is defined in all of a source file, which the target //net:legacy (for
// Asio's names, //net:asio_legacy) sees to for whoever depends on it: then no source has to change,
// and this header need not be included. Without that, it has to be the first of the library's
// headers in a file.
//
// Classes get members by it, none of which changes how an object is laid out or what a function
// that is there without it does: a program may have some files with it, and others without.
#pragma once

#include "net/legacy/opt_in.h"  // before all others

#include "net/legacy/deadline_timer.h"
#include "net/net.h"
