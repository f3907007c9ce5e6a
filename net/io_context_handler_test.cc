// SPDX-License-Identifier: BSL-1.0
//
// What becomes of the handlers of a context: where they are called, whose memory they are in, and
// how they end with the context.
#include "net/io_context.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/async/bind_executor.h"
#include "net/async/submit.h"
#include "net/fiber/fiber.h"
#include "net/timer/sleep.h"
#include "net/timer/steady_timer.h"
#include "testing/support/counting_allocator.h"

namespace {

using namespace std::chrono_literals;
using nettest::allocation_counts;
using nettest::counting_allocator;

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

// A handler with an allocator of its own, that notes how much of it was in use when it was called.
struct allocating_handler {
  using allocator_type = counting_allocator<char>;
  allocator_type get_allocator() const { return allocator_type(*counts); }
  void operator()(std::error_code = {}) const { *live_at_call = counts->live; }
  allocation_counts* counts;
  int* live_at_call;
};

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
  allocation_counts counts;
  int live_at_call = -1;
  net::io_context context;
  net::post(context, allocating_handler{&counts, &live_at_call});
  EXPECT_EQ(counts.made, 1);
  EXPECT_EQ(counts.live, 1);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(live_at_call, 0);
  EXPECT_EQ(counts.live, 0);
}

TEST(IoContext, CompletionHandlersAllocatorIsUsedAndItsMemoryFreedBeforeTheCall) {
  allocation_counts counts;
  int live_at_call = -1;
  net::io_context context;
  net::steady_timer timer(context, 0s);
  timer.async_wait(allocating_handler{&counts, &live_at_call});
  EXPECT_EQ(counts.made, 1);
  EXPECT_EQ(counts.live, 1);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(live_at_call, 0);
  EXPECT_EQ(counts.live, 0);
}

TEST(IoContext, BoundHandlersAllocatorIsUsed) {
  allocation_counts counts;
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
  allocation_counts counts;
  int live_at_call = -1;
  {
    net::io_context context;
    net::post(context, allocating_handler{&counts, &live_at_call});
    EXPECT_EQ(counts.live, 1);
  }
  EXPECT_EQ(counts.live, 0);
  EXPECT_EQ(live_at_call, -1);
}

}  // namespace
