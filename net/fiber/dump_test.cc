// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/dump.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "net/execution/work_guard.h"
#include "net/fiber/fiber.h"
#include "net/fiber/fiber_walk.h"
#include "net/io_context.h"
#include "net/ip/tcp.h"
#include "net/socket/basic_socket_acceptor.h"
#include "net/socket/basic_stream_socket.h"
#include "net/timer/sleep.h"
#include "net/timer/steady_timer.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "testing/support/fake_clock.h"

using namespace std::chrono_literals;

// These are looked for by their names: external, and not inlined. The last thing they do is not a
// call, so that their frames stay.
[[gnu::noinline]] void wait_in_the_users_function() {
  net::error_code ec;
  net::this_fiber::sleep_for(1h, ec);
  asm volatile("" ::: "memory");
}
[[gnu::noinline]] void dump_in_the_users_function(std::ostream& out) {
  net::dump_fibers(out);
  asm volatile("" ::: "memory");
}

namespace {

std::string dumped() {
  std::ostringstream out;
  net::dump_fibers(out);
  return out.str();
}

// What is said of the fiber of that name; nothing when it is not there.
std::string line_of(const std::string& dump, const std::string& name) {
  const std::size_t at = dump.find("\"" + name + "\"");
  if (at == std::string::npos) {
    return "";
  }
  return dump.substr(at, dump.find('\n', at) - at);
}

bool ends_with_line(const std::string& dump, const std::string& line) {
  return dump.ends_with("\n" + line + "\n") || dump == line + "\n";
}

TEST(DumpFibers, SaysThatThereAreNone) {
  EXPECT_EQ(dumped(), "0 fibers: 0 running, 0 ready, 0 parked\n");
}

TEST(DumpFibers, SaysWhatEachFiberDoes) {
  net::io_context context;
  net::go(context, {.name = "sleeper"}, [] {
    net::error_code ec;
    net::this_fiber::sleep_for(1h, ec);
  });
  net::go(context, {.name = "timed"}, [&] {
    net::error_code ec;
    net::steady_timer timer(context, 2h);
    timer.wait(ec);
  });
  net::go(context, {.name = "parent"}, [] {
    net::fiber child({.name = "child"}, [] {
      net::error_code ec;
      net::this_fiber::sleep_for(2h, ec);
    });
    (void)child.try_join_for(1h);
  });
  net::go(context, {.name = "acceptor"}, [&] {
    net::ip::tcp::acceptor acceptor(context, {net::ip::address_v4::loopback(), 0});
    net::error_code ec;
    (void)acceptor.accept(ec);
  });
  std::string seen;
  context.poll();
  net::go(context, {.name = "looker"}, [&] {
    net::go({.name = "new"}, [] {});
    seen = dumped();
  });
  context.poll_one();

  EXPECT_TRUE(line_of(seen, "sleeper").starts_with("\"sleeper\" [parked]: sleep, ends in 59 min"))
      << seen;
  EXPECT_TRUE(line_of(seen, "timed").starts_with("\"timed\" [parked]: timer, ends in 1.9 h"))
      << seen;
  EXPECT_TRUE(line_of(seen, "parent").starts_with("\"parent\" [parked]: join fiber ")) << seen;
  EXPECT_NE(line_of(seen, "parent").find(" \"child\", ends in 59 min"), std::string::npos) << seen;
  EXPECT_TRUE(line_of(seen, "acceptor").starts_with("\"acceptor\" [parked]: accept tcp 127.0.0.1:"))
      << seen;
  EXPECT_EQ(line_of(seen, "looker"), "\"looker\" [running]");
  EXPECT_EQ(line_of(seen, "new"), "\"new\" [created]");
  EXPECT_TRUE(ends_with_line(seen, "7 fibers: 1 running, 1 ready, 5 parked")) << seen;
}

// The lines that belong to the fiber of that name, and begin with spaces.
std::string stack_of(const std::string& dump, const std::string& name) {
  const std::size_t begin = dump.find('\n', dump.find("\"" + name + "\"")) + 1;
  std::size_t end = begin;
  while (dump.compare(end, 4, "    ") == 0) {
    end = dump.find('\n', end) + 1;
  }
  return dump.substr(begin, end - begin);
}

TEST(DumpFibers, ShowsTheStackOfWhatIsParkedAndOfTheCaller) {
  net::io_context context;
  net::go(context, {.name = "parked"}, [] { wait_in_the_users_function(); });
  context.poll();
  std::ostringstream out;
  net::go(context, {.name = "caller"}, [&] { dump_in_the_users_function(out); });
  context.poll();
  const std::string seen = out.str();
  for (const std::string& dump : {seen, dumped()}) {
    const std::string parked = stack_of(dump, "parked");
    EXPECT_NE(parked.find("    wait_in_the_users_function()+0x"), std::string::npos) << dump;
    EXPECT_NE(parked.find("    netpoll_enter_context+0x"), std::string::npos) << dump;
  }
  EXPECT_NE(stack_of(seen, "caller").find("    dump_in_the_users_function"), std::string::npos)
      << seen;
}

// Without names: where in which file.
std::string dumped_to_descriptor() {
  int ends[2];
  EXPECT_TRUE(netpoll::sys::pipe(ends).ok());
  const netpoll::unique_fd reading(ends[0]);
  netpoll::unique_fd writing(ends[1]);
  net::dump_fibers(writing.get());
  writing.reset();
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t size =
             netpoll::sys::read(reading.get(), part.data(), part.size()).bytes()) {
    text.append(part.data(), size);
  }
  return text;
}

