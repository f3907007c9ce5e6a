// SPDX-License-Identifier: BSL-1.0
//
// A context that is used in both processes after a fork. The child says with its exit status whether
// it saw what it should; it leaves by _exit(), as it has a copy of the test.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <future>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/async/submit.h"
#include "net/buffer/buffer.h"
#include "net/error.h"
#include "net/execution/execution_context.h"
#include "net/execution/properties/context.h"
#include "net/execution/thread_pool.h"
#include "net/execution/work_guard.h"
#include "net/fiber/fiber.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/stack_settings.h"
#include "net/io_context.h"
#include "net/ip/basic_resolver.h"
#include "net/ip/tcp.h"
#include "net/local/connect_pair.h"
#include "net/local/stream_protocol.h"
#include "net/signal/signal_set.h"
#include "net/socket/basic_stream_socket.h"
#include "net/timer/basic_waitable_timer.h"
#include "net/timer/steady_timer.h"
#include "net/timer/wait_traits.h"

namespace net {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;
using local_socket = local::stream_protocol::socket;

constexpr auto prepare = execution_context::fork_prepare;
constexpr auto parent = execution_context::fork_parent;
constexpr auto child = execution_context::fork_child;

// Ends the child, which has not run for ever.
class in_child {
 public:
  in_child() { ::alarm(30); }
  // What failed is in the exit status: which one of them.
  void expect(bool that) {
    ++count_;
    if (!that) {
      ::_exit(count_);
    }
  }
  [[noreturn]] void end() { ::_exit(0); }

 private:
  int count_ = 0;
};

// 0, or which expectation the child found not met.
int status_of(::pid_t process) {
  int status = 0;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  return WEXITSTATUS(status);
}

// For threads that the parent has and that are not joined: ThreadSanitizer knows threads by their
// handles, which the child's have, too. A fiber is a thread to it, and the one that forks the only one
// that the child has: it forgets what the fiber that it goes back to knew.
#if defined(NETPOLL_TSAN)
#define SKIP_IF_THREADS_CANNOT_BE_TOLD_APART() GTEST_SKIP() << "ThreadSanitizer ends the child"
#else
#define SKIP_IF_THREADS_CANNOT_BE_TOLD_APART() static_cast<void>(0)
#endif

// Whether all threads but this one wait in the kernel.
bool other_threads_sleep() {
  const std::string self = std::to_string(::gettid());
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(each.path() / "stat");
    std::string text;
    std::getline(file, text);
    if (each.path().filename() != self && text.find(") S") == std::string::npos) {
      return false;
    }
  }
  return true;
}

// A stream that waits for a byte, and what it read.
struct reading {
  explicit reading(io_context& context) : ours(context), theirs(context) {
    local::connect_pair(ours, theirs);
    ours.async_read_some(buffer(bytes), [this](error_code failed, std::size_t n) {
      ec = failed;
      text.assign(bytes.data(), n);
      is_done = true;
    });
  }

  local_socket ours;
  local_socket theirs;
  std::array<char, 16> bytes{};
  error_code ec;
  std::string text;
  bool is_done = false;
};

TEST(Fork, APendingReadGoesOnInTheChild) {
  io_context context;
  reading pair(context);
  context.poll();  // it waits, registered
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    write(pair.theirs.native_handle(), "x", 1);
    context.restart();
    context.run();
    here.expect(pair.is_done);
    here.expect(!pair.ec && pair.text == "x");
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_EQ(status_of(process), 0);
  // The byte was the child's; the parent still waits, and for itself.
  context.restart();
  context.poll();
  EXPECT_FALSE(pair.is_done);
  EXPECT_EQ(write(pair.theirs.native_handle(), "yz", 2), 2);
  context.restart();
  context.run();
  EXPECT_EQ(pair.text, "yz");
}

TEST(Fork, WhatTheChildClosesStaysWithTheParent) {
  io_context context;
  reading pair(context);
  context.poll();
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    pair.ours.close();
    context.restart();
    context.run();
    here.expect(pair.is_done && pair.ec == error::operation_aborted);
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_EQ(status_of(process), 0);
  EXPECT_EQ(write(pair.theirs.native_handle(), "x", 1), 1);
  context.restart();
  context.run();
  EXPECT_EQ(pair.text, "x");
}

