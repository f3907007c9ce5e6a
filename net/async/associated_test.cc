// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <type_traits>

#include "net/async/associated_allocator.h"
#include "net/async/associated_cancellation_slot.h"
#include "net/async/associated_executor.h"
#include "net/async/associated_immediate_executor.h"
#include "net/async/associator.h"
#include "net/async/cancellation_signal.h"
#include "net/execution/execution_context.h"
#include "net/execution/inline_executor.h"
#include "net/execution/properties/blocking.h"

namespace {

// An executor that is told apart from others by a number.
struct numbered_executor {
  int number = 0;

  template <typename Function>
  void execute(Function function) const {
    function();
  }
  numbered_executor require(net::execution::blocking_t::never_t) const { return {number + 100}; }
  friend bool operator==(const numbered_executor& a, const numbered_executor& b) noexcept {
    return a.number == b.number;
  }
};

// An executor of the Networking TS that counts.
struct counting_executor {
  net::execution_context& context() const noexcept { return *where; }
  void on_work_started() const noexcept {}
  void on_work_finished() const noexcept {}
  template <typename Function, typename Allocator>
  void dispatch(Function&&, const Allocator&) const {
    ++*dispatches;
  }
  template <typename Function, typename Allocator>
  void post(Function&&, const Allocator&) const {
    ++*posts;
  }
  template <typename Function, typename Allocator>
  void defer(Function&&, const Allocator&) const {
    ++*posts;
  }
  friend bool operator==(const counting_executor& a, const counting_executor& b) noexcept {
    return a.posts == b.posts;
  }
  net::execution_context* where;
  int* dispatches;
  int* posts;
};

struct numbered_context : net::execution_context {
  using executor_type = numbered_executor;
  executor_type get_executor() const noexcept { return {7}; }
};

template <typename T>
struct numbered_allocator {
  using value_type = T;
  int number = 0;
};

struct plain_handler {
  void operator()() const {}
};

struct handler_with_everything {
  using executor_type = numbered_executor;
  using allocator_type = numbered_allocator<void>;
  using cancellation_slot_type = net::cancellation_slot;

  executor_type get_executor() const noexcept { return {1}; }
  allocator_type get_allocator() const noexcept { return {2}; }
  cancellation_slot_type get_cancellation_slot() const noexcept { return slot; }

  net::cancellation_slot slot;
};

template <typename Handler>
struct wrapper {
  Handler handler;
};

template <typename Handler>
struct forwarding_wrapper {
  using forwarded_handler_type = Handler;
  const Handler& forwarded_handler() const noexcept { return handler; }
  Handler handler;
};

// Says what its executor is, and leaves the rest to the handler inside.
template <typename Handler>
struct wrapper_with_executor {
  using executor_type = numbered_executor;
  executor_type get_executor() const noexcept { return {3}; }
  using forwarded_handler_type = Handler;
  const Handler& forwarded_handler() const noexcept { return handler; }
  Handler handler;
};

struct specialised_handler {};

template <typename T, typename Executor>
concept is_unspecialised = requires {
  typename net::associated_executor<T, Executor>::asio_associated_executor_is_unspecialised;
};

}  // namespace

namespace NET_NAMESPACE {

template <template <typename, typename> class Associator, typename Handler, typename Default>
struct associator<Associator, wrapper<Handler>, Default> : Associator<Handler, Default> {
  static auto get(const wrapper<Handler>& from) noexcept {
    return Associator<Handler, Default>::get(from.handler);
  }
  static auto get(const wrapper<Handler>& from, const Default& otherwise) noexcept {
    return Associator<Handler, Default>::get(from.handler, otherwise);
  }
};

template <typename Executor>
struct associated_executor<specialised_handler, Executor> {
  using type = numbered_executor;
  static type get(const specialised_handler&, const Executor& = Executor()) noexcept { return {9}; }
};

}  // namespace NET_NAMESPACE

