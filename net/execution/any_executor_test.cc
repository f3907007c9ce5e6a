// SPDX-License-Identifier: BSL-1.0
#include "net/execution/any_executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/config.h"
#include "net/execution/bad_executor.h"
#include "net/execution/erased_function.h"
#include "net/execution/executor.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/context_as.h"
#include "net/execution/properties/occupancy.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/prefer_only.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/properties/require.h"

namespace {

std::atomic<std::size_t> allocations = 0;
bool is_out_of_memory = false;

}  // namespace

// Not inline: the compiler would warn of memory from one that is freed with the other.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return is_out_of_memory ? nullptr : std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

namespace net_ = NET_NAMESPACE;
namespace execution = NET_NAMESPACE::execution;

struct place {
  int id = 0;
};

// Trivially copyable. Runs what it is given at once, and counts how often.
struct small {
  place* context;
  int* runs;
  bool is_never = false;
  bool is_continuation = false;

  place& query(execution::context_t) const noexcept { return *context; }
  execution::blocking_t query(execution::blocking_t) const noexcept {
    return is_never ? execution::blocking_t(execution::blocking.never)
                    : execution::blocking_t(execution::blocking.possibly);
  }
  execution::relationship_t query(execution::relationship_t) const noexcept {
    return is_continuation ? execution::relationship_t(execution::relationship.continuation)
                           : execution::relationship_t(execution::relationship.fork);
  }
  small require(execution::blocking_t::never_t) const noexcept {
    return {context, runs, true, is_continuation};
  }
  small require(execution::blocking_t::possibly_t) const noexcept {
    return {context, runs, false, is_continuation};
  }
  small require(execution::relationship_t::continuation_t) const noexcept {
    return {context, runs, is_never, true};
  }
  template <typename F>
  void execute(F f) const {
    ++*runs;
    f();
  }
  friend bool operator==(const small& a, const small& b) noexcept {
    return a.context == b.context && a.is_never == b.is_never;
  }
};

// As small as that, but not trivially copyable.
struct counting {
  std::shared_ptr<int> count;

  template <typename F>
  void execute(F f) const {
    f();
  }
  friend bool operator==(const counting& a, const counting& b) noexcept {
    return a.count == b.count;
  }
};

struct large {
  explicit large(int number) : id(number) {}
  int id;
  unsigned char padding[1024] = {};

  std::size_t query(execution::occupancy_t) const { return 7; }
  template <typename F>
  void execute(F&& f) const {
    f();
  }
  friend bool operator==(const large& a, const large& b) noexcept { return a.id == b.id; }
};

using one_property = execution::any_executor<execution::blocking_t>;
using full =
    execution::any_executor<execution::context_as_t<place&>, execution::blocking_t::never_t,
                            execution::prefer_only<execution::blocking_t::possibly_t>,
                            execution::prefer_only<execution::relationship_t::continuation_t>>;
using partial =
    execution::any_executor<execution::prefer_only<execution::relationship_t::continuation_t>>;

static_assert(execution::executor<execution::any_executor<>>);
static_assert(execution::executor<full>);
static_assert(sizeof(full) == 4 * sizeof(void*));
static_assert(!std::is_constructible_v<full, large>, "no context, no blocking.never");
static_assert(!std::is_constructible_v<full, int>);
static_assert(!std::is_constructible_v<full, partial>);
static_assert(std::is_convertible_v<full, partial>);
static_assert(std::is_convertible_v<small, full>);

TEST(AnyExecutor, IsEmptyUntilItHoldsATarget) {
  full empty;
  EXPECT_TRUE(empty == nullptr);
  EXPECT_TRUE(nullptr == empty);
  EXPECT_FALSE(static_cast<bool>(empty));
  EXPECT_EQ(empty.target<void>(), nullptr);
  EXPECT_EQ(empty.target<small>(), nullptr);
  EXPECT_EQ(empty.target_type(), typeid(void));
  EXPECT_EQ(empty, full(nullptr));

  place here;
  int runs = 0;
  empty = small{&here, &runs};
  EXPECT_FALSE(empty == nullptr);
  EXPECT_NE(empty.target<void>(), nullptr);
  EXPECT_EQ(empty.target<void>(), empty.target<small>());
  EXPECT_EQ(std::as_const(empty).target<large>(), nullptr);
  EXPECT_EQ(empty.target_type(), typeid(small));
  empty = nullptr;
  EXPECT_TRUE(empty == nullptr);
}

TEST(AnyExecutor, ThrowsWhenEmpty) {
  const full empty;
  EXPECT_THROW(empty.execute([] {}), execution::bad_executor);
  EXPECT_THROW((void)net_::query(empty, execution::context_as<place&>), execution::bad_executor);
  EXPECT_THROW((void)net_::require(empty, execution::blocking.never), execution::bad_executor);
  EXPECT_THROW((void)net_::prefer(empty, execution::blocking.possibly), execution::bad_executor);
  EXPECT_THROW(empty.context(), execution::bad_executor);
  EXPECT_STREQ(execution::bad_executor().what(), "bad executor");
}

