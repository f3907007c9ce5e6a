// SPDX-License-Identifier: BSL-1.0
//
// The whole library, in reading order.
#pragma once

#include "net/error.h"
#include "net/io_context.h"
#include "net/execution/work_guard.h"
#include "net/async/associated.h"
#include "net/async/async_result.h"
#include "net/async/submit.h"
#include "net/execution/strand.h"
#include "net/fiber/fiber.h"
#include "net/fiber/sync/sync.h"
#include "net/fiber/dump.h"
#include "net/fiber/statistics.h"
#include "net/fiber/stack_settings.h"
#include "net/timer/sleep.h"
#include "net/timer/steady_timer.h"
#include "net/buffer/buffer.h"
#include "net/ip/tcp.h"
#include "net/stream/read.h"
#include "net/stream/write.h"
#include "net/conn/conn.h"
#include "net/conn/dial.h"
#include "net/conn/listener.h"
#include "net/conn/run.h"
#include "net/signal/signal_set.h"
