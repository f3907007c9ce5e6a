// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/async/associated_cancellation_slot.h"
#include "net/async/async_result.h"
#include "net/async/bind_cancellation_slot.h"
#include "net/async/cancellation_signal.h"
#include "net/async/redirect_disposition.h"
#include "net/async/redirect_error.h"
#include "net/error.h"

namespace {

// Completes at once with the arguments it was started with.
template <typename... Signatures, typename Token, typename... Args>
auto async_echo(Token&& token, Args&&... args) {
  return net::async_initiate<Token, Signatures...>(
      [](auto&& handler, auto&&... results) {
        std::move(handler)(std::forward<decltype(results)>(results)...);
      },
      token, std::forward<Args>(args)...);
}

// A token that returns the signatures it is asked for.
struct ask_signatures {};
template <typename... Signatures>
struct signatures {};

}  // namespace

template <typename... Signatures>
class NET_NAMESPACE::async_result<ask_signatures, Signatures...> {
 public:
  template <typename Initiation, typename... Args>
  static signatures<Signatures...> initiate(Initiation&&, ask_signatures, Args&&...) {
    return {};
  }
};

namespace {

using net::redirect_disposition;
using net::redirect_error;
using std::error_code;
using std::exception_ptr;

TEST(RedirectError, TakesTheErrorFromTheSignature) {
  error_code ec;
  const auto token = redirect_error(ask_signatures(), ec);
  using type = decltype(token);
  static_assert(
      std::is_same_v<decltype(async_echo<void(error_code, int)>(token)), signatures<void(int)>>);
  static_assert(std::is_same_v<decltype(async_echo<void(const error_code&)>(std::declval<type>())),
                               signatures<void()>>);
  static_assert(std::is_same_v<decltype(async_echo<void(error_code, int) noexcept>(token)),
                               signatures<void(int) noexcept>>);
  static_assert(
      std::is_same_v<decltype(async_echo<void(error_code, int)&>(token)), signatures<void(int)&>>);
  static_assert(std::is_same_v<decltype(async_echo<void(error_code)&& noexcept>(token)),
                               signatures<void()&& noexcept>>);
  static_assert(std::is_same_v<decltype(async_echo<void(int, error_code)>(token)),
                               signatures<void(int, error_code)>>);
  static_assert(std::is_same_v<decltype(async_echo<void(exception_ptr, int)>(token)),
                               signatures<void(exception_ptr, int)>>);
  static_assert(std::is_same_v<decltype(async_echo<void(error_code), void(error_code, int)>(token)),
                               signatures<void(), void(int)>>);
}

TEST(RedirectError, StoresTheErrorAndPassesOnTheRest) {
  error_code ec;
  int result = 0;
  async_echo<void(error_code, int)>(redirect_error([&](int i) { result = i; }, ec),
                                    error_code(net::error::eof), 42);
  EXPECT_EQ(ec, net::error::eof);
  EXPECT_EQ(result, 42);
  bool called = false;
  async_echo<void(error_code)>(redirect_error([&] { called = true; }, ec), error_code());
  EXPECT_FALSE(ec);
  EXPECT_TRUE(called);
}

TEST(RedirectError, LeavesOthersAlone) {
  error_code ec = net::error::eof;
  int result = 0;
  async_echo<void(int)>(redirect_error([&](int i) { result = i; }, ec), 1);
  async_echo<void()>(redirect_error([&] { ++result; }, ec));
  EXPECT_EQ(result, 2);
  EXPECT_EQ(ec, net::error::eof);
}

TEST(RedirectError, MovesWhatCannotBeCopied) {
  error_code ec;
  std::unique_ptr<int> kept;
  auto token = redirect_error(
      [&kept, own = std::make_unique<int>(1)](std::unique_ptr<int> result) {
        kept = std::move(result);
        *kept += *own;
      },
      ec);
  async_echo<void(error_code, std::unique_ptr<int>)>(std::move(token), error_code(),
                                                     std::make_unique<int>(6));
  EXPECT_EQ(*kept, 7);
}

TEST(RedirectError, HandlerKeepsWhatIsAssociated) {
  net::cancellation_signal signal;
  error_code ec;
  bool same = false;
  net::async_initiate<void(error_code)>(
      [&](auto&& handler) {
        same = net::get_associated_cancellation_slot(handler) == signal.slot();
      },
      redirect_error(net::bind_cancellation_slot(signal.slot(), [] {}), ec));
  EXPECT_TRUE(same);
}

struct tagged_executor {
  using default_completion_token_type = ask_signatures;
  template <typename Function>
  void execute(Function&& function) const {
    std::forward<Function>(function)();
  }
  friend bool operator==(const tagged_executor&, const tagged_executor&) noexcept = default;
};
static_assert(tagged_executor() == tagged_executor());
struct tagged_initiation {
  using executor_type = tagged_executor;
  executor_type get_executor() const noexcept { return {}; }
  template <typename Handler>
  void operator()(Handler&&) const {}
};

TEST(RedirectError, AloneStandsForTheDefaultToken) {
  error_code ec;
  auto error = redirect_error(ec);
  static_assert(std::is_same_v<decltype(net::async_initiate<void(error_code, int)>(
                                   tagged_initiation(), error)),
                               signatures<void(int)>>);
  auto disposition = redirect_disposition(ec);
  static_assert(std::is_same_v<decltype(net::async_initiate<void(error_code, int)>(
                                   tagged_initiation(), disposition)),
                               signatures<void(int)>>);
  int result = 0;
  async_echo<void(error_code, int)>(error([&](int i) { result = i; }), error_code(net::error::eof),
                                    5);
  EXPECT_EQ(ec, net::error::eof);
  EXPECT_EQ(result, 5);
}

TEST(RedirectDisposition, ExceptionPointerTakesDispositionsOfEveryType) {
  exception_ptr failure;
  const auto token = redirect_disposition(ask_signatures(), failure);
  static_assert(
      std::is_same_v<decltype(async_echo<void(error_code, int)>(token)), signatures<void(int)>>);
  static_assert(
      std::is_same_v<decltype(async_echo<void(exception_ptr, int)>(token)), signatures<void(int)>>);
  static_assert(std::is_same_v<decltype(async_echo<void(int)>(token)), signatures<void(int)>>);
  int result = 0;
  const auto handler = [&](int i) { result = i; };
  async_echo<void(error_code, int)>(redirect_disposition(handler, failure),
                                    error_code(net::error::eof), 1);
  EXPECT_EQ(result, 1);
  EXPECT_THROW(std::rethrow_exception(failure), std::system_error);
  async_echo<void(error_code, int)>(redirect_disposition(handler, failure), error_code(), 2);
  EXPECT_EQ(result, 2);
  EXPECT_EQ(failure, nullptr);
  async_echo<void(exception_ptr, int)>(redirect_disposition(handler, failure),
                                       std::make_exception_ptr(3), 3);
  EXPECT_EQ(result, 3);
  EXPECT_THROW(std::rethrow_exception(failure), int);
  async_echo<void(int)>(redirect_disposition(failure)(handler), 4);
  EXPECT_EQ(result, 4);
}

TEST(RedirectDisposition, OtherVariablesTakeTheirOwnType) {
  error_code ec;
  const auto token = redirect_disposition(ask_signatures(), ec);
  static_assert(
      std::is_same_v<decltype(async_echo<void(error_code, int)>(token)), signatures<void(int)>>);
  static_assert(std::is_same_v<decltype(async_echo<void(exception_ptr, int)>(token)),
                               signatures<void(exception_ptr, int)>>);
  async_echo<void(error_code)>(redirect_disposition([] {}, ec), error_code(net::error::eof));
  EXPECT_EQ(ec, net::error::eof);
}

}  // namespace
