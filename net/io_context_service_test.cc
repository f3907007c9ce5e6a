// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "net/async/submit.h"
#include "net/execution/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/loop_host.h"
#include "net/io_context.h"
#include "testing/support/counting_allocator.h"

namespace {

using nettest::allocation_counts;
using nettest::counting_allocator;

class io_service_of_mine : public net::io_context::service {
 public:
  static inline net::io_context::id id;
  explicit io_service_of_mine(net::io_context& context) : service(context) {}
};

TEST(IoContextService, IsMadeWithItsContext) {
  net::io_context context;
  auto& service = net::use_service<io_service_of_mine>(context);
  EXPECT_EQ(&service.get_io_context(), &context);
  EXPECT_TRUE(net::has_service<io_service_of_mine>(context));
}

// Holds what a handler wants to see when it is destroyed.
class guest_book : public net::execution_context::service {
 public:
  using key_type = guest_book;
  explicit guest_book(net::execution_context& context) : service(context) {}
  ~guest_book() override {
    if (out_ != nullptr) *out_ = names_;
  }
  void set_out(std::vector<std::string>& out) { out_ = &out; }
  void enter(const std::string& name) { names_.push_back(name); }

 private:
  void shutdown() override { enter("shutdown"); }

  std::vector<std::string> names_;
  std::vector<std::string>* out_ = nullptr;
};

TEST(IoContextService, OutlivesHandlersThatAreNotRun) {
  std::vector<std::string> names;
  {
    net::io_context context;
    net::use_service<guest_book>(context).set_out(names);
    struct entering {
      net::io_context* context;
      entering(net::io_context& where) : context(&where) {}
      entering(entering&& other) noexcept : context(std::exchange(other.context, nullptr)) {}
      ~entering() {
        if (context != nullptr) net::use_service<guest_book>(*context).enter("handler");
      }
      void operator()() {}
    };
    net::post(context, entering(context));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"shutdown", "handler"}));
}

class posting_at_its_end : public net::execution_context::service {
 public:
  using key_type = posting_at_its_end;
  explicit posting_at_its_end(net::io_context& context, std::shared_ptr<int> what)
      : service(context), context_(context), what_(std::move(what)) {}
  ~posting_at_its_end() override {
    net::post(context_, [what = what_] {});
  }

 private:
  void shutdown() override {
    net::post(context_, [what = what_] {});
  }

  net::io_context& context_;
  std::shared_ptr<int> what_;
};

TEST(IoContextService, MayPostWhatIsThenDestroyed) {
  auto what = std::make_shared<int>(0);
  {
    net::io_context context;
    net::add_service(context, new posting_at_its_end(context, what));
  }
  EXPECT_EQ(what.use_count(), 1);
}

TEST(IoContext, TakesItsMemoryFromItsAllocator) {
  allocation_counts counts;
  const counting_allocator<int> memory(counts);
  {
    net::io_context by_default(std::allocator_arg, memory);
    net::io_context with_hint(std::allocator_arg, memory, 1);
    net::io_context with_config(std::allocator_arg, memory,
                                net::config_from_string("resolver.threads=3"));
    EXPECT_GT(counts.live, 3);
    EXPECT_EQ(net::config(by_default).get("scheduler", "concurrency_hint", 0), -1);
    EXPECT_EQ(net::config(with_hint).get("scheduler", "concurrency_hint", 0), 1);
    EXPECT_EQ(net::config(with_config).get("resolver", "threads", 0), 3);
  }
  EXPECT_EQ(counts.live, 0);
}

TEST(LoopHost, IsTheIoContextItself) {
  net::io_context context;
  net::internal::loop_host& host = net::internal::loop_host::of(context);
  EXPECT_EQ(&host.loop(), &context.loop());
  EXPECT_EQ(&host.open_reactor(), &context.reactor());
}

}  // namespace
