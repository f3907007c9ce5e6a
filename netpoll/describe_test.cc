// SPDX-License-Identifier: BSL-1.0
#include "netpoll/describe.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/fd.h"
#include "netpoll/requests.h"
#include "netpoll/waiter.h"
#include "testing/support/driven.h"
#include "testing/support/fake_clock.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using namespace std::chrono_literals;
using nettest::driven;
using nettest::read_buffer;
using namespace std::string_literals;

template <typename... Parts>
std::string text_of(const Parts&... parts) {
  description text;
  (text << ... << parts);
  return std::string(text.view());
}

std::string text_of_duration(std::chrono::nanoseconds duration) {
  return text_of(duration_text{duration.count()});
}

TEST(Description, HoldsTextAndNumbers) {
  EXPECT_EQ(text_of("a", std::string_view("bc"), 7, -8, std::uint16_t{80}), "abc7-880");
  EXPECT_EQ(text_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(text_of(in_hex{0}, " ", in_hex{0x7f0012ab}), "0x0 0x7f0012ab");
}

TEST(Description, WhatIsTooLongIsCutOffAndSaysSo) {
  std::array<char, 8> memory{};
  text_writer text(memory.data(), memory.size());
  text << "12345678";
  EXPECT_EQ(text.view(), "12345678");
  EXPECT_FALSE(text.is_cut());
  text << 9;
  EXPECT_EQ(text.view(), "12345...");
  text << "more";
  EXPECT_EQ(text.view(), "12345...");
  EXPECT_TRUE(text.is_cut());
  text.clear();
  text << "again";
  EXPECT_EQ(text.view(), "again");
  EXPECT_FALSE(text.is_cut());
}

TEST(Description, DurationsHaveTwoOrThreeDigits) {
  EXPECT_EQ(text_of_duration(0ns), "0 ns");
  EXPECT_EQ(text_of_duration(7ns), "7 ns");
  EXPECT_EQ(text_of_duration(999ns), "999 ns");
  EXPECT_EQ(text_of_duration(1us), "1.0 us");
  EXPECT_EQ(text_of_duration(3250us), "3.2 ms");
  EXPECT_EQ(text_of_duration(9999ms), "9.9 s");
  EXPECT_EQ(text_of_duration(59s), "59 s");
  EXPECT_EQ(text_of_duration(90s), "1.5 min");
  EXPECT_EQ(text_of_duration(23h), "23 h");
  EXPECT_EQ(text_of_duration(240h), "10 d");
  EXPECT_EQ(text_of_duration(-3200ms), "-3.2 s");
  EXPECT_EQ(text_of(duration_text{never}), "106751 d");
  EXPECT_EQ(text_of(duration_text{std::numeric_limits<nanotime>::min()}), "-106751 d");
}

TEST(Description, TimesToComeAndPast) {
  EXPECT_EQ(text_of("due", in_time{3'200'000'000}), "due in 3.2 s");
  EXPECT_EQ(text_of("due", in_time{0}), "due in 0 ns");
  EXPECT_EQ(text_of("due", in_time{-40'000'000}), "due passed 40 ms ago");
  EXPECT_EQ(text_of(in_time{std::numeric_limits<nanotime>::min()}), " passed 106751 d ago");
}

std::string text_of_v6(const std::array<unsigned char, 16>& bytes, std::uint32_t scope = 0) {
  ::sockaddr_storage storage{};
  ::sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(80);
  address.sin6_scope_id = scope;
  std::memcpy(&address.sin6_addr, bytes.data(), bytes.size());
  std::memcpy(&storage, &address, sizeof(address));
  return text_of(socket_address(storage, sizeof(address)));
}

TEST(Description, InternetAddresses) {
  ::sockaddr_storage storage{};
  ::sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(65535);
  v4.sin_addr.s_addr = htonl(0x7f0002ff);
  std::memcpy(&storage, &v4, sizeof(v4));
  EXPECT_EQ(text_of(socket_address(storage, sizeof(v4))), "127.0.2.255:65535");
  EXPECT_EQ(text_of(socket_address(storage, 2)), "") << "cut short";

  EXPECT_EQ(text_of_v6({}), "[::]:80");
  EXPECT_EQ(text_of_v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), "[::1]:80");
  EXPECT_EQ(text_of_v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0xbc}, 3),
            "[fe80::abc%3]:80");
  EXPECT_EQ(text_of_v6({0x20, 0x01, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}), "[2001:0:0:1::]:80")
      << "the longest run is left out";
  EXPECT_EQ(text_of_v6({0, 1, 0, 0, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}), "[1:0:3:4:5:6:7:8]:80")
      << "a single zero is not a run";
  EXPECT_EQ(text_of_v6({0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 0, 0, 0}), "[1:2:3:4:5:6::]:80");
}

std::string text_of_local(const std::string& path) {
  ::sockaddr_storage storage{};
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path));
  std::memcpy(&storage, &address, sizeof(address));
  const std::size_t size = offsetof(::sockaddr_un, sun_path) + path.size();
  return text_of(socket_address(storage, static_cast<::socklen_t>(size)));
}

