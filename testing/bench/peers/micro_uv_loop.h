// SPDX-License-Identifier: BSL-1.0
//
// A loop of libuv for the measures of micro_uv.cc.
#pragma once

#include <uv.h>

#include "testing/bench/peers/measure.h"

namespace uv {

inline void check(int status) { bench::require(status == 0, "libuv refused"); }

// A loop; what is in it must be closed before.
class loop {
 public:
  loop() { check(uv_loop_init(&loop_)); }
  ~loop() {
    run();
    check(uv_loop_close(&loop_));
  }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  uv_loop_t* get() noexcept { return &loop_; }
  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }

 private:
  uv_loop_t loop_;
};

template <typename Handle>
void close(Handle& handle) {
  uv_close(reinterpret_cast<uv_handle_t*>(&handle), nullptr);
}

}  // namespace uv
