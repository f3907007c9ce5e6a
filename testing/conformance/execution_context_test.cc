// SPDX-License-Identifier: BSL-1.0
//
// Services of a context: when they are made, who owns them, in which order they end.
#include <gtest/gtest.h>

#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <vector>

namespace {

using asio::execution_context;

std::vector<std::string> events;

struct first : execution_context::service {
  static execution_context::id id;
  explicit first(execution_context& owner, int v = 0) : service(owner), value(v) {
    events.push_back("make first");
  }
  ~first() override { events.push_back("destroy first"); }
  void shutdown() override { events.push_back("shut first down"); }
  void notify_fork(execution_context::fork_event event) override {
    events.push_back("fork first " + std::to_string(event));
  }
  int value;
};
execution_context::id first::id;

struct second : execution_context::service {
  static execution_context::id id;
  explicit second(execution_context& owner) : service(owner) { events.push_back("make second"); }
  ~second() override { events.push_back("destroy second"); }
  void shutdown() override { events.push_back("shut second down"); }
  void notify_fork(execution_context::fork_event event) override {
    events.push_back("fork second " + std::to_string(event));
  }
};
execution_context::id second::id;

// Known by its type, without an id.
struct shape : execution_context::service {
  using key_type = shape;
  explicit shape(execution_context& owner) : service(owner) {}
  virtual int corners() const = 0;
};
struct square : shape {
  explicit square(execution_context& owner) : shape(owner) {}
  void shutdown() override {}
  int corners() const override { return 4; }
};

struct Services : testing::Test {
  void SetUp() override { events.clear(); }
};

TEST_F(Services, AreMadeWhenFirstUsed) {
  asio::io_context context;
  EXPECT_FALSE(asio::has_service<first>(context));
  first& one = asio::use_service<first>(context);
  EXPECT_TRUE(asio::has_service<first>(context));
  EXPECT_EQ(&asio::use_service<first>(context), &one);
  EXPECT_EQ(&one.context(), &context);
  EXPECT_EQ(events, std::vector<std::string>{"make first"});
  asio::io_context other;
  EXPECT_FALSE(asio::has_service<first>(other));
  EXPECT_NE(&asio::use_service<first>(other), &one);
}

TEST_F(Services, CanBeMadeWithArguments) {
  execution_context context;
  EXPECT_EQ(asio::make_service<first>(context, 7).value, 7);
  EXPECT_EQ(asio::use_service<first>(context).value, 7);
  EXPECT_THROW(asio::make_service<first>(context, 8), asio::service_already_exists);
  EXPECT_EQ(asio::use_service<first>(context).value, 7);
}

TEST_F(Services, ThatAreAddedBelongToTheContext) {
  asio::io_context context;
  auto mine = std::make_unique<first>(context, 3);
  asio::add_service(context, mine.get());
  EXPECT_EQ(&asio::use_service<first>(context), mine.release());
}

TEST_F(Services, ThatCannotBeAddedStayWhereTheyWere) {
  asio::io_context context;
  asio::io_context other;
  first mine(context);
  EXPECT_THROW(asio::add_service(other, &mine), asio::invalid_service_owner);
  EXPECT_FALSE(asio::has_service<first>(other));
  asio::use_service<first>(context);
  EXPECT_THROW(asio::add_service(context, &mine), asio::service_already_exists);
  EXPECT_NE(&asio::use_service<first>(context), &mine);
}

TEST_F(Services, AreShutDownThenDestroyedTheLastFirst) {
  {
    execution_context context;
    asio::use_service<first>(context);
    asio::use_service<second>(context);
    events.clear();
  }
  EXPECT_EQ(events, (std::vector<std::string>{"shut second down", "shut first down",
                                              "destroy second", "destroy first"}));
}

TEST_F(Services, HearOfAFork) {
  execution_context context;
  asio::use_service<first>(context);
  asio::use_service<second>(context);
  events.clear();
  const auto told = [](execution_context::fork_event event) { return std::to_string(event); };
  context.notify_fork(execution_context::fork_prepare);
  context.notify_fork(execution_context::fork_parent);
  context.notify_fork(execution_context::fork_child);
  EXPECT_EQ(events,
            (std::vector<std::string>{"fork second " + told(execution_context::fork_prepare),
                                      "fork first " + told(execution_context::fork_prepare),
                                      "fork first " + told(execution_context::fork_parent),
                                      "fork second " + told(execution_context::fork_parent),
                                      "fork first " + told(execution_context::fork_child),
                                      "fork second " + told(execution_context::fork_child)}));
}

TEST_F(Services, WithAKeyTypeNeedNoId) {
  asio::thread_pool context(1);
  asio::use_service<square>(context);
  EXPECT_FALSE(asio::has_service<shape>(context));
  EXPECT_TRUE(asio::has_service<square>(context));
  EXPECT_EQ(asio::use_service<square>(context).corners(), 4);
}

// What a service of an I/O context is derived from, and known by.
struct of_io_context : asio::io_context::service {
  static asio::io_context::id id;
  explicit of_io_context(asio::io_context& owner) : service(owner) {}
  void shutdown() override {}
  asio::io_context& owner() { return get_io_context(); }
};
asio::io_context::id of_io_context::id;

TEST_F(Services, OfAnIoContextKnowIt) {
  asio::io_context context;
  EXPECT_EQ(&asio::use_service<of_io_context>(context).owner(), &context);
}

// --- What is left when a context ends -------------------------------------------------------------

// Posts when it is destroyed.
struct posts_at_its_end {
  asio::io_context* context;
  std::shared_ptr<int> alive;
  posts_at_its_end(asio::io_context& c, std::shared_ptr<int> a)
      : context(&c), alive(std::move(a)) {}
  posts_at_its_end(posts_at_its_end&& other) noexcept
      : context(std::exchange(other.context, nullptr)), alive(std::move(other.alive)) {}
  ~posts_at_its_end() {
    if (context != nullptr) asio::post(*context, [alive = alive] {});
  }
  void operator()() {}
};

TEST_F(Services, HandlersThatPostWhenDestroyedAreNoLeak) {
  const auto alive = std::make_shared<int>(1);
  {
    asio::io_context context;
    asio::post(context, posts_at_its_end(context, alive));
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(Services, AHandlerMayOwnTheTimerThatItWaitsFor) {
  const auto alive = std::make_shared<int>(1);
  {
    asio::io_context context;
    auto timer = std::make_unique<asio::steady_timer>(context, std::chrono::hours(1));
    asio::steady_timer& it = *timer;
    it.async_wait([timer = std::move(timer), alive](const asio::error_code&) { FAIL(); });
    EXPECT_EQ(context.poll(), 0u);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