TEST(AnyExecutor, HasThePropertiesOfItsTarget) {
  place here;
  int runs = 0;
  const full executor = small{&here, &runs};
  EXPECT_EQ(&net_::query(executor, execution::context_as<place&>), &here);
  EXPECT_EQ(&net_::query(executor, execution::context), &here);
  EXPECT_EQ(&executor.context(), &here);
  EXPECT_EQ(net_::query(executor, execution::blocking), execution::blocking.possibly);

  const full never = net_::require(executor, execution::blocking.never);
  EXPECT_EQ(net_::query(never, execution::blocking), execution::blocking.never);
  EXPECT_NE(never, executor);
  EXPECT_EQ(net_::prefer(never, execution::blocking.possibly), executor);

  static_assert(!net_::can_require_v<full, execution::blocking_t::possibly_t>);
  static_assert(!net_::can_query_v<full, execution::occupancy_t>);
}

TEST(AnyExecutor, TakesATargetWithoutAPropertyThatIsOnlyPreferred) {
  const partial executor = large(1);
  EXPECT_EQ(net_::prefer(executor, execution::relationship.continuation), executor);
  EXPECT_EQ(net_::query(executor, execution::relationship.continuation),
            execution::relationship_t());
}

TEST(AnyExecutor, CopiesSmallTargetsWithoutAllocating) {
  place here;
  int runs = 0;
  const auto count = std::make_shared<int>(0);
  const std::size_t before = allocations;
  {
    const full executor = small{&here, &runs};
    full copy = executor;
    full moved = std::move(copy);
    EXPECT_TRUE(copy == nullptr);
    EXPECT_EQ(moved, executor);
    copy = moved;
    EXPECT_EQ(copy, executor);
    copy = net_::require(moved, execution::blocking.never);
    EXPECT_NE(copy, executor);

    execution::any_executor<> shared = counting{count};
    EXPECT_EQ(count.use_count(), 2);
    execution::any_executor<> second = shared;
    EXPECT_EQ(count.use_count(), 3);
    execution::any_executor<> third = std::move(shared);
    EXPECT_EQ(count.use_count(), 3);
    EXPECT_TRUE(shared == nullptr);
    second = third;
    third = executor;
    EXPECT_EQ(count.use_count(), 2);
    second.swap(third);
    EXPECT_EQ(*third.target<counting>(), counting{count});
    swap(second, third);
    EXPECT_NE(second.target<counting>(), nullptr);
    auto& same = second;
    second = std::move(same);
    second = same;
    EXPECT_NE(second.target<counting>(), nullptr);
  }
  // The one that was converted is the first of its kind.
  EXPECT_LE(allocations - before, 1u);
  EXPECT_EQ(count.use_count(), 1);
}

TEST(AnyExecutor, SharesALargeTargetAmongItsCopies) {
  execution::any_executor<execution::occupancy_t> executor = large(3);
  const std::size_t before = allocations;
  auto copy = executor;
  EXPECT_EQ(copy.target<large>(), executor.target<large>());
  executor = std::move(copy);
  copy = executor;
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(executor, copy);
  EXPECT_EQ(executor, (execution::any_executor<execution::occupancy_t>(large(3))));
  EXPECT_NE(executor, (execution::any_executor<execution::occupancy_t>(large(4))));
  EXPECT_EQ(net_::query(executor, execution::occupancy), 7u);
}

TEST(AnyExecutor, IsEmptyIfNothrowAndThereIsNoMemory) {
  is_out_of_memory = true;
  const execution::any_executor<> executor(std::nothrow, large(1));
  place here;
  int runs = 0;
  const full small_one(std::nothrow, small{&here, &runs});
  is_out_of_memory = false;
  EXPECT_TRUE(executor == nullptr);
  EXPECT_FALSE(small_one == nullptr);
  EXPECT_EQ(partial(std::nothrow, small_one).target<small>()->context, &here);
  EXPECT_EQ(full(std::nothrow, small_one), small_one);
  EXPECT_TRUE(partial(std::nothrow, full()) == nullptr);
}

