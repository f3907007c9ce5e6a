// SPDX-License-Identifier: BSL-1.0
//
// Nothing but with the names of old; see net/legacy.h.
#pragma once

#ifdef NET_LEGACY
#include "net/legacy/deadline_timer.h"
#endif
