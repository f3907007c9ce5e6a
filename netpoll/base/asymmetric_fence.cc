// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/asymmetric_fence.h"

#include <linux/membarrier.h>

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"

namespace netpoll {

// Constant initialisation leaves it false: until the process has registered, all fences are full.
const bool internal::has_membarrier =
    sys::memory_barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED).ok();

void heavy_fence() noexcept {
  if (!internal::has_membarrier) {
    internal::full_fence();
    return;
  }
  sys::result done = sys::memory_barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
  if (!done.ok()) {
    // A new address space, that of a child, need not have inherited the registration.
    (void)sys::memory_barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
    done = sys::memory_barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
  }
  check(done.ok(), "membarrier(2) was there and is not any more: a filter of system calls must be "
                   "installed before the program starts or let it through");
}

}  // namespace netpoll
