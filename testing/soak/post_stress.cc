// SPDX-License-Identifier: BSL-1.0
//
// Hands work from other threads to a loop that keeps falling asleep, and aims at the instant of
// falling asleep: a producer waits until what it posted has run, then spins for a random moment,
// then posts again. A wake-up that is lost there leaves the loop asleep with work in its queue.
//
//   post_stress --posts 10000000 --producers 2 --threads 1 --via post
//
// --via post      net::post to an io_context that --threads threads run
// --via timer     a steady_timer that has already expired: shortens the sleep instead of ending it
// --via reactor   netpoll::reactor::wake() and nothing else; one thread waits
// --via all       one after the other
//
// Prints how often the loop slept and how often it took an eventfd to wake it. Exits 0 if every
// post ran once and, posted to a loop of one thread, in order; aborts when nothing has run for
// --stall seconds.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/net.h"
#include "netpoll/base/syscall.h"
#include "netpoll/reactor.h"
#include "testing/soak/flags.h"
#include "testing/soak/random.h"

namespace {

using std::chrono::steady_clock;

struct options {
  std::uint64_t posts = 200'000;
  std::uint64_t producers = 1;
  std::uint64_t threads = 1;
  std::uint64_t seed = 0;
  std::uint64_t stall = 60;
  std::string via = "all";
};

// Counts the calls that sleeping and waking are made of. There are no sockets: all that is written
// is an eventfd.
class call_counter final : private netpoll::sys::fault_injector {
 public:
  call_counter() { netpoll::sys::set_fault_injector(this); }
  ~call_counter() { netpoll::sys::set_fault_injector(nullptr); }
  call_counter(const call_counter&) = delete;
  call_counter& operator=(const call_counter&) = delete;

  std::uint64_t waits() const { return waits_.load(std::memory_order_relaxed); }
  std::uint64_t writes() const { return writes_.load(std::memory_order_relaxed); }

 private:
  std::optional<netpoll::sys::result> before(netpoll::sys::call which, int,
                                             std::size_t&) noexcept override {
    // relaxed: statistics, read when the threads have been joined.
    if (which == netpoll::sys::call::epoll_wait) {
      waits_.fetch_add(1, std::memory_order_relaxed);
    } else if (which == netpoll::sys::call::write) {
      writes_.fetch_add(1, std::memory_order_relaxed);
    }
    return std::nullopt;
  }

  std::atomic<std::uint64_t> waits_{0};
  std::atomic<std::uint64_t> writes_{0};
};

// What one producer posted and what of it ran.
struct alignas(64) lane {
  std::atomic<std::uint64_t> posted{0};
  alignas(64) std::atomic<std::uint64_t> ran{0};
  std::atomic<std::uint64_t> out_of_order{0};

  // The post with this number runs now.
  void run(std::uint64_t number) noexcept {
    if (ran.fetch_add(1, std::memory_order_acq_rel) != number) {
      out_of_order.fetch_add(1, std::memory_order_relaxed);  // read when all has ended
    }
  }
};

void spin(std::uint64_t steps) noexcept {
  for (std::uint64_t i = 0; i < steps; ++i) {
    asm volatile("" ::: "memory");
  }
}

// Mostly until the loop has run everything and is about to sleep; sometimes shorter, so that posts
// also meet a loop that runs.
void pause(soak::random& dice, const lane& mine) noexcept {
  static constexpr std::uint64_t widths[] = {64, 512, 4096, 32768};
  switch (dice.below(8)) {
    case 0:
      return;
    case 1:
      return spin(dice.below(512));
    default:
      break;
  }
  for (unsigned tries = 0; mine.ran.load(std::memory_order_acquire) !=
                           mine.posted.load(std::memory_order_relaxed);  // relaxed: our own
       ++tries) {
    if (tries > 256) {
      std::this_thread::yield();  // the loop may be waiting for our processor
    }
  }
  spin(dice.below(widths[dice.below(4)]));
}

class stress {
 public:
  stress(const options& what, std::string via)
      : options_(what), via_(std::move(via)), lanes_(what.producers) {}

  // False if anything went wrong.
  bool run() {
    const call_counter calls;
    const auto began = steady_clock::now();
    if (via_ == "reactor") {
      run_reactor();
    } else {
      run_context();
    }
    const std::chrono::duration<double> took = steady_clock::now() - began;
    return report(calls, took.count());
  }

 private:
  void run_context() {
    net::io_context context;
    auto guard = std::make_optional(net::make_work_guard(context));
    std::vector<std::thread> loops;
    for (std::uint64_t i = 0; i < options_.threads; ++i) {
      loops.emplace_back([&] { context.run(); });
    }
    if (via_ == "post") {
      produce([&](lane& to, std::uint64_t number) {
        net::post(context, [&to, number] { to.run(number); });
      });
    } else {
      produce([&](lane& to, std::uint64_t number) {
        auto timer = std::make_shared<net::steady_timer>(context, steady_clock::duration(0));
        net::steady_timer& waited = *timer;
        waited.async_wait(
            [&to, number, timer = std::move(timer)](std::error_code) { to.run(number); });
      });
    }
    guard.reset();
    for (std::thread& each : loops) {
      each.join();
    }
  }

