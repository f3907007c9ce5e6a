// SPDX-License-Identifier: BSL-1.0
#include "net/async/any_completion_handler.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_cancellation_slot.h"
#include "net/async/associated_executor.h"
#include "net/async/associated_immediate_executor.h"
#include "net/async/async_result.h"
#include "net/async/bind_allocator.h"
#include "net/async/bind_cancellation_slot.h"
#include "net/async/bind_executor.h"
#include "net/async/bind_immediate_executor.h"
#include "net/async/cancellation_signal.h"
#include "net/execution/any_completion_executor.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/execution_context.h"
#include "net/execution/inline_executor.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/context.h"
#include "testing/support/counting_allocator.h"

namespace {

using net::any_completion_handler;
using net::cancellation_type;
using nettest::allocation_counts;
using nettest::counting_allocator;

static_assert(!std::is_copy_constructible_v<any_completion_handler<void()>>);
static_assert(std::is_nothrow_move_constructible_v<any_completion_handler<void()>>);
static_assert(sizeof(any_completion_handler<void(), void(int)>) == sizeof(void*));

// Calls at once; told from others by a number. Can stand for an executor of I/O.
class numbered_executor {
 public:
  explicit numbered_executor(int number) noexcept : number_(number) {}
  template <typename Function>
  void execute(Function&& function) const {
    std::forward<Function>(function)();
  }
  static net::execution_context& query(net::execution::context_t) noexcept {
    static net::execution_context instance;
    return instance;
  }
  static constexpr auto query(net::execution::blocking_t) noexcept {
    return net::execution::blocking.never;
  }
  friend bool operator==(const numbered_executor&, const numbered_executor&) noexcept = default;

