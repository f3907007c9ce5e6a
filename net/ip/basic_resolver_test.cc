// SPDX-License-Identifier: BSL-1.0
#include "net/ip/basic_resolver.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "net/async/bind_cancellation_slot.h"
#include "net/async/bind_executor.h"
#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_type.h"
#include "net/error.h"
#include "net/execution/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/strand.h"
#include "net/execution/thread_pool.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/ip/icmp.h"
#include "net/ip/lookup.h"
#include "net/ip/lookup_pool.h"
#include "net/ip/resolver_service.h"
#include "net/ip/tcp.h"
#include "net/ip/udp.h"
#include "netpoll/waiter.h"

namespace {

using net::ip::tcp;
using net::ip::udp;
using results = tcp::resolver::results_type;
using namespace std::string_literals;

const tcp::endpoint loopback(net::ip::address_v4::loopback(), 80);

TEST(BasicResolver, UnderstandsNumbers) {
  net::io_context context;
  tcp::resolver resolver(context);
  const results found = resolver.resolve("127.0.0.1", "80");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.begin()->endpoint(), loopback);
  EXPECT_EQ(found.begin()->host_name(), "127.0.0.1");
  EXPECT_EQ(found.begin()->service_name(), "80");
  EXPECT_EQ(resolver.resolve(tcp::v6(), "::1", "80").begin()->endpoint(),
            tcp::endpoint(net::ip::address_v6::loopback(), 80));
  udp::resolver datagrams(context.get_executor());
  EXPECT_EQ(datagrams.resolve("127.0.0.1", "7").begin()->endpoint().port(), 7);
  net::ip::icmp::resolver raw(context);
  EXPECT_EQ(raw.resolve("127.0.0.1", "").size(), 1U);
}

TEST(BasicResolver, FindsThisMachine) {
  net::io_context context;
  tcp::resolver resolver(context);
  EXPECT_EQ(resolver.resolve(tcp::v4(), "localhost", "80").begin()->endpoint(), loopback);
  EXPECT_EQ(resolver.resolve(tcp::v4(), "", "80").begin()->endpoint(), loopback);
  const results any = resolver.resolve(tcp::v4(), "", "80", tcp::resolver::passive);
  EXPECT_EQ(any.begin()->endpoint(), tcp::endpoint(net::ip::address_v4::any(), 80));
}

TEST(BasicResolver, SaysWhatIsWrong) {
  net::io_context context;
  tcp::resolver resolver(context);
  std::error_code ec;
  const auto numeric = tcp::resolver::numeric_host | tcp::resolver::numeric_service;
  EXPECT_TRUE(resolver.resolve("localhost", "80", numeric, ec).empty());
  EXPECT_EQ(ec, net::error::host_not_found);
  EXPECT_TRUE(resolver.resolve(tcp::v4(), "::1", "80", numeric, ec).empty());
  EXPECT_EQ(ec, net::error::host_not_found);
  resolver.resolve("", "", ec);
  EXPECT_EQ(ec, net::error::host_not_found);
  resolver.resolve("127.0.0.1\0.example"s, "80", ec);
  EXPECT_EQ(ec, net::error::host_not_found);
  resolver.resolve("127.0.0.1", "80\0"s, ec);
  EXPECT_EQ(ec, net::error::service_not_found);
  EXPECT_THROW(resolver.resolve("localhost", "80", numeric), std::system_error);
  EXPECT_THROW(resolver.resolve(tcp::v4(), "localhost", "80", numeric), std::system_error);
  resolver.resolve("127.0.0.1", "80", numeric, ec);
  EXPECT_FALSE(ec);
}

TEST(BasicResolver, NamesEndpoints) {
  net::io_context context;
  tcp::resolver resolver(context);
  const tcp::endpoint unnamed(net::ip::address_v4::loopback(), 1);
  std::error_code ec;
  const results found = resolver.resolve(unnamed, ec);
  ASSERT_FALSE(ec);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.begin()->endpoint(), unnamed);
  EXPECT_FALSE(found.begin()->host_name().empty());
  EXPECT_FALSE(found.begin()->service_name().empty());
  EXPECT_EQ(resolver.resolve(unnamed).size(), 1U);
}

