// SPDX-License-Identifier: BSL-1.0
//
// post(), dispatch() and defer(): when a handler runs inline, where it runs,
// and what memory it takes.
#include <gtest/gtest.h>

#include <asio/associated_allocator.hpp>
#include <asio/associated_executor.hpp>
#include <asio/bind_executor.hpp>
#include <asio/defer.hpp>
#include <asio/dispatch.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace {

TEST(Submit, PostNeverRunsInline) {
  asio::io_context context;
  bool ran = false;
  asio::post(context, [&] {
    asio::post(context, [&] { ran = true; });
    EXPECT_FALSE(ran);
  });
  context.run();
  EXPECT_TRUE(ran);
}

TEST(Submit, DeferNeverRunsInline) {
  asio::io_context context;
  bool ran = false;
  asio::post(context, [&] {
    asio::defer(context, [&] { ran = true; });
    EXPECT_FALSE(ran);
  });
  context.run();
  EXPECT_TRUE(ran);
}

TEST(Submit, DispatchRunsInlineInsideRun) {
  asio::io_context context;
  bool ran = false;
  asio::post(context, [&] {
    asio::dispatch(context, [&] { ran = true; });
    EXPECT_TRUE(ran);
  });
  context.run();
}

TEST(Submit, DispatchOutsideRunIsAPost) {
  asio::io_context context;
  bool ran = false;
  asio::dispatch(context, [&] { ran = true; });
  EXPECT_FALSE(ran);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_TRUE(ran);
}

TEST(Submit, DispatchInsideTheRunOfAnotherContextIsAPost) {
  asio::io_context context;
  asio::io_context other;
  bool ran = false;
  asio::post(other, [&] {
    asio::dispatch(context, [&] { ran = true; });
    EXPECT_FALSE(ran);
  });
  other.run();
  EXPECT_FALSE(ran);
  EXPECT_EQ(context.run(), 1u);
}

TEST(Submit, AHandlersOwnExecutorIsWhereItRuns) {
  asio::io_context context;
  asio::io_context own;
  bool ran = false;
  asio::post(asio::bind_executor(own.get_executor(), [&] { ran = true; }));
  EXPECT_EQ(context.run(), 0u);
  EXPECT_EQ(own.run(), 1u);
  EXPECT_TRUE(ran);
}

TEST(Submit, ByAnotherExecutorItGoesThroughBoth) {
  asio::io_context context;
  asio::io_context own;
  bool ran = false;
  asio::post(context,
             asio::bind_executor(own.get_executor(), [&] { ran = true; }));
  // There is work for its own as long as the handler is on its way.
  EXPECT_EQ(own.poll(), 0u);
  EXPECT_FALSE(own.stopped());
  EXPECT_EQ(context.run(), 1u);
  EXPECT_FALSE(ran);
  EXPECT_EQ(own.run(), 1u);
  EXPECT_TRUE(ran);
}

TEST(Submit, ByItsOwnExecutorItRunsOnce) {
  asio::io_context context;
  int ran = 0;
  asio::post(context,
             asio::bind_executor(context.get_executor(), [&] { ++ran; }));
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(ran, 1);
}

TEST(Submit, DispatchByAnotherExecutorRunsInlineWhereItMay) {
  asio::io_context context;
  asio::io_context own;
  std::vector<int> order;
  asio::post(own, [&] {
    asio::dispatch(own, asio::bind_executor(own.get_executor(),
                                            [&] { order.push_back(0); }));
    order.push_back(1);
    asio::dispatch(context, asio::bind_executor(own.get_executor(),
                                                [&] { order.push_back(2); }));
    order.push_back(3);
  });
  EXPECT_EQ(own.run_one(), 1u);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 3}));
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(own.run(), 1u);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 3, 2}));
}

TEST(Submit, AHandlerNeedNotBeCopied) {
  asio::io_context context;
  int got = 0;
  asio::post(context,
             [value = std::make_unique<int>(1), &got] { got += *value; });
  asio::dispatch(context,
                 [value = std::make_unique<int>(2), &got] { got += *value; });
  asio::defer(context,
              [value = std::make_unique<int>(4), &got] { got += *value; });
  context.run();
  EXPECT_EQ(got, 7);
}

struct counts {
  int copies = 0;
  int calls = 0;
};

struct counting_handler {
  counts *seen;

  explicit counting_handler(counts *seen) : seen(seen) {}
  counting_handler(const counting_handler &other) : seen(other.seen) {
    ++seen->copies;
  }
  counting_handler(counting_handler &&other) noexcept : seen(other.seen) {}
  void operator()() { ++seen->calls; }
};

