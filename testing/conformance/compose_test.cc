// SPDX-License-Identifier: BSL-1.0
//
// Operations made of others: what is associated with `self`, where they complete, that their
// executors have work, and cancellation.
#include <gtest/gtest.h>

#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/compose.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_future.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace {

using signature = void(asio::error_code, int);

// Posts itself as often as it is told to.
struct count_down {
  asio::io_context& context;
  int left;
  int steps = 0;

  template <typename Self>
  void operator()(Self& self) {
    if (left == 0) {
      self.complete({}, steps);
      return;
    }
    --left;
    ++steps;
    asio::post(context, std::move(self));
  }
};

template <typename Token>
auto async_count_down(asio::io_context& context, int from, Token&& token) {
  return asio::async_compose<Token, signature>(count_down{context, from}, token, context);
}

TEST(Compose, CompletesAfterItsSteps) {
  asio::io_context context;
  int result = -1;
  async_count_down(context, 3, [&](asio::error_code, int steps) { result = steps; });
  EXPECT_EQ(result, -1);
  EXPECT_EQ(context.poll_one(), 1u);
  EXPECT_EQ(context.poll_one(), 1u);
  EXPECT_EQ(result, -1);
  EXPECT_EQ(context.poll_one(), 1u);
  EXPECT_EQ(result, 3);
  EXPECT_EQ(context.poll(), 0u);
}

TEST(Compose, CompletesInlineIfItsFirstStepDoes) {
  asio::io_context context;
  int result = -1;
  async_count_down(context, 0, [&](asio::error_code, int steps) { result = steps; });
  EXPECT_EQ(result, 0);
}

TEST(Compose, TakesOtherTokens) {
  asio::io_context context;
  std::future<int> result = async_count_down(context, 2, asio::use_future);
  context.run();
  EXPECT_EQ(result.get(), 2);
}

TEST(Compose, MovesHandlersThatCannotBeCopied) {
  asio::io_context context;
  int result = 0;
  async_count_down(context, 1,
                   [&result, own = std::make_unique<int>(4)](asio::error_code, int steps) {
                     result = *own + steps;
                   });
  context.run();
  EXPECT_EQ(result, 5);
}

TEST(Compose, StepsRunOnTheHandlersExecutor) {
  asio::io_context context;
  asio::io_context own;
  int result = -1;
  async_count_down(context, 1,
                   asio::bind_executor(own, [&](asio::error_code, int steps) { result = steps; }));
  // post() runs it first where it says, then where the handler wants to be; there it completes, and
  // until then the first has work.
  EXPECT_EQ(context.poll(), 1u);
  EXPECT_EQ(result, -1);
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(own.run(), 1u);
  EXPECT_EQ(result, 1);
  EXPECT_EQ(context.run(), 0u);
}

// Waits until it is let go.
struct wait_for_release {
  std::shared_ptr<void>* release;
  template <typename Self>
  void operator()(Self& self) {
    auto moved = std::make_shared<std::decay_t<Self>>(std::move(self));
    *release = std::shared_ptr<void>(nullptr, [moved](void*) { moved->complete({}, 7); });
  }
};

TEST(Compose, ContextHasWorkUntilItCompletes) {
  asio::io_context context;
  std::shared_ptr<void> release;
  int result = 0;
  auto token = [&](asio::error_code, int value) { result = value; };
  asio::async_compose<decltype(token)&, signature>(wait_for_release{&release}, token, context);
  asio::post(context, [] {});
  EXPECT_EQ(context.poll(), 1u);
  EXPECT_FALSE(context.stopped());  // there is work left
  release.reset();
  EXPECT_EQ(result, 7);
  context.poll();
  EXPECT_TRUE(context.stopped());
}

template <typename T>
struct marked_allocator {
  using value_type = T;
  explicit marked_allocator(int* to) : count(to) {}
  template <typename U>
  marked_allocator(const marked_allocator<U>& other) noexcept : count(other.count) {}
  T* allocate(std::size_t n) {
    ++*count;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* memory, std::size_t n) { std::allocator<T>().deallocate(memory, n); }
  template <typename U>
  bool operator==(const marked_allocator<U>& other) const noexcept {
    return count == other.count;
  }
  template <typename U>
  bool operator!=(const marked_allocator<U>& other) const noexcept {
    return count != other.count;
  }
  int* count;
};

struct allocating_handler {
  using allocator_type = marked_allocator<void>;
  allocator_type get_allocator() const noexcept { return allocator_type(count); }
  void operator()(asio::error_code, int steps) { *result = steps; }
  int* count;
  int* result;
};

TEST(Compose, StepsAllocateWithTheHandlersAllocator) {
  asio::io_context context;
  int count = 0;
  int result = 0;
  async_count_down(context, 3, allocating_handler{&count, &result});
  context.run();
  EXPECT_EQ(result, 3);
  EXPECT_EQ(count, 3);
}

// Completes with the sum of the types of cancellation that reached the step inside.
struct listen {
  asio::io_context& context;
  std::shared_ptr<int> heard;
  int filter;
  bool started = false;

  template <typename Self>
  void operator()(Self& self) {
    if (started) {
      self.complete({}, *heard);
      return;
    }
    started = true;
    if (filter == 1) self.reset_cancellation_state(asio::enable_partial_cancellation());
    if (filter == 2) {
      self.reset_cancellation_state(asio::enable_total_cancellation(),
                                    asio::enable_terminal_cancellation());
    }
    auto slot = asio::get_associated_cancellation_slot(self);
    if (slot.is_connected()) {
      slot.assign([to = heard](asio::cancellation_type type) { *to += static_cast<int>(type); });
    }
    asio::post(context, std::move(self));
  }
};

int hear(int filter, asio::cancellation_type type) {
  asio::io_context context;
  asio::cancellation_signal signal;
  int result = -1;
  auto token = asio::bind_cancellation_slot(signal.slot(),
                                            [&](asio::error_code, int value) { result = value; });
  asio::async_compose<decltype(token)&, signature>(
      listen{context, std::make_shared<int>(0), filter}, token, context);
  signal.emit(type);
  context.run();
  return result;
}

TEST(Compose, CancellationIsTerminalUnlessTheImplementationSaysMore) {
  using type = asio::cancellation_type;
  EXPECT_EQ(hear(0, type::terminal), 1);
  EXPECT_EQ(hear(0, type::partial), 0);
  EXPECT_EQ(hear(0, type::total), 0);
  EXPECT_EQ(hear(1, type::terminal), 1);
  EXPECT_EQ(hear(1, type::partial), 2);
  EXPECT_EQ(hear(1, type::total), 0);
  EXPECT_EQ(hear(2, type::terminal), 1);
  EXPECT_EQ(hear(2, type::partial), 0);  // comes in, does not go on
  EXPECT_EQ(hear(2, type::total), 0);
}

}  // namespace
