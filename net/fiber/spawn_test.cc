// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/spawn.h"

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/async/async_result.h"
#include "net/async/bind_cancellation_slot.h"
#include "net/async/bind_executor.h"
#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_state.h"
#include "net/async/cancellation_type.h"
#include "net/async/deferred.h"
#include "net/async/detached.h"
#include "net/async/submit.h"
#include "net/async/use_future.h"
#include "net/error.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/strand.h"
#include "net/execution/thread_pool.h"
#include "net/fiber/fiber.h"
#include "net/fiber/wait.h"
#include "net/fiber/yield_context.h"
#include "net/io_context.h"
#include "net/timer/steady_timer.h"

namespace {

using namespace std::chrono_literals;
using net::cancellation_type;
using net::yield_context;

struct outcome {
  bool called = false;
  std::exception_ptr thrown;

  auto handler() {
    return [this](std::exception_ptr what) {
      called = true;
      thrown = what;
    };
  }
  net::error_code code() const {
    try {
      if (thrown) {
        std::rethrow_exception(thrown);
      }
    } catch (const std::system_error& error) {
      return error.code();
    }
    return {};
  }
};

struct sets_at_end {
  bool& flag;
  ~sets_at_end() { flag = true; }
};

// Completes by a function that is posted, with these values.
template <typename... Args, typename Token>
auto async_values(net::io_context& context, Token&& token, Args... args) {
  return net::async_initiate<Token, void(Args...)>(
      [&context, args...](auto handler) mutable {
        net::post(context, [handler = std::move(handler), ... args = std::move(args)]() mutable {
          std::move(handler)(std::move(args)...);
        });
      },
      token);
}

void wait_forever(yield_context yield) {
  net::steady_timer timer(yield.get_executor(), 24h);
  timer.async_wait(yield);
}

TEST(Spawn, BeginsWhenTheExecutorComesToIt) {
  net::io_context context;
  bool begun = false;
  outcome result;
  net::spawn(
      context, [&](yield_context) { begun = net::on_fiber(); }, result.handler());
  EXPECT_FALSE(begun);
  context.run();
  EXPECT_TRUE(begun);
  EXPECT_TRUE(result.called);
  EXPECT_FALSE(result.thrown);
}

TEST(Spawn, HandlerGetsWhatIsReturned) {
  net::io_context context;
  std::unique_ptr<int> result;
  net::spawn(
      context, [](yield_context) { return std::make_unique<int>(42); },
      [&](std::exception_ptr thrown, std::unique_ptr<int> value) {
        EXPECT_FALSE(thrown);
        result = std::move(value);
      });
  context.run();
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 42);
}

TEST(Spawn, HandlerGetsWhatIsThrown) {
  net::io_context context;
  std::exception_ptr result;
  int value = 1;
  net::spawn(
      context, [](yield_context) -> int { throw std::runtime_error("oops"); },
      [&](std::exception_ptr thrown, int returned) {
        result = thrown;
        value = returned;
      });
  context.run();
  EXPECT_THROW(std::rethrow_exception(result), std::runtime_error);
  EXPECT_EQ(value, 0);
}

TEST(Spawn, IsDeferredByDefault) {
  net::io_context context;
  outcome result;
  auto operation = net::spawn(context, [](yield_context) {});
  context.run();
  EXPECT_FALSE(result.called);
  std::move(operation)(result.handler());
  context.restart();
  context.run();
  EXPECT_TRUE(result.called);
}

TEST(Spawn, TakesTokens) {
  net::io_context context;
  auto future = net::spawn(
      context, [](yield_context) { return std::string("done"); }, net::use_future);
  context.run();
  EXPECT_EQ(future.get(), "done");
}

TEST(Spawn, HandlersExecutorCallsIt) {
  net::io_context context;
  net::io_context other;
  outcome result;
  net::spawn(
      context, [](yield_context) {}, net::bind_executor(other, result.handler()));
  context.run();
  EXPECT_FALSE(result.called);
  other.run();
  EXPECT_TRUE(result.called);
}

TEST(Spawn, ChildRunsOnTheSameExecutor) {
  net::io_context context;
  const auto strand = net::make_strand(context);
  int on_strand = 0;
  const auto look = [&](auto) { on_strand += strand.running_in_this_thread(); };
  net::spawn(
      strand,
      [&](net::basic_yield_context<net::strand<net::io_context::executor_type>> yield) {
        EXPECT_EQ(yield.get_executor(), strand);
        look(yield);
        net::spawn(yield, look, yield);
        net::spawn(
            yield, std::allocator_arg, net::fiber_options{.stack_size = 128 * 1024},
            [&](yield_context child) {
              EXPECT_GE(net::this_fiber::stack_size(), 128u * 1024);
              look(child);
            },
            yield);
        look(yield);
      },
      net::detached);
  context.run();
  EXPECT_EQ(on_strand, 4);
}

