// SPDX-License-Identifier: BSL-1.0
//
// A world for scenarios on netpoll's own code: a kernel of a few descriptors, operations that park,
// and what the reactor would do with an event. No system call is made.
//
// A fake descriptor holds items. An item that arrives makes an edge; whether epoll reports it
// depends on how the descriptor is registered, as with the real one.
#pragma once

#include <cerrno>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"
#include "netpoll/fd.h"
#include "netpoll/io_request.h"
#include "netpoll/poll_descriptor_pool.h"
#include "netpoll/reactor.h"
#include "testing/interleave/explored_atomic.h"
#include "testing/interleave/scheduler.h"

namespace netpoll::interleave {

// Answers all system calls while it lives.
class fake_kernel final : public sys::fault_injector {
 public:
  struct descriptor {
    bool is_open = true;
    int items = 0;
    // What epoll knows.
    bool is_registered = false;
    std::uint32_t wanted = 0;
    std::uint64_t tag = 0;
    bool is_reported = false;  // an event waits in epoll
  };

  fake_kernel() { sys::set_fault_injector(this); }
  ~fake_kernel() { sys::set_fault_injector(nullptr); }

  int open_descriptor() {
    all_[next_number_] = {};
    return next_number_++;
  }
  descriptor& at(int number) { return all_.at(number); }
  int times_closed(int number) const {
    const auto found = closed_.find(number);
    return found == closed_.end() ? 0 : found->second;
  }
  int eventfd_writes() const { return eventfd_writes_; }
  bool is_eventfd_readable() const { return eventfd_count_ != 0; }

  void arrive(int number) {
    step("item arrives", &all_);
    descriptor& mine = at(number);
    ++mine.items;
    look(mine, true);
  }
  // Takes an item; false if there is none.
  bool take(int number) {
    step("try", &all_);
    descriptor& mine = at(number);
    if (mine.items == 0) {
      return false;
    }
    --mine.items;
    return true;
  }

  struct event {
    std::uint64_t tag = 0;
    std::uint32_t events = 0;
  };
  // As epoll_wait for one event; nothing when none is there.
  std::optional<event> fetch() {
    step("epoll_wait", &all_);
    for (auto& [number, mine] : all_) {
      if (!mine.is_registered || !mine.is_reported) {
        continue;
      }
      mine.is_reported = false;
      const std::uint32_t found = (mine.items != 0 ? EPOLLIN : 0U) & mine.wanted;
      if (found == 0) {
        continue;  // gone meanwhile
      }
      if ((mine.wanted & EPOLLONESHOT) != 0) {
        mine.wanted = EPOLLONESHOT;
      } else if ((mine.wanted & EPOLLET) == 0) {
        mine.is_reported = true;  // level: until it is not so any more
      }
      return event{mine.tag, found};
    }
    return std::nullopt;
  }
  bool has_event() const {
    for (const auto& [number, mine] : all_) {
      if (mine.is_registered && mine.is_reported && mine.items != 0 &&
          (mine.wanted & EPOLLIN) != 0) {
        return true;
      }
    }
    return false;
  }

 private:
  void look(descriptor& mine, bool is_edge) {
    if (mine.is_registered && (mine.wanted & EPOLLIN) != 0 && mine.items != 0 &&
        (is_edge || (mine.wanted & EPOLLET) == 0)) {
      mine.is_reported = true;
    }
  }

  std::optional<sys::result> before(sys::call which, int number, std::size_t&) noexcept override {
    switch (which) {
      case sys::call::close:
        step("close", &all_);
        if (const auto found = all_.find(number); found != all_.end()) {
          ++closed_[number];
          found->second.is_open = false;
          found->second.is_registered = false;
        }
        return sys::result{};
      case sys::call::epoll_create: return sys::result{1000, 0};
      case sys::call::event_fd: return sys::result{1001, 0};
      case sys::call::write:
        step("write eventfd", &eventfd_count_);
        ++eventfd_count_;
        ++eventfd_writes_;
        return sys::result{8, 0};
      case sys::call::read:
        step("read eventfd", &eventfd_count_);
        eventfd_count_ = 0;
        return sys::result{8, 0};
      case sys::call::map_memory:
      case sys::call::advise_memory:
      case sys::call::advise_memory_ranges:
      case sys::call::protect_memory: return std::nullopt;  // the actors' stacks are real
      default: return sys::result{};
    }
  }

  void epoll_control_asked(int, int operation, int number,
                           const ::epoll_event& event) noexcept override {
    step("epoll_ctl", &all_);
    const auto found = all_.find(number);
    if (found == all_.end()) {
      return;  // the reactor's own
    }
    descriptor& mine = found->second;
    mine.is_registered = operation != EPOLL_CTL_DEL;
    mine.wanted = event.events;
    mine.tag = event.data.u64;
    look(mine, true);  // adding or changing reports what is there
  }

