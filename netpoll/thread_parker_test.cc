// SPDX-License-Identifier: BSL-1.0
//
// Threads that wait on descriptors of a reactor that nobody runs.
#include "netpoll/thread_parker.h"

#include <sys/poll.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/support/fake_clock.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using namespace std::chrono_literals;

class ThreadParker : public ::testing::Test {
 protected:
  ThreadParker() {
    EXPECT_EQ(reactor_.open(), 0);
    int ends[2];
    EXPECT_TRUE(sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok());
    EXPECT_EQ(fd_.open(reactor_, unique_fd(ends[0])), 0);
    peer_.reset(ends[1]);
  }

  std::error_code read() {
    ::iovec view{data_, sizeof(data_)};
    read_request request(transport::stream_socket, &view, 1);
    drive(request);
    return request.error();
  }

  // Runs the request to its end.
  void drive(io_request& request) {
    request.keep_time_yourself();
    request.start(fd_);
    while (request.advance() == io_request::step::wait) {
      thread_parker::current().park(request);
    }
  }

  // Until somebody is parked in the read direction.
  void wait_until_parked() {
    while (fd_.descriptor()->mutex().try_lock(direction::read) == fd_mutex::lock_result::acquired) {
      fd_.descriptor()->unlock(direction::read, true);
      std::this_thread::yield();
    }
  }

  reactor reactor_;
  fd fd_;
  unique_fd peer_;
  char data_[16] = {};
};

TEST_F(ThreadParker, ReadsWhatComesLater) {
  std::thread writer([this] {
    wait_until_parked();
    sys::write(peer_.get(), "x", 1);
  });
  EXPECT_FALSE(read());
  EXPECT_EQ(data_[0], 'x');
  writer.join();
}

TEST_F(ThreadParker, CloseEndsABlockedRead) {
  std::thread closer([this] {
    wait_until_parked();
    fd_.close();
  });
  EXPECT_EQ(read(), errc::closed);
  closer.join();
}

TEST_F(ThreadParker, CancelEndsABlockedRead) {
  std::thread canceller([this] {
    wait_until_parked();
    fd_.cancel();
  });
  EXPECT_EQ(read(), std::errc::operation_canceled);
  canceller.join();
}

TEST_F(ThreadParker, KeepsTheTimeItself) {
  fd_.set_deadline(directions::read, clock::now() + 1'000'000);
  EXPECT_EQ(read(), errc::deadline_exceeded);
  EXPECT_EQ(read(), errc::deadline_exceeded) << "until it is moved";
}

TEST_F(ThreadParker, SeesADeadlineThatIsPulledEarlier) {
  nettest::fake_clock clock;
  fd_.set_deadline(directions::read, clock.after(1h));
  std::thread mover([&] {
    wait_until_parked();
    fd_.set_deadline(directions::read, clock.after(1min));
    clock.advance(1min);
  });
  EXPECT_EQ(read(), errc::deadline_exceeded);
  mover.join();
}

TEST_F(ThreadParker, StaysWhenTheDeadlineIsPushedLater) {
  nettest::fake_clock clock;
  fd_.set_deadline(directions::read, clock.after(1min));
  std::thread mover([&] {
    wait_until_parked();
    fd_.set_deadline(directions::read, clock.after(1h));
    clock.advance(2min);
    sys::write(peer_.get(), "y", 1);
  });
  EXPECT_FALSE(read());
  EXPECT_EQ(data_[0], 'y');
  mover.join();
}

TEST_F(ThreadParker, TwoThreadsTakeTurns) {
  std::error_code errors[2];
  std::thread first([&] { errors[0] = read(); });
  std::thread second([&] { errors[1] = read(); });
  wait_until_parked();
  fd_.close();
  first.join();
  second.join();
  EXPECT_EQ(errors[0], errc::closed);
  EXPECT_EQ(errors[1], errc::closed);
}

TEST_F(ThreadParker, WaitsForRoomAndForUrgentData) {
  const std::string chunk(1 << 16, 'x');
  while (sys::send(fd_.native_handle(), chunk.data(), chunk.size(), 0).ok()) {
  }
  ::iovec view{data_, 1};
  write_request writing(transport::stream_socket, &view, 1, write_request::amount::all);
  std::thread reader([this] {
    char data[1 << 16];
    while (fd_.descriptor()->mutex().try_lock(direction::write) ==
           fd_mutex::lock_result::acquired) {
      fd_.descriptor()->unlock(direction::write, true);
      std::this_thread::yield();
    }
    while (sys::recv(peer_.get(), data, sizeof(data), 0).ok()) {
    }
  });
  drive(writing);
  reader.join();
  EXPECT_FALSE(writing.error());
  EXPECT_EQ(writing.bytes(), 1U);

  fd_.set_deadline(directions::read, clock::now() + 1'000'000);
  readiness_request urgent(direction::urgent, POLLPRI);
  drive(urgent);
  EXPECT_EQ(urgent.error(), errc::deadline_exceeded);
}

TEST_F(ThreadParker, CancelledOrClosedBeforeItParksItDoesNotWait) {
  ::iovec view{data_, sizeof(data_)};
  read_request request(transport::stream_socket, &view, 1);
  request.keep_time_yourself();
  request.start(fd_);
  ASSERT_EQ(request.advance(), io_request::step::wait);
  fd_.cancel();
  thread_parker::current().park(request);
  EXPECT_EQ(request.advance(), io_request::step::done);
  EXPECT_EQ(request.error(), std::errc::operation_canceled);

  request.start(fd_);
  ASSERT_EQ(request.advance(), io_request::step::wait);
  std::thread closer([this] { fd_.close(); });  // returns when the request has let go of the number
  while (fd_.is_open()) {
    std::this_thread::yield();
  }
  thread_parker::current().park(request);
  closer.join();
  EXPECT_EQ(request.advance(), io_request::step::done);
  EXPECT_EQ(request.error(), errc::closed);
}

