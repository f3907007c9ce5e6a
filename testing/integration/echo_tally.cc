// SPDX-License-Identifier: BSL-1.0
#include "testing/integration/echo_tally.h"

namespace nettest {
namespace {

// The first byte of a stream says which client's it is; the others depend on client and position.
char content(std::size_t client, std::size_t position) {
  return position == 0 ? static_cast<char>(client)
                       : static_cast<char>(position * 31 + position / 251 + client * 7);
}

}  // namespace

const std::vector<std::size_t>& messages_of(std::size_t client) {
  static const std::vector<std::size_t> all[echo_clients] = {
      {1, 2, 3}, {1000, 30'000, 1, 4096}, {256 * 1024}};
  return all[client];
}

const std::vector<char>& stream_of(std::size_t client) {
  static const auto all = [] {
    std::array<std::vector<char>, echo_clients> made;
    for (std::size_t i = 0; i < echo_clients; ++i) {
      for (const std::size_t size : messages_of(i)) {
        for (std::size_t n = 0; n < size; ++n) {
          made[i].push_back(content(i, made[i].size()));
        }
      }
    }
    return made;
  }();
  return all[client];
}

void live_conns::add(net::conn& which) {
  const std::lock_guard lock(mutex_);
  conns_.insert(&which);
}

void live_conns::remove(net::conn& which) {
  const std::lock_guard lock(mutex_);
  conns_.erase(&which);
}

void live_conns::meddle() {
  const std::lock_guard lock(mutex_);
  for (net::conn* const each : conns_) {
    try {
      each->set_deadline(std::chrono::steady_clock::now() + too_long / 2);
      each->set_deadline(net::no_deadline);
      net::post(each->get_executor(), [] {});
    } catch (const net::op_error&) {
      // It was closed.
    }
  }
}

void tally::note(std::string operation, const std::error_code& ec) {
  {
    const std::lock_guard lock(mutex_);
    result_.errors.push_back({std::move(operation), ec});
  }
  const std::lock_guard lock(listener_mutex_);
  has_failed_ = true;
  close_if_failed();
}

void tally::violated(std::string what) {
  const std::lock_guard lock(mutex_);
  result_.violations.push_back(std::move(what));
}

void tally::set_listener(net::listener* which) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = which;
  close_if_failed();
}

bool tally::check(std::size_t client, std::size_t position, const char* data, std::size_t size) {
  const std::vector<char>& sent = stream_of(client);
  if (position + size > sent.size()) {
    violated("client " + std::to_string(client) + ": more bytes than were sent");
    return false;
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] != sent[position + i]) {
      violated("client " + std::to_string(client) + ": wrong byte at " +
               std::to_string(position + i));
      return false;
    }
  }
  return true;
}

echo_result tally::finish() {
  const std::lock_guard lock(mutex_);
  bool is_complete = timer_fired == 1 && ended == 2 * echo_clients;
  for (std::size_t i = 0; i < echo_clients; ++i) {
    const std::size_t sent = client_sent[i];
    const std::size_t got = server_got[i];
    const std::size_t echoed = server_sent[i];
    const std::size_t back = client_got[i];
    if (got > sent || echoed > got || back > echoed) {
      result_.violations.push_back("client " + std::to_string(i) + ": sent " +
                                   std::to_string(sent) + ", arrived " + std::to_string(got) +
                                   ", echoed " + std::to_string(echoed) + ", came back " +
                                   std::to_string(back));
    }
    is_complete &= back == stream_of(i).size();
  }
  if (alive != 0) {
    result_.violations.push_back(std::to_string(alive) + " fibers, threads or sessions left");
  }
  result_.is_complete = is_complete;
  return std::move(result_);
}

void tally::close_if_failed() {
  if (has_failed_ && listener_ != nullptr) {
    std::error_code ignored;
    listener_->close(ignored);
  }
}

}  // namespace nettest