TEST(Fork, WhatTheParentClosesStaysWithTheChild) {
  io_context context;
  reading pair(context);
  context.poll();
  std::array<int, 2> closed{};
  ASSERT_EQ(::pipe(closed.data()), 0);
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    ::close(closed[1]);
    char byte = 0;
    here.expect(read(closed[0], &byte, 1) == 0);  // until the parent has closed
    write(pair.theirs.native_handle(), "x", 1);
    context.restart();
    context.run();
    here.expect(pair.text == "x");
    here.end();
  }
  context.notify_fork(parent);
  pair.ours.close();
  ::close(closed[1]);
  EXPECT_EQ(status_of(process), 0);
  ::close(closed[0]);
}

TEST(Fork, TimersGoOn) {
  io_context context;
  steady_timer timer(context, 1ms);
  steady_timer never(context, 1h);
  error_code seen = error::fault;
  timer.async_wait([&](error_code ec) { seen = ec; });
  never.async_wait([](error_code) {});
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    here.expect(context.run_one() == 1 && !seen);
    steady_timer other(context, 1ms);
    other.async_wait([&](error_code) { seen = error::eof; });
    here.expect(context.run_one() == 1 && seen == error::eof);
    here.expect(never.cancel() == 1);
    here.expect(context.run() == 1);
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_EQ(status_of(process), 0);
  EXPECT_EQ(context.run_one(), 1u);
  EXPECT_FALSE(seen);
}

TEST(Fork, EachProcessWakesItself) {
  io_context context;
  const auto guard = make_work_guard(context);
  const auto post_and_run = [&] {
    bool is_run = false;
    std::thread other([&] { post(context, [&] { is_run = true; }); });
    context.run_one();
    other.join();
    return is_run;
  };
  EXPECT_TRUE(post_and_run());
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    for (int i = 0; i != 20; ++i) {
      here.expect(post_and_run());
    }
    here.end();
  }
  context.notify_fork(parent);
  for (int i = 0; i != 20; ++i) {
    EXPECT_TRUE(post_and_run());
  }
  EXPECT_EQ(status_of(process), 0);
}

TEST(Fork, WhatIsQueuedRunsInBoth) {
  io_context context;
  int runs = 0;
  post(context, [&] { ++runs; });
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    here.expect(context.run() == 1 && runs == 1);
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_EQ(status_of(process), 0);
  EXPECT_EQ(context.run(), 1u);
}

TEST(Fork, AHandlerMayFork) {
  io_context context;
  reading pair(context);
  ::pid_t process = -1;
  post(context, [&] {
    context.notify_fork(prepare);
    process = ::fork();
    context.notify_fork(process == 0 ? child : parent);
    if (process == 0) {
      write(pair.theirs.native_handle(), "x", 1);
    }
  });
  context.run_one();
  if (process == 0) {
    in_child here;
    here.expect(context.run() == 1 && pair.text == "x");
    here.end();
  }
  EXPECT_EQ(status_of(process), 0);
  EXPECT_EQ(write(pair.theirs.native_handle(), "y", 1), 1);
  context.run();
  EXPECT_EQ(pair.text, "y");
}

TEST(Fork, AFiberMayFork) {
  SKIP_IF_THREADS_CANNOT_BE_TOLD_APART();
  io_context context;
  go(context, [&] {
    local_socket ours(context);
    local_socket theirs(context);
    local::connect_pair(ours, theirs);
    context.notify_fork(prepare);
    const ::pid_t process = ::fork();
    context.notify_fork(process == 0 ? child : parent);
    go(context, [&] { theirs.write_some(buffer("x", 1)); });
    std::array<char, 1> byte{};
    const bool is_right = ours.read_some(buffer(byte)) == 1 && byte[0] == 'x';
    if (process == 0) {
      in_child here;
      here.expect(is_right);
      here.end();
    }
    EXPECT_EQ(status_of(process), 0);
  });
  context.run();
}

TEST(Fork, AGrandchildIsAChild) {
  io_context context;
  reading pair(context);
  context.poll();
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    const ::pid_t grandchild = ::fork();
    if (grandchild == 0) {
      context.notify_fork(child);
      write(pair.theirs.native_handle(), "x", 1);
      context.restart();
      context.run();
      here.expect(pair.text == "x");
      here.end();
    }
    ::_exit(status_of(grandchild));
  }
  EXPECT_EQ(status_of(process), 0);
}