TEST(DumpFibers, GoesToAFileDescriptorToo) {
  net::io_context context;
  net::go(context, {.name = "one"}, [] { wait_in_the_users_function(); });
  context.poll();
  const std::string by_name = dumped();
  const std::string by_place = dumped_to_descriptor();
  EXPECT_EQ(line_of(by_place, "one"), line_of(by_name, "one"));
  EXPECT_TRUE(ends_with_line(by_place, "1 fiber: 0 running, 0 ready, 1 parked")) << by_place;
  // The same places in the same files, between parentheses.
  const auto places = [](const std::string& text) {
    std::string found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      found += line.starts_with("    ") ? line.substr(line.rfind('(')) + "\n" : "";
    }
    return found;
  };
  EXPECT_NE(places(by_name), "");
  EXPECT_EQ(places(by_place), places(by_name));
  // Nobody can read it: nothing happens.
  net::dump_fibers(-1);
}

TEST(DumpFibers, CoversAllContexts) {
  net::io_context first;
  net::io_context second;
  net::go(first, {.name = "a"}, [] {});
  net::go(second, {.name = "b"}, [] {});
  {
    net::io_context third;
    net::go(third, {.name = "c"}, [] {});
    EXPECT_NE(line_of(dumped(), "c"), "");
  }
  const std::string seen = dumped();
  EXPECT_NE(line_of(seen, "a"), "");
  EXPECT_NE(line_of(seen, "b"), "");
  EXPECT_EQ(line_of(seen, "c"), "");
  EXPECT_TRUE(ends_with_line(seen, "2 fibers: 0 running, 2 ready, 0 parked")) << seen;
}

// A name is cut, not trusted to be short.
TEST(DumpFibers, LongNamesAreCut) {
  net::io_context context;
  const std::string name(1000, 'n');
  net::go(context, {.name = name.c_str()}, [] {});
  const std::string seen = dumped();
  EXPECT_NE(seen.find("\"" + std::string(64, 'n') + "\" [created]\n"), std::string::npos) << seen;
}

TEST(FiberWalk, VisitsEveryFiberThatIsThereFromItsBeginningToItsEnd) {
  std::multiset<std::string> seen;
  const auto visit_one = [&](net::internal::fiber_walk& walk) {
    return walk.go_on([&](const net::internal::fiber_state& each) {
      seen.emplace(each.name());
      return false;
    });
  };
  auto first = std::make_unique<net::io_context>();
  net::io_context second;
  net::go(*first, {.name = "ends"}, [] {});
  net::go(*first, {.name = "ends"}, [] {});
  net::go(second, {.name = "stays"}, [] {});
  net::go(*first, {.name = "is destroyed"}, [] {});
  net::go(second, {.name = "stays"}, [] {});
  net::internal::fiber_walk walk;
  net::internal::fiber_walk other;
  EXPECT_TRUE(visit_one(walk));
  EXPECT_TRUE(visit_one(other));
  first->poll_one();
  first->poll_one();
  first.reset();
  const std::size_t seen_of_first = seen.size() - seen.count("stays");
  while (visit_one(walk)) {
  }
  EXPECT_EQ(seen.size() - seen.count("stays"), seen_of_first) << "they have ended";
  seen.clear();
  EXPECT_FALSE(visit_one(walk)) << "it is over";
  while (visit_one(other)) {
  }
  seen.clear();
  net::internal::fiber_walk third;
  while (visit_one(third)) {
  }
  EXPECT_EQ(seen, (std::multiset<std::string>{"stays", "stays"}));
}