TEST(BasicResolver, AnswersAsynchronously) {
  net::io_context context;
  tcp::resolver resolver(context);
  int calls = 0;
  const auto expect_loopback = [&](std::error_code ec, const results& found) {
    EXPECT_FALSE(ec);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.begin()->endpoint(), loopback);
    ++calls;
  };
  const auto numeric = tcp::resolver::numeric_host;
  resolver.async_resolve("127.0.0.1", "80", expect_loopback);
  resolver.async_resolve("127.0.0.1", "80", numeric, expect_loopback);
  resolver.async_resolve(tcp::v4(), "127.0.0.1", "80", expect_loopback);
  resolver.async_resolve(tcp::v4(), "127.0.0.1", "80", numeric, expect_loopback);
  resolver.async_resolve(loopback, expect_loopback);
  resolver.async_resolve(tcp::v4(), "localhost", "80")(expect_loopback);
  resolver.async_resolve("localhost", "80", numeric, [&](std::error_code ec, results found) {
    EXPECT_EQ(ec, net::error::host_not_found);
    EXPECT_TRUE(found.empty());
    ++calls;
  });
  EXPECT_EQ(calls, 0);
  context.run();
  EXPECT_EQ(calls, 7);
}

TEST(BasicResolver, CallsOnTheHandlersExecutor) {
  net::io_context context;
  net::thread_pool pool(1);
  auto strand = net::make_strand(context);
  bool is_called = false;
  tcp::resolver resolver(pool);
  resolver.async_resolve("127.0.0.1", "80",
                         net::bind_executor(strand, [&](std::error_code, const results&) {
                           is_called = strand.running_in_this_thread();
                         }));
  context.run();
  EXPECT_TRUE(is_called);
}

TEST(BasicResolver, ParksFibers) {
  net::io_context context;
  tcp::resolver resolver(context);
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    net::go(context, [&] {
      answers += resolver.resolve(tcp::v4(), "localhost", "80").size() == 1 ? 1 : 0;
      answers += resolver.resolve("127.0.0.1", "80").size() == 1 ? 1 : 0;
      answers += resolver.resolve(loopback).size() == 1 ? 1 : 0;
    });
  }
  context.run();
  EXPECT_EQ(answers, 9);
}

// A look-up that takes until the test says so.
class held_lookup final : public net::ip::internal::lookup {
 public:
  held_lookup() { gate_.lock(); }
  void ask() noexcept override {
    has_begun_.unlock();
    gate_.lock();
  }
  void wait_for_beginning() { has_begun_.lock(); }
  void release() { gate_.unlock(); }

 private:
  // Locked and unlocked in different threads: as semaphores, whose mutexes these are not.
  class semaphore {
   public:
    void lock() {
      std::unique_lock guard(mutex_);
      changed_.wait(guard, [this] { return is_free_; });
      is_free_ = false;
    }
    void unlock() {
      const std::lock_guard guard(mutex_);
      is_free_ = true;
      changed_.notify_all();
    }
    explicit semaphore(bool is_free) : is_free_(is_free) {}

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_free_;
  };
  semaphore gate_{true};
  semaphore has_begun_{false};
};

// Keeps the threads of the context busy.
class Blocked : public testing::Test {
 protected:
  Blocked() {
    wait.set_resumer(nobody);
    EXPECT_TRUE(wait.commit());
    held->wait_for_beginning();
  }
  ~Blocked() override {
    if (wait.withdraw()) {
      held->release();
    }
  }

  struct ignore final : netpoll::resumer {
    void resume(netpoll::waiter&) noexcept override {}
  };

  net::io_context context;
  tcp::resolver resolver{context};
  ignore nobody;
  std::shared_ptr<held_lookup> held = std::make_shared<held_lookup>();
  net::ip::internal::lookup_pool& pool =
      net::use_service<net::ip::internal::resolver_service>(context).pool();
  net::ip::internal::lookup_wait wait{pool, held, 0};

  std::vector<std::error_code> told;
  auto tell() {
    return [this](std::error_code ec, const results&) { told.push_back(ec); };
  }
  const std::error_code aborted = net::error::operation_aborted;
};