 private:
  int number_;
};

TEST(AnyCompletionHandler, MovedFromIsEmpty) {
  int calls = 0;
  any_completion_handler<void()> empty;
  EXPECT_TRUE(!empty);
  EXPECT_TRUE(empty == nullptr && nullptr == empty);
  any_completion_handler<void()> first([&] { ++calls; });
  EXPECT_TRUE(first != nullptr && static_cast<bool>(first));
  any_completion_handler<void()> second(std::move(first));
  EXPECT_TRUE(first == nullptr);
  EXPECT_TRUE(second != nullptr);
  first = std::move(second);
  EXPECT_TRUE(first != nullptr);
  EXPECT_TRUE(second == nullptr);
  first.swap(second);
  EXPECT_TRUE(first == nullptr);
  second = nullptr;
  EXPECT_TRUE(second == nullptr);
  EXPECT_EQ(calls, 0);
}

TEST(AnyCompletionHandler, IsEmptyOnceCalled) {
  int calls = 0;
  any_completion_handler<void()> handler(
      [&calls, own = std::make_unique<int>(2)] { calls += *own; });
  handler();
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(handler == nullptr);
  EXPECT_THROW(handler(), std::bad_function_call);
}

TEST(AnyCompletionHandler, ChoosesAmongItsSignatures) {
  std::string log;
  struct takes_all {
    std::string& log;
    void operator()() { log += "nothing"; }
    void operator()(std::error_code ec, int i) { log += ec ? "error" : std::to_string(i); }
    void operator()(std::unique_ptr<std::string> text) { log += *text; }
  };
  using type = any_completion_handler<void(), void(std::error_code, int) noexcept,
                                      void(std::unique_ptr<std::string>)>;
  static_assert(std::is_invocable_v<type&, std::unique_ptr<std::string>>);
  static_assert(!std::is_invocable_v<type&, const char*>);
  type(takes_all{log})();
  type(takes_all{log})(std::error_code(), 5);
  type(takes_all{log})(std::make_unique<std::string>("text"));
  EXPECT_EQ(log, "nothing5text");
}

void count_call(int* count) { ++*count; }
int function_calls = 0;
void free_function() { ++function_calls; }

TEST(AnyCompletionHandler, HoldsFunctionsAndBindings) {
  int calls = 0;
  any_completion_handler<void()> handler(std::bind(&count_call, &calls));
  handler();
  handler = free_function;
  handler();
  handler = &free_function;
  handler();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(function_calls, 2);
}

TEST(AnyCompletionHandler, AllocatesOnceWithTheHandlersAllocator) {
  allocation_counts count;
  {
    int live_in_call = -1;
    any_completion_handler<void()> handler(
        net::bind_allocator(counting_allocator<char>(count), [&] { live_in_call = count.live; }));
    EXPECT_EQ(count.made, 1);
    any_completion_handler<void()> moved(std::move(handler));
    moved();
    EXPECT_EQ(live_in_call, 0);  // freed before the call
    const any_completion_handler<void()> never_called(
        net::bind_allocator(counting_allocator<char>(count), [] {}));
  }
  EXPECT_EQ(count.made, 2);
  EXPECT_EQ(count.live, 0);
}

TEST(AnyCompletionHandler, AllocatorIsTheHandlers) {
  allocation_counts count;
  using handler_type = any_completion_handler<void()>;
  const handler_type handler(net::bind_allocator(counting_allocator<char>(count), [] {}));
  struct alignas(256) wide {
    char bytes[300];
  };
  const auto allocator = net::get_associated_allocator(handler);
  using allocator_type = std::remove_const_t<decltype(allocator)>;
  static_assert(
      std::is_same_v<allocator_type, net::any_completion_handler_allocator<void, void()>>);
  std::allocator_traits<allocator_type>::rebind_alloc<wide> wides(allocator);
  std::allocator_traits<allocator_type>::rebind_alloc<char> chars(wides);
  wide* const two = wides.allocate(2);
  char* const some = chars.allocate(100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(two) % alignof(wide), 0u);
  EXPECT_EQ(count.made, 3);
  two[1].bytes[299] = some[99] = 1;
  chars.deallocate(some, 100);
  wides.deallocate(two, 2);
  EXPECT_EQ(count.live, 1);
  EXPECT_TRUE(allocator == handler.get_allocator());
  EXPECT_FALSE(allocator == handler_type([] {}).get_allocator());
  const handler_type empty;
  std::allocator_traits<allocator_type>::rebind_alloc<char> none(empty.get_allocator());
  EXPECT_THROW((void)none.allocate(1), std::bad_alloc);
}

TEST(AnyCompletionHandler, LeavesNothingBehindIfTheHandlerCannotBeMoved) {
  allocation_counts count;
  struct throws {
    throws() = default;
    throws(throws&&) { throw std::runtime_error("moved"); }
    void operator()() {}
    using allocator_type = counting_allocator<char>;
    allocator_type get_allocator() const noexcept { return allocator_type(*to); }
    allocation_counts* to = nullptr;
  };
  throws handler;
  handler.to = &count;
  EXPECT_THROW(any_completion_handler<void()>(std::move(handler)), std::runtime_error);
  EXPECT_EQ(count.made, 1);
  EXPECT_EQ(count.live, 0);
}

TEST(AnyCompletionHandler, ExecutorsAreTheHandlers) {
  using handler_type = any_completion_handler<void()>;
  const numbered_executor io(3);
  const auto executor_of = [&](const handler_type& handler) {
    return net::get_associated_executor(handler, io);
  };
  const auto immediate_executor_of = [&](const handler_type& handler) {
    return net::get_associated_immediate_executor(handler, io);
  };
  static_assert(
      std::is_same_v<decltype(executor_of(handler_type())), net::any_completion_executor>);
  static_assert(std::is_same_v<decltype(immediate_executor_of(handler_type())),
                               net::any_completion_executor>);
  const handler_type both(net::bind_executor(
      numbered_executor(1), net::bind_immediate_executor(numbered_executor(2), [] {})));
  EXPECT_TRUE(executor_of(both) == numbered_executor(1));
  EXPECT_TRUE(immediate_executor_of(both) == numbered_executor(2));
  EXPECT_TRUE(net::get_associated_executor(both) == numbered_executor(1));
  const handler_type neither([] {});
  EXPECT_TRUE(executor_of(neither) == io);
  EXPECT_TRUE(immediate_executor_of(neither) == net::any_io_executor(io));
  EXPECT_TRUE(net::get_associated_executor(neither) == net::inline_executor());
  EXPECT_TRUE(executor_of(handler_type()) == io);
  EXPECT_TRUE(immediate_executor_of(handler_type()) == net::any_io_executor(io));
}

TEST(AnyCompletionHandler, SlotPassesOnEveryTypeOfCancellation) {
  net::cancellation_signal signal;
  const any_completion_handler<void()> handler(net::bind_cancellation_slot(signal.slot(), [] {}));
  auto slot = net::get_associated_cancellation_slot(handler);
  ASSERT_TRUE(slot.is_connected());
  unsigned int got = 0;
  slot.assign([&](cancellation_type type) { got |= static_cast<unsigned int>(type); });
  signal.emit(cancellation_type::terminal);
  signal.emit(cancellation_type::partial);
  signal.emit(cancellation_type::total);
  EXPECT_EQ(got, 7u);
  EXPECT_FALSE(any_completion_handler<void()>([] {}).get_cancellation_slot().is_connected());
  EXPECT_FALSE(any_completion_handler<void()>().get_cancellation_slot().is_connected());
}

// What it is for: an operation whose code is no template.
void start(int value, any_completion_handler<void(int)> handler) { handler(value); }

TEST(AnyCompletionHandler, CarriesTheHandlerOfAnInitiation) {
  int result = 0;
  net::async_initiate<void(int)>([](auto handler, int i) { start(i, std::move(handler)); },
                                 [&](int i) { result = i; }, 42);
  EXPECT_EQ(result, 42);
}

}  // namespace
