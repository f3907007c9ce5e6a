// SPDX-License-Identifier: BSL-1.0
//
// std::chrono under the name that it has in Asio, for all headers that know time.
//
//   asio::steady_timer timer(context, asio::chrono::seconds(1));
#pragma once

#include <chrono>

#include "net/config.h"

namespace NET_NAMESPACE {

namespace chrono = std::chrono;

}  // namespace NET_NAMESPACE