TEST(AnyExecutor, KeepsItsTargetWhenItIsConverted) {
  place here;
  int runs = 0;
  const full executor = small{&here, &runs};
  { const partial first_of_its_kind = executor; }
  const std::size_t before = allocations;
  const partial less = executor;
  const execution::any_executor<> least = less;
  EXPECT_EQ(less.target_type(), typeid(small));
  ASSERT_NE(least.target<small>(), nullptr);
  EXPECT_EQ(least.target<small>()->context, &here);
  const partial preferred = net_::prefer(less, execution::relationship.continuation);
  EXPECT_LE(allocations - before, 1u);
  EXPECT_TRUE(preferred.target<small>()->is_continuation);
  EXPECT_EQ(net_::query(preferred, execution::relationship.continuation),
            execution::relationship.continuation);
  EXPECT_EQ(least, execution::any_executor<>(executor));
  least.execute([] {});
  EXPECT_EQ(runs, 1);

  const partial from_large(
      execution::any_executor<execution::occupancy_t,
                              execution::prefer_only<execution::relationship_t::continuation_t>>(
          large(2)));
  EXPECT_EQ(from_large.target<large>()->id, 2);
  EXPECT_TRUE(partial(full()) == nullptr);
}

// Its first conversion is in the test.
struct converted_by_threads : small {};

TEST(AnyExecutor, IsConvertedByManyThreadsAtOnce) {
  place here;
  int runs = 0;
  const execution::any_executor<execution::prefer_only<execution::relationship_t::continuation_t>>
      executor = converted_by_threads{{&here, &runs}};
  std::atomic<int> ready = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      ++ready;
      while (ready.load() < 4) {
        std::this_thread::yield();
      }
      const execution::any_executor<> converted = executor;
      EXPECT_EQ(converted.target<converted_by_threads>()->context, &here);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

TEST(AnyExecutor, ExecutesMoveOnlyFunctions) {
  place here;
  int runs = 0;
  const full executor = small{&here, &runs};
  auto value = std::make_unique<int>(5);
  int seen = 0;
  executor.execute([value = std::move(value), &seen] { seen = *value; });
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(runs, 1);
}

// Drops what it is given.
struct dropping {
  template <typename F>
  void execute(F&&) const {}
  friend bool operator==(const dropping&, const dropping&) noexcept { return true; }
};

TEST(AnyExecutor, DestroysAFunctionThatIsNotCalled) {
  const execution::any_executor<> executor = dropping();
  const auto held = std::make_shared<int>(0);
  executor.execute([held] { FAIL(); });
  EXPECT_EQ(held.use_count(), 1);
}

struct always_blocking : dropping {
  static constexpr execution::blocking_t query(execution::blocking_t) noexcept {
    return execution::blocking.always;
  }
  template <typename F>
  void execute(F&& f) const {
    f();
  }
};

TEST(AnyExecutor, GivesAlwaysBlockingTargetsAReferenceOnly) {
  const one_property executor = always_blocking();
  int calls = 0;
  auto function = [&calls] { ++calls; };
  unsigned char big[4096] = {};
  const std::size_t before = allocations;
  executor.execute(function);
  executor.execute([&calls, big] { calls += big[0] + 1; });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(allocations, before);
}

// Queues operations as they are.
struct queueing {
  std::vector<net_::internal::erased_operation*>* queue;
  template <typename F>
  void execute(F&&) const {
    FAIL() << "not as an operation";
  }
  friend bool operator==(const queueing& a, const queueing& b) noexcept {
    return a.queue == b.queue;
  }
};

}  // namespace

template <>
struct NET_NAMESPACE::internal::operation_executor<queueing> {
  static constexpr bool is_supported = true;
  static void execute(const queueing& executor, erased_operation& operation) {
    executor.queue->push_back(&operation);
  }
};

namespace {

TEST(AnyExecutor, GivesAnOperationToTargetsThatQueueThem) {
  std::vector<net_::internal::erased_operation*> queue;
  const execution::any_executor<> executor = queueing{&queue};
  int calls = 0;
  const auto held = std::make_shared<int>(0);
  executor.execute([&calls] { ++calls; });
  executor.execute([held] { FAIL(); });
  ASSERT_EQ(queue.size(), 2u);
  queue[0]->call();
  EXPECT_EQ(calls, 1);
  queue[1]->destroy();
  EXPECT_EQ(held.use_count(), 1);
}

// A property of the user's.
struct priority {
  template <typename T>
  static constexpr bool is_applicable_property_v = execution::is_executor_v<T>;
  static constexpr bool is_requirable = true;
  static constexpr bool is_preferable = true;
  using polymorphic_query_result_type = int;
  int number = 1;
  int value() const { return number; }
};

struct with_priority : dropping {
  int number = 1;
  int query(priority) const noexcept { return number; }
  with_priority require(priority wanted) const {
    with_priority other;
    other.number = wanted.number;
    return other;
  }
};

TEST(AnyExecutor, CarriesPropertiesOfTheUser) {
  const execution::any_executor<priority> executor = net_::require(with_priority(), priority{3});
  EXPECT_EQ(net_::query(executor, priority()), 3);
  EXPECT_EQ(net_::query(net_::require(executor, priority{4}), priority()), 4);
  EXPECT_EQ(net_::query(net_::prefer(executor, priority{5}), priority()), 5);
}

}  // namespace