TEST(Fork, ThreadsThatRunTheContextStayWithTheParent) {
  io_context context;
  auto guard = make_work_guard(context);
  std::thread others[2];
  for (std::thread& each : others) {
    each = std::thread([&] { context.run(); });
  }
  while (context.loop().worker_count() != 2 || !other_threads_sleep()) {
    std::this_thread::yield();
  }
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    bool is_run = false;
    steady_timer timer(context, 1ms);
    timer.async_wait([&](error_code) { is_run = true; });
    here.expect(context.run_one() == 1 && is_run);
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_EQ(status_of(process), 0);
  guard.reset();
  for (std::thread& each : others) {
    each.join();
  }
}

TEST(Fork, SignalsReachTheProcessThatTheyAreFor) {
  io_context context;
  signal_set signals(context, SIGUSR1);
  int seen = 0;
  signals.async_wait([&](error_code, int number) { seen = number; });
  context.poll();
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    ::raise(SIGUSR1);  // kept until it is known that there is a child
    context.notify_fork(child);
    context.restart();
    here.expect(context.run() == 1 && seen == SIGUSR1);
    ::raise(SIGUSR1);
    here.expect(signals.wait() == SIGUSR1);
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_EQ(status_of(process), 0);
  context.restart();
  context.poll();
  EXPECT_EQ(seen, 0);
  ::raise(SIGUSR1);
  context.restart();
  context.run();
  EXPECT_EQ(seen, SIGUSR1);
}

TEST(Fork, ASignalOfAChildThatSaysNothingIsNotTheParents) {
  io_context context;
  signal_set signals(context, SIGUSR1);
  int seen = 0;
  signals.async_wait([&](error_code, int number) { seen = number; });
  const ::pid_t process = ::fork();
  if (process == 0) {
    ::raise(SIGUSR1);
    ::_exit(0);
  }
  EXPECT_EQ(status_of(process), 0);
  context.poll();
  EXPECT_EQ(seen, 0);
}

TEST(Fork, ResolversAskInBoth) {
  io_context context;
  ip::tcp::resolver resolver(context);
  const auto resolves = [&] {
    error_code seen = error::fault;
    resolver.async_resolve("127.0.0.1", "80", [&](error_code ec, const auto&) { seen = ec; });
    context.restart();
    context.run();
    return !seen;
  };
  EXPECT_TRUE(resolves());
  bool is_answered = false;
  resolver.async_resolve("127.0.0.1", "80", [&](error_code ec, const auto&) { is_answered = !ec; });
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    here.expect(resolves());
    here.expect(is_answered);
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_TRUE(resolves());
  EXPECT_TRUE(is_answered);
  EXPECT_EQ(status_of(process), 0);
}

TEST(Fork, APoolHasAsManyThreads) {
  SKIP_IF_THREADS_CANNOT_BE_TOLD_APART();
  thread_pool pool(2);
  const auto is_run = [&] {
    steady_timer timer(pool, 1ms);
    std::promise<error_code> seen;
    timer.async_wait([&](error_code ec) { seen.set_value(ec); });
    return !seen.get_future().get();
  };
  EXPECT_TRUE(is_run());
  pool.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    pool.notify_fork(child);
    here.expect(pool.thread_count() == 2);
    here.expect(is_run());
    pool.join();
    here.end();
  }
  pool.notify_fork(parent);
  EXPECT_EQ(status_of(process), 0);
  EXPECT_TRUE(is_run());
}

// A context with neither a loop nor threads, but for what its timers bring, and its executor.
class plain_context : public execution_context {};

struct plain_executor {
  void execute(auto&& function) const { std::forward<decltype(function)>(function)(); }
  execution_context& query(execution::context_t) const noexcept { return *where; }
  bool operator==(const plain_executor&) const noexcept = default;

  execution_context* where;
};

TEST(Fork, TheLoopOfAPlainContextGoesOn) {
  plain_context context;
  const plain_executor executor{&context};
  const auto fires = [&] {
    std::promise<error_code> seen;
    basic_waitable_timer<std::chrono::steady_clock, wait_traits<std::chrono::steady_clock>,
                         plain_executor>
        timer(executor, 1ms);
    timer.async_wait([&](error_code ec) { seen.set_value(ec); });
    return !seen.get_future().get();
  };
  EXPECT_TRUE(fires());
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    here.expect(fires());
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_TRUE(fires());
  EXPECT_EQ(status_of(process), 0);
}

