// SPDX-License-Identifier: BSL-1.0
//
// Everything by which fibers wait for each other, under the names and in the shapes of the standard
// library where it has them. All of it is for fibers and plain threads alike, in any mixture: a
// fiber parks and lets its thread run something else, a thread blocks. Fibers of different contexts
// may share all of it.
//
// The rules of waiting, for every type of this folder:
//
// - A function that can report how its wait ended takes an error_code&. It fails with
//   error::operation_aborted when the fiber was cancelled, and with error::deadline_exceeded when
//   the time of an …_until or …_for form came first. It returns true when it got what it waited
//   for.
// - The functions of the standard that return nothing (lock, acquire, wait, arrive_and_wait) could
//   not say that they failed. They wait, whether the fiber is cancelled or not.
// - The timed functions of the standard return false, or cv_status::timeout, when the fiber is
//   cancelled, as if the time had come.
// - What need not wait succeeds: whether the fiber is cancelled, or the time has come, is looked at
//   only before waiting. Channels and select are the exception: like reading and writing, they do
//   not even try in a cancelled fiber.
// - A wait that fails has changed nothing: no unit is taken, no value is sent or received, and
//   others who wait do not notice. A wait that is granted just when the time comes, or the fiber is
//   cancelled, is granted. (To have arrived at a latch or a barrier is not part of the wait, and
//   stands.)
// - Waiting fibers and threads are served in the order in which they came; only a mutex may be
//   taken by one who is running before one who was already woken for it, once.
// - When a context is destroyed its fibers are unwound: their waits throw what must not be caught,
//   and what they were granted just then goes to the next. A destructor that runs during that, and
//   has to wait, is told operation_aborted if it asks with an error_code; the functions that return
//   nothing abort, since who they wait for may never run again.
// - Rules of use that are broken abort with a message: unlocking what one does not hold, destroying
//   what is waited for.
// - Once one has seen what one waited for, one may destroy the object, though the other is still
//   about to leave the function that made it so.
#pragma once

#include "net/fiber/sync/barrier.h"
#include "net/fiber/sync/cancel_on_stop.h"
#include "net/fiber/sync/channel.h"
#include "net/fiber/sync/condition_variable.h"
#include "net/fiber/sync/event.h"
#include "net/fiber/sync/latch.h"
#include "net/fiber/sync/local.h"
#include "net/fiber/sync/mutex.h"
#include "net/fiber/sync/once.h"
#include "net/fiber/sync/recursive_mutex.h"
#include "net/fiber/sync/select.h"
#include "net/fiber/sync/semaphore.h"
#include "net/fiber/sync/shared_mutex.h"
#include "net/fiber/sync/task_group.h"
#include "net/fiber/sync/wait_group.h"
