// SPDX-License-Identifier: BSL-1.0
#include "net/asio/basic_io_object.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <utility>

#include "net/asio/handler_continuation_hook.h"
#include "net/execution/execution_context.h"
#include "net/io_context.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace {

// Counts what it is asked for; a state is a number that belongs to one object.
struct counting_service : net::io_context::service {
  struct implementation_type {
    int number = 0;
  };
  static net::execution_context::id id;

  explicit counting_service(net::io_context& context) : net::io_context::service(context) {}

  void construct(implementation_type& state) {
    state.number = 1;
    ++alive;
  }
  void destroy(implementation_type&) { --alive; }

  int alive = 0;
};
net::execution_context::id counting_service::id;

struct moving_service : counting_service {
  static net::execution_context::id id;

  using counting_service::counting_service;
  void move_construct(implementation_type& to, implementation_type& from) {
    to.number = std::exchange(from.number, 0);
    ++alive;
  }
  void move_assign(implementation_type& to, moving_service& other, implementation_type& from) {
    EXPECT_EQ(&other, this);
    to.number = std::exchange(from.number, 0);
  }
  void converting_move_construct(implementation_type& to, counting_service&,
                                 implementation_type& from) {
    to.number = 10 * std::exchange(from.number, 0);
    ++alive;
  }
};
net::execution_context::id moving_service::id;

template <typename Service>
struct object : net::basic_io_object<Service> {
  using base = net::basic_io_object<Service>;

  explicit object(net::io_context& context) : base(context) {}
  object(object&&) = default;
  object& operator=(object&&) = default;
  template <typename Other>
  requires(!std::is_same_v<Other, Service>) explicit object(object<Other>&& other)
      : base(other.get_service(), other.get_implementation()) {}

  using base::get_implementation;
  using base::get_service;
};

TEST(BasicIoObject, IsConstructedAndDestroyedByItsService) {
  net::io_context context;
  auto& service = net::use_service<counting_service>(context);
  {
    object<counting_service> one(context);
    const object<counting_service> other(context);
    EXPECT_EQ(one.get_implementation().number, 1);
    EXPECT_EQ(&other.get_service(), &service);
    EXPECT_EQ(&one.get_io_context(), &context);
    EXPECT_TRUE(one.get_executor() == context.get_executor());
    EXPECT_EQ(service.alive, 2);
  }
  EXPECT_EQ(service.alive, 0);
}

TEST(BasicIoObject, MovesIfItsServiceDoes) {
  EXPECT_FALSE(std::is_move_constructible_v<object<counting_service>>);
  EXPECT_FALSE(std::is_move_assignable_v<object<counting_service>>);
  EXPECT_FALSE(std::is_copy_constructible_v<object<moving_service>>);

  net::io_context context;
  object<moving_service> one(context);
  object<moving_service> other(std::move(one));
  EXPECT_EQ(one.get_implementation().number, 0);
  EXPECT_EQ(other.get_implementation().number, 1);
  one = std::move(other);
  EXPECT_EQ(one.get_implementation().number, 1);
  EXPECT_EQ(one.get_service().alive, 2);
}

TEST(BasicIoObject, IsMadeFromOneOfAnotherService) {
  net::io_context context;
  object<counting_service> one(context);
  object<moving_service> other(std::move(one));
  EXPECT_EQ(one.get_implementation().number, 0);
  EXPECT_EQ(other.get_implementation().number, 10);
}

TEST(HandlerContinuationHook, SaysNoUnlessOverloaded) {
  const auto handler = [] {};
  EXPECT_FALSE(net::asio_handler_is_continuation(&handler));
}

}  // namespace
