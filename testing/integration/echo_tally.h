// SPDX-License-Identifier: BSL-1.0
//
// What the echo of echo_run.h sends, and its book-keeping: who wrote and read how much, who was
// told of an error, and who is still there. All of it thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/net.h"
#include "testing/integration/echo_run.h"

namespace nettest {

// Never reached: what takes so long hangs.
inline constexpr auto too_long = std::chrono::minutes(2);

inline constexpr std::size_t echo_clients = 3;
// The sizes of the messages of a client, one after the other.
const std::vector<std::size_t>& messages_of(std::size_t client);
// All its messages in one.
const std::vector<char>& stream_of(std::size_t client);

// The connections of a run, for others to meddle with.
class live_conns {
 public:
  void add(net::conn& which);
  void remove(net::conn& which);
  // Moves deadlines about and wakes the loops, all of which nobody must notice.
  void meddle();

 private:
  std::mutex mutex_;
  std::set<net::conn*> conns_;  // under mutex_
};

class meddled_with {
 public:
  meddled_with(std::shared_ptr<live_conns> all, net::conn& which)
      : all_(std::move(all)), which_(which) {
    all_->add(which_);
  }
  ~meddled_with() { all_->remove(which_); }
  meddled_with(const meddled_with&) = delete;
  meddled_with& operator=(const meddled_with&) = delete;

 private:
  const std::shared_ptr<live_conns> all_;
  net::conn& which_;
};

// What the run has seen so far.
class tally {
 public:
  // Somebody was told of an error: closes the listener, so that nobody waits for him.
  void note(std::string operation, const std::error_code& ec);
  void violated(std::string what);

  // The listener that is closed when anything fails.
  void set_listener(net::listener* which);

  // Checks what has arrived of a client's stream at `position`.
  bool check(std::size_t client, std::size_t position, const char* data, std::size_t size);

  // When all is over.
  echo_result finish();

  // Counted by whoever does it: bytes as reported by the operations.
  using counts = std::array<std::atomic<std::size_t>, echo_clients>;
  counts client_sent{};
  counts server_got{};
  counts server_sent{};
  counts client_got{};
  std::atomic<std::size_t> ended{0};  // streams read to their end
  std::atomic<int> timer_fired{0};
  std::atomic<int> alive{0};
  const std::shared_ptr<live_conns> conns = std::make_shared<live_conns>();

 private:
  void close_if_failed();

  std::mutex mutex_;
  echo_result result_;  // under mutex_
  std::mutex listener_mutex_;
  net::listener* listener_ = nullptr;  // under listener_mutex_
  bool has_failed_ = false;            // under listener_mutex_
};

// One more of what must not be left over.
class lives {
 public:
  explicit lives(tally& all) : all_(&all) { ++all.alive; }
  lives(lives&& other) noexcept : all_(std::exchange(other.all_, nullptr)) {}
  lives& operator=(lives&&) = delete;
  ~lives() {
    if (all_ != nullptr) {
      --all_->alive;
    }
  }

 private:
  tally* all_;
};

class published_listener {
 public:
  published_listener(tally& all, net::listener& which) : all_(all) { all.set_listener(&which); }
  ~published_listener() { all_.set_listener(nullptr); }
  published_listener(const published_listener&) = delete;
  published_listener& operator=(const published_listener&) = delete;

 private:
  tally& all_;
};

// What a synchronous operation that throws came to. Notes the error under the name it gave itself.
template <typename Operation>
bool succeeds(tally& all, const char* name, Operation&& operation) {
  try {
    operation();
    return true;
  } catch (const net::op_error& error) {
    if (error.operation() != name || std::string(error.what()).find(name) != 0) {
      all.violated(std::string(name) + " reports \"" + error.what() + '"');
    }
    all.note(error.operation(), error.code());
  }
  return false;
}

// The same without exceptions.
template <typename Operation>
bool succeeds_by_code(tally& all, const char* name, Operation&& operation) {
  std::error_code ec;
  operation(ec);
  if (ec) {
    all.note(name, ec);
  }
  return !ec;
}

}  // namespace nettest
