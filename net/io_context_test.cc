// SPDX-License-Identifier: BSL-1.0
#include "net/io_context.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/async/bind_executor.h"
#include "net/async/submit.h"
#include "net/execution/work_guard.h"
#include "net/fiber/fiber.h"
#include "net/timer/sleep.h"
#include "net/timer/steady_timer.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/syscall.h"
#include "testing/support/fake_clock.h"
#include "testing/support/faults.h"

namespace {

using namespace std::chrono_literals;

// Counts the objects of it that were destroyed, moved-from ones not counted.
class destruction_counter {
 public:
  explicit destruction_counter(int& count) : count_(&count) {}
  destruction_counter(destruction_counter&& other) noexcept
      : count_(std::exchange(other.count_, nullptr)) {}
  ~destruction_counter() {
    if (count_ != nullptr) {
      ++*count_;
    }
  }

 private:
  int* count_;
};

struct memory_counts {
  int allocations = 0;
  int live = 0;
};

template <typename T>
struct counting_allocator {
  using value_type = T;
  explicit counting_allocator(memory_counts& where) : counts(&where) {}
  template <typename U>
  counting_allocator(const counting_allocator<U>& other) : counts(other.counts) {}
  T* allocate(std::size_t n) {
    ++counts->allocations;
    ++counts->live;
    return static_cast<T*>(::operator new(n * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t) {
    --counts->live;
    ::operator delete(memory);
  }
  friend bool operator==(const counting_allocator& left, const counting_allocator& right) {
    return left.counts == right.counts;
  }
  memory_counts* counts;
};

// A handler with an allocator of its own, that notes how much of it was in use when it was called.
struct allocating_handler {
  using allocator_type = counting_allocator<char>;
  allocator_type get_allocator() const { return allocator_type(*counts); }
  void operator()(std::error_code = {}) const { *live_at_call = counts->live; }
  memory_counts* counts;
  int* live_at_call;
};

TEST(IoContext, RunReturnsHowManyHandlersItRan) {
  net::io_context context;
  int calls = 0;
  for (int i = 0; i != 3; ++i) {
    net::post(context, [&] { ++calls; });
  }
  EXPECT_EQ(context.run(), 3u);
  EXPECT_EQ(calls, 3);
}

TEST(IoContext, RunCountsHandlersPostedMeanwhile) {
  net::io_context context(1);
  int calls = 0;
  net::post(context, [&] {
    ++calls;
    net::post(context, [&] { ++calls; });
  });
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(calls, 2);
}

TEST(IoContext, RunCountsAFiberOnce) {
  net::io_context context;
  int steps = 0;
  net::go(context, [&] {
    ++steps;
    net::this_fiber::yield();
    ++steps;
  });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(steps, 2);
}

TEST(IoContext, RunOneRunsOneAtATime) {
  net::io_context context;
  int calls = 0;
  net::post(context, [&] { ++calls; });
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.run_one(), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(context.run_one(), 1u);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(context.run_one(), 0u);
}

TEST(IoContext, PollRunsWhatIsReady) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  int calls = 0;
  net::post(context, [&] { ++calls; });
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.poll(), 2u);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped());
}

TEST(IoContext, PollOneRunsOneAtATime) {
  net::io_context context;
  int calls = 0;
  net::post(context, [&] { ++calls; });
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.poll_one(), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(context.poll_one(), 1u);
  EXPECT_EQ(context.poll_one(), 0u);
  EXPECT_EQ(calls, 2);
}

TEST(IoContext, PollOfAnIdleContextStopsIt) {
  net::io_context context;
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, RunsAgainOnlyAfterRestart) {
  net::io_context context;
  EXPECT_EQ(context.run(), 0u);
  EXPECT_TRUE(context.stopped());
  int calls = 0;
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.run(), 0u);
  EXPECT_EQ(calls, 0);
  context.restart();
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(calls, 1);
}

TEST(IoContext, StopKeepsQueuedHandlers) {
  net::io_context context;
  std::vector<int> order;
  net::post(context, [&] {
    order.push_back(1);
    context.stop();
  });
  net::post(context, [&] { order.push_back(2); });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(order, std::vector<int>{1});
  context.restart();
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(IoContext, StopFromAnotherThreadEndsAWait) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  std::thread stopper([&] { context.stop(); });
  EXPECT_EQ(context.run(), 0u);
  EXPECT_TRUE(context.stopped());
  stopper.join();
}

TEST(IoContext, HandlersRunInTheOrderPosted) {
  net::io_context context;
  std::vector<int> order;
  std::vector<int> expected;
  for (int i = 0; i != 1000; ++i) {
    expected.push_back(i);
    if (i % 2 == 0) {
      net::post(context, [&order, i] { order.push_back(i); });
    } else {
      net::defer(context, [&order, i] { order.push_back(i); });
    }
  }
  EXPECT_EQ(context.run(), 1000u);
  EXPECT_EQ(order, expected);
}

