// SPDX-License-Identifier: BSL-1.0
//
// How large the stacks of fibers are, and how much memory of theirs is kept for the next ones:
// settings of the process, and figures.
//
//   net::set_default_stack_size(1 << 20);          // for fibers spawned from now on
//   net::set_stack_pool_limit(std::size_t{1} << 30);
//   log(net::get_stack_statistics().in_use);
//
// What each does, and when it takes effect, is written where it is declared. All are thread-safe.
#pragma once

#include "net/config.h"
#include "net/fiber/stack.h"

namespace NET_NAMESPACE {

using netpoll::default_stack_size;
using netpoll::set_default_stack_size;

using netpoll::discard_pooled_stacks;
using netpoll::set_stack_pool_limit;
using netpoll::stack_pool_limit;

using netpoll::get_stack_statistics;
using netpoll::stack_statistics;

using netpoll::stack_category;
using netpoll::stack_errc;

}  // namespace NET_NAMESPACE
