// SPDX-License-Identifier: BSL-1.0
//
// Makes one chosen stretch of the calls of one kind go wrong, and counts all calls. It keeps to
// what a kernel could have done: a descriptor whose close is said to have failed is closed all the
// same, and its number may be somebody else's by then; after "not now" or a short transfer,
// readiness is reported again.
//
//   nettest::saboteur between({.which = call::recv, .how = sabotage::fail, .error = ECONNRESET,
//                              .first = 2});
//   …
//   between.hits();
//
// Installed for as long as it lives.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "netpoll/base/syscall.h"

namespace nettest {

enum class sabotage {
  none,
  fail,      // reports `error`
  one_byte,  // moves one byte only
  half,      // moves half of the bytes
  delay,     // lets another thread meddle, and all others run, before and after the call
};

struct fault {
  netpoll::sys::call which{};
  sabotage how = sabotage::none;
  int error = 0;
  int first = 1;  // the first call of the kind has number 1
  int times = 1;

  std::string to_string() const;
};

class saboteur final : private netpoll::sys::fault_injector {
 public:
  using call = netpoll::sys::call;
  using result = netpoll::sys::result;

  // `notes_callers`: remember the number of the first call that each chain of callers makes.
  explicit saboteur(const fault& what, bool notes_callers = false);
  ~saboteur();
  saboteur(const saboteur&) = delete;
  saboteur& operator=(const saboteur&) = delete;

  // The port on 127.0.0.1 that a connect in the background goes to, and what another thread does
  // while a call is delayed. The function is called until the saboteur is destroyed.
  void begin(std::uint16_t port, std::function<void()> meddle);

  int count(call which) const noexcept { return counts_[static_cast<std::size_t>(which)]; }
  // Whether anybody closed a descriptor that was not his: that got the number of one whose close
  // failed.
  bool was_robbed() const;
  // How many calls went wrong.
  int hits() const noexcept { return hits_; }
  // Of the calls of the kind, the number of the first that each chain of callers made.
  std::vector<int> first_by_caller(call which) const;

 private:
  std::optional<result> before(call which, int fd, std::size_t& size) noexcept override;
  void after(call which, int fd, const result& answer) noexcept override;
  void epoll_control_asked(int epoll, int operation, int fd,
                           const ::epoll_event& event) noexcept override;

  std::optional<result> fail(int fd) noexcept;
  void close_and_reuse(int fd) noexcept;
  void report_again(int fd) noexcept;
  void note_caller(call which, int number) noexcept;
  void let_others_run() noexcept;
  void meddle_on_request();

  struct registration {
    int epoll;
    ::epoll_event event;
  };

  const fault fault_;
  const bool notes_callers_;
  std::array<std::atomic<int>, netpoll::sys::call_count> counts_{};
  std::atomic<int> hits_{0};
  std::atomic<std::uint16_t> port_{0};
  // The thread that meddles; how often it has been asked to, and how often it has.
  std::thread bystander_;
  std::function<void()> meddle_;
  std::atomic<int> requested_{0};
  std::atomic<int> meddled_{0};
  std::atomic<bool> is_over_{false};
  const int null_;  // /dev/null
  mutable std::mutex mutex_;
  std::map<int, registration> registered_;  // under mutex_: the last ones of each number
  std::vector<int> planted_;  // under mutex_: duplicates of it under numbers that were closed
  std::map<std::vector<void*>, int> callers_[netpoll::sys::call_count];  // under mutex_
};

}  // namespace nettest
