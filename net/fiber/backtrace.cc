// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/backtrace.h"

#include <unwind.h>

#include "net/fiber/fiber_context.h"

namespace netpoll {
namespace {

struct collection {
  const void** pcs;
  int max;
  int count;
  int to_skip;
};

_Unwind_Reason_Code collect(_Unwind_Context* frame, void* argument) {
  auto& found = *static_cast<collection*>(argument);
  if (found.to_skip > 0) {
    --found.to_skip;
    return _URC_NO_REASON;
  }
  int is_before_instruction = 0;
  auto pc = _Unwind_GetIPInfo(frame, &is_before_instruction);
  if (pc == 0 || found.count >= found.max) {
    return _URC_END_OF_STACK;
  }
  // A context that never ran will start at its first instruction.
  if (is_before_instruction != 0 ||
      pc == reinterpret_cast<_Unwind_Ptr>(&netpoll_enter_context)) {
    ++pc;
  }
  found.pcs[found.count++] = reinterpret_cast<const void*>(pc);
  return _URC_NO_REASON;
}

// A frame of its own, so that it is known how many are to be skipped.
[[gnu::noinline]] void collect_all(void* argument) noexcept {
  _Unwind_Backtrace(&collect, argument);
  asm volatile("" ::: "memory");  // the call above is not the last thing done: no tail call
}

}  // namespace

[[gnu::noinline]] int backtrace_here(const void** pcs, int max) noexcept {
  collection found{pcs, max, 0, 2};  // collect_all() and this function
  collect_all(&found);
  return found.count;
}

int backtrace_suspended(void* context, const void** pcs, int max) noexcept {
  collection found{pcs, max, 0, 2};  // collect_all() and netpoll_call_below_context()
  netpoll_call_below_context(context, &collect_all, &found);
  return found.count;
}

void prepare_backtrace() noexcept {
  const void* pc = nullptr;
  (void)backtrace_here(&pc, 1);
}

}  // namespace netpoll
