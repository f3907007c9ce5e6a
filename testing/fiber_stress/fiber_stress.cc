// SPDX-License-Identifier: BSL-1.0
//
// Fibers that do everything fibers can, at random, to each other and with plain threads, for as
// many fibers as one likes; and what must come out of it checked.
//
//   fiber_stress --fibers 100000 --threads 8 --seconds 600 --seed 1
//
// --fibers    in all, spawned by each other and by threads
// --alive     at a time, at most; ThreadSanitizer can do no more than about 8000
// --threads   that run the context; seven more use, cancel, join and look at fibers from outside
// --seconds   after which no more are spawned
// --seed      decides what each fiber does; printed first, and with every fault
// --stall     seconds without progress after which it dumps all fibers and aborts
//
// Checked are: each fiber began, ended and was joined, detached or let go of once; each token that
// was sent on a channel was received once, and what was reported not sent was not; what a lock
// guards was touched by one at a time; waits ended for a reason; cancelled fibers, and those with
// deadlines, end at all; at the end every lock is free, every fiber finished and every stack given
// back. Exits 0 if so. Run it under ThreadSanitizer and AddressSanitizer too, which check the rest.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "net/error.h"
#include "net/execution/work_guard.h"
#include "net/fiber/dump.h"
#include "net/fiber/fiber.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/stack_settings.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"
#include "testing/fiber_stress/actor.h"
#include "testing/fiber_stress/ledger.h"
#include "testing/fiber_stress/stage.h"
#include "testing/soak/flags.h"

namespace fiber_stress {
namespace {

using std::chrono::steady_clock;

struct options {
  std::uint64_t fibers = 100'000;
  std::uint64_t alive = netpoll::is_sanitized ? 4'000 : 20'000;
  std::uint64_t threads = 8;
  std::uint64_t seconds = 600;
  std::uint64_t seed = 0;
  std::uint64_t stall = 60;
};

constexpr std::uint64_t helpers = 2;  // of each kind

class play {
 public:
  explicit play(const options& what)
      : options_(what), books_(what.seed, what.fibers, what.alive, what.fibers * 16) {}

  bool run();

 private:
  void run_context();
  void spawn_fibers(std::uint64_t number);
  void visit(std::uint64_t number);
  void look_after_charges();
  void look_at_fibers();
  void watch(steady_clock::time_point until);
  void verify();
  template <typename Function>
  static std::vector<std::thread> start(std::uint64_t count, Function function) {
    std::vector<std::thread> all;
    for (std::uint64_t i = 0; i != count; ++i) {
      all.emplace_back([function, i] { function(i); });
    }
    return all;
  }
  static void join(std::vector<std::thread>& all) {
    for (std::thread& each : all) {
      each.join();
    }
  }

  const options& options_;
  ledger books_;
  net::io_context context_;
  stage stage_{context_, books_, options_.seed};
  std::atomic<bool> is_ending_{false};

  std::mutex mutex_;
  std::condition_variable has_ended_;
  bool is_over_ = false;  // under mutex_
};

// Fibers that nobody joins throw through run().
void play::run_context() {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const failure&) {
      books_.add(event::exceptions_from_run);
    }
  }
}

// From a plain thread: as many as may be, each joined some time later.
void play::spawn_fibers(std::uint64_t number) {
  actor self(stage_, number);
  std::deque<charge> spawned;
  const std::size_t most = options_.alive / (2 * helpers);
  while (!books_.is_spent()) {
    if (std::optional<charge> next = self.spawn()) {
      spawned.push_back(std::move(*next));
    } else if (spawned.empty()) {
      std::this_thread::yield();
    }
    if (spawned.size() > most || (!spawned.empty() && self.dice().one_in(2))) {
      self.join(std::move(spawned.front()));
      spawned.pop_front();
    }
  }
  while (!spawned.empty()) {
    self.join(std::move(spawned.front()));
    spawned.pop_front();
  }
}

void play::visit(std::uint64_t number) {
  actor self(stage_, 1000 + number);
  while (!is_ending_.load(std::memory_order_acquire)) {
    self.do_something();
    net::this_fiber::sleep_for(std::chrono::microseconds(self.dice().below(2000)));
  }
}

