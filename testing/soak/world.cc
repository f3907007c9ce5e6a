// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/world.h"

#include <cstdio>

#include "netpoll/thread_parker.h"
#include "testing/soak/endpoint.h"
#include "testing/soak/link.h"

namespace soak {
namespace {

constexpr std::size_t plain_thread_count = 4;

}  // namespace

plain_threads::plain_threads(std::size_t count, signal_storm& signals) {
  for (std::size_t i = 0; i < count; ++i) {
    threads_.emplace_back([this, &signals] { work(signals); });
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return free_ == count; });
}

plain_threads::~plain_threads() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
  }
  for (std::thread& each : threads_) {
    each.join();
  }
}

bool plain_threads::try_run(std::function<void()>& step) {
  const std::lock_guard lock(mutex_);
  if (free_ == 0 || is_over_) {
    return false;
  }
  --free_;
  steps_.push_back(std::move(step));
  changed_.notify_one();
  return true;
}

void plain_threads::work(signal_storm& signals) {
  const signal_storm::target target(signals);
  // Now, and not when descriptors have run out: a thread that cannot have this one must abort.
  netpoll::thread_parker::current();
  std::unique_lock lock(mutex_);
  for (;;) {
    ++free_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_over_ || !steps_.empty(); });
    if (steps_.empty()) {
      return;
    }
    {
      const std::function<void()> step = std::move(steps_.back());
      steps_.pop_back();
      lock.unlock();
      step();
    }
    lock.lock();
  }
}

world::world(const settings& given, tally& tally_of_run)
    : what(given),
      counts(tally_of_run),
      late(std::chrono::seconds(given.seconds + 10 * given.stall)),
      signals(mix(given.seed, 1)),
      threads(plain_thread_count, signals) {}

void world::announce(const std::shared_ptr<link>& announced) {
  const std::lock_guard lock(mutex_);
  links_[announced->id()] = announced;
}

std::shared_ptr<link> world::find(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = links_.find(id);
  if (found == links_.end()) {
    return nullptr;
  }
  auto result = found->second.lock();
  links_.erase(found);
  return result;
}

void world::add(endpoint& who) {
  const std::lock_guard lock(mutex_);
  who.place = endpoints_.size();
  endpoints_.push_back(&who);
}

void world::remove(endpoint& who) noexcept {
  const std::lock_guard lock(mutex_);
  endpoints_[who.place] = endpoints_.back();
  endpoints_[who.place]->place = who.place;
  endpoints_.pop_back();
  if (who.side() == 0) {
    links_.erase(who.shared().id());
  }
}

std::shared_ptr<endpoint> world::any_endpoint(random& dice) {
  const std::lock_guard lock(mutex_);
  if (endpoints_.empty()) {
    return nullptr;
  }
  return endpoints_[dice.below(endpoints_.size())]->weak_from_this().lock();
}

std::size_t world::endpoints() {
  const std::lock_guard lock(mutex_);
  return endpoints_.size();
}

bool world::print_stuck(std::chrono::seconds stall) {
  const std::lock_guard lock(mutex_);
  bool is_stuck = false;
  const auto now = std::chrono::steady_clock::now();
  for (endpoint* const each : endpoints_) {
    const auto silent = now - each->judge().last_progress();
    if (silent > stall) {
      is_stuck = true;
      std::printf(
          "STUCK: %s: nothing for %lld s; %d reads and %d writes wait; sent %llu received "
          "%llu, closed %d\n",
          each->describe().c_str(),
          static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(silent).count()),
          each->judge().waiting(direction::read), each->judge().waiting(direction::write),
          static_cast<unsigned long long>(each->outgoing().sent.load()),
          static_cast<unsigned long long>(each->incoming().received.load()),
          each->judge().is_closed());
    }
  }
  return is_stuck;
}

}  // namespace soak
