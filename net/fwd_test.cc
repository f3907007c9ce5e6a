// SPDX-License-Identifier: BSL-1.0
//
// A header's author has the names, with their default arguments, before the definitions...
#include "net/fwd.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace net {

int kind_of(basic_stream_socket<ip::tcp>&);
int kind_of(basic_socket_acceptor<ip::tcp>&);
int kind_of(basic_datagram_socket<ip::udp>&);
int kind_of(steady_timer&);

}  // namespace net

// ... and these say the same.
#include "net/execution/any_completion_executor.h"
#include "net/execution/polymorphic_executor.h"
#include "net/net.h"

namespace net {

int kind_of(ip::tcp::socket&) { return 1; }
int kind_of(ip::tcp::acceptor&) { return 2; }
int kind_of(ip::udp::socket&) { return 3; }
int kind_of(steady_timer&) { return 4; }

namespace {

TEST(Fwd, NamesWhatTheDefinitionsDefine) {
  io_context context;
  ip::tcp::socket socket(context);
  ip::tcp::acceptor acceptor(context);
  ip::udp::socket datagrams(context);
  steady_timer timer(context);
  EXPECT_EQ(kind_of(socket), 1);
  EXPECT_EQ(kind_of(acceptor), 2);
  EXPECT_EQ(kind_of(datagrams), 3);
  EXPECT_EQ(kind_of(timer), 4);
  EXPECT_TRUE((std::is_same_v<buffers_iterator<const_buffer>::value_type, char>));
  EXPECT_TRUE((std::is_same_v<ip::address_v4_iterator::value_type, ip::address_v4>));
  EXPECT_TRUE((std::is_same_v<posix::descriptor::executor_type, any_io_executor>));
}

}  // namespace
}  // namespace net
