// SPDX-License-Identifier: BSL-1.0
//
// An operation is what a run loop runs: a completion handler with its arguments, a fiber to be
// resumed, an I/O request to be tried again. It is queued by its own link and is run by one
// function pointer, so queueing never allocates.
//
// An operation that is queued counts as work of its loop from run_loop::work_started(), called by
// whoever created it, until its function returns true.
#pragma once

#include "net/config.h"
#include "netpoll/base/intrusive_queue.h"

namespace NET_NAMESPACE {

class run_loop;

class operation : public netpoll::intrusive_queue_node<operation> {
 public:
  // Runs the operation on `loop`. True: it is finished (and usually gone), which counts as one
  // handler run. False: it waits again, for something that will queue it again. May throw, which
  // counts as finished.
  bool run(run_loop& loop) { return function_(*this, &loop); }

  // Frees the operation without running its handler.
  void destroy() noexcept { function_(*this, nullptr); }

  // Called with no loop to destroy.
  using function = bool (*)(operation& self, run_loop* loop);

  bool is_run_by(function what) const noexcept { return function_ == what; }

 protected:
  explicit operation(function what) noexcept : function_(what) {}
  // What runs it from now on; not while it is queued.
  void set_function(function what) noexcept { function_ = what; }
  ~operation() = default;
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;

 private:
  function function_;
};

using operation_queue = netpoll::intrusive_queue<operation>;

}  // namespace NET_NAMESPACE
