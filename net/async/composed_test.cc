// SPDX-License-Identifier: BSL-1.0
#include "net/async/composed.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_cancellation_slot.h"
#include "net/async/associated_executor.h"
#include "net/async/async_operation.h"
#include "net/async/async_result.h"
#include "net/async/bind_cancellation_slot.h"
#include "net/async/bind_executor.h"
#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_state.h"
#include "net/async/compose.h"
#include "net/error.h"
#include "net/execution/execution_context.h"
#include "net/execution/executor.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/system_executor.h"

namespace {

using net::cancellation_type;
using std::error_code;

// Functions that wait to be called, and who counts as work.
struct queue {
  std::deque<std::function<void()>> functions;
  int work = 0;

  template <typename F>
  void add(F&& function) {
    functions.push_back(
        [shared = std::make_shared<std::decay_t<F>>(std::forward<F>(function))] { (*shared)(); });
  }
  int run() {
    int count = 0;
    for (; !functions.empty(); ++count) {
      const auto function = std::move(functions.front());
      functions.pop_front();
      function();
    }
    return count;
  }
};

template <bool Tracked>
class queue_executor {
 public:
  explicit queue_executor(queue& to) noexcept : queue_(&to) { to.work += Tracked; }
  queue_executor(const queue_executor& other) noexcept : queue_executor(*other.queue_) {}
  queue_executor(queue_executor&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)) {}
  queue_executor& operator=(const queue_executor&) = delete;
  ~queue_executor() {
    if (queue_ != nullptr) {
      queue_->work -= Tracked;
    }
  }

  template <typename F>
  void execute(F&& function) const {
    queue_->add(std::forward<F>(function));
  }
  queue_executor<true> require(net::execution::outstanding_work_t::tracked_t) const noexcept {
    return queue_executor<true>(*queue_);
  }
  friend bool operator==(const queue_executor& a, const queue_executor& b) noexcept {
    return a.queue_ == b.queue_;
  }

 private:
  queue* queue_;
};
static_assert(net::execution::executor<queue_executor<false>>);

// An executor as the Networking TS has them: without execute().
class older_executor {
 public:
  explicit older_executor(queue& to) noexcept : queue_(&to) {}
  void on_work_started() const noexcept { ++queue_->work; }
  void on_work_finished() const noexcept { --queue_->work; }
  net::execution_context& context() const noexcept;
  template <typename F, typename A>
  void dispatch(F&& function, const A&) const {
    queue_->add(std::forward<F>(function));
  }
  template <typename F, typename A>
  void post(F&& function, const A&) const {
    queue_->add(std::forward<F>(function));
  }
  template <typename F, typename A>
  void defer(F&& function, const A&) const {
    queue_->add(std::forward<F>(function));
  }
  friend bool operator==(const older_executor&, const older_executor&) noexcept = default;

 private:
  queue* queue_;
};

// An I/O object.
struct object {
  using executor_type = queue_executor<false>;
  executor_type get_executor() const noexcept { return executor_type(*where); }
  queue* where;
};

// An operation inside: completes with success when its queue runs, or at once with an error, if it
// is cancelled.
template <typename Handler>
struct step_state {
  explicit step_state(Handler&& what) : handler(std::move(what)) {}
  Handler handler;
  bool pending = true;
  void finish(error_code ec) {
    if (pending) {
      pending = false;
      Handler moved(std::move(handler));
      moved(ec);
    }
  }
};
template <typename Handler>
void async_step(queue& where, Handler handler) {
  const auto slot = net::get_associated_cancellation_slot(handler);
  const auto state = std::make_shared<step_state<Handler>>(std::move(handler));
  if (slot.is_connected()) {
    auto hook = [&where, state](cancellation_type) {
      where.add([state] { state->finish(net::error::operation_aborted); });
    };
    auto cancel_slot = slot;
    cancel_slot.assign(std::move(hook));
  }
  where.add([&where, state] { where.add([state] { state->finish({}); }); });
}

// Two steps with what it was started with.
struct two_steps {
  queue& where;
  std::string& log;
  int state = 0;

  template <typename Self>
  void operator()(Self& self, std::string text) {
    log += text;
    (*this)(self, error_code());
  }
  template <typename Self>
  void operator()(Self& self, error_code ec = {}) {
    if (ec || state == 2) {
      log += ec ? "!" : ".";
      return self.complete(ec, state);
    }
    ++state;
    log += std::to_string(state);
    async_step(where, std::move(self));
  }
};

using signature = void(error_code, int);

struct results {
  error_code ec;
  int value = 0;
  int calls = 0;
};
struct handler {
  results* to;
  void operator()(error_code ec, int value) const {
    to->ec = ec;
    to->value = value;
    ++to->calls;
  }
};