namespace {

TEST(AssociatedExecutor, IsTheDefaultIfThereIsNone) {
  const plain_handler handler;
  EXPECT_EQ(net::get_associated_executor(handler), net::inline_executor());
  EXPECT_EQ(net::get_associated_executor(handler, numbered_executor{4}).number, 4);
  static_assert(is_unspecialised<plain_handler, numbered_executor>);
  // The default is not copied.
  const numbered_executor otherwise{4};
  EXPECT_EQ(&net::get_associated_executor(handler, otherwise), &otherwise);
}

TEST(AssociatedExecutor, ContextStandsForItsExecutor) {
  numbered_context context;
  EXPECT_EQ(net::get_associated_executor(plain_handler(), context).number, 7);
  EXPECT_EQ(net::get_associated_executor(handler_with_everything(), context).number, 1);
}

TEST(AssociatedExecutor, IsThatOfTheHandler) {
  const handler_with_everything handler;
  EXPECT_EQ(net::get_associated_executor(handler), numbered_executor{1});
  EXPECT_EQ(net::get_associated_executor(handler, net::inline_executor()).number, 1);
  static_assert(!is_unspecialised<handler_with_everything, numbered_executor>);
  static_assert(
      std::is_same_v<net::associated_executor_t<handler_with_everything>, numbered_executor>);
  static_assert(noexcept(net::get_associated_executor(handler)));
  static_assert(noexcept(net::get_associated_executor(handler, net::inline_executor())));
}

TEST(AssociatedExecutor, MayBeSpecialised) {
  EXPECT_EQ(net::get_associated_executor(specialised_handler()).number, 9);
  const forwarding_wrapper<specialised_handler> outside{};
  EXPECT_EQ(net::get_associated_executor(outside, net::inline_executor()).number, 9);
}

TEST(AssociatedAllocator, IsThatOfTheHandler) {
  EXPECT_EQ(net::get_associated_allocator(handler_with_everything()).number, 2);
  EXPECT_EQ(net::get_associated_allocator(handler_with_everything(), std::allocator<int>()).number,
            2);
  EXPECT_EQ(net::get_associated_allocator(plain_handler(), numbered_allocator<int>{5}).number, 5);
  static_assert(std::is_same_v<net::associated_allocator_t<plain_handler>, std::allocator<void>>);
  static_assert(std::is_same_v<decltype(net::get_associated_allocator(plain_handler())),
                               std::allocator<void>>);
}

TEST(AssociatedCancellationSlot, IsNotConnectedByDefault) {
  EXPECT_FALSE(net::get_associated_cancellation_slot(plain_handler()).is_connected());
  net::cancellation_signal signal;
  EXPECT_EQ(net::get_associated_cancellation_slot(plain_handler(), signal.slot()), signal.slot());
  const handler_with_everything handler{signal.slot()};
  EXPECT_EQ(net::get_associated_cancellation_slot(handler), signal.slot());
  EXPECT_EQ(net::get_associated_cancellation_slot(handler, net::cancellation_slot()),
            signal.slot());
}

TEST(AssociatedImmediateExecutor, NeverBlocksByDefault) {
  EXPECT_EQ(net::get_associated_immediate_executor(plain_handler(), numbered_executor{4}).number,
            104);
  numbered_context context;
  EXPECT_EQ(net::get_associated_immediate_executor(plain_handler(), context).number, 107);
  // What an executor of the Networking TS is told to dispatch is posted.
  int dispatches = 0;
  int posts = 0;
  const counting_executor counting{&context, &dispatches, &posts};
  const auto immediate = net::get_associated_immediate_executor(plain_handler(), counting);
  immediate.dispatch([] {}, std::allocator<void>());
  EXPECT_EQ(dispatches, 0);
  EXPECT_EQ(posts, 1);
  const auto copy = immediate;
  EXPECT_TRUE(copy == immediate);
  static_assert(noexcept(net::get_associated_immediate_executor(plain_handler(), counting)));
}

struct immediate_handler {
  using immediate_executor_type = net::inline_executor;
  immediate_executor_type get_immediate_executor() const noexcept { return {}; }
};

TEST(AssociatedImmediateExecutor, IsThatOfTheHandler) {
  const forwarding_wrapper<immediate_handler> outside{};
  EXPECT_EQ(net::get_associated_immediate_executor(outside, numbered_executor{4}),
            net::inline_executor());
  using type = net::associated_immediate_executor_t<immediate_handler, numbered_executor>;
  static_assert(std::is_same_v<type, net::inline_executor>);
}

template <typename Executor>
concept gives_executor = requires(const Executor& executor) {
  net::get_associated_executor(plain_handler(), executor);
};

TEST(AssociatedExecutor, AsksOnlyForExecutors) {
  static_assert(gives_executor<numbered_executor>);
  static_assert(gives_executor<counting_executor>);
  static_assert(!gives_executor<int>);
}

TEST(Associator, OneSpecialisationForwardsEverything) {
  net::cancellation_signal signal;
  const wrapper<handler_with_everything> outside{{signal.slot()}};
  EXPECT_EQ(net::get_associated_executor(outside).number, 1);
  EXPECT_EQ(net::get_associated_executor(outside, net::inline_executor()).number, 1);
  EXPECT_EQ(net::get_associated_allocator(outside).number, 2);
  EXPECT_EQ(net::get_associated_cancellation_slot(outside), signal.slot());
  static_assert(!is_unspecialised<wrapper<handler_with_everything>, net::inline_executor>);
}

TEST(Associator, WrapperOfAHandlerWithNothingHasNothing) {
  static_assert(is_unspecialised<wrapper<plain_handler>, numbered_executor>);
  static_assert(is_unspecialised<forwarding_wrapper<plain_handler>, numbered_executor>);
  static_assert(is_unspecialised<std::reference_wrapper<plain_handler>, numbered_executor>);
  const forwarding_wrapper<plain_handler> outside{};
  EXPECT_EQ(net::get_associated_executor(outside, numbered_executor{4}).number, 4);
  EXPECT_EQ(net::get_associated_executor(outside), net::inline_executor());
}

TEST(Associator, TypesThatTheWrapperNamesComeFirst) {
  const wrapper_with_executor<handler_with_everything> outside{};
  EXPECT_EQ(net::get_associated_executor(outside, net::inline_executor()).number, 3);
  EXPECT_EQ(net::get_associated_allocator(outside).number, 2);
}

TEST(Associator, ReferenceWrapperIsTransparent) {
  const handler_with_everything handler;
  const auto reference = std::ref(handler);
  EXPECT_EQ(net::get_associated_executor(reference).number, 1);
  EXPECT_EQ(net::get_associated_executor(reference, net::inline_executor()).number, 1);
  EXPECT_EQ(net::get_associated_allocator(reference).number, 2);
  static_assert(noexcept(net::get_associated_executor(reference)));
}

}  // namespace
