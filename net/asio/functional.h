// SPDX-License-Identifier: BSL-1.0
//
// What of <functional> Asio's headers bring with them: programs bind their handlers with std::bind, and
// have not always said where it comes from.
//
//   asio::post(context, std::bind(&session::start, self));
#pragma once

#include <functional>

#include "net/config.h"

namespace NET_NAMESPACE {

using std::ref;
using std::reference_wrapper;

}  // namespace NET_NAMESPACE