TEST(Description, LocalAddresses) {
  EXPECT_EQ(text_of_local("/run/socket"), "/run/socket");
  EXPECT_EQ(text_of_local("/run/socket\0"s), "/run/socket");
  EXPECT_EQ(text_of_local("\0abstract"s), "@abstract");
  EXPECT_EQ(text_of_local(""), "");
  EXPECT_EQ(text_of_local(std::string(108, 'x')), std::string(108, 'x')) << "not terminated";
}

std::string text_of_descriptor(const unique_fd& which) {
  description text;
  describe_descriptor(text, which.get());
  return std::string(text.view());
}

TEST(Description, DescriptorsOfEveryKind) {
  int ends[2];
  ASSERT_TRUE(sys::pipe(ends).ok());
  const unique_fd reading(ends[0]);
  const unique_fd writing(ends[1]);
  const std::string number = "(fd " + std::to_string(reading.get()) + ")";
  EXPECT_EQ(text_of_descriptor(reading), "pipe " + number);

  ASSERT_TRUE(sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok());
  const unique_fd left(ends[0]);
  const unique_fd right(ends[1]);
  EXPECT_EQ(text_of_descriptor(left), "unix (fd " + std::to_string(left.get()) + ")");

  const unique_fd datagram(static_cast<int>(sys::socket(AF_INET6, SOCK_DGRAM, 0).value));
  EXPECT_EQ(text_of_descriptor(datagram), "udp [::]:0");
  const unique_fd event(static_cast<int>(sys::event_fd().value));
  EXPECT_EQ(text_of_descriptor(event), "descriptor (fd " + std::to_string(event.get()) + ")");
  EXPECT_EQ(text_of_descriptor(unique_fd()), "a closed descriptor");
}

std::string what_waits(const waiter& who) {
  description text;
  who.describe(text);
  return std::string(text.view());
}

class silent_waiter final : public waiter {
 public:
  bool commit() noexcept override { return true; }
  bool withdraw() noexcept override { return true; }
};

TEST(WaiterDescription, OneThatDoesNotSayWaitsForSomething) {
  EXPECT_EQ(what_waits(silent_waiter()), "something");
}

// Requests on real descriptors. Times are those of a clock that stands.
class RequestDescription : public nettest::reactor_and_listener {
 protected:
  std::string text_of_listener() const {
    return "127.0.0.1:" + std::to_string(ntohs(address_.sin_port));
  }
  nettest::fake_clock clock_;
};

TEST_F(RequestDescription, AcceptNamesTheListener) {
  auto accepting = driven<accept_request>(listener_);
  ASSERT_FALSE(accepting.is_done());
  EXPECT_EQ(what_waits(*accepting), "accept tcp " + text_of_listener());
}

