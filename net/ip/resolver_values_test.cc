// SPDX-License-Identifier: BSL-1.0
//
// What resolvers are asked and what they answer, as values.
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/ip/basic_resolver_entry.h"
#include "net/ip/basic_resolver_iterator.h"
#include "net/ip/basic_resolver_query.h"
#include "net/ip/basic_resolver_results.h"
#include "net/ip/resolver_base.h"
#include "net/ip/tcp.h"
#include "net/ip/udp.h"

namespace {

using namespace net::ip;
using results = basic_resolver_results<tcp>;
using iterator = basic_resolver_iterator<tcp>;

static_assert(std::forward_iterator<iterator>);

TEST(ResolverBase, FlagsAreASet) {
  constexpr resolver_base::flags both = resolver_base::passive | resolver_base::numeric_host;
  EXPECT_EQ(static_cast<int>(both), AI_PASSIVE | AI_NUMERICHOST);
  EXPECT_EQ(both & resolver_base::passive, resolver_base::passive);
  EXPECT_EQ(both ^ resolver_base::passive, resolver_base::numeric_host);
  EXPECT_EQ(both & ~resolver_base::passive, resolver_base::numeric_host);
  resolver_base::flags some = resolver_base::canonical_name;
  some |= resolver_base::v4_mapped;
  some ^= resolver_base::canonical_name;
  EXPECT_EQ(some, resolver_base::v4_mapped);
  some &= resolver_base::all_matching;
  EXPECT_EQ(static_cast<int>(some), 0);
}

TEST(ResolverQuery, IsWhatGetaddrinfoIsGiven) {
  using query = basic_resolver_query<udp>;
  const query here("echo");
  EXPECT_EQ(here.hints().ai_flags, AI_PASSIVE | AI_ADDRCONFIG);
  EXPECT_EQ(here.hints().ai_family, AF_UNSPEC);
  EXPECT_EQ(here.hints().ai_socktype, SOCK_DGRAM);
  EXPECT_EQ(here.hints().ai_protocol, IPPROTO_UDP);
  EXPECT_EQ(here.host_name(), "");
  EXPECT_EQ(here.service_name(), "echo");
  const query six(udp::v6(), "7", query::numeric_service);
  EXPECT_EQ(six.hints().ai_family, AF_INET6);
  EXPECT_EQ(six.hints().ai_flags, AI_NUMERICSERV);
  const query there("host", "echo");
  EXPECT_EQ(there.host_name(), "host");
  EXPECT_EQ(there.hints().ai_flags, AI_ADDRCONFIG);
  const query four(udp::v4(), "host", "echo");
  EXPECT_EQ(four.hints().ai_family, AF_INET);
  EXPECT_EQ(four.service_name(), "echo");
}

TEST(ResolverEntry, IsAnEndpointWithNames) {
  const tcp::endpoint endpoint(address_v4::loopback(), 80);
  const basic_resolver_entry<tcp> entry(endpoint, "localhost", "http");
  const tcp::endpoint converted = entry;
  EXPECT_EQ(converted, endpoint);
  EXPECT_EQ(entry.endpoint(), endpoint);
  EXPECT_EQ(entry.host_name(), "localhost");
  EXPECT_EQ(entry.service_name(), "http");
  EXPECT_EQ(entry.host_name(std::allocator<char>()), "localhost");
  EXPECT_EQ(entry.service_name(std::allocator<char>()), "http");
  EXPECT_EQ(basic_resolver_entry<tcp>().endpoint(), tcp::endpoint());
}

TEST(ResolverResults, AreARange) {
  const std::vector<tcp::endpoint> endpoints = {{address_v4::loopback(), 1},
                                                {address_v6::loopback(), 2}};
  const results some = results::create(endpoints.begin(), endpoints.end(), "host", "service");
  EXPECT_EQ(some.size(), 2U);
  EXPECT_FALSE(some.empty());
  EXPECT_GE(some.max_size(), 2U);
  std::vector<tcp::endpoint> found(some.begin(), some.end());
  EXPECT_EQ(found, endpoints);
  EXPECT_EQ(some.cbegin()->host_name(), "host");
  EXPECT_EQ(std::next(some.cbegin(), 2), some.cend());
}

TEST(ResolverResults, OfNothingAreEmpty) {
  const tcp::endpoint* const none = nullptr;
  for (const results& each : {results(), results::create(none, none, "host", "service"),
                              results::create(static_cast<::addrinfo*>(nullptr), "", "")}) {
    EXPECT_TRUE(each.empty());
    EXPECT_EQ(each.size(), 0U);
    EXPECT_EQ(each.begin(), each.end());
    EXPECT_EQ(each, results());
  }
}

TEST(ResolverResults, AreEqualToTheirCopies) {
  const tcp::endpoint endpoint(address_v4::loopback(), 1);
  results one = results::create(endpoint, "host", "service");
  results other = results::create(endpoint, "host", "service");
  const results copy = one;
  EXPECT_EQ(copy, one);
  EXPECT_NE(other, one);
  one.swap(other);
  EXPECT_EQ(copy, other);
  const results moved = std::move(other);
  EXPECT_EQ(moved, copy);
  EXPECT_TRUE(other.empty());  // NOLINT(bugprone-use-after-move): it says so
}

TEST(ResolverIterator, OutlivesTheResults) {
  iterator here;
  {
    const results some = results::create(tcp::endpoint(address_v4::loopback(), 7), "h", "s");
    here = some.begin();
  }
  EXPECT_EQ((*here).endpoint().port(), 7);
  iterator moved = std::move(here);
  EXPECT_EQ(here, iterator());  // NOLINT(bugprone-use-after-move): it says so
  EXPECT_EQ(moved++->service_name(), "s");
  EXPECT_EQ(moved, iterator());
}

// What getaddrinfo() would give, of all families.
class List {
 public:
  List() {
    v4_.sin_family = AF_INET;
    v4_.sin_port = htons(4);
    v6_.sin6_family = AF_INET6;
    v6_.sin6_port = htons(6);
    local_.sun_family = AF_UNIX;
    add(local_, sizeof(local_));
    add(v4_, sizeof(v4_));
    add(v6_, sizeof(v6_) - 1);
    add(v6_, sizeof(v6_));
    for (std::size_t i = 0; i + 1 < entries_.size(); ++i) {
      entries_[i].ai_next = &entries_[i + 1];
    }
  }
  ::addrinfo* head() { return entries_.data(); }

 private:
  template <typename Address>
  void add(Address& address, std::size_t size) {
    ::addrinfo entry{};
    entry.ai_addr = reinterpret_cast<::sockaddr*>(&address);
    entry.ai_family = entry.ai_addr->sa_family;
    entry.ai_addrlen = static_cast<::socklen_t>(size);
    entries_.push_back(entry);
  }

  ::sockaddr_in v4_{};
  ::sockaddr_in6 v6_{};
  ::sockaddr_un local_{};
  std::vector<::addrinfo> entries_;
};

TEST(ResolverResults, LeaveOutWhatIsNoEndpoint) {
  List list;
  const results some = results::create(list.head(), "host", "service");
  ASSERT_EQ(some.size(), 2U) << "a local address and one cut short are left out";
  EXPECT_EQ(some.begin()->endpoint().port(), 4);
  EXPECT_EQ(std::next(some.begin())->endpoint().port(), 6);
  EXPECT_EQ(some.begin()->host_name(), "host");
  std::string canonical = "canonical.example";
  list.head()->ai_canonname = canonical.data();
  EXPECT_EQ(results::create(list.head(), "host", "service").begin()->host_name(), canonical);
}

}  // namespace
