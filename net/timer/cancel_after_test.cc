// SPDX-License-Identifier: BSL-1.0
#include "net/timer/cancel_after.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "net/async/as_tuple.h"
#include "net/async/associated_cancellation_slot.h"
#include "net/async/async_result.h"
#include "net/async/bind_cancellation_slot.h"
#include "net/async/bind_executor.h"
#include "net/async/cancellation_signal.h"
#include "net/async/compose.h"
#include "net/async/deferred.h"
#include "net/error.h"
#include "net/execution/strand.h"
#include "net/io_context.h"
#include "net/timer/cancel_at.h"
#include "net/timer/steady_timer.h"
#include "net/timer/system_timer.h"

namespace {

using namespace std::chrono_literals;
using net::cancellation_type;

constexpr auto forever = 24h;
constexpr auto at_once = 0s;

// What an operation that waits for a timer completed with, if it did.
struct outcome {
  std::optional<net::error_code> ec;
  auto handler() {
    return [this](net::error_code result) { ec = result; };
  }
};

// Remembers its handler, and what it was asked for.
class manual_operation {
 public:
  using executor_type = net::io_context::executor_type;

  explicit manual_operation(net::io_context& context) : context_(context) {}

  executor_type get_executor() const noexcept { return context_.get_executor(); }

  template <typename Token>
  auto start(Token&& token) {
    return net::async_initiate<Token, void(int), void(std::string)>(initiate{this}, token);
  }
  template <typename... Args>
  void complete(Args... args) {
    complete_with_(std::move(args)...);
  }
  void forget() { complete_with_ = nullptr; }

  cancellation_type asked = cancellation_type::none;

 private:
  struct handler_base {
    virtual ~handler_base() = default;
    virtual void call(int) = 0;
    virtual void call(std::string) = 0;
  };
  struct any_handler {
    std::unique_ptr<handler_base> what;
    template <typename T>
    void operator()(T value) {
      const auto mine = std::move(what);
      mine->call(std::move(value));
    }
    void operator=(std::nullptr_t) { what.reset(); }
  };
  struct initiate {
    using executor_type = manual_operation::executor_type;
    manual_operation* self;
    executor_type get_executor() const noexcept { return self->get_executor(); }
    template <typename Handler>
    void operator()(Handler&& handler) const {
      struct holder final : handler_base {
        explicit holder(Handler&& from) : handler(std::move(from)) {}
        void call(int value) override { std::move(handler)(value); }
        void call(std::string value) override { std::move(handler)(std::move(value)); }
        std::decay_t<Handler> handler;
      };
      auto slot = net::get_associated_cancellation_slot(handler);
      if (slot.is_connected()) {
        slot.assign([of = self](cancellation_type type) { of->asked |= type; });
      }
      self->complete_with_.what = std::make_unique<holder>(std::move(handler));
    }
  };