TEST(IoContext, ExceptionLeavesRunWhichMayBeCalledAgain) {
  net::io_context context;
  int calls = 0;
  net::post(context, [] { throw std::runtime_error("from a handler"); });
  net::post(context, [&] { ++calls; });
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(net::io_context::current(), nullptr);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, CurrentIsTheInnermostThatRuns) {
  net::io_context outer;
  net::io_context inner;
  std::vector<net::io_context*> seen;
  net::post(inner, [&] { seen.push_back(net::io_context::current()); });
  net::post(outer, [&] {
    inner.run();
    seen.push_back(net::io_context::current());
  });
  outer.run();
  EXPECT_EQ(seen, (std::vector<net::io_context*>{&inner, &outer}));
  EXPECT_EQ(net::io_context::current(), nullptr);
}

TEST(WorkGuard, KeepsTheContextRunning) {
  net::io_context context;
  auto guard = net::make_work_guard(context);
  EXPECT_TRUE(guard.owns_work());
  EXPECT_EQ(guard.get_executor(), context.get_executor());
  std::atomic<bool> ran{false};
  std::thread other([&] {
    net::post(context, [&] {
      ran = true;
      guard.reset();
    });
  });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_TRUE(ran);
  EXPECT_FALSE(guard.owns_work());
  other.join();
}

TEST(WorkGuard, CopyIsWorkOfItsOwn) {
  net::io_context context;
  auto first = net::make_work_guard(context.get_executor());
  auto second = first;
  first.reset();
  first.reset();
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped());
  auto third = std::move(second);
  EXPECT_FALSE(second.owns_work());
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped());
  third.reset();
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, RunForReturnsWhenTheTimeHasCome) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  int calls = 0;
  net::post(context, [&] { ++calls; });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(context.run_for(2ms), 1u);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 2ms);
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(context.stopped());
}

TEST(IoContext, RunUntilReturnsWhenTheTimeHasCome) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  const auto steady = std::chrono::steady_clock::now() + 2ms;
  EXPECT_EQ(context.run_until(steady), 0u);
  EXPECT_GE(std::chrono::steady_clock::now(), steady);
  const auto system = std::chrono::system_clock::now() + 2ms;
  EXPECT_EQ(context.run_until(system), 0u);
  EXPECT_FALSE(context.stopped());
}

TEST(IoContext, RunOneForReturnsAfterOneHandlerOrInTime) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  int calls = 0;
  net::post(context, [&] { ++calls; });
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.run_one_for(24h), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(context.run_one_for(24h), 1u);
  EXPECT_EQ(context.run_one_for(1ms), 0u);
  EXPECT_EQ(context.run_one_for(-24h), 0u);
  EXPECT_EQ(calls, 2);
}

TEST(IoContext, RunForOfALongTimeReturnsWhenOutOfWork) {
  net::io_context context;
  int calls = 0;
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.run_for(std::chrono::hours::max()), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, RunForFollowsAReplacedClock) {
  nettest::fake_clock clock;
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  const auto start = netpoll::clock::now();
  std::atomic<bool> returned{false};
  std::thread mover([&] {
    while (!returned) {
      clock.advance(1h);
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(context.run_for(24h), 0u);
  EXPECT_GE(netpoll::clock::now() - start, netpoll::to_nanoseconds(24h));
  returned = true;
  mover.join();
}

// Whoever waits for the events and leaves has to hand that over to a thread that stays.
TEST(IoContext, ThreadThatLeavesInTimeDoesNotTakeTheEventsWithIt) {
  for (int round = 0; round != 20; ++round) {
    net::io_context context;
    int calls = 0;
    net::steady_timer timer(context, 10ms);
    timer.async_wait([&](std::error_code) { ++calls; });
    std::atomic<bool> is_running{false};
    std::thread leaving([&] {
      is_running = true;
      context.run_for(2ms);
    });
    while (!is_running) {
      std::this_thread::yield();
    }
    context.run();
    leaving.join();
    EXPECT_EQ(calls, 1);
  }
}

TEST(IoContext, FourThreadsRunEachHandlerOnce) {
  constexpr int thread_count = 4;
  constexpr int posts_per_thread = 10000;
  net::io_context context;
  std::vector<std::atomic<int>> calls(thread_count * posts_per_thread);
  std::atomic<std::size_t> count{0};
  {
    auto guard = net::make_work_guard(context);
    std::vector<std::thread> threads;
    std::atomic<int> posting{thread_count};
    for (int t = 0; t != thread_count; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i != posts_per_thread; ++i) {
          net::post(context, [&calls, at = t * posts_per_thread + i] { ++calls[at]; });
        }
        if (--posting == 0) {
          guard.reset();
        }
        count += context.run();
      });
    }
    for (std::thread& each : threads) {
      each.join();
    }
  }
  EXPECT_EQ(count, calls.size());
  std::size_t run_once = 0;
  for (const std::atomic<int>& each : calls) {
    run_once += each == 1;
  }
  EXPECT_EQ(run_once, calls.size());
}

