// SPDX-License-Identifier: BSL-1.0
//
// What every header does first that is there for old programs only; see net/legacy.h.
#pragma once

#ifndef NET_LEGACY
#define NET_LEGACY
#endif

#include "net/config.h"

#ifndef NET_HAS_LEGACY
#error "has to come first of the library's headers: or depend on //net:legacy"
#endif