TEST(Spawn, TakesFiberOptions) {
  net::io_context context;
  std::size_t size = 0;
  const auto look = [&](yield_context) { size = net::this_fiber::stack_size(); };
  const net::fiber_options options{.stack_size = 512 * 1024};
  net::spawn(context, std::allocator_arg, options, look, net::detached);
  context.run();
  EXPECT_GE(size, 512u * 1024);
  size = 0;
  net::spawn(context.get_executor(), std::allocator_arg, options, look, net::detached);
  context.restart();
  context.run();
  EXPECT_GE(size, 512u * 1024);
}

TEST(Spawn, ErasedExecutorOfAPool) {
  net::thread_pool pool(2);
  const net::any_io_executor executor = pool.get_executor();
  int rounds = 0;
  outcome result;
  net::spawn(
      executor,
      [&](yield_context yield) {
        net::steady_timer timer(executor);
        for (; rounds < 100; ++rounds) {
          timer.expires_after(0s);
          timer.async_wait(yield);
        }
      },
      result.handler());
  pool.join();
  EXPECT_EQ(rounds, 100);
  EXPECT_TRUE(result.called);
}

TEST(Spawn, StrandOfManyThreadsKeepsItsFibersApart) {
  net::io_context context;
  const auto strand = net::make_strand(context);
  int count = 0;  // of the strand
  constexpr int fibers = 20;
  constexpr int rounds = 50;
  for (int i = 0; i < fibers; ++i) {
    net::spawn(
        strand,
        [&](yield_context yield) {
          for (int round = 0; round < rounds; ++round) {
            ++count;
            net::post(yield);
          }
        },
        net::detached);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] { context.run(); });
  }
  for (std::thread& each : threads) {
    each.join();
  }
  EXPECT_EQ(count, fibers * rounds);
}

TEST(Spawn, SlotCancelsTheOperationUnderWay) {
  net::io_context context;
  net::cancellation_signal signal;
  outcome result;
  net::spawn(context, wait_forever, net::bind_cancellation_slot(signal.slot(), result.handler()));
  context.poll();
  EXPECT_FALSE(result.called);
  signal.emit(cancellation_type::total);  // only terminal requests pass
  context.poll();
  EXPECT_FALSE(result.called);
  signal.emit(cancellation_type::all);
  context.poll();
  EXPECT_TRUE(context.stopped());
  EXPECT_EQ(result.code(), net::error::operation_aborted);
  signal.emit(cancellation_type::all);  // finds nothing
}

TEST(Spawn, HandlerWithAnExecutorIsCancelledOnTheFibersOwn) {
  net::io_context context;
  net::io_context other;
  net::cancellation_signal signal;
  outcome result;
  net::spawn(
      context, wait_forever,
      net::bind_cancellation_slot(signal.slot(), net::bind_executor(other, result.handler())));
  context.poll();
  signal.emit(cancellation_type::terminal);
  context.run();
  other.run();
  EXPECT_EQ(result.code(), net::error::operation_aborted);
}

TEST(YieldContext, ReturnsResultsWithoutTheDisposition) {
  net::io_context context;
  outcome result;
  net::spawn(
      context,
      [&](yield_context yield) {
        static_assert(std::is_void_v<decltype(async_values(context, yield))>);
        async_values(context, yield);
        async_values(context, yield, net::error_code());
        async_values(context, yield, std::exception_ptr());
        EXPECT_EQ(async_values(context, yield, 1), 1);
        EXPECT_EQ(async_values(context, yield, net::error_code(), std::string("two")), "two");
        EXPECT_EQ(async_values(context, yield, 3, 'c'), std::make_tuple(3, 'c'));
        EXPECT_EQ(async_values(context, yield, std::exception_ptr(), 4, 'd'),
                  std::make_tuple(4, 'd'));
      },
      result.handler());
  context.run();
  EXPECT_TRUE(result.called);
  EXPECT_FALSE(result.thrown);
}

TEST(YieldContext, ThrowsErrors) {
  net::io_context context;
  outcome result;
  net::spawn(
      context,
      [&](yield_context yield) {
        const net::error_code eof = net::error::eof;
        EXPECT_THROW(async_values(context, yield, eof), std::system_error);
        EXPECT_THROW(async_values(context, yield, eof, 1), std::system_error);
        const auto thrown = std::make_exception_ptr(std::runtime_error("no"));
        EXPECT_THROW(async_values(context, yield, thrown, 1, 2), std::runtime_error);

        net::error_code ec;
        EXPECT_EQ(async_values(context, yield[ec], eof, 7), 7);
        EXPECT_EQ(ec, net::error::eof);
        EXPECT_THROW(async_values(context, yield[ec], thrown), std::runtime_error);
        async_values(context, yield[ec], net::error_code());
        EXPECT_FALSE(ec);
      },
      result.handler());
  context.run();
  EXPECT_TRUE(result.called);
  EXPECT_FALSE(result.thrown);
}