TEST(IoContext, DispatchIsInlineInsideRunOnly) {
  net::io_context context;
  std::vector<int> order;
  net::dispatch(context, [&] { order.push_back(2); });
  order.push_back(1);
  net::post(context, [&] {
    net::dispatch(context, [&] { order.push_back(3); });
    order.push_back(4);
  });
  EXPECT_EQ(order, std::vector<int>{1});
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(IoContext, PostAndDeferAreNeverInline) {
  net::io_context context;
  std::vector<int> order;
  net::post(context, [&] {
    net::post(context, [&] { order.push_back(2); });
    net::defer(context, [&] { order.push_back(3); });
    order.push_back(1);
  });
  EXPECT_EQ(context.run(), 3u);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(IoContext, ExecutorSaysWhereItRuns) {
  net::io_context context;
  net::io_context other;
  EXPECT_EQ(&context.get_executor().context(), &context);
  EXPECT_EQ(context.get_executor(), context.get_executor());
  EXPECT_FALSE(context.get_executor() == other.get_executor());
  EXPECT_FALSE(context.get_executor().running_in_this_thread());
  bool inside = false;
  bool inside_other = true;
  context.get_executor().execute([&] {
    inside = context.get_executor().running_in_this_thread();
    inside_other = other.get_executor().running_in_this_thread();
  });
  context.run();
  EXPECT_TRUE(inside);
  EXPECT_FALSE(inside_other);
}

TEST(IoContext, HandlerRunsOnTheExecutorItIsBoundTo) {
  net::io_context here;
  net::io_context there;
  net::io_context* seen = nullptr;
  net::post(here, net::bind_executor(there.get_executor(),
                                     [&] { seen = net::io_context::current(); }));
  EXPECT_EQ(here.run(), 1u);
  EXPECT_EQ(seen, nullptr);
  EXPECT_EQ(there.run(), 1u);
  EXPECT_EQ(seen, &there);
}

TEST(IoContext, CompletionHandlerRunsOnTheExecutorItIsBoundTo) {
  net::io_context here;
  net::io_context there;
  net::io_context* seen = nullptr;
  net::steady_timer timer(here, 0s);
  timer.async_wait(net::bind_executor(there.get_executor(), [&](std::error_code) {
    seen = net::io_context::current();
  }));
  EXPECT_EQ(here.run(), 1u);
  EXPECT_EQ(seen, nullptr);
  EXPECT_EQ(there.run(), 1u);
  EXPECT_EQ(seen, &there);
}

TEST(IoContext, BoundHandlerKeepsItsContextRunning) {
  net::io_context here;
  net::io_context there;
  net::post(here, net::bind_executor(there.get_executor(), [] {}));
  EXPECT_EQ(there.poll(), 0u);
  EXPECT_FALSE(there.stopped());
  EXPECT_EQ(here.run(), 1u);
  EXPECT_EQ(there.run(), 1u);
}

TEST(IoContext, DestructionDestroysHandlersWithoutCallingThem) {
  int destroyed = 0;
  int calls = 0;
  {
    net::io_context context;
    for (int i = 0; i != 3; ++i) {
      net::post(context, [&calls, counter = destruction_counter(destroyed)] { ++calls; });
    }
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_EQ(destroyed, 3);
  EXPECT_EQ(calls, 0);
}

TEST(IoContext, DestructionDestroysPendingWaits) {
  int destroyed = 0;
  int calls = 0;
  std::optional<net::io_context> context(std::in_place);
  {
    net::steady_timer timer(*context, 24h);
    auto shared = std::make_shared<net::steady_timer>(std::move(timer));
    shared->async_wait([&calls, shared, counter = destruction_counter(destroyed)](
                           std::error_code) { ++calls; });
  }
  EXPECT_EQ(context->poll(), 0u);
  EXPECT_FALSE(context->stopped());
  EXPECT_EQ(destroyed, 0);
  context.reset();
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(calls, 0);
}

TEST(IoContext, DestructionDestroysWhatDestroyedHandlersPost) {
  struct poster {
    explicit poster(net::io_context& where, int& count) : context(&where), destroyed(&count) {}
    poster(poster&& other) noexcept
        : context(std::exchange(other.context, nullptr)), destroyed(other.destroyed) {}
    ~poster() {
      if (context != nullptr) {
        net::post(*context, [counter = destruction_counter(*destroyed)] {});
      }
    }
    net::io_context* context;
    int* destroyed;
  };
  int destroyed = 0;
  {
    net::io_context context;
    net::post(context, [what = poster(context, destroyed)] {});
  }
  EXPECT_EQ(destroyed, 1);
}

TEST(IoContext, DestructionUnwindsParkedFibers) {
  int destroyed = 0;
  bool is_on_fiber = false;
  bool went_on = false;
  struct says_where {
    bool& is_on_fiber;
    ~says_where() { is_on_fiber = net::this_fiber::get_id() != 0; }
  };
  {
    net::io_context context;
    net::go(context, [&] {
      const destruction_counter counter(destroyed);
      const says_where last{is_on_fiber};
      net::this_fiber::sleep_for(24h);
      went_on = true;
    });
    EXPECT_EQ(context.poll(), 0u);
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_EQ(destroyed, 1);
  EXPECT_TRUE(is_on_fiber);
  EXPECT_FALSE(went_on);
}

TEST(IoContext, DestructionDestroysFibersThatNeverRan) {
  int destroyed = 0;
  bool ran = false;
  {
    net::io_context context;
    net::go(context, [&ran, counter = destruction_counter(destroyed)] { ran = true; });
  }
  EXPECT_EQ(destroyed, 1);
  EXPECT_FALSE(ran);
}

TEST(IoContext, HandlersAllocatorIsUsedAndItsMemoryFreedBeforeTheCall) {
  memory_counts counts;
  int live_at_call = -1;
  net::io_context context;
  net::post(context, allocating_handler{&counts, &live_at_call});
  EXPECT_EQ(counts.allocations, 1);
  EXPECT_EQ(counts.live, 1);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(live_at_call, 0);
  EXPECT_EQ(counts.live, 0);
}

TEST(IoContext, CompletionHandlersAllocatorIsUsedAndItsMemoryFreedBeforeTheCall) {
  memory_counts counts;
  int live_at_call = -1;
  net::io_context context;
  net::steady_timer timer(context, 0s);
  timer.async_wait(allocating_handler{&counts, &live_at_call});
  EXPECT_EQ(counts.allocations, 1);
  EXPECT_EQ(counts.live, 1);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(live_at_call, 0);
  EXPECT_EQ(counts.live, 0);
}

TEST(IoContext, BoundHandlersAllocatorIsUsed) {
  memory_counts counts;
  int live_at_call = -1;
  net::io_context context;
  net::post(context, net::bind_executor(context.get_executor(),
                                        allocating_handler{&counts, &live_at_call}));
  EXPECT_EQ(counts.live, 1);
  context.run();
  EXPECT_EQ(live_at_call, 0);
  EXPECT_EQ(counts.live, 0);
}

TEST(IoContext, DestroyedHandlersMemoryIsFreed) {
  memory_counts counts;
  int live_at_call = -1;
  {
    net::io_context context;
    net::post(context, allocating_handler{&counts, &live_at_call});
    EXPECT_EQ(counts.live, 1);
  }
  EXPECT_EQ(counts.live, 0);
  EXPECT_EQ(live_at_call, -1);
}

TEST(IoContext, ConstructorThrowsWhatTheKernelSaid) {
  for (const auto which : {netpoll::sys::call::epoll_create, netpoll::sys::call::event_fd}) {
    nettest::faults faults;
    faults.fail(which, EMFILE);
    try {
      net::io_context context;
      FAIL() << "constructed";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::too_many_files_open);
    }
  }
}

TEST(IoContext, PostFromAnotherThreadWakesASleepingContext) {
  constexpr int rounds = 20000;
  net::io_context left;
  net::io_context right;
  auto left_guard = std::make_optional(net::make_work_guard(left));
  auto right_guard = std::make_optional(net::make_work_guard(right));
  int hits = 0;
  std::function<void()> hit = [&] {
    if (++hits == rounds) {
      left_guard.reset();
      right_guard.reset();
      return;
    }
    net::io_context& other = net::io_context::current() == &left ? right : left;
    net::post(other, [&] { hit(); });
  };
  net::post(left, [&] { hit(); });
  std::size_t ran_right = 0;
  std::thread thread([&] { ran_right = right.run(); });
  const std::size_t ran_left = left.run();
  thread.join();
  EXPECT_EQ(hits, rounds);
  EXPECT_EQ(ran_left + ran_right, static_cast<std::size_t>(rounds));
}

}  // namespace
