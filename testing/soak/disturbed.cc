// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/disturbed.h"

#include <algorithm>

#include "net/net.h"

namespace soak {
namespace {

double in_ms(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

}  // namespace

disturbed::operation disturbed::begin(direction which, std::chrono::nanoseconds timeout) noexcept {
  world_.counts.operations.fetch_add(1, std::memory_order_relaxed);  // a count
  waiting_[static_cast<std::size_t>(which)].fetch_add(1, std::memory_order_relaxed);
  return {which, std::chrono::steady_clock::now(), cancels_ended_.load(std::memory_order_seq_cst),
          timeout};
}

outcome disturbed::end(const operation& op, const std::error_code& ec, bool may_break) {
  const time_point now = std::chrono::steady_clock::now();
  tally& counts = world_.counts;
  counts.operations.fetch_sub(1, std::memory_order_relaxed);
  waiting_[static_cast<std::size_t>(op.which)].fetch_sub(1, std::memory_order_relaxed);
  note_progress();
  check_late(op, now);
  if (!ec) {
    return outcome::success;
  }
  if (ec == net::error::eof) {
    return outcome::end;
  }
  if (ec == net::error::deadline_exceeded) {
    counts.add(event::deadlines_fired);
    const bool timed_out = op.timeout.count() > 0 && now - op.began >= op.timeout;
    if (!timed_out && !logs_[static_cast<std::size_t>(op.which)].may_have_expired(op.began, now)) {
      counts.fail(fault::early_deadlines, 1, "%s: ended after %.3f ms, timeout %.3f ms",
                  name_().c_str(), in_ms(now - op.began), in_ms(op.timeout));
    }
    return outcome::expired;
  }
  if (ec == net::error::operation_aborted) {
    counts.add(event::operations_cancelled);
    if (cancels_begun_.load(std::memory_order_seq_cst) <= op.cancels_before) {
      counts.fail(fault::stray_cancellations, 1, "%s: nobody cancelled it", name_().c_str());
    }
    return outcome::cancelled;
  }
  if (ec == net::error::closed) {
    counts.add(event::closed_under_way);
    if (!is_closed()) {
      counts.fail(fault::stray_closes, 1, "%s: nobody closed it", name_().c_str());
    }
    return outcome::closed;
  }
  const bool is_break = ec == net::error::connection_reset || ec == net::error::broken_pipe;
  if (is_break) {
    counts.add(event::resets_seen);
  }
  if (!is_break || !may_break) {
    counts.fail(fault::unexpected_errors, 1, "%s: %s", name_().c_str(), ec.message().c_str());
  }
  return outcome::broken;
}

void disturbed::check_late(const operation& op, time_point ended) {
  auto worst = logs_[static_cast<std::size_t>(op.which)].longest_overdue(op.began, ended);
  if (op.timeout.count() > 0 && ended - op.began - op.timeout > worst.duration) {
    worst = {op.began + op.timeout, ended - op.began - op.timeout};
  }
  const std::chrono::milliseconds margin(world_.what.margin_ms);
  if (worst.duration <= margin) {
    return;
  }
  const auto excused = world_.late.worst(worst.since, worst.since + worst.duration);
  if (worst.duration > excused + margin) {
    world_.counts.fail(fault::late_deadlines, 1,
                       "%s: %.3f ms past its deadline, others were late by %.3f ms",
                       name_().c_str(), in_ms(worst.duration), in_ms(excused));
  }
}

time_point draw_deadline(random& dice) {
  const time_point now = std::chrono::steady_clock::now();
  switch (dice.below(8)) {
    case 0:
      return now - std::chrono::milliseconds(1);
    case 1:
    case 2:
      return net::no_deadline;
    case 3:
    case 4:
      return now + std::chrono::milliseconds(dice.between(5, 500));
    default:
      return now + std::chrono::microseconds(dice.below(3000));
  }
}

}  // namespace soak
