// SPDX-License-Identifier: BSL-1.0
//
// Two echo servers, one in handlers and one in fibers, and the clients that test them, all in one
// process:
//
//   ./bazelw run //examples:echo
//
// Each server serves 200 clients at once that send messages of 1 B to 1 MiB and check every byte
// that comes back. Then come two kinds of clients that it must not wait for: those that fall
// silent, which its read deadline cuts off, and those that send and never read, so that its own
// write blocks until the write deadline. The program prints what happened and exits 0 if all of it
// was as it had to be.
//
// The servers are in serve_fiber.cc and serve_handler.cc. The clients are fibers: what each does
// reads from top to bottom.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "examples/echo_session.h"
#include "examples/serve.h"
#include "net/net.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t honest_clients = 200;
constexpr std::size_t rounds = 8;
constexpr std::size_t silent_clients = 10;
constexpr std::size_t greedy_clients = 10;
constexpr std::size_t largest_message = 1024 * 1024;

// Honest clients are never this slow, so their server must not cut off any.
constexpr std::chrono::milliseconds patience = 30s;
constexpr std::chrono::milliseconds strictness = 500ms;

// Fails the client that finds something wrong.
void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

std::uint64_t scramble(std::uint64_t seed) {
  seed = (seed + 1) * 0x9e3779b97f4a7c15;
  seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
  return seed ^ (seed >> 31);
}

// One byte at first, at last the largest message for every tenth client, and between them all
// orders of magnitude.
std::size_t message_size(std::size_t client, std::size_t round) {
  if (round == 0) return 1;
  if (round == rounds - 1 && client % 10 == 0) return largest_message;
  const std::uint64_t random = scramble(client * rounds + round);
  const std::size_t magnitude = std::size_t{1} << random % 17;
  return magnitude + (random >> 32) % magnitude;
}

std::string make_message(std::size_t client, std::size_t round) {
  std::string message(message_size(client, round), '\0');
  std::uint64_t random = scramble(~(client * rounds + round));
  for (char& c : message) {
    random = random * 6364136223846793005 + 1442695040888963407;
    c = static_cast<char>(random >> 56);
  }
  return message;
}

// Reads as many bytes as `message` has and compares them.
void read_back(net::conn& connection, const std::string& message) {
  std::array<char, 16 * 1024> chunk;
  for (std::size_t position = 0; position < message.size();) {
    const std::size_t wanted = std::min(chunk.size(), message.size() - position);
    const std::size_t count = connection.read(net::buffer(chunk.data(), wanted));
    require(count > 0, "the server ended the connection early");
    require(std::memcmp(chunk.data(), message.data() + position, count) == 0,
            "what came back is not what was sent");
    position += count;
  }
}

void round_trip(net::conn& connection, const std::string& message) {
  if (message.size() <= 16 * 1024) {
    connection.write(net::buffer(message));
    read_back(connection, message);
    return;
  }
  // The buffers between us do not hold this much, and the server does not read on while it cannot
  // write: somebody has to read while we write.
  net::fiber writer([&] { connection.write(net::buffer(message)); });
  try {
    read_back(connection, message);
  } catch (...) {
    connection.close();
    try {
      writer.join();
    } catch (const std::exception&) {  // because of the close
    }
    throw;
  }
  writer.join();
}

// What the clients of one server have seen; each has an element of its own and needs no lock.
struct client_record {
  std::vector<steady_clock::duration> round_trips;
  std::uint64_t bytes = 0;
  bool cut_off = false;
  bool failed = false;
};

void run_honest_client(unsigned short port, std::size_t client, client_record& record) {
  net::conn connection = net::dial("tcp", "127.0.0.1:" + std::to_string(port), 10s);
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::string message = make_message(client, round);
    const steady_clock::time_point start = steady_clock::now();
    round_trip(connection, message);
    record.round_trips.push_back(steady_clock::now() - start);
    record.bytes += message.size();
  }
  connection.close_write();
  char surplus = 0;
  require(connection.read(net::buffer(&surplus, 1)) == 0, "more came back than was sent");
}

// Half of them never say a word, the others stop after one.
void run_silent_client(unsigned short port, std::size_t client, client_record& record) {
  net::conn connection = net::dial("tcp", "127.0.0.1:" + std::to_string(port), 10s);
  connection.set_read_timeout(patience);
  if (client % 2 == 0) round_trip(connection, "hello");
  const steady_clock::time_point start = steady_clock::now();
  char byte = 0;
  require(connection.read(net::buffer(&byte, 1)) == 0, "the server broke its silence");
  require(steady_clock::now() - start > strictness / 2, "cut off too early");
  record.cut_off = true;
}

// Sends until the server is not there any more to take it.
void run_greedy_client(unsigned short port, client_record& record) {
  net::conn connection = net::dial("tcp", "127.0.0.1:" + std::to_string(port), 10s);
  connection.set_write_timeout(patience);
  const std::string block(64 * 1024, 'x');
  std::error_code ec;
  std::uint64_t sent = 0;
  while (!ec) {
    sent += connection.write(net::buffer(block), ec);
    require(sent < 1024 * largest_message, "the server takes and takes");
  }
  require(ec == std::errc::connection_reset || ec == std::errc::broken_pipe,
          "a write did not end as it does when the peer has closed");
  record.cut_off = true;
}

