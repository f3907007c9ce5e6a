// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/endpoint.h"

#include <sys/socket.h>

#include <utility>

namespace soak {

endpoint::endpoint(world& where, std::shared_ptr<link> what, int side, net::conn connection,
                   std::function<void()> on_end)
    : world_(where),
      link_(std::move(what)),
      side_(side),
      judge_(where, [this] { return describe(); }),
      conn_(std::move(connection)),
      on_end_(std::move(on_end)) {
  // Nobody else knows the connection yet, so its number is safe to use.
  if (plan().has_small_buffers) {
    // The sender's alone: a receive window smaller than a segment of the loopback device makes the
    // kernel send by its persist timer, a few kilobytes a second.
    const int size_bytes = 8192;
    setsockopt(conn_.native_handle(), SOL_SOCKET, SO_SNDBUF, &size_bytes, sizeof(size_bytes));
  }
  if (link_->what().how == ending::reset && link_->what().breaking_side == side_) {
    link_->is_broken.store(true, std::memory_order_seq_cst);
    const ::linger none{.l_onoff = 1, .l_linger = 0};
    setsockopt(conn_.native_handle(), SOL_SOCKET, SO_LINGER, &none, sizeof(none));
  }
  if (plan().timeout.count() > 0) {
    conn_.set_timeout(plan().timeout);
  }
}

endpoint::~endpoint() {
  world_.remove(*this);
  judge_.note_close();
  conn_ = net::conn();
  if (on_end_) {
    on_end_();
  }
}

disturbed::operation endpoint::begin(direction which) noexcept {
  return judge_.begin(which, plan().timeout);
}

outcome endpoint::end(const disturbed::operation& op, const std::error_code& ec,
                      std::size_t bytes) {
  const bool is_read = op.which == direction::read;
  world_.counts.add(is_read ? event::reads : event::writes);
  world_.counts.add(is_read ? event::bytes_received : event::bytes_sent, bytes);
  const bool may_break = link_->is_broken.load(std::memory_order_seq_cst);
  if (is_read && ec && bytes != 0) {
    world_.counts.fail(fault::unexpected_errors, 1, "%s: a failed read took %zu bytes",
                       describe().c_str(), bytes);
  }
  return judge_.end(op, ec, may_break);
}

void endpoint::disturb(random& dice) {
  if (link_->what().what == traffic::records) {
    return;  // what its writers send is not resumed after an error
  }
  if (dice.one_in(8)) {
    judge_.cancel([this] { conn_.cancel(); });
    return;
  }
  const time_point when = draw_deadline(dice);
  switch (dice.below(3)) {
    case 0:
      judge_.move_deadline(true, false, when, [this](time_point t) { conn_.set_read_deadline(t); });
      break;
    case 1:
      judge_.move_deadline(false, true, when,
                           [this](time_point t) { conn_.set_write_deadline(t); });
      break;
    default:
      judge_.move_deadline(true, true, when, [this](time_point t) { conn_.set_deadline(t); });
      break;
  }
}

void endpoint::clear_deadline(direction which) {
  if (which == direction::read) {
    judge_.move_deadline(true, false, net::no_deadline,
                         [this](time_point t) { conn_.set_read_deadline(t); });
  } else {
    judge_.move_deadline(false, true, net::no_deadline,
                         [this](time_point t) { conn_.set_write_deadline(t); });
  }
}

void endpoint::break_off() {
  link_->is_broken.store(true, std::memory_order_seq_cst);
  judge_.note_close();
  std::error_code ec;
  conn_.close(ec);
  if (ec) {
    world_.counts.fail(fault::unexpected_errors, 1, "%s: closed twice: %s", describe().c_str(),
                       ec.message().c_str());
  }
}

void endpoint::half_close() {
  std::error_code ec;
  conn_.close_write(ec);
  if (!ec) {
    world_.counts.add(event::half_closes);
    outgoing().is_half_closed.store(true, std::memory_order_relaxed);  // read when all is over
    return;
  }
  const bool may_fail = judge_.is_closed() || link_->is_broken.load(std::memory_order_seq_cst);
  if (!may_fail) {
    world_.counts.fail(fault::unexpected_errors, 1, "%s: half-close: %s", describe().c_str(),
                       ec.message().c_str());
  }
}

std::string endpoint::describe() const {
  return "link " + std::to_string(link_->id()) + " seed " + std::to_string(link_->seed()) + " " +
         name_of(link_->what().what) + " " + name_of(link_->what().how) +
         (side_ == 0 ? " client" : " server");
}

}  // namespace soak
