// SPDX-License-Identifier: BSL-1.0
//
// The measures of micro.py on standalone Asio, called as measure.h says. The measures are the very
// source that ours are, compiled against Asio; micro_library.h says what it is given so that it is
// at its best. Its allocator recycles the memory of handlers by itself.
#define NETPOLL_BENCH_ASIO
#include "testing/bench/peers/measure.h"
#include "testing/bench/peers/micro_ping_pong.h"
#include "testing/bench/peers/micro_posts.h"
#include "testing/bench/peers/micro_strands.h"
#include "testing/bench/peers/micro_timers.h"

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
                     {"timers", bench::timers_among<false, timer_work::all>},
                     {"timer_arm", bench::timers_among<false, timer_work::arm>},
                     {"timer_rearm", bench::timers_among<false, timer_work::rearm>},
                     {"timer_rearm_random", bench::timers_among<false, timer_work::rearm_random>},
                     {"timer_pull", bench::timers_among<false, timer_work::pull>},
                     {"timer_cancel", bench::timers_among<false, timer_work::cancel>},
                     {"timers_1m", bench::timers_among<true, timer_work::all>},
                     {"timer_fire", bench::timer_fire},
                     {"unix_ping_pong", bench::unix_ping_pong},
                     {"tcp_ping_pong", bench::tcp_ping_pong}});
}