void play::look_after_charges() {
  net::error_code ec;
  while (std::optional<charge> next = stage_.charges.receive(ec)) {
    if (next->is_to_be_cancelled) {
      next->who.cancel();
      books_.add(event::cancelled);
    }
    actor::join(stage_, std::move(*next), event::joined);
  }
}

// Holds fibers up while it looks at them.
void play::look_at_fibers() {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  while (!is_ending_.load(std::memory_order_acquire)) {
    net::dump_fibers(nowhere);
    books_.add(event::dumped);
    net::this_fiber::sleep_for(std::chrono::milliseconds(20));
  }
  ::close(nowhere);
}

// Until all is over; aborts if that comes to a stand.
void play::watch(steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  std::uint64_t before = 0;
  std::uint64_t idle_seconds = 0;
  while (!has_ended_.wait_for(lock, std::chrono::seconds(1), [this] { return is_over_; })) {
    if (steady_clock::now() >= until) {
      books_.close();
    }
    // What visitors do at random is no progress.
    const std::uint64_t now = books_.of(event::joined) + books_.of(event::let_go) +
                              books_.of(event::grouped) +
                              books_.of(event::detached) + books_.of(event::joined_late) +
                              books_.of(event::joined_by_destructors);
    idle_seconds = now == before ? idle_seconds + 1 : 0;
    before = now;
    if (idle_seconds >= options_.stall) {
      std::printf("STUCK (seed %llu): no fiber was joined for %llu s, %llu are alive\n",
                  static_cast<unsigned long long>(options_.seed),
                  static_cast<unsigned long long>(options_.stall),
                  static_cast<unsigned long long>(books_.alive()));
      std::fflush(stdout);
      net::dump_fibers(STDOUT_FILENO);
      std::abort();
    }
  }
}

bool play::run() {
  const auto began = steady_clock::now();
  std::thread watcher([&] { watch(began + std::chrono::seconds(options_.seconds)); });
  auto guard = std::make_optional(net::make_work_guard(context_));
  auto runners = start(options_.threads, [this](std::uint64_t) { run_context(); });
  auto spawners = start(helpers, [this](std::uint64_t i) { spawn_fibers(i); });
  auto visitors = start(helpers, [this](std::uint64_t i) { visit(i); });
  auto bailiffs = start(helpers, [this](std::uint64_t) { look_after_charges(); });
  auto lookers = start(1, [this](std::uint64_t) { look_at_fibers(); });

  join(spawners);
  guard.reset();
  join(runners);  // when no fiber is left
  is_ending_.store(true, std::memory_order_release);
  (void)stage_.charges.close();
  join(bailiffs);
  join(visitors);
  join(lookers);
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    has_ended_.notify_one();
  }
  watcher.join();
  const std::chrono::duration<double> took = steady_clock::now() - began;
  verify();
  books_.print(took.count());
  return books_.is_fine();
}

void play::verify() {
  stage_.verify();
  books_.balance();
  const net::run_loop::totals counts = context_.loop().counts();
  books_.expect(counts.fibers_spawned == books_.tickets_taken(), "the loop miscounted its fibers");
  books_.expect(counts.fibers_finished == counts.fibers_spawned, "the loop has fibers left");
  books_.expect(net::get_stack_statistics().in_use == 0, "a stack is in use at the end");
  books_.expect(
      books_.of(event::exceptions_let_go) == books_.of(event::exceptions_from_run),
      "an exception was lost on its way out of run()");
  if (books_.tickets_taken() >= 20'000) {
    for (std::size_t i = 0; i != static_cast<std::size_t>(event::count_); ++i) {
      books_.expect(books_.of(static_cast<event>(i)) != 0, "something was never done");
    }
  }
}

}  // namespace
}  // namespace fiber_stress

int main(int argc, char** argv) {
  fiber_stress::options what;
  what.seed =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  soak::parse_flags(argc, argv,
                    {{"fibers", &what.fibers},
                     {"alive", &what.alive},
                     {"threads", &what.threads},
                     {"seconds", &what.seconds},
                     {"seed", &what.seed},
                     {"stall", &what.stall}});
  if (what.fibers == 0 || what.alive < 16 || what.threads == 0) {
    std::fprintf(stderr, "%s: too few fibers or threads\n", argv[0]);
    return 2;
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(what.seed));
  std::fflush(stdout);
  return fiber_stress::play(what).run() ? 0 : 1;
}
