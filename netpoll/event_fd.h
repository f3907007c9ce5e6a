// SPDX-License-Identifier: BSL-1.0
//
// An event_fd is a descriptor that any thread can make readable for another that polls it
// (eventfd(2)). Signals coalesce: however many there were, one drain() makes it unreadable again.
//
// open() is for the owner; everything else may be called from any thread.
#pragma once

#include "netpoll/base/unique_fd.h"

namespace netpoll {

class event_fd {
 public:
  // Returns an errno value.
  int open() noexcept;
  int number() const noexcept { return event_.get(); }

  // Makes it readable. Aborts when it was closed behind our back: a wake-up would be lost.
  void signal() noexcept;
  // Makes it unreadable.
  void drain() noexcept;

 private:
  unique_fd event_;
};

}  // namespace netpoll