TEST(Composed, CallsItsImplementationForEachStep) {
  queue where;
  std::string log;
  results got;
  net::async_initiate<handler, signature>(
      net::composed<signature>(two_steps{where, log}, object{&where}),
      *std::make_unique<handler>(handler{&got}));
  EXPECT_EQ(got.calls, 0);
  where.run();
  EXPECT_EQ(got.calls, 1);
  EXPECT_FALSE(got.ec);
  EXPECT_EQ(got.value, 2);
  EXPECT_EQ(log, "12.");
}

TEST(Composed, PassesOnWhatItIsStartedWith) {
  queue where;
  std::string log;
  results got;
  const auto initiation = net::composed<signature>(two_steps{where, log});
  net::async_initiate<signature>(initiation, handler{&got}, "begin ");
  where.run();
  net::async_initiate<signature>(initiation, handler{&got}, "again ");  // an lvalue lasts
  where.run();
  EXPECT_EQ(got.calls, 2);
  EXPECT_EQ(log, "begin 12.again 12.");
}

TEST(Composed, CompletesInlineToo) {
  int result = 0;
  net::async_initiate<void(int)>(
      net::composed<void(int)>([](auto& self, int i) { self.complete(i + 1); }),
      [&](int i) { result = i; }, 4);
  EXPECT_EQ(result, 5);
}

struct several {
  int which;
  template <typename Self>
  void operator()(Self& self) {
    if (which == 0) {
      self.complete();
    } else if (which == 1) {
      self.complete({}, 1);
    } else {
      self.complete(std::string("text"));
    }
  }
};

struct takes_all {
  std::string* log;
  void operator()() const { *log += "nothing "; }
  void operator()(error_code, int i) const { *log += std::to_string(i) + ' '; }
  void operator()(std::string text) const { *log += text; }
};

TEST(Composed, CompletesWithAnyOfItsSignatures) {
  std::string log;
  for (int i = 0; i != 3; ++i) {
    net::async_initiate<void(), signature, void(std::string) noexcept>(
        net::composed<void(), signature, void(std::string) noexcept>(several{i}), takes_all{&log});
  }
  EXPECT_EQ(log, "nothing 1 text");
}

TEST(Composed, WithoutSignaturesCompletesAsTheHandlerTakesIt) {
  int result = 0;
  net::async_initiate<void(int)>(net::composed([](auto& self) { self.complete(42); }),
                                 [&](int i) { result = i; });
  EXPECT_EQ(result, 42);
}

TEST(Composed, InitiationHasTheFirstExecutor) {
  queue where;
  queue other;
  ASSERT_EQ(older_executor(other), older_executor(other));
  const auto with = net::composed<void()>([](auto&) {}, object{&where}, older_executor(other));
  static_assert(std::is_same_v<decltype(with.get_executor()), queue_executor<false>>);
  EXPECT_EQ(with.get_executor(), queue_executor<false>(where));
  const auto without = net::composed<void()>([](auto&) {});
  static_assert(!net::internal::has_own_executor<decltype(net::composed<void()>([](auto&) {})),
                                                 net::system_executor>);
  static_cast<void>(without);
}

template <typename T>
struct tagged_allocator {
  using value_type = T;
  explicit tagged_allocator(int what) : tag(what) {}
  template <typename U>
  tagged_allocator(const tagged_allocator<U>& other) noexcept : tag(other.tag) {}
  friend bool operator==(const tagged_allocator&, const tagged_allocator&) noexcept = default;
  int tag;
};
struct handler_with_allocator {
  using allocator_type = tagged_allocator<void>;
  allocator_type get_allocator() const noexcept { return allocator_type(8); }
  void operator()() const {}
};

TEST(Composed, SelfHasWhatIsAssociatedWithTheHandler) {
  queue io;
  queue own;
  int checks = 0;
  const auto check = [&](auto& self) {
    ++checks;
    EXPECT_EQ(net::get_associated_executor(self), queue_executor<false>(own));
    EXPECT_EQ(self.get_io_executor(), queue_executor<true>(io));
    EXPECT_EQ(net::get_associated_allocator(self), tagged_allocator<void>(8));
    self.complete();
  };
  net::async_initiate<void()>(
      net::composed<void()>(check, object{&io}),
      net::bind_executor(queue_executor<false>(own), handler_with_allocator()));
  const auto default_check = [&](auto& self) {
    ++checks;
    EXPECT_EQ(net::get_associated_executor(self), queue_executor<true>(io));
    self.complete();
  };
  net::async_initiate<void()>(net::composed<void()>(default_check, object{&io}), [] {});
  const auto system_check = [&](auto& self) {
    ++checks;
    EXPECT_EQ(net::get_associated_executor(self), net::system_executor());
    self.complete();
  };
  net::async_initiate<void()>(net::composed<void()>(system_check), [] {});
  EXPECT_EQ(checks, 3);
}

