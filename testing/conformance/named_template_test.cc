// SPDX-License-Identifier: BSL-1.0
//
// The templates behind the names: each with an executor of its own, and what else is known by its header.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <asio/basic_datagram_socket.hpp>
#include <asio/basic_readable_pipe.hpp>
#include <asio/basic_serial_port.hpp>
#include <asio/basic_signal_set.hpp>
#include <asio/basic_socket.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/basic_streambuf.hpp>
#include <asio/basic_streambuf_fwd.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/basic_writable_pipe.hpp>
#include <asio/buffer.hpp>
#include <asio/buffer_registration.hpp>
#include <asio/connect_pipe.hpp>
#include <asio/error.hpp>
#include <asio/execution.hpp>
#include <asio/execution/invocable_archetype.hpp>
#include <asio/handler_continuation_hook.hpp>
#include <asio/high_resolution_timer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/posix/basic_descriptor.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/posix/descriptor.hpp>
#include <asio/posix/descriptor_base.hpp>
#include <asio/registered_buffer.hpp>
#include <asio/serial_port_base.hpp>
#include <asio/thread.hpp>
#include <asio/traits/equality_comparable.hpp>
#include <asio/traits/execute_member.hpp>
#include <asio/version.hpp>
#include <asio/wait_traits.hpp>
#include <chrono>
#include <cstddef>
#include <istream>
#include <memory>
#include <ostream>
#include <ratio>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using executor = asio::io_context::executor_type;
using asio::ip::tcp;
using asio::ip::udp;

struct NamedTemplate : testing::Test {
  asio::io_context context;
  executor mine = context.get_executor();

  // An object keeps the executor it was made with, also when it has been moved from.
  template <typename Object>
  void expect_ours(Object& object) {
    EXPECT_TRUE((std::is_same_v<typename Object::executor_type, executor>));
    EXPECT_TRUE(object.get_executor() == mine);
    const Object moved(std::move(object));
    EXPECT_TRUE(object.get_executor() == mine);
    using erased = typename Object::template rebind_executor<asio::any_io_executor>::other;
    EXPECT_TRUE((std::is_same_v<typename erased::executor_type, asio::any_io_executor>));
    EXPECT_FALSE((std::is_constructible_v<Object, erased>));
    EXPECT_FALSE((std::is_copy_constructible_v<Object>));
  }
};

