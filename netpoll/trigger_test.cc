// SPDX-License-Identifier: BSL-1.0
//
// The ways in which epoll can be asked to report a descriptor. Whatever the way, operations behave
// alike; how many calls it takes, and who else is woken, differs.
#include <sys/epoll.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/support/driven.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using nettest::driven;
using nettest::read_buffer;
using sys::call;

class Trigger : public nettest::reactor_and_pair, public ::testing::WithParamInterface<trigger> {
 protected:
  Trigger() { EXPECT_FALSE(ours_.set_trigger(GetParam())); }

  void fill_up() {
    const std::string chunk(1 << 16, 'x');
    while (sys::send(ours_.native_handle(), chunk.data(), chunk.size(), 0).ok()) {
    }
  }
  void drain_peer() {
    char chunk[1 << 16];
    while (sys::recv(peer_.get(), chunk, sizeof(chunk), 0).ok()) {
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, Trigger,
                         ::testing::Values(trigger::edge, trigger::level, trigger::one_shot),
                         [](const auto& info) {
                           return info.param == trigger::edge    ? "Edge"
                                  : info.param == trigger::level ? "Level"
                                                                 : "OneShot";
                         });

TEST_P(Trigger, EveryReadIsServed) {
  read_buffer buffer(100);
  for (int i = 0; i < 10; ++i) {
    auto reading = read(buffer);
    ASSERT_FALSE(reading.is_done());
    send("ping");
    reactor_.wait(0);
    ASSERT_TRUE(reading.is_done());
    EXPECT_EQ(reading->bytes(), 4U);
  }
}

TEST_P(Trigger, WhatIsLeftOverIsReadWithoutANewEvent) {
  read_buffer buffer(3);
  auto first = read(buffer);
  send("abcdef");
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done());
  reactor_.wait(0);
  auto second = read(buffer);
  reactor_.wait(0);
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(buffer.text(second->bytes()), "def");
}

TEST_P(Trigger, DirectionsAreReportedIndependently) {
  fill_up();
  read_buffer buffer(10);
  auto reading = read(buffer);
  std::string text(1 << 16, 'y');
  ::iovec view{text.data(), text.size()};
  driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                write_request::amount::some);
  ASSERT_FALSE(reading.is_done());
  ASSERT_FALSE(writing.is_done());
  send("x");
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
  EXPECT_FALSE(writing.is_done());
  drain_peer();
  reactor_.wait(0);
  EXPECT_TRUE(writing.is_done()) << "what was reported for reading did not disarm writing";
}

TEST_P(Trigger, AHangUpThatNobodyWaitsForIsNotReportedForEver) {
  {
    read_buffer buffer(10);
    [[maybe_unused]] auto reading = read(buffer);  // epoll knows the descriptor from here
  }
  peer_.reset();
  int reports = 0;
  class counter final : public sys::fault_injector {
   public:
    explicit counter(int& reports) : reports_(reports) { sys::set_fault_injector(this); }
    ~counter() { sys::set_fault_injector(nullptr); }

   private:
    std::optional<sys::result> before(call, int, std::size_t&) noexcept override {
      return std::nullopt;
    }
    void after(call which, int, const sys::result& answer) noexcept override {
      reports_ += which == call::epoll_wait && answer.value > 0 ? 1 : 0;
    }
    int& reports_;
  } counting(reports);
  for (int i = 0; i < 100; ++i) {
    reactor_.wait(0);
  }
  EXPECT_LE(reports, 2);
}

TEST_P(Trigger, DataThatNobodyWaitsForIsNotReportedForEver) {
  {
    read_buffer buffer(10);
    [[maybe_unused]] auto reading = read(buffer);
  }
  send("unread");
  nettest::faults faults;
  for (int i = 0; i < 100; ++i) {
    reactor_.wait(0);
  }
  EXPECT_LE(faults.count(call::epoll_control), 2);
  read_buffer buffer(10);
  auto reading = read(buffer);
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done()) << "and yet it is there for who comes later";
}

TEST_P(Trigger, IsSetBeforeTheFirstWaitOnly) {
  read_buffer buffer(10);
  EXPECT_FALSE(ours_.set_trigger(GetParam()));
  [[maybe_unused]] auto reading = read(buffer);
  EXPECT_EQ(ours_.set_trigger(trigger::edge), std::errc::device_or_resource_busy);
  ours_.close();
  EXPECT_EQ(ours_.set_trigger(trigger::edge), errc::closed);
}

TEST_P(Trigger, ARearmingThatFailsEndsTheOperationOnly) {
  read_buffer buffer(10);
  {
    auto reading = read(buffer);
    send("x");
    reactor_.wait(0);
    ASSERT_TRUE(reading.is_done());
  }
  reactor_.wait(0);  // level: nobody waits, so it is disarmed
  nettest::faults faults;
  faults.fail(call::epoll_control, ENOMEM);
  auto failing = read(buffer);
  if (GetParam() == trigger::edge) {
    EXPECT_FALSE(failing.is_done()) << "nothing is asked of epoll after the registration";
    return;
  }
  for (int i = 0; i < 3 && !failing.is_done(); ++i) {
    send("y");
    reactor_.wait(0);
  }
  ASSERT_TRUE(failing.is_done());
  if (failing->error()) {
    EXPECT_EQ(failing->error(), std::errc::not_enough_memory);
  }
}

