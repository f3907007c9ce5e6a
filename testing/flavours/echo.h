// SPDX-License-Identifier: BSL-1.0
//
// A server that sends back what it gets, and a client, written once for each flavour of the library. Each
// is compiled for its own; this header knows neither.
//
//   in_net::echo_server server;
//   std::thread worker([&] { server.serve_one(); });
//   in_asio::echo(server.port(), "hello");  // "hello"
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace in_net {

class echo_server {
 public:
  echo_server();
  ~echo_server();

  std::uint16_t port() const;

  // Serves one connection until its end.
  void serve_one();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

std::string echo(std::uint16_t port, std::string_view text);

// How many threads stand by, as netpoll counts them.
int bystanders();

}  // namespace in_net

namespace in_asio {

class echo_server {
 public:
  echo_server();
  ~echo_server();

  std::uint16_t port() const;

  void serve_one();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

std::string echo(std::uint16_t port, std::string_view text);

int bystanders();

}  // namespace in_asio
