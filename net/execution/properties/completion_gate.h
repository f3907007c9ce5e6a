// SPDX-License-Identifier: BSL-1.0
//
// A completion_gate is where one thread waits until another has called a function. It lives on the
// stack of the one that waits: open() does not touch it any more once wait() may return.
#pragma once

#include <pthread.h>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

class completion_gate {
 public:
  completion_gate() noexcept;
  completion_gate(const completion_gate&) = delete;
  completion_gate& operator=(const completion_gate&) = delete;
  ~completion_gate();

  void open() noexcept;
  void wait() noexcept;

 private:
  pthread_mutex_t mutex_;
  pthread_cond_t opened_;
  bool is_open_ = false;
};

// Calls *function and opens the gate, also when the function throws.
template <typename Function>
struct gate_opener {
  completion_gate* gate;
  Function* function;

  void operator()() const {
    struct opener {
      completion_gate* gate;
      ~opener() { gate->open(); }
    } at_the_end{gate};
    (*function)();
  }
};

}  // namespace NET_NAMESPACE::internal