TEST(Fork, AThreadThatWaitsForItselfWaitsInBoth) {
  io_context context;
  local_socket ours(context);
  local_socket theirs(context);
  local::connect_pair(ours, theirs);
  const auto reads = [&] {
    std::thread writer([&] { theirs.write_some(buffer("x", 1)); });
    std::array<char, 1> byte{};
    const bool is_right = ours.read_some(buffer(byte)) == 1;
    writer.join();
    return is_right;
  };
  // Woken by the reactor's timer, through what the thread has of its own.
  const auto times_out = [&] {
    error_code ec;
    std::array<char, 1> byte{};
    ours.set_read_deadline(std::chrono::steady_clock::now() + 1ms);
    ours.read_some(buffer(byte), ec);
    ours.set_read_deadline(std::chrono::steady_clock::time_point::max());
    return ec == error::deadline_exceeded;
  };
  EXPECT_TRUE(reads());
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    here.expect(times_out());
    here.expect(reads());
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_EQ(status_of(process), 0);
  EXPECT_TRUE(reads());
}

// Threads that are only in the parent leave nothing that those of the child would stumble over, whose
// stacks are where theirs were.
TEST(Fork, ThreadsOfTheChildTakeThePlaceOfTheParents) {
  SKIP_IF_THREADS_CANNOT_BE_TOLD_APART();
  const auto park_and_spawn = [](bool& is_done) {
    io_context context;
    local_socket ours(context);
    local_socket theirs(context);
    local::connect_pair(ours, theirs);
    ours.set_read_deadline(std::chrono::steady_clock::now() + 1ms);
    std::array<char, 1> byte{};
    error_code ec;
    ours.read_some(buffer(byte), ec);
    go(context, [] {});
    context.run();
    is_done = ec == error::deadline_exceeded;
  };
  const auto run_threads = [&](std::latch& done, std::latch& end) {
    std::vector<std::thread> threads;
    for (int i = 0; i != 3; ++i) {
      threads.emplace_back([&] {
        bool is_done = false;
        park_and_spawn(is_done);
        EXPECT_TRUE(is_done);
        done.count_down();
        end.wait();
      });
    }
    return threads;
  };
  std::latch done(3);
  std::latch end(1);
  std::vector<std::thread> threads = run_threads(done, end);
  done.wait();
  const ::pid_t process = ::fork();
  if (process == 0) {
    in_child here;
    const std::size_t lost = get_stack_statistics().in_use;  // what the parent's threads kept
    for (int i = 0; i != 3; ++i) {
      std::latch done_here(3);
      std::latch end_here(1);
      std::vector<std::thread> ours = run_threads(done_here, end_here);
      done_here.wait();
      here.expect(get_stack_statistics().in_use == lost);
      end_here.count_down();
      for (std::thread& each : ours) {
        each.join();
      }
    }
    here.end();
  }
  EXPECT_EQ(status_of(process), 0);
  end.count_down();
  for (std::thread& each : threads) {
    each.join();
  }
}

TEST(Fork, AnotherLoopPollsTheSameNumber) {
  io_context context;
  const int handle = context.native_handle();
  const auto guard = make_work_guard(context);
  steady_timer timer(context, 1ms);
  bool is_done = false;
  timer.async_wait([&](error_code) { is_done = true; });
  context.notify_fork(prepare);
  const ::pid_t process = ::fork();
  const auto polls = [&] {
    for (int i = 0; i != 100 && !is_done; ++i) {
      ::pollfd what{.fd = handle, .events = POLLIN, .revents = 0};
      ::poll(&what, 1, 10'000);
      context.poll();
    }
    return is_done;
  };
  if (process == 0) {
    in_child here;
    context.notify_fork(child);
    here.expect(context.native_handle() == handle);
    here.expect(polls());
    here.end();
  }
  context.notify_fork(parent);
  EXPECT_TRUE(polls());
  EXPECT_EQ(status_of(process), 0);
}

}  // namespace
}  // namespace net