TEST_F(NamedTemplate, SocketsHaveAnExecutor) {
  asio::basic_stream_socket<tcp, executor> stream(mine);
  asio::basic_datagram_socket<udp, executor> datagram(mine, udp::v4());
  asio::basic_socket_acceptor<tcp, executor> acceptor(
      mine, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  EXPECT_TRUE((std::is_base_of_v<asio::basic_socket<tcp, executor>,
                                 asio::basic_stream_socket<tcp, executor>>));
  stream.connect(acceptor.local_endpoint());
  auto accepted = acceptor.accept();
  EXPECT_TRUE((std::is_same_v<decltype(accepted), asio::basic_stream_socket<tcp, executor>>));
  EXPECT_TRUE((std::is_constructible_v<tcp::socket, decltype(stream)>));
  EXPECT_TRUE((std::is_constructible_v<tcp::acceptor, decltype(acceptor)>));
  expect_ours(stream);
  expect_ours(datagram);
  expect_ours(acceptor);
}

TEST_F(NamedTemplate, OtherObjectsHaveAnExecutor) {
  asio::basic_readable_pipe<executor> in(mine);
  asio::basic_writable_pipe<executor> out(mine);
  asio::connect_pipe(in, out);
  out.write_some(asio::buffer("x", 1));
  char byte = 0;
  EXPECT_EQ(in.read_some(asio::buffer(&byte, 1)), 1u);
  asio::posix::basic_stream_descriptor<executor> descriptor(mine, ::dup(in.native_handle()));
  EXPECT_TRUE((std::is_base_of_v<asio::posix::basic_descriptor<executor>,
                                 asio::posix::basic_stream_descriptor<executor>>));
  EXPECT_TRUE((std::is_same_v<asio::posix::descriptor,
                              asio::posix::basic_descriptor<asio::any_io_executor>>));
  asio::basic_serial_port<executor> port(mine);
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, executor>
      timer(mine, 1h);
  expect_ours(in);
  expect_ours(out);
  expect_ours(descriptor);
  expect_ours(port);
  expect_ours(timer);
  asio::basic_signal_set<executor> signals(mine, SIGUSR1);
  EXPECT_TRUE(signals.get_executor() == mine);
}

TEST_F(NamedTemplate, BasesNameWhatCanBeWaitedFor) {
  EXPECT_TRUE((std::is_base_of_v<asio::posix::descriptor_base, asio::posix::descriptor>));
  EXPECT_TRUE((std::is_base_of_v<asio::serial_port_base, asio::basic_serial_port<executor>>));
  EXPECT_NE(asio::posix::descriptor_base::wait_read, asio::posix::descriptor_base::wait_write);
  EXPECT_NE(asio::posix::descriptor_base::wait_error, asio::posix::descriptor_base::wait_write);
}

// --- Timers ---------------------------------------------------------------------------------------

TEST_F(NamedTemplate, HighResolutionTimerIsATimer) {
  asio::high_resolution_timer timer(context, 0s);
  bool ended = false;
  timer.async_wait([&](const asio::error_code& ec) { ended = !ec; });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_TRUE(ended);
  EXPECT_TRUE((
      std::is_same_v<asio::high_resolution_timer::clock_type, std::chrono::high_resolution_clock>));
}

TEST_F(NamedTemplate, WaitTraitsWaitAsLongAsItTakes) {
  using traits = asio::wait_traits<std::chrono::steady_clock>;
  EXPECT_TRUE(traits::to_wait_duration(std::chrono::steady_clock::duration(5)) ==
              std::chrono::steady_clock::duration(5));
}

// --- Buffers --------------------------------------------------------------------------------------

TEST_F(NamedTemplate, RegisteredBuffersAreThoseThatWereGiven) {
  char first[4];
  char second[8];
  const std::vector<asio::mutable_buffer> buffers = {asio::buffer(first), asio::buffer(second)};
  auto registration = asio::register_buffers(context, buffers);
  ASSERT_EQ(registration.size(), 2u);
  EXPECT_EQ(registration[0].data(), first);
  EXPECT_EQ(registration.at(1).size(), 8u);
  const asio::mutable_registered_buffer part = asio::buffer(registration[1], 3);
  EXPECT_EQ(part.size(), 3u);
  EXPECT_EQ(part.data(), second);
  EXPECT_EQ(part.id(), registration[1].id());
  EXPECT_NE(registration[0].id(), registration[1].id());
  const asio::const_registered_buffer constant = part + 1;
  EXPECT_EQ(constant.data(), second + 1);
  EXPECT_EQ(constant.size(), 2u);
  EXPECT_EQ(std::distance(registration.begin(), registration.end()), 2);
}

template <typename T>
struct counting : std::allocator<T> {
  int* made = nullptr;
  counting() = default;
  explicit counting(int* m) : made(m) {}
  template <typename U>
  counting(const counting<U>& other) : made(other.made) {}
  template <typename U>
  struct rebind {
    using other = counting<U>;
  };
  T* allocate(std::size_t n) {
    if (made != nullptr) ++*made;
    return std::allocator<T>::allocate(n);
  }
};

TEST_F(NamedTemplate, StreambufsHaveAnAllocator) {
  int made = 0;
  asio::basic_streambuf<counting<char>> buffer(1000, counting<char>(&made));
  std::ostream(&buffer) << std::string(500, 'x');
  EXPECT_GT(made, 0);
  EXPECT_EQ(buffer.size(), 500u);
  EXPECT_EQ(buffer.max_size(), 1000u);
  EXPECT_GE(buffer.capacity(), 500u);
}

// --- Others ---------------------------------------------------------------------------------------

TEST_F(NamedTemplate, TraitsSayWhatAnExecutorHas) {
  struct one {
    void execute(const asio::execution::invocable_archetype&) const noexcept {}
    bool operator==(const one&) const noexcept { return true; }
    bool operator!=(const one&) const noexcept { return false; }
  };
  using can_execute =
      asio::traits::execute_member<const one&, asio::execution::invocable_archetype>;
  using can_compare = asio::traits::equality_comparable<one>;
  EXPECT_TRUE(can_execute::is_valid);
  EXPECT_TRUE(can_compare::is_valid);
  EXPECT_TRUE(can_compare::is_noexcept);
}

TEST_F(NamedTemplate, ThreadIsJoined) {
  int ran = 0;
  asio::thread other([&] { ++ran; });
  other.join();
  EXPECT_EQ(ran, 1);
}

TEST_F(NamedTemplate, VersionIsANumber) { EXPECT_GE(ASIO_VERSION, 102200); }

}  // namespace