TEST_F(RequestDescription, AnAcceptThatBacksOffSaysWhenItTriesAgain) {
  nettest::faults faults;
  faults.fail(sys::call::accept, EMFILE);
  auto accepting = driven<accept_request>(listener_, accept_request::when_exhausted::back_off);
  [[maybe_unused]] const auto connecting = connect();
  run_until([&] { return faults.count(sys::call::accept) == 1; });
  ASSERT_FALSE(accepting.is_done());
  EXPECT_EQ(what_waits(*accepting), "accept tcp " + text_of_listener() + ", tries again in 5.0 ms");
}

TEST_F(RequestDescription, ReadNamesBothEndsAndTheDeadline) {
  auto accepting = driven<accept_request>(listener_);
  auto connecting = connect();
  run_until([&] { return accepting.is_done() && connecting.is_done(); });
  fd accepted;
  ASSERT_EQ(accepted.open(reactor_, std::move(accepting->accepted())), 0);
  ASSERT_FALSE(accepted.set_deadline(directions::read, clock::now() + 3'250'000'000));

  read_buffer buffer(8);
  auto reading = driven<read_request>(accepted, transport::stream_socket, &buffer.view, 1u);
  ASSERT_FALSE(reading.is_done());
  const std::string text = what_waits(*reading);
  EXPECT_TRUE(text.starts_with("read tcp " + text_of_listener() + "->127.0.0.1:")) << text;
  EXPECT_TRUE(text.ends_with(", deadline in 3.2 s")) << text;

  auto queued = driven<read_request>(accepted, transport::stream_socket, &buffer.view, 1u);
  ASSERT_FALSE(queued.is_done());
  EXPECT_NE(what_waits(*queued).find(", behind another"), std::string::npos) << what_waits(*queued);
}

TEST_F(RequestDescription, ConnectNamesWhereItGoes) {
  // A backlog that is full answers nobody. 0 admits one.
  unique_fd full = new_socket();
  ::sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_TRUE(sys::bind(full.get(), reinterpret_cast<::sockaddr*>(&where), sizeof(where)).ok());
  ASSERT_TRUE(sys::listen(full.get(), 0).ok());
  ::socklen_t size = sizeof(where);
  ASSERT_TRUE(sys::get_socket_name(full.get(), reinterpret_cast<::sockaddr*>(&where), &size).ok());
  const unique_fd first = new_socket();
  (void)sys::connect(first.get(), reinterpret_cast<::sockaddr*>(&where), size);

  auto connecting = driven<connect_request>(client_, reinterpret_cast<::sockaddr*>(&where), size);
  if (connecting.is_done()) {
    GTEST_SKIP() << "this kernel admits more than the backlog";
  }
  const std::string text = what_waits(*connecting);
  EXPECT_TRUE(text.starts_with("connect tcp 127.0.0.1:")) << text;
  EXPECT_TRUE(text.ends_with("->127.0.0.1:" + std::to_string(ntohs(where.sin_port)))) << text;
}

class PairDescription : public nettest::reactor_and_pair {};

TEST_F(PairDescription, WhatWaitsForReadinessSaysSo) {
  auto waiting = driven<readiness_request>(ours_, direction::read, short{POLLIN});
  ASSERT_FALSE(waiting.is_done());
  EXPECT_EQ(what_waits(*waiting),
            "readiness to read unix (fd " + std::to_string(ours_.native_handle()) + ")");
}

// As a request is that was pinned when its descriptor was closed: resumed, but not driven on.
TEST_F(PairDescription, ADescriptorThatWasClosedMeanwhileIsNotLookedAt) {
  struct idle final : resumer {
    void resume(waiter&) noexcept override {}
  } nobody;
  read_buffer buffer(8);
  read_request request(transport::stream_socket, &buffer.view, 1);
  request.set_resumer(nobody);
  request.start(ours_);
  ASSERT_EQ(request.advance(), io_request::step::wait);
  ASSERT_TRUE(request.commit());
  ASSERT_FALSE(ours_.close());
  EXPECT_EQ(what_waits(request), "read a closed descriptor");
  EXPECT_EQ(request.advance(), io_request::step::done);
  EXPECT_EQ(request.error(), errc::closed);
}

}  // namespace
}  // namespace netpoll
