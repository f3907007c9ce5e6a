// SPDX-License-Identifier: BSL-1.0
#include "net/execution/execution_context.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "testing/support/counting_allocator.h"

namespace {

using net::execution_context;
using nettest::allocation_counts;
using nettest::counting_allocator;

// Writes down what happens to it.
class noted : public execution_context::service {
 public:
  noted(execution_context& context, std::string name, std::vector<std::string>& notes)
      : service(context), name_(std::move(name)), notes_(&notes) {}
  explicit noted(execution_context& context) : service(context), notes_(nullptr) {}
  ~noted() override { note("destroy "); }

 private:
  void shutdown() override { note("shutdown "); }
  void notify_fork(execution_context::fork_event event) override {
    note("fork" + std::to_string(event) + ' ');
  }
  void note(const std::string& what) {
    if (notes_ != nullptr) notes_->push_back(what + name_);
  }

  std::string name_;
  std::vector<std::string>* notes_;
};

class first : public noted {
 public:
  static inline execution_context::id id;
  using noted::noted;
};

class second : public noted {
 public:
  using key_type = second;
  using noted::noted;
};

class third : public noted {
 public:
  using key_type = third;
  explicit third(execution_context& context) : noted(context) {
    (void)net::use_service<first>(context);
  }
};

TEST(ExecutionContext, MakesAServiceOnFirstUse) {
  execution_context context;
  EXPECT_FALSE(net::has_service<first>(context));
  first& made = net::use_service<first>(context);
  EXPECT_TRUE(net::has_service<first>(context));
  EXPECT_FALSE(net::has_service<second>(context));
  EXPECT_EQ(&net::use_service<first>(context), &made);
  EXPECT_EQ(&made.context(), &context);
}

TEST(ExecutionContext, LetsAServiceUseOthersAsItIsMade) {
  execution_context context;
  (void)net::use_service<third>(context);
  EXPECT_TRUE(net::has_service<first>(context));
}

TEST(ExecutionContext, EndsServicesYoungestFirst) {
  std::vector<std::string> notes;
  {
    execution_context context;
    (void)net::make_service<first>(context, "a", notes);
    net::add_service(context, new second(context, "b", notes));
  }
  EXPECT_EQ(notes,
            (std::vector<std::string>{"shutdown b", "shutdown a", "destroy b", "destroy a"}));
}

TEST(ExecutionContext, TellsOfForksOutwardAndBack) {
  std::vector<std::string> notes;
  execution_context context;
  (void)net::make_service<first>(context, "a", notes);
  (void)net::make_service<second>(context, "b", notes);
  context.notify_fork(execution_context::fork_prepare);
  context.notify_fork(execution_context::fork_parent);
  context.notify_fork(execution_context::fork_child);
  EXPECT_EQ(notes, (std::vector<std::string>{"fork0 b", "fork0 a", "fork1 a", "fork1 b", "fork2 a",
                                             "fork2 b"}));
}

TEST(ExecutionContext, RefusesASecondServiceAndLeavesItToTheCaller) {
  execution_context context;
  (void)net::use_service<first>(context);
  auto mine = std::make_unique<first>(context);
  EXPECT_THROW(net::add_service(context, mine.get()), net::service_already_exists);
  EXPECT_THROW((void)net::make_service<first>(context), net::service_already_exists);
}

TEST(ExecutionContext, RefusesAServiceOfAnotherContext) {
  execution_context context;
  execution_context other;
  auto mine = std::make_unique<first>(context);
  EXPECT_THROW(net::add_service(other, mine.get()), net::invalid_service_owner);
  EXPECT_FALSE(net::has_service<first>(other));
}

class first_maker : public execution_context::service_maker {
 public:
  void make(execution_context& context) const override { (void)net::make_service<first>(context); }
};

TEST(ExecutionContext, HasTheServicesItWasMadeWith) {
  execution_context context{first_maker{}};
  EXPECT_TRUE(net::has_service<first>(context));
}

class alignas(128) wide : public noted {
 public:
  using key_type = wide;
  using noted::noted;
};

TEST(ExecutionContext, TakesItsMemoryFromItsAllocatorAndGivesItBack) {
  allocation_counts where;
  {
    execution_context context(std::allocator_arg, counting_allocator<char>(where), first_maker{});
    EXPECT_TRUE(net::has_service<first>(context));
    EXPECT_EQ(where.made, 2);
    const auto address = reinterpret_cast<std::uintptr_t>(&net::use_service<wide>(context));
    EXPECT_EQ(address % alignof(wide), 0U);
    EXPECT_EQ(where.made, 3);
  }
  EXPECT_EQ(where.live_bytes, 0U);
  {
    execution_context context(std::allocator_arg, std::allocator<int>());
    execution_context::allocator<void> untyped(context);
    execution_context::allocator<long> typed(untyped);
    EXPECT_TRUE(typed == execution_context::allocator<long>(context));
    typed.deallocate(typed.allocate(3), 3);
  }
}

class throwing : public execution_context::service {
 public:
  using key_type = throwing;
  explicit throwing(execution_context& context) : service(context) { throw 7; }

 private:
  void shutdown() override {}
};

TEST(ExecutionContext, KeepsNothingOfAServiceThatCouldNotBeMade) {
  allocation_counts where;
  execution_context context(std::allocator_arg, counting_allocator<char>(where));
  const std::size_t before = where.live_bytes;
  EXPECT_THROW((void)net::use_service<throwing>(context), int);
  EXPECT_FALSE(net::has_service<throwing>(context));
  EXPECT_EQ(where.live_bytes, before);
}

TEST(ExecutionContext, GivesAllThreadsTheSameService) {
  execution_context context;
  std::vector<first*> found(8);
  {
    std::vector<std::jthread> threads;
    for (first*& each : found) {
      threads.emplace_back([&context, &each] { each = &net::use_service<first>(context); });
    }
  }
  for (first* const each : found) {
    EXPECT_EQ(each, found.front());
  }
}

}  // namespace