TEST_P(Trigger, WhatIsReportedAlreadyIsNotAskedForAgain) {
  nettest::faults faults;
  read_buffer buffer(10);
  for (int i = 0; i < 3; ++i) {
    [[maybe_unused]] auto reading = read(buffer);  // and taken back
    EXPECT_FALSE(reading.is_done());
  }
  EXPECT_EQ(faults.count(call::epoll_control), 1);
  auto reading = read(buffer);
  send("x");
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
}

TEST_P(Trigger, WhoCannotBeReportedAfterTheEventOfAnotherTriesAgain) {
  fill_up();
  read_buffer buffer(10);
  auto reading = read(buffer);
  std::string text = "y";
  ::iovec view{text.data(), text.size()};
  driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_FALSE(writing.is_done());
  nettest::faults faults;
  faults.fail(call::epoll_control, ENOMEM);
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
  EXPECT_FALSE(writing.is_done()) << "it was woken at most to see that there is no room";
  drain_peer();
  reactor_.wait(0);
  ASSERT_TRUE(writing.is_done());
  EXPECT_FALSE(writing->error());
}

// One listening socket on several reactors, each with a number of its own for it.
class SharedListener : public nettest::reactor_and_listener {
 protected:
  static constexpr int reactors = 4;

  // How many of the reactors that sleep one connection wakes.
  int woken_by_one_connection(trigger how) {
    reactor sleeping[reactors];
    fd listeners[reactors];
    std::vector<std::unique_ptr<driven<readiness_request>>> waiting;
    std::vector<std::thread> threads;
    std::atomic<int> ids[reactors]{};
    std::atomic<int> woken{0};
    for (int i = 0; i < reactors; ++i) {
      EXPECT_EQ(sleeping[i].open(), 0);
      unique_fd copy;
      EXPECT_FALSE(listener_.duplicate(copy));
      EXPECT_EQ(listeners[i].open(sleeping[i], std::move(copy)), 0);
      EXPECT_FALSE(listeners[i].set_trigger(how));
      waiting.push_back(std::make_unique<driven<readiness_request>>(listeners[i], direction::read,
                                                                    short{POLLIN}));
    }
    for (int i = 0; i < reactors; ++i) {
      threads.emplace_back([&, i] {
        ids[i] = ::gettid();
        sleeping[i].wait(never);  // returns when it was told something
        ++woken;
      });
    }
    for (const std::atomic<int>& each : ids) {
      wait_until_asleep(each);
    }
    auto connecting = connect();
    run_until([&] { return connecting.is_done(); });
    while (woken == 0) {
      std::this_thread::yield();
    }
    for (reactor& each : sleeping) {
      each.wake();
    }
    int told = 0;
    for (std::size_t i = 0; i < reactors; ++i) {
      threads[i].join();
      told += waiting[i]->is_done() ? 1 : 0;
    }
    return told;
  }

  // Until the kernel has put the thread, which does nothing else any more, to sleep in epoll_wait.
  static void wait_until_asleep(const std::atomic<int>& id) {
    while (id == 0) {
      std::this_thread::yield();
    }
    const std::string path = "/proc/self/task/" + std::to_string(id) + "/stat";
    for (std::string line;; std::this_thread::yield()) {
      std::ifstream status(path);
      std::getline(status, line);
      if (line.find(") S ") != std::string::npos) {
        return;
      }
    }
  }
};

TEST_F(SharedListener, ExclusiveWakesOneReactorOfMany) {
  EXPECT_EQ(woken_by_one_connection(trigger::exclusive), 1);
}

TEST_F(SharedListener, OtherwiseAConnectionWakesAll) {
  EXPECT_EQ(woken_by_one_connection(trigger::edge), reactors);
}

TEST_F(SharedListener, ExclusiveIsWhatTheKernelIsAskedFor) {
  struct watcher final : sys::fault_injector {
    watcher() { sys::set_fault_injector(this); }
    ~watcher() { sys::set_fault_injector(nullptr); }
    std::optional<sys::result> before(call, int, std::size_t&) noexcept override {
      return std::nullopt;
    }
    void epoll_control_asked(int, int operation, int,
                             const ::epoll_event& event) noexcept override {
      if (operation == EPOLL_CTL_ADD) {
        events = event.events;
      }
    }
    std::uint32_t events = 0;
  } watching;
  ASSERT_FALSE(listener_.set_trigger(trigger::exclusive));
  driven<accept_request> accepting(listener_);
  EXPECT_EQ(watching.events, EPOLLIN | EPOLLET | EPOLLEXCLUSIVE);
  auto connecting = connect();
  run_until([&] { return accepting.is_done(); });
  EXPECT_FALSE(accepting->error());
}

TEST_F(SharedListener, ExclusiveIsForReadingAlone) {
  ASSERT_FALSE(listener_.set_trigger(trigger::exclusive));
  driven<readiness_request> writable(listener_, direction::write, short{POLLOUT});
  ASSERT_TRUE(writable.is_done());
  EXPECT_EQ(writable->error(), std::errc::invalid_argument);
}

}  // namespace
}  // namespace netpoll
