// SPDX-License-Identifier: BSL-1.0
//
// A timer on std::chrono::high_resolution_clock. See basic_waitable_timer.h.
#pragma once

#include <chrono>

#include "net/config.h"
#include "net/timer/basic_waitable_timer.h"
