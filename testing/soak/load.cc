// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <utility>

#include "netpoll/thread_parker.h"
#include "testing/soak/endpoint.h"
#include "testing/soak/link.h"
#include "testing/soak/task.h"

namespace soak {
namespace {

constexpr std::size_t listener_count = 4;
// More than a queue of the least length holds.
constexpr int filling_connections = 4;

}  // namespace

load::load(world& where) : world_(where) {
  for (std::size_t i = 0; i < listener_count; ++i) {
    acceptors_.push_back(std::make_unique<acceptor>(where));
  }
  full_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(full_.get(), generic, size) != 0 || listen(full_.get(), 0) != 0 ||
      getsockname(full_.get(), generic, &size) != 0) {
    std::perror("listening");
    std::exit(1);
  }
  full_address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  for (int i = 0; i < filling_connections; ++i) {
    filling_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)::connect(filling_.back().get(), generic, size);  // in progress, some of them for ever
  }
}

load::~load() {
  if (accepting_thread_.joinable()) {
    accepting_thread_.join();
  }
}

void load::start() {
  // Side by side in fibers; handlers; a fiber beside handlers; a thread.
  world_.go([this] { acceptors_[0]->accept_synchronously(); });
  world_.go([this] { acceptors_[0]->accept_synchronously(); });
  acceptors_[1]->accept_with_handlers();
  world_.go([this] { acceptors_[2]->accept_synchronously(); });
  acceptors_[2]->accept_with_handlers();
  accepting_thread_ = std::thread([this] {
    const signal_storm::target target(world_.signals);
    netpoll::thread_parker::current();  // while there are descriptors
    acceptors_[3]->accept_synchronously();
  });
  clients_.store(world_.what.connections, std::memory_order_release);
  for (std::uint64_t slot = 0; slot < world_.what.connections; ++slot) {
    connect(slot, 0);
  }
}

void load::close_listeners() {
  for (const auto& each : acceptors_) {
    each->close();
  }
}

void load::print_acceptors() const {
  for (const auto& each : acceptors_) {
    std::printf("  %s\n", each->describe().c_str());
  }
}

// A client that is connecting.
struct load::dialling {
  dialling(world& where, std::uint64_t slot_of_client, std::uint64_t round_of_client)
      : slot(slot_of_client),
        round(round_of_client),
        seed(mix(mix(where.what.seed, 1'000'000 + slot), round)),
        dice(mix(seed, 5)),
        judge(where, [this] { return "dialling " + address + ", seed " + std::to_string(seed); }) {}

  const std::uint64_t slot;
  const std::uint64_t round;
  const std::uint64_t seed;
  random dice;
  std::string address;
  std::chrono::milliseconds timeout{0};
  disturbed judge;
  disturbed::operation op{};
};

void load::connect(std::uint64_t slot, std::uint64_t round) {
  if (world_.is_ending.load(std::memory_order_acquire)) {
    clients_.fetch_sub(1, std::memory_order_acq_rel);
    return;
  }
  const auto what = std::make_shared<dialling>(world_, slot, round);
  const bool waits = what->dice.one_in(16);
  what->address = waits ? full_address_ : any_acceptor(what->dice).address();
  what->timeout = std::chrono::milliseconds(
      waits || what->dice.one_in(8) ? what->dice.between(1, 100) : 600'000);
  world_.counts.add(event::dials);
  const auto dial = [this, what] {
    what->op = what->judge.begin(direction::write, what->timeout);
    std::error_code ec;
    net::conn connection = net::dial(world_.context, "tcp", what->address, what->timeout, ec);
    connected(what, ec, std::move(connection));
  };
  const std::uint64_t style = what->dice.below(8);
  if (style == 0) {
    std::function<void()> step = dial;
    if (world_.threads.try_run(step)) {
      world_.counts.add(event::steps_in_threads);
      return;
    }
  }
  if (style < 4) {
    world_.go(dial);
    return;
  }
  what->op = what->judge.begin(direction::write, what->timeout);
  net::async_dial(world_.context, "tcp", what->address, what->timeout,
                  [this, what](std::error_code ec, net::conn connection) {
                    connected(what, ec, std::move(connection));
                  });
}

void load::connected(const std::shared_ptr<dialling>& what, std::error_code ec,
                     net::conn connection) {
  const bool is_out_of_descriptors = ec == net::error::no_descriptors;
  // Ports of connections that have just ended may be all there are.
  const bool is_out_of_ports = ec == std::errc::address_not_available;
  const outcome how = what->judge.end(
      what->op, is_out_of_descriptors || is_out_of_ports ? std::error_code() : ec, false);
  const auto again = [this, slot = what->slot, round = what->round + 1] { connect(slot, round); };
  if (!ec) {
    const auto shared = std::make_shared<link>(world_.counts, what->seed,
                                               what->slot << 32 | (what->round & 0xffffffff));
    world_.announce(shared);
    start_tasks(std::make_shared<endpoint>(world_, shared, 0, std::move(connection),
                                           [this, again] { net::post(world_.context, again); }));
    return;
  }
  if (is_out_of_descriptors) {
    world_.counts.add(event::dials_out_of_descriptors);
  } else if (how == outcome::expired) {
    world_.counts.add(event::dials_timed_out);
  }
  auto timer = std::make_shared<net::steady_timer>(
      world_.context, std::chrono::milliseconds(what->dice.between(1, 5)));
  net::steady_timer& waited = *timer;
  waited.async_wait([again, timer = std::move(timer)](std::error_code) { again(); });
}

}  // namespace soak