TEST(YieldContext, OperationMayCompleteBeforeItsInitiationReturns) {
  net::io_context context;
  int result = 0;
  net::spawn(
      context,
      [&](yield_context yield) {
        result = net::async_initiate<const yield_context&, void(int)>(
            [](auto handler) { std::move(handler)(5); }, yield);
      },
      net::detached);
  context.run();
  EXPECT_EQ(result, 5);
}

TEST(YieldContext, WhatTheInitiationThrowsComesOut) {
  net::io_context context;
  outcome result;
  net::spawn(
      context,
      [&](yield_context yield) {
        EXPECT_THROW((net::async_initiate<const yield_context&, void(int)>(
                         [](auto) { throw std::logic_error("not begun"); }, yield)),
                     std::logic_error);
      },
      result.handler());
  context.run();
  EXPECT_TRUE(result.called);
}

TEST(YieldContext, CancellationIsRememberedAndFiltered) {
  net::io_context context;
  net::cancellation_signal signal;
  outcome result;
  net::spawn(
      context,
      [&](yield_context yield) {
        EXPECT_FALSE(yield.throw_if_cancelled());
        EXPECT_EQ(yield.cancelled(), cancellation_type::none);
        EXPECT_TRUE(yield.get_cancellation_slot().is_connected());

        yield.reset_cancellation_state(net::enable_total_cancellation());
        net::error_code ec;
        net::steady_timer timer(context, 24h);
        timer.async_wait(yield[ec]);
        EXPECT_EQ(ec, net::error::operation_aborted);
        EXPECT_EQ(yield.cancelled(), cancellation_type::total);

        net::post(yield);  // does not mind
        yield.throw_if_cancelled(true);
        EXPECT_THROW(net::post(yield), std::system_error);
        yield.reset_cancellation_state();
        EXPECT_EQ(yield.get_cancellation_state().cancelled(), cancellation_type::none);
        net::post(yield);

        yield.reset_cancellation_state(net::enable_total_cancellation(),
                                       net::disable_cancellation());
        timer.expires_after(0s);
        timer.async_wait(yield[ec]);
        EXPECT_FALSE(ec);
      },
      net::bind_cancellation_slot(signal.slot(), result.handler()));
  context.poll();
  signal.emit(cancellation_type::total);
  context.run();
  EXPECT_TRUE(result.called);
  EXPECT_FALSE(result.thrown);
}

TEST(YieldContext, DroppedOperationUnwindsTheFiberOnItsExecutor) {
  net::io_context context;
  const auto strand = net::make_strand(context);
  bool unwound_on_strand = false;
  bool went_on = false;
  bool handler_gone = false;
  struct looks_at_end {
    const net::strand<net::io_context::executor_type>& strand;
    bool& flag;
    ~looks_at_end() { flag = strand.running_in_this_thread(); }
  };
  net::spawn(
      strand,
      [&](yield_context yield) {
        const looks_at_end last{strand, unwound_on_strand};
        net::async_initiate<const yield_context&, void()>([](auto) {}, yield);
        went_on = true;
      },
      [&, last = std::make_unique<sets_at_end>(sets_at_end{handler_gone})](std::exception_ptr) {
        ADD_FAILURE() << "called";
      });
  context.run();
  EXPECT_TRUE(unwound_on_strand);
  EXPECT_TRUE(handler_gone);
  EXPECT_FALSE(went_on);
}

TEST(YieldContext, FiberThatStillWaitsIsUnwoundWithItsContext) {
  for (const bool on_strand : {false, true}) {
    bool destroyed = false;
    {
      net::io_context context;
      const auto function = [&](yield_context yield) {
        const sets_at_end last{destroyed};
        wait_forever(yield);
        ADD_FAILURE() << "went on";
      };
      const auto handler = [](std::exception_ptr) { ADD_FAILURE() << "called"; };
      if (on_strand) {
        net::spawn(net::make_strand(context), function, handler);
      } else {
        net::spawn(context, function, handler);
      }
      context.poll();
      EXPECT_FALSE(destroyed);
    }
    EXPECT_TRUE(destroyed);
  }
}

TEST(YieldContext, OperationOfAnotherContextMayOutliveTheFiber) {
  net::io_context other;
  bool destroyed = false;
  {
    net::io_context context;
    net::spawn(
        context,
        [&](yield_context yield) {
          const sets_at_end last{destroyed};
          async_values(other, yield, 1);
        },
        net::detached);
    context.poll();
    EXPECT_FALSE(destroyed);
  }
  EXPECT_TRUE(destroyed);
  other.run();
}

TEST(YieldContext, FiberThatNeverBeganGoesWithItsContext) {
  const auto life = std::make_shared<int>();
  {
    net::io_context context;
    net::spawn(
        context, [life](yield_context) {}, [life](std::exception_ptr) {});
    EXPECT_EQ(life.use_count(), 3);
  }
  EXPECT_EQ(life.use_count(), 1);
}

}  // namespace