// Runs the clients at the same time, each in a fiber.
std::vector<client_record> run_clients(
    std::size_t count, const std::function<void(std::size_t, client_record&)>& client) {
  std::vector<client_record> records(count);
  std::vector<net::fiber> fibers;
  for (std::size_t i = 0; i < count; ++i) {
    fibers.emplace_back([&client, &record = records[i], i] {
      try {
        client(i, record);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "client %zu: %s\n", i, error.what());
        record.failed = true;
      }
    });
  }
  for (net::fiber& fiber : fibers) fiber.join();
  return records;
}

struct summary {
  const char* style = "";
  std::uint64_t connections = 0;
  std::uint64_t round_trips = 0;
  std::uint64_t bytes = 0;
  std::uint64_t seen_cut_off = 0;  // by the clients
  std::uint64_t cut_off = 0;       // by the server
  std::uint64_t errors = 0;
  std::vector<steady_clock::duration> times;

  void add(const std::vector<client_record>& records) {
    for (const client_record& record : records) {
      round_trips += record.round_trips.size();
      bytes += record.bytes;
      seen_cut_off += record.cut_off ? 1 : 0;
      errors += record.failed ? 1 : 0;
      times.insert(times.end(), record.round_trips.begin(), record.round_trips.end());
    }
  }

  void add(const examples::server_counts& counts) {
    connections += counts.connections;
    cut_off += counts.cut_off;
    errors += counts.errors;
  }

  double quantile_ms(double fraction) {
    if (times.empty()) return 0;
    const auto rank = static_cast<std::size_t>(fraction * static_cast<double>(times.size() - 1));
    const auto nth = times.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(times.begin(), nth, times.end());
    return std::chrono::duration<double, std::milli>(*nth).count();
  }
};

// Starts a server, runs `clients` against it, stops it and takes note of what it counted.
void with_server(examples::server_style style, std::chrono::milliseconds deadline, summary& result,
                 const std::function<void(unsigned short port)>& clients) {
  const examples::server_options options{.style = style, .deadline = deadline};
  const auto start = style == examples::server_style::fiber ? examples::start_fiber_server
                                                            : examples::start_handler_server;
  const auto server = start(net::current_context(), options, examples::make_echo_session);
  clients(server->port());
  server->stop_accepting();
  for (int i = 0; i < 500 && server->open_connections() > 0; ++i) net::this_fiber::sleep_for(10ms);
  if (server->open_connections() > 0) ++result.errors;
  server->close_connections();
  result.add(server->counts());
}

summary test_server(examples::server_style style) {
  summary result;
  result.style = style == examples::server_style::fiber ? "fiber" : "handler";
  with_server(style, patience, result, [&](unsigned short port) {
    result.add(run_clients(honest_clients, [port](std::size_t i, client_record& record) {
      run_honest_client(port, i, record);
    }));
  });
  with_server(style, strictness, result, [&](unsigned short port) {
    result.add(
        run_clients(silent_clients + greedy_clients, [port](std::size_t i, client_record& record) {
          if (i < silent_clients) {
            run_silent_client(port, i, record);
          } else {
            run_greedy_client(port, record);
          }
        }));
  });
  return result;
}

bool as_expected(const summary& result) {
  constexpr std::size_t cut_off = silent_clients + greedy_clients;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < honest_clients; ++i) {
    for (std::size_t round = 0; round < rounds; ++round) bytes += message_size(i, round);
  }
  return result.connections == honest_clients + cut_off &&
         result.round_trips == honest_clients * rounds && result.bytes == bytes &&
         result.cut_off == cut_off && result.seen_cut_off == cut_off && result.errors == 0;
}

void print(summary& result) {
  std::printf("%-8s %11llu %11llu %12llu %9.3f %9.3f %8llu %7llu\n", result.style,
              static_cast<unsigned long long>(result.connections),
              static_cast<unsigned long long>(result.round_trips),
              static_cast<unsigned long long>(result.bytes), result.quantile_ms(0.5),
              result.quantile_ms(0.99), static_cast<unsigned long long>(result.cut_off),
              static_cast<unsigned long long>(result.errors));
}

}  // namespace

int main() {
  bool good = true;
  std::printf("%-8s %11s %11s %12s %9s %9s %8s %7s\n", "style", "connections", "round trips",
              "bytes", "p50 ms", "p99 ms", "cut off", "errors");
  try {
    const auto body = [&good] {
      for (const auto style : {examples::server_style::handler, examples::server_style::fiber}) {
        summary result = test_server(style);
        print(result);
        good = as_expected(result) && good;
      }
    };
    net::run(body, 2);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    good = false;
  }
  std::puts(good ? "every byte and every count is right" : "FAILED: a byte or a count is wrong");
  return good ? 0 : 1;
}