  void run_reactor() {
    netpoll::reactor reactor;
    if (reactor.open() != 0) {
      std::perror("reactor");
      std::exit(1);
    }
    std::atomic<bool> is_over{false};
    std::thread loop([&] {
      while (!is_over.load(std::memory_order_acquire)) {
        reactor.wait(netpoll::never);
        for (lane& each : lanes_) {
          each.ran.store(each.posted.load(std::memory_order_acquire), std::memory_order_release);
        }
      }
    });
    produce([&](lane&, std::uint64_t) { reactor.wake(); });
    is_over.store(true, std::memory_order_release);
    reactor.wake();
    loop.join();
  }

  // Runs the producers, and returns when all they posted has run.
  template <typename Post>
  void produce(Post post) {
    std::vector<std::thread> producers;
    for (std::uint64_t i = 0; i < options_.producers; ++i) {
      producers.emplace_back([this, i, post] {
        soak::random dice(soak::mix(options_.seed, i));
        lane& mine = lanes_[i];
        const std::uint64_t last = options_.posts / options_.producers;
        for (std::uint64_t number = 0; number < last; ++number) {
          pause(dice, mine);
          mine.posted.store(number + 1, std::memory_order_release);
          post(mine, number);
        }
        while (mine.ran.load(std::memory_order_acquire) != last) {
          std::this_thread::yield();
        }
        const std::lock_guard lock(mutex_);
        ++finished_;
        has_finished_.notify_one();
      });
    }
    watch();
    for (std::thread& each : producers) {
      each.join();
    }
  }

  // Until all producers have finished; aborts if that comes to a stand.
  void watch() {
    std::unique_lock lock(mutex_);
    std::uint64_t before = total(&lane::ran);
    while (!has_finished_.wait_for(lock, std::chrono::seconds(options_.stall),
                                   [this] { return finished_ == options_.producers; })) {
      const std::uint64_t now = total(&lane::ran);
      if (now == before) {
        std::printf("STUCK: %s, seed %llu: nothing has run for %llu s\n", via_.c_str(),
                    static_cast<unsigned long long>(options_.seed),
                    static_cast<unsigned long long>(options_.stall));
        for (const lane& each : lanes_) {
          std::printf("  posted %llu, run %llu\n",
                      static_cast<unsigned long long>(each.posted.load()),
                      static_cast<unsigned long long>(each.ran.load()));
        }
        std::fflush(stdout);
        std::abort();
      }
      before = now;
    }
    finished_ = 0;
  }

  std::uint64_t total(std::atomic<std::uint64_t> lane::*which) const {
    std::uint64_t sum = 0;
    for (const lane& each : lanes_) {
      sum += (each.*which).load(std::memory_order_acquire);
    }
    return sum;
  }

  bool report(const call_counter& calls, double seconds) const {
    const std::uint64_t posted = total(&lane::posted);
    const std::uint64_t ran = total(&lane::ran);
    // Several threads may get to the posts of one producer in any order, and so may timers that
    // expired at the same time.
    const bool has_order = via_ == "post" && options_.threads == 1;
    const std::uint64_t out_of_order = has_order ? total(&lane::out_of_order) : 0;
    const auto per_post = [&](std::uint64_t count) {
      return static_cast<double>(count) / static_cast<double>(posted);
    };
    std::printf("%-8s %llu posts by %llu producers to %llu threads in %.1f s\n", via_.c_str(),
                static_cast<unsigned long long>(posted),
                static_cast<unsigned long long>(options_.producers),
                static_cast<unsigned long long>(via_ == "reactor" ? 1 : options_.threads), seconds);
    std::printf("         epoll waits %llu, %.3f per post\n",
                static_cast<unsigned long long>(calls.waits()), per_post(calls.waits()));
    std::printf("         eventfd writes %llu, %.3f per post\n",
                static_cast<unsigned long long>(calls.writes()), per_post(calls.writes()));
    std::printf("         not run %llu, out of order %llu\n",
                static_cast<unsigned long long>(posted - ran),
                static_cast<unsigned long long>(out_of_order));
    // A sleep is ended by one write at most.
    const bool is_coalesced = calls.writes() <= calls.waits();
    if (!is_coalesced) {
      std::printf("         MORE WRITES THAN SLEEPS\n");
    }
    return posted == ran && out_of_order == 0 && is_coalesced;
  }

  const options& options_;
  const std::string via_;
  std::vector<lane> lanes_;
  std::mutex mutex_;
  std::condition_variable has_finished_;
  std::uint64_t finished_ = 0;  // under mutex_: producers
};

}  // namespace

int main(int argc, char** argv) {
  options what;
  what.seed = static_cast<std::uint64_t>(steady_clock::now().time_since_epoch().count());
  soak::parse_flags(argc, argv,
                    {{"posts", &what.posts},
                     {"producers", &what.producers},
                     {"threads", &what.threads},
                     {"via", &what.via},
                     {"seed", &what.seed},
                     {"stall", &what.stall}});
  if (what.producers == 0 || what.threads == 0 || what.posts < what.producers) {
    std::fprintf(stderr, "%s: too few producers, threads or posts\n", argv[0]);
    return 2;
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(what.seed));
  std::fflush(stdout);
  const std::vector<std::string> ways = what.via == "all"
                                            ? std::vector<std::string>{"post", "timer", "reactor"}
                                            : std::vector<std::string>{what.via};
  bool is_right = true;
  for (const std::string& via : ways) {
    if (via != "post" && via != "timer" && via != "reactor") {
      std::fprintf(stderr, "%s: --via is post, timer, reactor or all\n", argv[0]);
      return 2;
    }
    is_right &= stress(what, via).run();
    std::fflush(stdout);
  }
  return is_right ? 0 : 1;
}