TEST_F(ThreadParker, InTheQueueItWaitsForItsTurnAlone) {
  ::iovec view{data_, sizeof(data_)};
  read_request owner(transport::stream_socket, &view, 1);
  owner.start(fd_);
  ASSERT_EQ(owner.advance(), io_request::step::wait);
  ASSERT_EQ(sys::send(peer_.get(), "x", 1, 0).value, 1);
  nettest::faults faults;
  std::error_code error;
  std::atomic<bool> is_over{false};
  std::thread queued([&] {
    error = read();
    is_over = true;
  });
  while (faults.count(sys::call::poll) == 0) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(is_over) << "data is there, and the direction somebody else's";
  owner.abandon();
  queued.join();
  EXPECT_FALSE(error);
  EXPECT_EQ(data_[0], 'x');
}

TEST_F(ThreadParker, NapsWithoutLookingAtTheDescriptor) {
  struct napper final : io_request {
    napper() : io_request(direction::read) {}
    outcome attempt(int) noexcept override {
      nap_ns_ = 1'000'000;
      return ++tries < 3 ? outcome::nap : outcome::done;
    }
    int tries = 0;
  } request;
  ASSERT_EQ(sys::send(peer_.get(), "x", 1, 0).value, 1);
  request.insist();
  nettest::faults faults;
  const nanotime before = clock::now();
  drive(request);
  EXPECT_GE(clock::now() - before, 2'000'000) << "slept, although there is something to read";
  EXPECT_EQ(request.tries, 3);
  EXPECT_FALSE(request.error());
}

TEST_F(ThreadParker, ASignalChangesNothing) {
  nettest::faults faults;
  faults.interrupt(sys::call::poll, 3);
  std::thread writer([&] {
    while (faults.count(sys::call::poll) < 3) {
      std::this_thread::yield();
    }
    sys::write(peer_.get(), "z", 1);
  });
  EXPECT_FALSE(read());
  EXPECT_EQ(data_[0], 'z');
  writer.join();
}

TEST_F(ThreadParker, OnceItComesTooLateToLeaveItWaitsToBeResumed) {
  // Somebody has just decided to resume it when its time is up, and takes his time.
  struct late final : waiter {
    bool commit() noexcept override { return true; }
    bool withdraw() noexcept override {
      ++withdrawals;
      return false;
    }
    self_service begin_self_service() noexcept override {
      return {.fd = number, .events = POLLIN, .until = 1, .keeps_time = true};
    }
    void end_self_service(bool) noexcept override { has_ended = true; }
    int number = -1;
    std::atomic<int> withdrawals{0};
    bool has_ended = false;
  } waiting;
  waiting.number = fd_.native_handle();
  nettest::faults faults;
  std::thread resuming([&] {
    while (faults.count(sys::call::poll) == 0) {
      std::this_thread::yield();
    }
    waiting.resume(wake_reason::ready);
  });
  thread_parker::current().park(waiting);
  resuming.join();
  EXPECT_GE(waiting.withdrawals, 1);
  EXPECT_TRUE(waiting.has_ended);
}

TEST_F(ThreadParker, AnEarlierWakeUpDoesNotCostAPlaceInTheQueue) {
  // Resumed before its thread gets to sleep, as happens when poll and a reactor find the same
  // event.
  struct instant final : waiter {
    bool commit() noexcept override {
      resume(wake_reason::ready);
      return true;
    }
    bool withdraw() noexcept override { return false; }
  };
  // A waiter that nobody resumes but the test, and that tells if the thread comes to take it back.
  struct patient final : waiter {
    bool commit() noexcept override {
      is_committed = true;
      return true;
    }
    bool withdraw() noexcept override {
      was_withdrawn = true;
      return true;
    }
    std::atomic<bool> is_committed{false};
    std::atomic<bool> was_withdrawn{false};
  } queued;
  std::thread waiting([&] {
    instant first;
    thread_parker::current().park(first);
    thread_parker::current().park(queued);
  });
  while (!queued.is_committed) {
    std::this_thread::yield();
  }
  queued.resume(wake_reason::ready);
  waiting.join();
  EXPECT_FALSE(queued.was_withdrawn);
}

TEST_F(ThreadParker, TwoThatKeepTheTimeLeaveEachOtherAlone) {
  nettest::fake_clock clock;
  const std::string much(1 << 16, 'x');
  while (sys::send(fd_.native_handle(), much.data(), much.size(), 0).ok()) {
  }
  fd_.set_deadline(directions::both, clock.after(1h));
  nettest::faults faults;
  std::thread reader([this] { EXPECT_EQ(read(), errc::closed); });
  std::thread writer([&] {
    std::string text = "y";
    ::iovec view{text.data(), text.size()};
    write_request request(transport::stream_socket, &view, 1, write_request::amount::all);
    request.keep_time_yourself();
    request.start(fd_);
    while (request.advance() == io_request::step::wait) {
      thread_parker::current().park(request);
    }
    EXPECT_EQ(request.error(), errc::closed);
  });
  while (faults.count(sys::call::poll) < 2) {
    std::this_thread::yield();
  }
  for (int i = 0; i < 5000; ++i) {
    std::this_thread::yield();  // time enough for those who would wake each other
  }
  EXPECT_LT(faults.count(sys::call::poll), 20);
  fd_.close();
  reader.join();
  writer.join();
}

}  // namespace
}  // namespace netpoll
