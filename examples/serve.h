// SPDX-License-Identifier: BSL-1.0
//
// What the example servers share: a TCP server that exists twice. serve_fiber.cc gives every
// connection a fiber that reads, answers and writes in a loop; serve_handler.cc does the same with
// chains of completion handlers. Read them side by side. What is said on a connection is a
// session's business: a protocol that sees bytes and no sockets, the same under both.
//
//   int main(int argc, char** argv) {
//     return examples::serve(examples::parse_flags(argc, argv),
//                            [] { return std::make_unique<my_session>(); });
//   }
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>

#include "net/net.h"

namespace examples {

// One client's side of a protocol. Used by one thread at a time.
class session {
 public:
  enum class progress {
    need_input,   // everything received was dealt with: write the answers, then read on
    answers_due,  // enough answers for now: write them, then call again with no bytes
    finished,     // write the answers, then close the connection
  };

  virtual ~session() = default;

  // Takes what the client sent and appends what it is to be answered.
  virtual progress receive(std::string_view bytes, std::string& answers) = 0;
};

// Called once for each connection, from any thread.
using session_factory = std::function<std::unique_ptr<session>()>;

enum class server_style { fiber, handler };

struct server_options {
  unsigned short port = 0;  // 0: any free one
  server_style style = server_style::fiber;
  unsigned threads = 1;
  std::chrono::milliseconds deadline{0};  // for each read and each write; 0: none
};

struct server_counts {
  std::atomic<std::uint64_t> connections = 0;  // accepted, ever
  std::atomic<std::uint64_t> cut_off = 0;      // ended by a read or write deadline
  std::atomic<std::uint64_t> errors = 0;  // ended by any other error, a client's reset included
};

// Memory for what is read next: small, because most connections are quiet most of the time, and
// large while a client sends much.
class read_buffer {
 public:
  // Where the next read goes. What the last one read is gone.
  net::mutable_buffer space() {
    if (last_ == size_ && size_ < large) {
      resize(large);
    } else if (last_ <= small && size_ > small) {
      resize(small);
    }
    return net::buffer(memory_.get(), size_);
  }

  // The `count` bytes just read.
  std::string_view take(std::size_t count) {
    last_ = count;
    return {memory_.get(), count};
  }

 private:
  static constexpr std::size_t small = 1024;
  static constexpr std::size_t large = 64 * 1024;

  void resize(std::size_t size) {
    memory_.reset();
    memory_ = std::make_unique_for_overwrite<char[]>(size);
    size_ = size;
  }

  std::size_t size_ = small;
  std::size_t last_ = 0;
  std::unique_ptr<char[]> memory_ = std::make_unique_for_overwrite<char[]>(small);
};

// Empties the answers, and gives their memory back when there was much of it.
void recycle(std::string& answers);

// A server that has been started. Its fibers and handlers keep it alive; all members may be called
// from any thread.
class server {
 public:
  server(net::listener listener, const server_options& options, session_factory make_session)
      : listener_(std::move(listener)), options_(options), make_session_(std::move(make_session)) {}
  virtual ~server() = default;

  unsigned short port() const { return listener_.local_endpoint().port(); }
  const server_counts& counts() const { return counts_; }
  std::size_t open_connections() const;

  // New clients are refused; those that are connected are served as before.
  void stop_accepting();

  // Closes the connections that are open, and any that are still to come.
  void close_connections();

 protected:
  // While one of these exists, close_connections() closes its connection.
  class registration {
   public:
    registration(server& owner, net::conn& connection);
    ~registration();
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;

   private:
    server& owner_;
    net::conn& connection_;
  };

  // Counts a connection that an error ended. The client's closing it is no error, nor is ours.
  void count_end(std::error_code ec);

  net::listener listener_;
  const server_options options_;
  const session_factory make_session_;
  server_counts counts_;

 private:
  mutable std::mutex mutex_;  // never held across a wait
  std::unordered_set<net::conn*> connections_;
  bool closing_ = false;
};

// How long the open connections may go on after the server was asked to stop.
inline constexpr std::chrono::seconds grace_period{2};

// After the last answer of a connection that we end: how long to wait for the client to end it too.
// To close while it still sends would reset the connection, and the answer might be lost.
inline constexpr std::chrono::seconds linger_period{1};

// Listen on 127.0.0.1 and serve on `context`. They throw when they cannot listen.
std::shared_ptr<server> start_fiber_server(net::io_context& context, const server_options& options,
                                           session_factory make_session);
std::shared_ptr<server> start_handler_server(net::io_context& context,
                                             const server_options& options,
                                             session_factory make_session);

// Prints "listening on 127.0.0.1:PORT" and serves until SIGINT or SIGTERM. Then it accepts nobody
// new, lets the open connections finish for the grace period, and returns the status for main().
int serve(const server_options& options, session_factory make_session);

// The two ways to do so; serve() chooses.
void serve_with_fibers(const server_options& options, session_factory make_session);
void serve_with_handlers(const server_options& options, session_factory make_session);

void announce(const server& started);

}  // namespace examples
