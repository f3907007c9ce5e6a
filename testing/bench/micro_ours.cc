// SPDX-License-Identifier: BSL-1.0
//
// The measures of micro.py on this library; peers/measure.h says how it is called. Most are the
// same source as those of Asio: peers/micro_*.h. What is here in addition is what Asio has not:
// deadlines of connections.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <utility>
#include <vector>

#include "net/net.h"
#include "netpoll/base/unique_fd.h"
#include "testing/bench/peers/measure.h"
#include "testing/bench/peers/micro_ping_pong.h"
#include "testing/bench/peers/micro_posts.h"
#include "testing/bench/peers/micro_strands.h"
#include "testing/bench/peers/micro_timers.h"
#include "testing/bench/peers/micro_work.h"

namespace {

// Raises the limit of descriptors if that is allowed; how many there may be then.
std::size_t allow_descriptors(std::size_t wanted) {
  ::rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const ::rlimit more{std::max<::rlim_t>(limit.rlim_cur, wanted),
                      std::max<::rlim_t>(limit.rlim_max, wanted)};
  if (::setrlimit(RLIMIT_NOFILE, &more) != 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// Pushes the read deadline of a connection later, each in its turn. All of them are one socket, by
// different numbers, for it is only about the time.
void push_deadlines(std::int64_t count, const bench::output& out) {
  constexpr std::size_t others = 100;
  const std::size_t wanted = bench::outstanding(bench::hundred_thousand, count);
  const std::size_t allowed = allow_descriptors(wanted + others);
  const std::size_t size = std::min(wanted, allowed - others);
  if (size < wanted) {
    std::printf("# timer_rearm/deadline: %zu connections; more descriptors are not allowed\n",
                size);
  }
  net::io_context context(1);
  int ends[2];
  bench::require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
                 "no pair of sockets");
  const netpoll::unique_fd one(ends[0]);
  const netpoll::unique_fd other(ends[1]);
  std::vector<net::conn> all;
  all.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    netpoll::unique_fd copy(::fcntl(one.get(), F_DUPFD_CLOEXEC, 0));
    std::error_code ec;
    all.emplace_back(context, std::move(copy), net::conn::endpoint_type(),
                     net::conn::endpoint_type(), ec);
    bench::require(!ec, "a connection could not be opened");
    all.back().set_read_deadline(std::chrono::steady_clock::now() + std::chrono::hours(10));
  }
  const bench::stopwatch watch;
  std::size_t next = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    all[next].set_read_deadline(std::chrono::steady_clock::now() + std::chrono::hours(20));
    next = next + 1 == size ? 0 : next + 1;
  }
  out.line("timer_rearm/deadline", watch.nanoseconds() / static_cast<double>(count));
}

template <bench::timer_work What>
void timers(std::int64_t count, const bench::output& out) {
  bench::timers_among<false, What>(count, out);
  push_deadlines(count, out);
}

}  // namespace

int main(int argc, char** argv) {
  using bench::timer_work;
  return bench::run(argc, argv,
                    {{"post", bench::post},
                     {"post_alone", bench::post_alone},
                     {"post_batch", bench::post_batch},
                     {"post_2_threads", bench::post_2_threads},
                     {"post_foreign", bench::post_foreign},
                     {"strand_post", bench::strand_post},
                     {"strand_post_2_threads", bench::strand_post_2_threads},
                     {"strands_2", bench::strands<2>},
                     {"strands_64", bench::strands<64>},
                     {"strands_200", bench::strands<200>},
                     {"strands_1000", bench::strands<1000>},
                     {"strands_post_2_threads", bench::strands_post_2_threads},
                     {"strand_held_up", bench::strand_held_up},
                     {"timers", timers<timer_work::all>},
                     {"timer_arm", bench::timers_among<false, timer_work::arm>},
                     {"timer_rearm", timers<timer_work::rearm>},
                     {"timer_rearm_random", bench::timers_among<false, timer_work::rearm_random>},
                     {"timer_pull", bench::timers_among<false, timer_work::pull>},
                     {"timer_cancel", bench::timers_among<false, timer_work::cancel>},
                     {"timers_1m", bench::timers_among<true, timer_work::all>},
                     {"timer_fire", bench::timer_fire},
                     {"unix_ping_pong", bench::unix_ping_pong},
                     {"tcp_ping_pong", bench::tcp_ping_pong}});
}
