// SPDX-License-Identifier: BSL-1.0
//
// Short names for the macros of net/async/coroutine.h: reenter, yield and fork. The last header a
// source file includes, since these are words that others use; net/async/unyield.h takes them away.
// Both may be included any number of times.
#include "net/async/coroutine.h"

#ifndef reenter
#define reenter(c) NET_CORO_REENTER(c)
#endif

#ifndef yield
#define yield NET_CORO_YIELD
#endif

#ifndef fork
#define fork NET_CORO_FORK
#endif
