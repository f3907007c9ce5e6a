// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/acceptor.h"

#include <cstring>
#include <utility>

#include "testing/soak/endpoint.h"
#include "testing/soak/link.h"
#include "testing/soak/task.h"

namespace soak {

acceptor::acceptor(world& where)
    : world_(where),
      judge_(where, [this] { return "accept at " + address(); }),
      listener_(net::listen(where.context, "tcp", "127.0.0.1:0")) {}

void acceptor::accept_synchronously() {
  for (;;) {
    const auto op = judge_.begin(direction::read);
    std::error_code ec;
    net::conn connection = listener_.accept(ec);
    if (!accepted(op, ec, std::move(connection))) {
      return;
    }
  }
}

void acceptor::accept_with_handlers() {
  const auto op = judge_.begin(direction::read);
  listener_.async_accept([this, op](std::error_code ec, net::conn connection) {
    if (accepted(op, ec, std::move(connection))) {
      accept_with_handlers();
    }
  });
}

bool acceptor::accepted(const disturbed::operation& op, const std::error_code& ec,
                        net::conn connection) {
  switch (judge_.end(op, ec, false)) {
    case outcome::success:
      world_.counts.add(event::accepts);
      greet(std::move(connection));
      return true;
    case outcome::expired:
      judge_.move_deadline(true, false, net::no_deadline,
                           [this](time_point t) { listener_.set_deadline(t); });
      return true;
    case outcome::cancelled:
      return true;
    case outcome::end:
    case outcome::closed:
    case outcome::broken:
      break;
  }
  return false;
}

void acceptor::greet(net::conn connection) {
  world_.go([this, connection = std::move(connection)]() mutable {
    std::uint8_t header[link::header_bytes];
    std::size_t filled = 0;
    while (filled < sizeof(header)) {
      std::error_code ec;
      filled += connection.read(net::buffer(header + filled, sizeof(header) - filled), ec);
      if (ec) {
        // The client has been broken off already, or was only there to use up a descriptor.
        if (ec != net::error::eof && ec != net::error::connection_reset) {
          world_.counts.fail(fault::unexpected_errors, 1, "reading a header: %s",
                             ec.message().c_str());
        }
        return;
      }
    }
    std::uint64_t id = 0;
    std::memcpy(&id, header, sizeof(id));
    if (std::shared_ptr<link> known = world_.find(id)) {
      start_tasks(
          std::make_shared<endpoint>(world_, std::move(known), 1, std::move(connection), nullptr));
    }
  });
}

void acceptor::disturb(random& dice) {
  if (judge_.is_closed()) {
    return;
  }
  if (dice.one_in(8)) {
    judge_.cancel([this] { listener_.cancel(); });
  } else {
    judge_.move_deadline(true, false, draw_deadline(dice),
                         [this](time_point t) { listener_.set_deadline(t); });
  }
}

void acceptor::close() {
  judge_.note_close();
  listener_.close();
}

std::string acceptor::describe() const {
  const auto silent = std::chrono::steady_clock::now() - judge_.last_progress();
  return address() + ": " + std::to_string(judge_.waiting(direction::read)) +
         " accepts wait, the last ended " +
         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(silent).count()) +
         " ms ago";
}

}  // namespace soak
