// SPDX-License-Identifier: BSL-1.0
#include "net/execution/executor.h"

#include <gtest/gtest.h>

#include "net/config.h"
#include "net/execution/invocable_archetype.h"

namespace {

namespace execution = NET_NAMESPACE::execution;

template <bool IsNoexcept>
struct inline_executor {
  template <typename F>
  void execute(F&& f) const {
    f();
  }
  friend bool operator==(const inline_executor&, const inline_executor&) noexcept(IsNoexcept) {
    return true;
  }
};

struct not_const : inline_executor<true> {
  template <typename F>
  void execute(F&&) {}
};

struct copy_may_throw : inline_executor<true> {
  copy_may_throw(const copy_may_throw&) noexcept(false) {}
};

struct not_comparable {
  template <typename F>
  void execute(F&&) const {}
};

// Not a template: what it executes must do for anything.
struct of_one_type {
  void execute(void (*)()) const {}
  friend bool operator==(const of_one_type&, const of_one_type&) = default;
};

static_assert(execution::executor<inline_executor<true>>);
static_assert(execution::is_executor_v<inline_executor<true>>);
static_assert(!execution::executor<inline_executor<false>>);
static_assert(!execution::executor<not_const>);
static_assert(!execution::executor<copy_may_throw>);
static_assert(!execution::executor<not_comparable>);
static_assert(!execution::executor<of_one_type>);
static_assert(!execution::executor<int>);

TEST(ExecutorConcept, ExecutesTheArchetype) {
  const inline_executor<true> executor;
  executor.execute(execution::invocable_archetype());
  execution::invocable_archetype()(1, "any arguments");
  EXPECT_EQ(of_one_type(), of_one_type());
  int calls = 0;
  executor.execute([&calls] { ++calls; });
  EXPECT_EQ(calls, 1);
}

}  // namespace
