// SPDX-License-Identifier: BSL-1.0
//
// The memory of asynchronous operations is the handler's allocator's, and free when the handler is called;
// handlers that are never called are destroyed with the context.
#include <gtest/gtest.h>
#include <signal.h>

#include <asio/associated_allocator.hpp>
#include <asio/bind_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/compose.hpp>
#include <asio/connect.hpp>
#include <asio/connect_pipe.hpp>
#include <asio/defer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/readable_pipe.hpp>
#include <asio/recycling_allocator.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/streambuf.hpp>
#include <asio/writable_pipe.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace {

using asio::ip::tcp;

struct account {
  int live = 0;
  int made = 0;
};

template <typename T>
struct counting {
  using value_type = T;
  account* book;
  explicit counting(account* b) : book(b) {}
  template <typename U>
  counting(const counting<U>& other) : book(other.book) {}
  T* allocate(std::size_t n) {
    ++book->live;
    ++book->made;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) {
    --book->live;
    std::allocator<T>().deallocate(p, n);
  }
  template <typename U>
  bool operator==(const counting<U>& other) const {
    return book == other.book;
  }
  template <typename U>
  bool operator!=(const counting<U>& other) const {
    return book != other.book;
  }
};

// Called with anything; says how much memory was in use then.
struct counted_handler {
  using allocator_type = counting<char>;
  account* book;
  int* live_when_called;
  std::shared_ptr<int> alive;

  allocator_type get_allocator() const noexcept { return allocator_type(book); }
  template <typename... Results>
  void operator()(Results&&...) {
    *live_when_called = book->live;
  }
};

struct HandlerMemory : testing::Test {
  account book;
  int live_when_called = -1;
  std::shared_ptr<int> alive = std::make_shared<int>(1);
  asio::io_context context;
  asio::error_code ec;

  counted_handler handler() { return {&book, &live_when_called, alive}; }
  // One operation has been begun with handler(): it has its memory, and gives it back.
  void expect_ours() {
    EXPECT_GE(book.live, 1);
    context.restart();
    context.run();
    EXPECT_EQ(live_when_called, 0);
    EXPECT_EQ(book.live, 0);
    EXPECT_EQ(alive.use_count(), 1);
    live_when_called = -1;
  }
};

TEST_F(HandlerMemory, OfATimer) {
  asio::steady_timer timer(context, std::chrono::hours(1));
  timer.async_wait(handler());
  timer.cancel();
  expect_ours();
}

TEST_F(HandlerMemory, OfSockets) {
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  tcp::socket client(context);
  tcp::socket server(context);
  client.async_connect(acceptor.local_endpoint(), handler());
  expect_ours();
  acceptor.async_accept(server, handler());
  expect_ours();
  char byte;
  client.async_write_some(asio::buffer("ab", 2), handler());
  expect_ours();
  server.async_read_some(asio::buffer(&byte, 1), handler());
  expect_ours();
  server.async_wait(tcp::socket::wait_read, handler());
  expect_ours();
  server.async_receive(asio::buffer(&byte, 1), 0, handler());
  expect_ours();
  tcp::socket other(context);
  other.connect(acceptor.local_endpoint());
  acceptor.async_accept(handler());
  expect_ours();
}

TEST_F(HandlerMemory, OfDatagrams) {
  using asio::ip::udp;
  udp::socket socket(context, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  char byte;
  udp::endpoint from;
  socket.async_send_to(asio::buffer("x", 1), socket.local_endpoint(), handler());
  expect_ours();
  socket.async_receive_from(asio::buffer(&byte, 1), from, handler());
  expect_ours();
}

TEST_F(HandlerMemory, OfPipes) {
  asio::readable_pipe in(context);
  asio::writable_pipe out(context);
  asio::connect_pipe(in, out);
  char byte;
  out.async_write_some(asio::buffer("x", 1), handler());
  expect_ours();
  in.async_read_some(asio::buffer(&byte, 1), handler());
  expect_ours();
}

TEST_F(HandlerMemory, OfSignals) {
  asio::signal_set signals(context, SIGUSR1);
  signals.async_wait(handler());
  ::raise(SIGUSR1);
  expect_ours();
}

TEST_F(HandlerMemory, OfALookUp) {
  tcp::resolver resolver(context);
  resolver.async_resolve("127.0.0.1", "80", handler());
  expect_ours();
}

TEST_F(HandlerMemory, OfOperationsOfManySteps) {
  asio::readable_pipe in(context);
  asio::writable_pipe out(context);
  asio::connect_pipe(in, out);
  std::string text = "line\nand more";
  asio::async_write(out, asio::buffer(text), handler());
  expect_ours();
  asio::streambuf line;
  asio::async_read_until(in, line, '\n', handler());
  expect_ours();
  asio::write(out, asio::buffer(text));
  char bytes[8];
  asio::async_read(in, asio::buffer(bytes), handler());
  expect_ours();
}

TEST_F(HandlerMemory, OfWhatGoesThroughAStrand) {
  const auto only = asio::make_strand(context);
  asio::post(only, handler());
  expect_ours();
  asio::defer(context, asio::bind_executor(only, handler()));
  expect_ours();
}

TEST_F(HandlerMemory, IsFreeWhenTheContextEnds) {
  {
    asio::io_context other;
    asio::steady_timer timer(other, std::chrono::hours(1));
    tcp::acceptor acceptor(other, {asio::ip::address_v4::loopback(), 0});
    asio::signal_set signals(other, SIGUSR1);
    timer.async_wait(handler());
    acceptor.async_accept(handler());
    signals.async_wait(handler());
    asio::post(other, handler());
    asio::post(asio::make_strand(other), handler());
    EXPECT_GE(book.live, 5);
  }
  EXPECT_EQ(book.live, 0);
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(live_when_called, -1);
}

// The first frees its memory before it begins the second: one block is enough for both.
TEST_F(HandlerMemory, OfOneOperationIsFreeForTheNext) {
  asio::steady_timer timer(context, asio::steady_timer::clock_type::now());
  timer.async_wait([&](const asio::error_code&) {
    timer.async_wait(handler());
    EXPECT_EQ(book.live, book.made);
  });
  context.run();
  EXPECT_EQ(book.live, 0);
}

TEST(RecyclingAllocator, IsOneForAllTypes) {
  asio::recycling_allocator<int> ints;
  const asio::recycling_allocator<char> chars(ints);
  EXPECT_TRUE(ints == asio::recycling_allocator<int>(chars));
  int* const one = ints.allocate(4);
  ints.deallocate(one, 4);
  using other = std::allocator_traits<asio::recycling_allocator<int>>::rebind_alloc<double>;
  EXPECT_TRUE((std::is_same_v<other, asio::recycling_allocator<double>>));
}

}  // namespace
