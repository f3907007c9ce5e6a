// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/deadline_log.h"

#include <algorithm>

namespace soak {
namespace {

// A value replaced so long ago has ended all it could.
constexpr std::chrono::seconds memory{120};

}  // namespace

deadline_log::move deadline_log::begin_move(time_point value, time_point now) {
  const std::lock_guard lock(mutex_);
  while (entries_.size() > 1 && entries_.front().possible_until < now - memory) {
    entries_.pop_front();
    ++forgotten_;
  }
  for (entry& each : entries_) {
    each.certain_until = std::min(each.certain_until, now);
    each.has_overlapped |= each.ended == never;
  }
  entries_.push_back({.value = value, .begun = now, .has_overlapped = moving_ > 0});
  ++moving_;
  return forgotten_ + entries_.size() - 1;
}

void deadline_log::end_move(move which, time_point now) {
  const std::lock_guard lock(mutex_);
  entry& mine = entries_[which - forgotten_];
  mine.ended = now;
  --moving_;
  for (entry& each : entries_) {
    if (&each != &mine && each.ended <= mine.begun) {
      each.possible_until = std::min(each.possible_until, now);
    }
  }
}

bool deadline_log::may_have_expired(time_point began, time_point ended) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(), [&](const entry& each) {
    return each.begun <= ended && each.possible_until >= began &&
           each.value <= std::min(ended, each.possible_until);
  });
}

deadline_log::overdue deadline_log::longest_overdue(time_point began, time_point ended) const {
  const std::lock_guard lock(mutex_);
  overdue longest;
  for (const entry& each : entries_) {
    if (each.has_overlapped || each.ended == never || each.value == never) {
      continue;
    }
    const time_point since = std::max({each.ended, each.value, began});
    const time_point until = std::min(ended, each.certain_until);
    if (until > since && until - since > longest.duration) {
      longest = {since, until - since};
    }
  }
  return longest;
}

}  // namespace soak
