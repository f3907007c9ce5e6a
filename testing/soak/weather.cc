// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/weather.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "net/net.h"
#include "testing/soak/endpoint.h"

namespace soak {
namespace {

constexpr std::chrono::milliseconds sleeper_period{2};
constexpr std::size_t churned_at_once = 8;
constexpr int meddlers = 2;
constexpr std::size_t most_fillers = 4096;

void pause(random& dice, unsigned most_us) {
  std::this_thread::sleep_for(std::chrono::microseconds(dice.below(most_us)));
}

// A number and what it stood for when it was ours.
struct held_descriptor {
  int number;
  ino_t inode;
};

ino_t inode_of(int number) {
  struct stat status {};
  return fstat(number, &status) == 0 ? status.st_ino : 0;
}

int highest_descriptor() {
  int highest = 0;
  if (DIR* const all = opendir("/proc/self/fd")) {
    while (const dirent* const each = readdir(all)) {
      highest = std::max(highest, std::atoi(each->d_name));
    }
    closedir(all);
  }
  return highest;
}

// A connection that is begun and that nobody uses. -1 if there is no descriptor left.
int begin_connection(unsigned short port) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made >= 0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    (void)connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  return made;
}

}  // namespace

weather::weather(world& where, load& clients) : world_(where), load_(clients) {
  const std::uint64_t seed = mix(where.what.seed, 2);
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(where.what.threads + 1, 8); ++i) {
    ++sleepers_;
    world_.go([this, mine = world_.late.make_gauge(), i] { sleep_in_fiber(mine, i % 2 == 1); });
  }
  sleep_with_handlers(world_.late.make_gauge());
  measuring_thread_ =
      std::thread([this, sleeping = world_.late.make_gauge(), posting = world_.late.make_gauge()] {
        sleep_in_thread(sleeping, posting);
      });
  for (std::uint64_t i = 0; i < meddlers; ++i) {
    threads_.emplace_back([this, seed, i] { meddle(mix(seed, i)); });
  }
  threads_.emplace_back([this, seed] { churn(mix(seed, 100)); });
  threads_.emplace_back([this, seed] { run_out_of_descriptors(mix(seed, 101)); });
}

weather::~weather() {
  calm_down();
  end();
  measuring_thread_.join();
}

void weather::calm_down() {
  is_calm_.store(true, std::memory_order_release);
  for (std::thread& each : threads_) {
    each.join();
  }
  threads_.clear();
}

void weather::meddle(std::uint64_t seed) {
  const signal_storm::target target(world_.signals);
  random dice(seed);
  while (!is_calm_.load(std::memory_order_acquire)) {
    if (dice.one_in(64)) {
      load_.any_acceptor(dice).disturb(dice);
    } else if (const auto victim = world_.any_endpoint(dice)) {
      victim->disturb(dice);
    }
    pause(dice, 1000);
  }
}

// A descriptor that somebody else closed is another one, or none, when we come back to it.
void weather::churn(std::uint64_t seed) {
  const signal_storm::target target(world_.signals);
  random dice(seed);
  std::vector<held_descriptor> held;
  const auto give_back = [&](std::size_t which) {
    std::swap(held[which], held.back());
    const held_descriptor mine = held.back();
    held.pop_back();
    const ino_t found = inode_of(mine.number);
    if (found != mine.inode) {
      world_.counts.fail(fault::stolen_descriptors, 1, "%d was closed by somebody else",
                         mine.number);
      return;
    }
    ::close(mine.number);
  };
  while (!is_calm_.load(std::memory_order_acquire)) {
    for (std::uint64_t i = dice.below(16); i > 0; --i) {
      const bool connects = dice.one_in(16);
      const int made = connects ? begin_connection(load_.any_acceptor(dice).port())
                                : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (made >= 0) {
        world_.counts.add(event::descriptors_churned);
        held.push_back({made, inode_of(made)});
      }
      if (held.size() > churned_at_once) {
        give_back(dice.below(held.size()));
      }
    }
    pause(dice, 1000);
  }
  while (!held.empty()) {
    give_back(0);
  }
}

void weather::run_out_of_descriptors(std::uint64_t seed) {
  random dice(seed);
  rlimit usual{};
  getrlimit(RLIMIT_NOFILE, &usual);
  const auto until_next = [&] {
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(dice.between(300, 1200));
  };
  time_point next = until_next();
  while (!is_calm_.load(std::memory_order_acquire)) {
    pause(dice, 20'000);
    if (std::chrono::steady_clock::now() < next) {
      continue;
    }
    rlimit lowered = usual;
    lowered.rlim_cur =
        std::min<rlim_t>(usual.rlim_cur, static_cast<rlim_t>(highest_descriptor()) + 8);
    setrlimit(RLIMIT_NOFILE, &lowered);
    // Connections that wait to be accepted take the last numbers.
    std::vector<int> fillers;
    const time_point end =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(dice.between(20, 150));
    while (std::chrono::steady_clock::now() < end) {
      const int made =
          fillers.size() < most_fillers ? begin_connection(load_.any_acceptor(dice).port()) : -1;
      if (made >= 0) {
        fillers.push_back(made);
      } else {
        pause(dice, 500);
      }
    }
    setrlimit(RLIMIT_NOFILE, &usual);
    for (const int each : fillers) {
      ::close(each);
    }
    world_.counts.add(event::emfile_episodes);
    next = until_next();
  }
}

void weather::came(lateness::gauge& mine, time_point due) {
  const time_point now = std::chrono::steady_clock::now();
  world_.counts.add(event::timers);
  if (now < due) {
    world_.counts.fail(fault::early_deadlines, 1, "a sleep ended %lld ns early",
                       static_cast<long long>((due - now).count()));
  }
  mine.came(due, now);
}

void weather::sleep_in_fiber(lateness::gauge mine, bool with_timer) {
  while (!is_over_.load(std::memory_order_acquire)) {
    const time_point due = std::chrono::steady_clock::now() + sleeper_period;
    mine.expect(due);
    if (with_timer) {
      net::steady_timer timer(world_.context, due);
      timer.wait();
    } else {
      net::this_fiber::sleep_until(due);
    }
    came(mine, due);
  }
}

void weather::sleep_with_handlers(lateness::gauge mine) {
  if (is_over_.load(std::memory_order_acquire)) {
    return;
  }
  const time_point due = std::chrono::steady_clock::now() + sleeper_period;
  mine.expect(due);
  auto timer = std::make_shared<net::steady_timer>(world_.context, due);
  net::steady_timer& waited = *timer;
  waited.async_wait([this, mine, due, timer = std::move(timer)](std::error_code) mutable {
    came(mine, due);
    sleep_with_handlers(mine);
  });
}

// How late a thread is by itself, and how long a handler that it posts has to wait.
void weather::sleep_in_thread(lateness::gauge sleeping, lateness::gauge posting) {
  const auto is_posted = std::make_shared<std::atomic<bool>>(false);
  while (!is_over_.load(std::memory_order_acquire)) {
    const time_point due = std::chrono::steady_clock::now() + sleeper_period;
    sleeping.expect(due);
    std::this_thread::sleep_until(due);
    sleeping.came(due, std::chrono::steady_clock::now());
    if (!is_posted->exchange(true, std::memory_order_acq_rel)) {
      const time_point posted = std::chrono::steady_clock::now();
      posting.expect(posted);
      net::post(world_.context, [posting, posted, is_posted]() mutable {
        posting.came(posted, std::chrono::steady_clock::now());
        is_posted->store(false, std::memory_order_release);
      });
    }
  }
}

}  // namespace soak
