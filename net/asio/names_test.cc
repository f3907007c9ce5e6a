// SPDX-License-Identifier: BSL-1.0
//
// In namespace net, as the rest of the library's tests are.
#include "net/asio/names.h"

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <type_traits>

#include "net/asio/atomic_count.h"
#include "net/asio/bind_handler.h"
#include "net/asio/chrono.h"
#include "net/asio/config.h"
#include "net/asio/mutex.h"
#include "net/asio/thread.h"
#include "net/async/associated_executor.h"
#include "net/async/bind_executor.h"
#include "net/io_context.h"

namespace {

TEST(Names, AreTheStandards) {
  EXPECT_TRUE((net::is_same<net::true_type, std::true_type>::value));
  EXPECT_TRUE((net::is_same<net::decay<const int&>::type, int>::value));
  EXPECT_TRUE((net::is_same<net::uint64_t, std::uint64_t>::value));
  EXPECT_EQ(net::chrono::seconds(60), std::chrono::minutes(1));
}

TEST(AtomicCount, Counts) {
  net::detail::atomic_count count(0);
  ++count;
  EXPECT_EQ(static_cast<long>(count), 1);
  EXPECT_EQ(--count, 0);
}

TEST(Thread, IsJoinedOnce) {
  int ran = 0;
  net::thread worker([&] { ++ran; });
  worker.join();
  worker.join();
  EXPECT_EQ(ran, 1);
}

TEST(Mutex, IsHeldByItsLock) {
  net::detail::mutex mutex;
  {
    net::detail::mutex::scoped_lock lock(mutex);
    EXPECT_TRUE(lock.locked());
    lock.unlock();
    EXPECT_FALSE(lock.locked());
    lock.lock();
  }
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(BindHandler, CallsWithTheArguments) {
  int sum = 0;
  auto bound =
      net::detail::bind_handler([&](std::unique_ptr<int> one, int other) { sum = *one + other; },
                                std::make_unique<int>(3), 4);
  bound();
  EXPECT_EQ(sum, 7);
}

TEST(BindHandler, IsAssociatedWithWhatTheHandlerIs) {
  net::io_context context;
  auto bound = net::detail::bind_handler(net::bind_executor(context.get_executor(), [](int) {}), 1);
  EXPECT_TRUE(net::get_associated_executor(bound) == context.get_executor());
}

TEST(Macros, NameTheVersion) {
  EXPECT_EQ(ASIO_VERSION / 100000, 1);
  EXPECT_EQ(ASIO_VERSION / 100 % 1000, 38);
  EXPECT_EQ(ASIO_OS_DEF(AF_INET), 2);
  EXPECT_NE(ASIO_CONCURRENCY_HINT_UNSAFE, ASIO_CONCURRENCY_HINT_SAFE);
}

}  // namespace
