// SPDX-License-Identifier: BSL-1.0
//
// Threads that wait on descriptors of a reactor that nobody runs.
#include "netpoll/thread_parker.h"

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/support/fake_clock.h"

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
    request.keep_time_yourself();
    request.start(fd_);
    while (request.advance() == io_request::step::wait) {
      thread_parker::current().park(request);
    }
    return request.error();
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

TEST_F(ThreadParker, AnEarlierWakeUpDoesNotCostAPlaceInTheQueue) {
  // Resumed before its thread gets to sleep, as happens when poll and a reactor find the same event.
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

}  // namespace
}  // namespace netpoll