// ---- Holding a parked fiber --------------------------------------------------------------------

net::internal::fiber_state* find(const std::string& name) {
  net::internal::fiber_state* found = nullptr;
  net::internal::fiber_walk walk;
  walk.go_on([&](net::internal::fiber_state& each) {
    found = each.name() == name ? &each : found;
    return true;
  });
  return found;
}

TEST(FiberHold, AResumeWhileHeldCountsWhenItIsLetGo) {
  nettest::fake_clock clock;
  net::io_context context;
  bool is_over = false;
  net::go(context, {.name = "held"}, [&] {
    net::this_fiber::sleep_for(1s);
    is_over = true;
  });
  EXPECT_FALSE(find("held")->hold()) << "not parked";
  context.poll();
  net::internal::fiber_state& fiber = *find("held");
  ASSERT_TRUE(fiber.hold());
  EXPECT_FALSE(fiber.hold()) << "held already";
  clock.advance(2s);
  context.poll();
  EXPECT_FALSE(is_over) << "its time has come, but it is held";
  fiber.let_go();
  context.poll();
  EXPECT_TRUE(is_over);
}

TEST(FiberHold, WithoutAResumeItGoesOnWaiting) {
  nettest::fake_clock clock;
  net::io_context context;
  bool is_over = false;
  net::go(context, {.name = "held"}, [&] {
    net::steady_timer timer(context, 1s);
    timer.wait();
    is_over = true;
  });
  context.poll();
  net::internal::fiber_state& fiber = *find("held");
  ASSERT_TRUE(fiber.hold());
  fiber.let_go();
  context.poll();
  EXPECT_FALSE(is_over);
  ASSERT_TRUE(fiber.hold());
  clock.advance(1s);
  context.poll();
  EXPECT_FALSE(is_over) << "resumed, but held";
  fiber.let_go();
  context.poll();
  EXPECT_TRUE(is_over);
}

TEST(FiberHold, ACancellationWhileHeldCountsWhenItIsLetGo) {
  net::io_context context;
  net::error_code ec;
  net::fiber fiber(context, {.name = "held"}, [&] { net::this_fiber::sleep_for(1h, ec); });
  context.poll();
  ASSERT_TRUE(find("held")->hold());
  net::internal::fiber_state& state = *find("held");
  fiber.cancel();
  context.poll();
  EXPECT_FALSE(ec);
  state.let_go();
  context.poll();
  EXPECT_EQ(ec, net::error::operation_aborted);
  fiber.detach();
}

// ---- Under load --------------------------------------------------------------------------------

// Fibers that wait for each other, for time and for sockets, and end, on four threads, while others
// look at them.
TEST(DumpFibers, WhileTheFibersRunAtFullSpeed) {
  constexpr int fiber_count = 1000;
  constexpr int thread_count = 4;
  constexpr int dump_count = 30;
  net::io_context context;
  std::atomic<bool> is_over{false};
  auto guard = net::make_work_guard(context);
  for (int i = 0; i < fiber_count; ++i) {
    net::go(context, {.name = "worker"}, [&] {
      while (!is_over.load(std::memory_order_relaxed)) {
        net::fiber child({.name = "child"}, [] { net::this_fiber::yield(); });
        child.join();
        net::this_fiber::sleep_for(1us);
        net::steady_timer timer(context, 10us);
        timer.wait();
      }
    });
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] { context.run(); });
  }
  std::thread second_looker([&] {
    const netpoll::unique_fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    while (!is_over.load(std::memory_order_relaxed)) {
      net::dump_fibers(nowhere.get());
    }
  });
  for (int i = 0; i < dump_count; ++i) {
    const std::string seen = dumped();
    std::size_t workers = 0;
    for (std::size_t at = 0; (at = seen.find("\"worker\"", at)) != std::string::npos; ++at) {
      ++workers;
    }
    EXPECT_EQ(workers, std::size_t{fiber_count}) << "each of them, once";
  }
  is_over = true;
  second_looker.join();
  guard.reset();
  for (std::thread& each : threads) {
    each.join();
  }
}

}  // namespace