TEST(Submit, AHandlerThatIsMovedInIsNeverCopied) {
  asio::io_context context;
  counts seen;
  asio::post(context, counting_handler(&seen));
  asio::defer(context, asio::bind_executor(context.get_executor(),
                                           counting_handler(&seen)));
  asio::dispatch(context, counting_handler(&seen));
  context.run();
  EXPECT_EQ(seen.calls, 3);
  EXPECT_EQ(seen.copies, 0);
}

TEST(Submit, AnLvalueIsCopied) {
  asio::io_context context;
  counts seen;
  counting_handler handler(&seen);
  asio::post(context, handler);
  context.run();
  EXPECT_EQ(seen.calls, 1);
  EXPECT_GE(seen.copies, 1);
}

TEST(Submit, FunctionPointersAreHandlers) {
  asio::io_context context;
  static int calls = 0;
  void (*handler)() = [] { ++calls; };
  asio::post(context, handler);
  context.run();
  EXPECT_EQ(calls, 1);
}

// --- Memory
// ---------------------------------------------------------------------------------------

struct memory {
  std::size_t live = 0;
  std::size_t allocations = 0;
};

template <typename T> struct counting_allocator {
  using value_type = T;
  memory *counted;

  explicit counting_allocator(memory *counted) : counted(counted) {}
  template <typename U>
  counting_allocator(const counting_allocator<U> &other) noexcept
      : counted(other.counted) {}

  T *allocate(std::size_t n) {
    ++counted->live;
    ++counted->allocations;
    return static_cast<T *>(::operator new(n * sizeof(T)));
  }
  void deallocate(T *block, std::size_t) {
    --counted->live;
    ::operator delete(block);
  }
  friend bool operator==(const counting_allocator &a,
                         const counting_allocator &b) {
    return a.counted == b.counted;
  }
  friend bool operator!=(const counting_allocator &a,
                         const counting_allocator &b) {
    return !(a == b);
  }
};

template <typename Function> struct allocating_handler {
  using allocator_type = counting_allocator<char>;
  memory *counted;
  Function function;

  allocator_type get_allocator() const noexcept {
    return allocator_type(counted);
  }
  void operator()() { function(); }
};

template <typename Function>
allocating_handler<Function> allocating(memory &counted, Function function) {
  return {&counted, std::move(function)};
}

TEST(SubmitMemory, IsTheHandlersAllocatorsAndFreeWhenItIsCalled) {
  asio::io_context context;
  memory counted;
  std::size_t live_in_call = 99;
  asio::post(context,
             allocating(counted, [&] { live_in_call = counted.live; }));
  EXPECT_EQ(counted.live, 1u);
  context.run();
  EXPECT_EQ(live_in_call, 0u);
  EXPECT_EQ(counted.allocations, 1u);
}

TEST(SubmitMemory, InlineDispatchTakesNone) {
  asio::io_context context;
  memory counted;
  bool ran = false;
  asio::post(context, [&] {
    asio::dispatch(context, allocating(counted, [&] { ran = true; }));
    EXPECT_TRUE(ran);
  });
  context.run();
  EXPECT_EQ(counted.allocations, 0u);
}

TEST(SubmitMemory, OfADestroyedHandlerIsFreed) {
  memory counted;
  {
    asio::io_context context;
    asio::post(context, allocating(counted, [] {}));
    asio::defer(context, allocating(counted, [] {}));
    EXPECT_EQ(counted.live, 2u);
  }
  EXPECT_EQ(counted.live, 0u);
}

TEST(SubmitMemory, IsFreedWhenTheHandlerThrows) {
  asio::io_context context;
  memory counted;
  asio::post(context, allocating(counted, [] { throw 1; }));
  EXPECT_THROW(context.run(), int);
  EXPECT_EQ(counted.live, 0u);
}

TEST(SubmitMemory, AssociatedAllocatorOfABoundHandlerIsTheHandlers) {
  asio::io_context context;
  memory counted;
  auto bound =
      asio::bind_executor(context.get_executor(), allocating(counted, [] {}));
  EXPECT_EQ(asio::get_associated_allocator(bound).counted, &counted);
  EXPECT_EQ(asio::get_associated_executor(bound), context.get_executor());
  asio::post(context, std::move(bound));
  EXPECT_EQ(counted.live, 1u);
  context.run();
  EXPECT_EQ(counted.live, 0u);
}

} // namespace
