// SPDX-License-Identifier: BSL-1.0
//
// The timer most programs want: on the clock that is never set back. See basic_waitable_timer.h.
#pragma once

#include <chrono>

#include "net/config.h"
#include "net/timer/basic_waitable_timer.h"
#include "net/timer/fwd.h"
