// SPDX-License-Identifier: BSL-1.0
//
// What testing/conformance cannot ask Asio 1.22 for: the timer that needed Boost, what was gone by
// then, and that a program may have files with the old names and files without.
#include "net/legacy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <typeinfo>

#include "net/legacy_test_sizes.h"
#include "net/net.h"
#include "net/socket/basic_socket_iostream.h"

namespace net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Legacy, ChangesNoLayout) {
  EXPECT_TRUE(std::ranges::equal(sizes_here, sizes_without_legacy()));
}

TEST(Legacy, ObjectsKnowTheirIoService) {
  io_service service;
  ip::tcp::socket socket(service);
  ip::tcp::acceptor acceptor(service);
  ip::udp::socket datagrams(service);
  ip::tcp::resolver resolver(service);
  steady_timer timer(service);
  signal_set signals(service);
  posix::stream_descriptor descriptor(service);
  serial_port port(service);
  io_service::strand strand(service);
  io_service::work work(service);
  for (io_context* const each :
       {&socket.get_io_service(), &acceptor.get_io_service(), &datagrams.get_io_service(),
        &resolver.get_io_service(), &timer.get_io_service(), &signals.get_io_service(),
        &descriptor.get_io_service(), &port.get_io_service(), &strand.get_io_service(),
        &work.get_io_service()}) {
    EXPECT_EQ(each, &service);
  }
  for (io_context* const each :
       {&socket.get_io_context(), &acceptor.get_io_context(), &timer.get_io_context(),
        &resolver.get_io_context(), &strand.get_io_context(), &work.get_io_context()}) {
    EXPECT_EQ(each, &service);
  }
}

TEST(Legacy, WhatIsOnNoIoContextHasNone) {
  thread_pool pool(1);
  steady_timer timer(pool);
  EXPECT_THROW(timer.get_io_service(), std::bad_cast);
}

class old_service : public io_service::service {
 public:
  using key_type = old_service;
  explicit old_service(io_service& owner) : io_service::service(owner) {}
};

TEST(Legacy, ServicesKnowTheirIoService) {
  io_service service;
  EXPECT_EQ(&use_service<old_service>(service).get_io_service(), &service);
}

TEST(DeadlineTimer, GoesByTheWallClock) {
  io_service service;
  deadline_timer timer(service, milliseconds(1));
  const deadline_timer::time_type now = deadline_timer::traits_type::now();
  EXPECT_LT(timer.expires_at(), now + hours(1));
  error_code seen = error::fault;
  timer.async_wait([&](const error_code& ec) { seen = ec; });
  service.run();
  EXPECT_FALSE(seen);
  timer.expires_at(deadline_timer::traits_type::now() - hours(1));
  timer.wait();
}

TEST(DeadlineTimer, CountsWhatItCancels) {
  io_service service;
  deadline_timer timer(service);
  int aborted = 0;
  const auto note = [&](const error_code& ec) { aborted += ec == error::operation_aborted; };
  error_code ec = error::fault;
  timer.expires_from_now(hours(1), ec);
  EXPECT_FALSE(ec);
  const deadline_timer::duration_type left = timer.expires_from_now();
  EXPECT_GT(left, std::chrono::minutes(59));
  timer.async_wait(note);
  timer.async_wait(note);
  EXPECT_EQ(timer.expires_from_now(hours(2)), 2u);
  timer.async_wait(note);
  EXPECT_EQ(timer.cancel(ec), 1u);
  EXPECT_FALSE(ec);
  service.run();
  EXPECT_EQ(aborted, 3);
}

TEST(DeadlineTimer, HasTheTraitsOfOld) {
  using traits = deadline_timer::traits_type;
  const traits::time_type zero;
  EXPECT_EQ(traits::subtract(traits::add(zero, hours(2)), zero), hours(2));
  EXPECT_TRUE(traits::less_than(zero, traits::add(zero, hours(1))));
  EXPECT_FALSE(traits::less_than(zero, zero));
}

TEST(Legacy, StreambufReportsItsErrorByTheOldName) {
  ip::tcp::iostream stream;
  stream.rdbuf()->expires_from_now(hours(1));
  EXPECT_GT(stream.rdbuf()->expires_from_now(), std::chrono::minutes(59));
  EXPECT_EQ(&stream.rdbuf()->puberror(), &stream.error());
}

}  // namespace
}  // namespace net