TEST_F(Blocked, CancelEndsWhatHasNoAnswer) {
  resolver.async_resolve("127.0.0.1", "80", tell());
  resolver.async_resolve(loopback, tell());
  tcp::resolver other(context);
  other.async_resolve("127.0.0.1", "80", tell());
  resolver.cancel();
  context.run_one();
  context.run_one();
  EXPECT_EQ(told, (std::vector<std::error_code>{aborted, aborted}));
  held->release();
  context.run();
  EXPECT_EQ(told.size(), 3U);
  EXPECT_FALSE(told.back());
  resolver.cancel();
}

TEST_F(Blocked, SlotEndsOne) {
  net::cancellation_signal signal;
  resolver.async_resolve("127.0.0.1", "80", net::bind_cancellation_slot(signal.slot(), tell()));
  signal.emit(net::cancellation_type::terminal);
  context.run();
  EXPECT_EQ(told, (std::vector<std::error_code>{aborted}));
}

TEST_F(Blocked, MovingTakesLookupsAlong) {
  resolver.async_resolve("127.0.0.1", "80", tell());
  tcp::resolver moved(std::move(resolver));
  resolver.cancel();  // NOLINT(bugprone-use-after-move): it has no look-ups
  resolver.async_resolve("127.0.0.1", "80", tell());
  EXPECT_EQ(context.poll(), 0U);
  net::ip::basic_resolver<tcp, net::any_io_executor> again(std::move(moved));
  again.cancel();
  context.run_one();
  EXPECT_EQ(told, (std::vector<std::error_code>{aborted}));
  again = std::move(resolver);
  again = tcp::resolver(context);  // what `again` had ends
  context.run_one();
  EXPECT_EQ(told, (std::vector<std::error_code>{aborted, aborted}));
}

TEST_F(Blocked, TheResolversEndCancels) {
  std::optional<tcp::resolver> short_lived(context);
  short_lived->async_resolve("127.0.0.1", "80", tell());
  short_lived.reset();
  context.run();
  EXPECT_EQ(told, (std::vector<std::error_code>{aborted}));
}

TEST_F(Blocked, FiberThatIsCancelledStopsWaiting) {
  std::error_code result;
  net::fiber waits(context, [&] { resolver.resolve("localhost", "80", result); });
  net::go(context, [&] { waits.cancel(); });
  context.run();
  waits.join();
  EXPECT_EQ(result, aborted);
}

TEST(BasicResolver, HandlersDieWithTheContext) {
  auto alive = std::make_shared<int>();
  {
    net::io_context short_lived;
    tcp::resolver its(short_lived);
    its.async_resolve("127.0.0.1", "80", [alive](std::error_code, const results&) {});
    EXPECT_GE(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(LookupPool, HasAsManyThreadsAsTheConfigurationSays) {
  net::io_context context(net::config_from_string("resolver.threads=2"));
  auto& pool = net::use_service<net::ip::internal::resolver_service>(context).pool();
  struct final_resumer final : netpoll::resumer {
    void resume(netpoll::waiter&) noexcept override {}
  } nobody;
  auto first = std::make_shared<held_lookup>();
  auto second = std::make_shared<held_lookup>();
  net::ip::internal::lookup_wait wait_first(pool, first, 0);
  net::ip::internal::lookup_wait wait_second(pool, second, 0);
  for (auto* each : {&wait_first, &wait_second}) {
    each->set_resumer(nobody);
    EXPECT_TRUE(each->commit());
  }
  first->wait_for_beginning();
  second->wait_for_beginning();  // beside the first
  EXPECT_TRUE(wait_first.withdraw());
  EXPECT_TRUE(wait_second.withdraw());
  first->release();
  second->release();
}

TEST(LookupPool, GoesOnAfterAFork) {
  net::io_context context;
  tcp::resolver resolver(context);
  int calls = 0;
  const auto count = [&](std::error_code ec, const results&) { calls += ec ? 0 : 1; };
  resolver.async_resolve("127.0.0.1", "80", count);
  context.run();
  context.restart();
  context.notify_fork(net::execution_context::fork_prepare);
  context.notify_fork(net::execution_context::fork_parent);
  resolver.async_resolve("127.0.0.1", "80", count);
  context.run();
  EXPECT_EQ(calls, 2);
}

}  // namespace
