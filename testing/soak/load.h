// SPDX-License-Identifier: BSL-1.0
//
// The load itself: listeners that accept in fibers, with handlers and in a thread of their own, and
// clients that connect, do what the link's plan says, and connect again.
//
// start(), then end() and, when is_idle(), close(), from one thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "netpoll/base/unique_fd.h"
#include "testing/soak/acceptor.h"
#include "testing/soak/random.h"
#include "testing/soak/world.h"

namespace soak {

class load {
 public:
  explicit load(world& where);
  ~load();
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  void start();
  // The number of clients that have not ended; once world::is_ending is set, they do.
  std::size_t clients() const noexcept { return clients_.load(std::memory_order_acquire); }
  void close_listeners();

  // For who looks for what is stuck.
  void print_acceptors() const;

  acceptor& any_acceptor(random& dice) { return *acceptors_[dice.below(acceptors_.size())]; }

 private:
  struct dialling;

  void connect(std::uint64_t slot, std::uint64_t round);
  void connected(const std::shared_ptr<dialling>& what, std::error_code ec, net::conn connection);

  world& world_;
  std::vector<std::unique_ptr<acceptor>> acceptors_;
  std::thread accepting_thread_;
  // A listener whose queue is full: who dials it waits.
  netpoll::unique_fd full_;
  std::vector<netpoll::unique_fd> filling_;
  std::string full_address_;
  std::atomic<std::size_t> clients_{0};
};

}  // namespace soak
