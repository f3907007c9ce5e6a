// SPDX-License-Identifier: BSL-1.0
//
// The token that stands in where an adapter is used as a token without one: the default of the
// executor that the operation's initiation has.
#pragma once

#include <type_traits>

#include "net/async/associated_executor.h"
#include "net/async/default_completion_token.h"
#include "net/async/deferred.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

template <typename Initiation>
using default_token_of =
    default_completion_token_t<associated_executor_t<std::remove_cvref_t<Initiation>>>;

}  // namespace NET_NAMESPACE::internal