TEST(Composed, ExecutorsHaveWorkUntilItCompletes) {
  queue where;
  queue first;
  queue second;
  std::string log;
  int calls = 0;
  net::async_initiate<signature>(
      net::composed<signature>(two_steps{where, log}, object{&first}, older_executor(second)),
      [&](error_code, int) {
        ++calls;
        EXPECT_EQ(first.work, 0);
        EXPECT_EQ(second.work, 0);
      });
  EXPECT_GT(first.work, 0);
  EXPECT_GT(second.work, 0);
  where.run();
  EXPECT_EQ(calls, 1);
}

// Completes with what cancelled() says at the end.
struct cancellable {
  queue& where;
  int how;
  bool started = false;

  template <typename Self>
  void operator()(Self& self, error_code ec = {}) {
    if (started) {
      const int asked = static_cast<int>(self.cancelled());
      return self.complete(ec, asked);
    }
    started = true;
    if (how == 1) {
      self.reset_cancellation_state(net::enable_partial_cancellation());
    } else if (how == 2) {
      self.reset_cancellation_state(net::enable_total_cancellation(),
                                    net::enable_terminal_cancellation());
    } else if (how == 3) {
      self.reset_cancellation_state(net::enable_total_cancellation());
      self.reset_cancellation_state();
    }
    async_step(where, std::move(self));
  }
};

results cancel(int how, cancellation_type type) {
  queue where;
  net::cancellation_signal signal;
  results got;
  net::async_initiate<signature>(net::composed<signature>(cancellable{where, how}),
                                 net::bind_cancellation_slot(signal.slot(), handler{&got}));
  signal.emit(type);
  where.run();
  EXPECT_EQ(got.calls, 1);
  return got;
}

TEST(Composed, CancellationIsTerminalByDefault) {
  EXPECT_EQ(cancel(0, cancellation_type::terminal).ec, net::error::operation_aborted);
  EXPECT_EQ(cancel(0, cancellation_type::terminal).value, 1);
  for (const auto type : {cancellation_type::partial, cancellation_type::total}) {
    EXPECT_FALSE(cancel(0, type).ec);
    EXPECT_EQ(cancel(0, type).value, 0);
    EXPECT_FALSE(cancel(3, type).ec);
  }
}

TEST(Composed, ImplementationChoosesTheFilters) {
  EXPECT_EQ(cancel(1, cancellation_type::terminal).ec, net::error::operation_aborted);
  EXPECT_EQ(cancel(1, cancellation_type::partial).ec, net::error::operation_aborted);
  EXPECT_EQ(cancel(1, cancellation_type::partial).value, 2);
  EXPECT_FALSE(cancel(1, cancellation_type::total).ec);
  // In and out apart: what does not go out is still known.
  EXPECT_EQ(cancel(2, cancellation_type::terminal).ec, net::error::operation_aborted);
  EXPECT_FALSE(cancel(2, cancellation_type::total).ec);
  EXPECT_EQ(cancel(2, cancellation_type::total).value, 4);
}

TEST(Composed, ForgetsTheCancellationOfAFinishedStep) {
  queue where;
  net::cancellation_signal signal;
  bool has_handler = true;
  int step = 0;
  net::async_initiate<void()>(net::composed<void()>([&](auto& self, error_code = {}) {
                                if (++step == 1) {
                                  return async_step(where, std::move(self));
                                }
                                has_handler = self.get_cancellation_slot().has_handler();
                                self.complete();
                              }),
                              net::bind_cancellation_slot(signal.slot(), [] {}));
  where.run();
  EXPECT_EQ(step, 2);
  EXPECT_FALSE(has_handler);
}

TEST(Composed, NoSlotNoCancellation) {
  net::async_initiate<void()>(
      net::composed<void()>([](auto& self) {
        EXPECT_EQ(self.cancelled(), cancellation_type::none);
        self.reset_cancellation_state(net::enable_total_cancellation());
        EXPECT_FALSE(net::get_associated_cancellation_slot(self).is_connected());
        self.complete();
      }),
      [] {});
}

template <typename Token>
auto async_two_steps(queue& where, std::string& log, Token&& token) {
  return net::async_compose<Token, signature>(two_steps{where, log}, token, object{&where});
}

TEST(Compose, StartsAComposedOperation) {
  queue where;
  std::string log;
  results got;
  handler token{&got};
  async_two_steps(where, log, token);
  async_two_steps(where, log, handler{&got});
  where.run();
  EXPECT_EQ(got.calls, 2);
  EXPECT_EQ(got.value, 2);
}

TEST(Compose, IsAnAsynchronousOperation) {
  queue where;
  std::string log;
  auto start = [&](auto&& token) {
    return async_two_steps(where, log, std::forward<decltype(token)>(token));
  };
  static_assert(net::is_async_operation<decltype(start)>::value);
  static_assert(std::is_same_v<net::completion_signature_of_t<decltype(start)>, signature>);
  EXPECT_EQ(log, "");
}

}  // namespace
