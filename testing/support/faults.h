// SPDX-License-Identifier: BSL-1.0
//
// Stands between the library and the kernel for as long as it lives: counts every call, makes those
// fail, fall short or be interrupted that the test names, and lets the test act just before or just
// after one.
//
//   nettest::faults faults;
//   faults.fail(call::accept, EMFILE, 3);                      // the next three
//   faults.fail_nth(call::recv, 2, ECONNRESET);                // not the next, but the one after
//   faults.shorten(call::send, 10, 1, nettest::only{fd});      // ten bytes at most, on this number
//   faults.on(call::epoll_wait, [&] { peer.close(); });        // in the last moment
//   EXPECT_EQ(faults.count(call::recv), 1);
//
// "Calls" are tries: one that the library repeats, after EINTR say, counts again. The number a call
// is made on is the socket for a socket's calls, the descriptor registered for epoll_control, the
// epoll descriptor for the waits, the source for splice, the target for send_file and
// copy_file_range, and -1 for what has none.
//
// Of several instructions that meet in one call fail_nth goes before interrupt, interrupt before
// fail, and each before shorten; those that are not followed wait for their next call.
//
// All members may be called from any thread, and from inside the functions given to on() and
// after(). Those run on the thread that makes the call, without a lock.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "netpoll/base/syscall.h"

namespace nettest {

// Limits an instruction to the calls on one descriptor number.
struct only {
  int fd = -1;
};

// Where an instruction holds: everywhere, unless limited.
struct fault_place {
  fault_place() = default;
  fault_place(only one) : fd(one.fd), is_limited(true) {}
  friend bool operator==(const fault_place&, const fault_place&) = default;

  int fd = -1;
  bool is_limited = false;
};

class faults final : private netpoll::sys::fault_injector {
 public:
  using call = netpoll::sys::call;
  using result = netpoll::sys::result;
  using place = fault_place;

  faults() { netpoll::sys::set_fault_injector(this); }
  ~faults() { netpoll::sys::set_fault_injector(nullptr); }
  faults(const faults&) = delete;
  faults& operator=(const faults&) = delete;

  // The next `times` calls of the kind report `error`. Takes the place of an earlier one for the
  // same kind and number; 0 times ends it.
  void fail(call which, int error, int times = 1, place where = {}) {
    replace({.what = kind::fail, .which = which, .where = where, .times = times, .error = error});
  }

  // Of the calls from now on the n-th reports `error`, counted from 1.
  void fail_nth(call which, int n, int error, place where = {}) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(
        {.what = kind::fail_nth, .which = which, .where = where, .skip = n - 1, .error = error});
  }

  // The next `times` calls of the kind are interrupted by a signal (EINTR).
  void interrupt(call which, int times = 1, place where = {}) {
    replace(
        {.what = kind::interrupt, .which = which, .where = where, .times = times, .error = EINTR});
  }

  // The next `times` calls of the kind move at most `bytes`. On a socket that epoll already
  // reports, the library takes a short transfer for "no more now" and waits for an event, which the
  // kernel, who knows better, does not send: there, only shorten what is tried again anyway.
  void shorten(call which, std::size_t bytes, int times = 1, place where = {}) {
    replace({.what = kind::shorten, .which = which, .where = where, .times = times, .size = bytes});
  }

  // Runs `action` once, right before the n-th call of the kind, which then goes on. What `action`
  // asks for concerns that very call already.
  void on(call which, std::function<void()> action, int n = 1, place where = {}) {
    const std::lock_guard lock(mutex_);
    before_.push_back(
        {which, where, n - 1, [action = std::move(action)](int, const result&) { action(); }});
  }

  // Runs `action` once, after the n-th call of the kind to end from now on and before the library
  // sees its answer; the answer may be an injected one.
  void after(call which, std::function<void(int fd, const result& answer)> action, int n = 1,
             place where = {}) {
    const std::lock_guard lock(mutex_);
    after_.push_back({which, where, n - 1, std::move(action)});
  }

  // Calls of the kind so far, failed ones included.
  int count(call which, place where = {}) {
    const std::lock_guard lock(mutex_);
    int sum = 0;
    for (const auto& [counted, calls] : counts_) {
      sum += counted.first == which && matches(where, counted.second) ? calls : 0;
    }
    return sum;
  }

 private:
  // In the order in which they are followed.
  enum class kind { fail_nth, interrupt, fail, shorten };

  struct fault {
    kind what = kind::fail;
    call which = call::read;
    place where = {};
    int skip = 0;  // calls to let pass first
    int times = 1;
    int error = 0;
    std::size_t size = 0;
  };

  struct action {
    call which;
    place where;
    int skip;
    std::function<void(int, const result&)> run;
  };

  static bool matches(const place& where, int fd) { return !where.is_limited || where.fd == fd; }

  void replace(const fault& by) {
    const std::lock_guard lock(mutex_);
    std::erase_if(faults_, [&](const fault& each) {
      return each.what == by.what && each.which == by.which && each.where == by.where;
    });
    faults_.push_back(by);
  }

  // Takes out of `actions` those whose call this is. The caller holds the mutex.
  static std::vector<action> take_due(std::vector<action>& actions, call which, int fd) {
    std::vector<action> due;
    std::erase_if(actions, [&](action& each) {
      if (each.which != which || !matches(each.where, fd) || each.skip-- > 0) {
        return false;
      }
      due.push_back(std::move(each));
      return true;
    });
    return due;
  }

  std::optional<result> before(call which, int fd, std::size_t& size) noexcept override {
    std::unique_lock lock(mutex_);
    ++counts_[{which, fd}];
    if (const std::vector<action> due = take_due(before_, which, fd); !due.empty()) {
      lock.unlock();
      for (const action& each : due) {
        each.run(fd, {});
      }
      lock.lock();
    }
    fault* chosen = nullptr;
    for (fault& each : faults_) {
      if (each.which != which || !matches(each.where, fd) || each.times == 0 || each.skip-- > 0) {
        continue;
      }
      each.skip = 0;
      if (chosen == nullptr || each.what < chosen->what) {
        chosen = &each;
      }
    }
    if (chosen == nullptr) {
      return std::nullopt;
    }
    const fault followed = *chosen;
    if (--chosen->times == 0) {
      faults_.erase(faults_.begin() + (chosen - faults_.data()));
    }
    if (followed.what == kind::shorten) {
      size = std::min(size, followed.size);
      return std::nullopt;
    }
    return result{-1, followed.error};
  }

  void after(call which, int fd, const result& answer) noexcept override {
    std::unique_lock lock(mutex_);
    const std::vector<action> due = take_due(after_, which, fd);
    lock.unlock();
    for (const action& each : due) {
      each.run(fd, answer);
    }
  }

  std::mutex mutex_;
  std::map<std::pair<call, int>, int> counts_;
  std::vector<fault> faults_;
  std::vector<action> before_;
  std::vector<action> after_;
};

}  // namespace nettest