  net::io_context& context_;
  any_handler complete_with_;
};

// Operations with overloads ask, with an operation that has no executor.
TEST(CancelAfter, IsRecognisedAsAToken) {
  const auto handler = [](net::error_code, std::size_t) {};
  using after = decltype(net::cancel_after(at_once, handler));
  using at = decltype(net::cancel_at(std::chrono::steady_clock::time_point(), handler));
  EXPECT_TRUE((net::completion_token_for<after, void(net::error_code, std::size_t)>));
  EXPECT_TRUE((net::completion_token_for<at, void(net::error_code, std::size_t)>));
  EXPECT_FALSE((net::completion_token_for<after, void(std::string)>));
}

TEST(CancelAfter, OperationThatIsInTimeSucceedsAndLeavesNoTimer) {
  net::io_context context;
  outcome result;
  net::steady_timer timer(context, at_once);
  timer.async_wait(net::cancel_after(forever, result.handler()));
  context.run();  // returns: the wait for the timeout is over as well
  EXPECT_EQ(result.ec, net::error_code());
}

TEST(CancelAfter, OperationThatIsLateIsCancelled) {
  net::io_context context;
  outcome result;
  net::steady_timer timer(context, forever);
  timer.async_wait(net::cancel_after(at_once, result.handler()));
  context.run();
  EXPECT_EQ(result.ec, net::error::operation_aborted);
}

TEST(CancelAfter, CompletesOnlyWhenBothAreOver) {
  net::io_context context;
  manual_operation operation(context);
  std::string result;
  struct {
    std::string& result;
    void operator()(int value) const { result = "int " + std::to_string(value); }
    void operator()(std::string value) const { result = std::move(value); }
  } const handler{result};
  operation.start(net::cancel_after(forever, handler));
  operation.complete(std::string("done"));
  EXPECT_EQ(result, "");  // the wait has yet to end
  context.run();
  EXPECT_EQ(result, "done");

  operation.start(net::cancel_after(at_once, cancellation_type::total, handler));
  context.restart();
  context.run();
  EXPECT_EQ(operation.asked, cancellation_type::total);
  EXPECT_EQ(result, "done");  // the operation goes on, as it likes
  operation.complete(7);
  EXPECT_EQ(result, "int 7");
}

TEST(CancelAfter, TerminalByDefault) {
  net::io_context context;
  manual_operation operation(context);
  operation.start(net::cancel_after(at_once, [](auto) {}));
  context.run();
  EXPECT_EQ(operation.asked, cancellation_type::terminal);
}

TEST(CancelAfter, DroppedOperationDropsItsHandler) {
  net::io_context context;
  manual_operation operation(context);
  const auto life = std::make_shared<int>();
  operation.start(net::cancel_after(at_once, [life](auto) {}));
  EXPECT_EQ(life.use_count(), 2);
  operation.forget();
  context.run();
  EXPECT_EQ(life.use_count(), 1);
}

TEST(CancelAfter, ContextMayEndBeforeTheOperation) {
  const auto life = std::make_shared<int>();
  {
    net::io_context context;
    net::steady_timer timer(context, forever);
    timer.async_wait(net::cancel_after(forever, [life](net::error_code) {}));
    context.poll();
  }
  EXPECT_EQ(life.use_count(), 1);
}

TEST(CancelAfter, HandlersSlotStillCancels) {
  net::io_context context;
  net::cancellation_signal signal;
  outcome result;
  net::steady_timer timer(context, forever);
  timer.async_wait(
      net::cancel_after(forever, net::bind_cancellation_slot(signal.slot(), result.handler())));
  context.poll();
  EXPECT_FALSE(result.ec);
  signal.emit(cancellation_type::all);
  context.run();
  EXPECT_EQ(result.ec, net::error::operation_aborted);
  signal.emit(cancellation_type::all);  // finds nothing
}

TEST(CancelAfter, SlotMayBeGivenAway) {
  net::io_context context;
  net::cancellation_signal signal;
  outcome result;
  net::steady_timer timer(context, at_once);
  timer.async_wait(
      net::cancel_after(forever, net::bind_cancellation_slot(signal.slot(), result.handler())));
  signal.slot().assign([](cancellation_type) {});
  context.run();
  EXPECT_EQ(result.ec, net::error_code());
}

TEST(CancelAfter, Nests) {
  net::io_context context;
  outcome outer;
  outcome inner;
  net::steady_timer first(context, forever);
  net::steady_timer second(context, forever);
  first.async_wait(net::cancel_after(at_once, net::cancel_after(forever, outer.handler())));
  second.async_wait(net::cancel_after(forever, net::cancel_after(at_once, inner.handler())));
  context.run();
  EXPECT_EQ(outer.ec, net::error::operation_aborted);
  EXPECT_EQ(inner.ec, net::error::operation_aborted);
}

TEST(CancelAfter, AdaptsTheDefaultToken) {
  net::io_context context;
  outcome result;
  net::steady_timer timer(context, forever);
  auto operation = timer.async_wait(net::cancel_after(at_once));
  context.run();
  std::move(operation)(result.handler());
  context.restart();
  context.run();
  EXPECT_EQ(result.ec, net::error::operation_aborted);
}

TEST(CancelAfter, PartialFormTakesAToken) {
  net::io_context context;
  std::optional<std::tuple<net::error_code>> result;
  net::steady_timer timer(context, forever);
  timer.async_wait(net::cancel_after(at_once)(
      net::as_tuple([&](std::tuple<net::error_code> values) { result = values; })));
  context.run();
  EXPECT_EQ(std::get<0>(result.value()), net::error::operation_aborted);
}

TEST(CancelAfter, GivenTimerIsSetAnew) {
  net::io_context context;
  outcome first;
  outcome second;
  net::steady_timer timer(context, forever);
  net::steady_timer clock(context);
  timer.async_wait(net::cancel_after(clock, at_once, first.handler()));
  context.run();
  EXPECT_EQ(first.ec, net::error::operation_aborted);

  timer.async_wait(net::cancel_after(clock, at_once)(second.handler()));
  context.restart();
  context.run();
  EXPECT_EQ(second.ec, net::error::operation_aborted);

  outcome third;
  std::move(timer).async_wait(net::cancel_after(clock, at_once, cancellation_type::partial))(
      third.handler());
  context.restart();
  context.run();
  EXPECT_EQ(third.ec, net::error::operation_aborted);
}

TEST(CancelAfter, ResultsAreCalledForOnTheHandlersExecutor) {
  net::io_context context;
  const auto strand = net::make_strand(context);
  bool on_strand = false;
  net::steady_timer timer(context, forever);
  timer.async_wait(net::cancel_after(at_once, net::bind_executor(strand, [&](net::error_code) {
                                       on_strand = strand.running_in_this_thread();
                                     })));
  context.run();
  EXPECT_TRUE(on_strand);
}

TEST(CancelAfter, ComposedOperationIsCancelledInside) {
  net::io_context context;
  net::steady_timer timer(context, forever);
  outcome result;
  const auto wait_twice = [&](auto&& token) {
    return net::async_compose<decltype(token), void(net::error_code)>(
        [&timer, round = 0](auto& self, net::error_code ec = {}) mutable {
          if (ec || ++round == 3) {
            return self.complete(ec);
          }
          timer.async_wait(std::move(self));
        },
        token, timer);
  };
  wait_twice(net::cancel_after(at_once, result.handler()));
  context.run();
  EXPECT_EQ(result.ec, net::error::operation_aborted);
}

TEST(CancelAt, OperationThatIsLateIsCancelled) {
  net::io_context context;
  outcome steady;
  outcome system;
  net::steady_timer first(context, forever);
  net::steady_timer second(context, forever);
  first.async_wait(net::cancel_at(std::chrono::steady_clock::now(), steady.handler()));
  second.async_wait(
      net::cancel_at(std::chrono::system_clock::now(), cancellation_type::total, system.handler()));
  context.run();
  EXPECT_EQ(steady.ec, net::error::operation_aborted);
  EXPECT_EQ(system.ec, net::error::operation_aborted);
}

TEST(CancelAt, OperationThatIsInTimeSucceeds) {
  net::io_context context;
  outcome result;
  net::steady_timer timer(context, at_once);
  timer.async_wait(net::cancel_at(std::chrono::steady_clock::time_point::max(), result.handler()));
  context.run();
  EXPECT_EQ(result.ec, net::error_code());
}

TEST(CancelAt, GivenTimerAndPartialForms) {
  net::io_context context;
  outcome results[4];
  net::steady_timer timer(context, forever);
  net::system_timer clock(context);
  const auto now = std::chrono::system_clock::now();
  const auto run = [&] {
    context.restart();
    context.run();
  };
  timer.async_wait(net::cancel_at(clock, now, results[0].handler()));
  run();
  timer.async_wait(net::cancel_at(clock, now, cancellation_type::partial, results[1].handler()));
  run();
  timer.async_wait(net::cancel_at(clock, now))(results[2].handler());
  run();
  timer.async_wait(net::cancel_at(now))(results[3].handler());
  run();
  for (const outcome& each : results) {
    EXPECT_EQ(each.ec, net::error::operation_aborted);
  }
}

}  // namespace
