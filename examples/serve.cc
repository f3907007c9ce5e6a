// SPDX-License-Identifier: BSL-1.0
#include "examples/serve.h"

#include <cstdio>
#include <exception>

namespace examples {

void recycle(std::string& answers) {
  constexpr std::size_t kept = 4 * 1024;
  if (answers.capacity() > kept) {
    std::string().swap(answers);
  } else {
    answers.clear();
  }
}

std::size_t server::open_connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

void server::stop_accepting() {
  std::error_code ignored;
  listener_.close(ignored);
}

void server::close_connections() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  std::error_code ignored;
  for (net::conn* connection : connections_) connection->close(ignored);
}

void server::count_end(std::error_code ec) {
  if (!ec || ec == net::error::eof || ec == net::error::closed ||
      ec == net::error::operation_aborted) {
    return;
  }
  if (ec == net::error::deadline_exceeded) {
    counts_.cut_off.fetch_add(1);
  } else {
    counts_.errors.fetch_add(1);
  }
}

server::registration::registration(server& owner, net::conn& connection)
    : owner_(owner), connection_(connection) {
  owner_.counts_.connections.fetch_add(1);
  const std::lock_guard lock(owner_.mutex_);
  owner_.connections_.insert(&connection_);
  std::error_code ignored;
  if (owner_.closing_) connection_.close(ignored);
}

server::registration::~registration() {
  const std::lock_guard lock(owner_.mutex_);
  owner_.connections_.erase(&connection_);
}

void announce(const server& started) {
  std::printf("listening on 127.0.0.1:%d\n", started.port());
  std::fflush(stdout);
}

int serve(const server_options& options, session_factory make_session) {
  try {
    if (options.style == server_style::fiber) {
      serve_with_fibers(options, std::move(make_session));
    } else {
      serve_with_handlers(options, std::move(make_session));
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace examples