 private:
  std::map<int, descriptor> all_;
  std::map<int, int> closed_;
  int next_number_ = 10;
  int eventfd_count_ = 0;
  int eventfd_writes_ = 0;
};

// One read operation: takes an item. Drives itself as a fiber would, parking its actor.
class operation final : private resumer {
 public:
  explicit operation(fake_kernel& kernel, direction which = direction::read)
      : request_(kernel, which) {
    request_.set_resumer(*this);
  }

  void start(const fd& target) { request_.start(target); }

  // To its end.
  void finish() {
    while (request_.advance() == io_request::step::wait) {
      if (request_.commit()) {
        block_until("parked", this, [this] { return resumes_ > taken_; });
        ++taken_;
      }
    }
    is_done_ = true;
  }
  void run(const fd& target) {
    start(target);
    finish();
  }

  bool is_done() const { return is_done_; }
  const std::error_code& error() const { return request_.error(); }
  // The number whose item it took, or -1.
  int taken_from() const { return request_.taken_from_; }
  int attempts() const { return request_.attempts_; }
  // What went wrong on the way.
  std::string verify() const {
    if (request_.touched_closed_) {
      return "a system call on a closed number";
    }
    if (resumes_ != taken_) {
      return "resumed more than once, or when it was not parked";
    }
    return is_done_ ? "" : "did not end";
  }

 private:
  class take_request final : public io_request {
   public:
    take_request(fake_kernel& kernel, direction which) : io_request(which), kernel_(kernel) {}

    int taken_from_ = -1;
    int attempts_ = 0;
    bool touched_closed_ = false;

   private:
    outcome attempt(int number) noexcept override {
      ++attempts_;
      touched_closed_ |= number < 0 || !kernel_.at(number).is_open;
      if (touched_closed_ || !kernel_.take(number)) {
        return outcome::blocked;
      }
      touched_closed_ |= !kernel_.at(number).is_open;
      taken_from_ = number;
      return outcome::done;
    }

    fake_kernel& kernel_;
  };

  void resume(waiter&) noexcept override { ++resumes_; }

  take_request request_;
  int resumes_ = 0;
  int taken_ = 0;
  bool is_done_ = false;
};

// What every scenario on descriptors has: a kernel, a clock, a reactor and one open descriptor.
class descriptor_scenario : public scenario, private clock::source {
 public:
  descriptor_scenario() {
    clock::set_source(this);
    check(reactor_.open() == 0, "a fake reactor opens");
    number_ = kernel_.open_descriptor();
    check(fd_.open(reactor_, unique_fd(number_)) == 0, "a fake descriptor opens");
  }
  ~descriptor_scenario() override {
    fd_ = fd();
    clock::set_source(nullptr);
  }

 protected:
  nanotime now() noexcept override { return now_; }

  // The reactor's part, one event at a time, until `count` have been dispatched: fetched from
  // epoll, and perhaps much later handed to the descriptor.
  void dispatch_events(int count) {
    while (count-- > 0) {
      block_until("epoll_wait", this, [this] { return kernel_.has_event() || is_over_; });
      dispatch(kernel_.fetch());
    }
  }
  void dispatch(const std::optional<fake_kernel::event>& fetched) {
    if (!fetched) {
      return;
    }
    step("dispatch", this);
    poll_descriptor& which =
        poll_descriptor_pool::at(static_cast<std::uint32_t>(fetched->tag >> 32));
    if (!which.is_current(static_cast<std::uint32_t>(fetched->tag))) {
      return;
    }
    waiter_queue ready;
    if (which.is_rearmed()) {
      which.notify_and_rearm(fetched->events, ready);
    } else {
      which.notify(fetched->events, ready);
    }
    resume_all(ready, wake_reason::ready);
  }
  // The handle goes, and the descriptor gets another use; returns its number.
  int use_anew() {
    fd_ = fd();
    const int number = kernel_.open_descriptor();
    check(fd_.open(reactor_, unique_fd(number)) == 0, "a fake descriptor opens again");
    return number;
  }

  // The reactor until the scenario says that it is over.
  void run_reactor() {
    while (!is_over_) {
      dispatch_events(1);
    }
  }

  static std::string first_of(std::initializer_list<std::string> failures) {
    for (const std::string& each : failures) {
      if (!each.empty()) {
        return each;
      }
    }
    return {};
  }

  nanotime now_ = 1'000'000;
  bool is_over_ = false;
  fake_kernel kernel_;
  reactor reactor_;
  fd fd_;
  int number_ = -1;
};

}  // namespace netpoll::interleave
