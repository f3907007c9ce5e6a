// SPDX-License-Identifier: BSL-1.0
//
// Stands between the library and the kernel for as long as it lives: counts every call and makes those
// fail that the test names.
//
//   nettest::faults faults;
//   faults.fail(netpoll::sys::call::accept, EMFILE, 3);    // the next three
//   EXPECT_EQ(faults.count(netpoll::sys::call::recv), 1);
#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "netpoll/base/syscall.h"

namespace nettest {

class faults final : private netpoll::sys::fault_injector {
 public:
  using call = netpoll::sys::call;

  faults() { netpoll::sys::set_fault_injector(this); }
  ~faults() { netpoll::sys::set_fault_injector(nullptr); }
  faults(const faults&) = delete;
  faults& operator=(const faults&) = delete;

  // The next `times` calls of the kind report `error`.
  void fail(call which, int error, int times = 1) {
    const std::lock_guard lock(mutex_);
    faults_[which] = {error, times};
  }

  // Calls of the kind so far, failed ones included.
  int count(call which) {
    const std::lock_guard lock(mutex_);
    return counts_[which];
  }

 private:
  struct fault {
    int error = 0;
    int times = 0;
  };

  std::optional<netpoll::sys::result> before(call which, int, std::size_t&) noexcept override {
    const std::lock_guard lock(mutex_);
    ++counts_[which];
    fault& mine = faults_[which];
    if (mine.times == 0) {
      return std::nullopt;
    }
    --mine.times;
    return netpoll::sys::result{-1, mine.error};
  }

  std::mutex mutex_;
  std::map<call, int> counts_;
  std::map<call, fault> faults_;
};

}  // namespace nettest
