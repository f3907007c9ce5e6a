// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/task.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "testing/soak/content.h"

namespace soak {
namespace {

constexpr std::size_t buffer_bytes = 32u << 10;

bool may_go_on(outcome how) {
  return how == outcome::success || how == outcome::expired || how == outcome::cancelled;
}

// A size to read or write at once, and where to split it.
void draw_size(random& dice, std::size_t most, action& to) {
  to.size = dice.one_in(4) ? dice.between(1, most) : most;
  to.split = to.size > 1 && dice.one_in(4) ? dice.between(1, to.size - 1) : 0;
}

// Sends what the link says, header first if it is the client's, and half-closes.
class stream_writer final : public task {
 public:
  stream_writer(std::shared_ptr<endpoint> end, std::uint64_t seed)
      : task(std::move(end), seed),
        header_bytes_(end_->side() == 0 ? link::header_bytes : 0),
        total_(header_bytes_ + end_->shared().what().bytes[static_cast<std::size_t>(end_->side())]),
        buffer_(static_cast<std::size_t>(
            std::clamp<std::uint64_t>(total_, link::header_bytes, buffer_bytes))) {}

  action next() override {
    if (has_expired_) {
      has_expired_ = false;
      const action first = recover(direction::write);
      if (first.what == action::kind::pause) {
        return first;
      }
    }
    action wanted;
    if (place_ < total_ && !is_broken_) {
      wanted.what = action::kind::write;
      wanted.data = buffer_.data();
      if (place_ < header_bytes_) {
        const std::uint64_t id = end_->shared().id();
        std::memcpy(buffer_.data(), &id, sizeof(id));
        wanted.data += place_;
        wanted.size = static_cast<std::size_t>(header_bytes_ - place_);
      } else {
        draw_size(
            dice_,
            static_cast<std::size_t>(std::min<std::uint64_t>(total_ - place_, buffer_.size())),
            wanted);
        fill_content(buffer_.data(), wanted.size, end_->shared().content_seed(end_->side()),
                     place_ - header_bytes_);
      }
      return wanted;
    }
    if (!is_broken_) {
      end_->half_close();
    }
    return wanted;
  }

  void complete(outcome how, std::size_t bytes) override {
    place_ += bytes;
    const std::uint64_t content = place_ - std::min(place_, header_bytes_);
    // relaxed, here and below: read when all is over.
    end_->outgoing().sent.store(content, std::memory_order_relaxed);
    has_expired_ = how == outcome::expired;
    is_broken_ = !may_go_on(how);
  }

 private:
  const std::uint64_t header_bytes_;
  const std::uint64_t total_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t place_ = 0;
  bool has_expired_ = false;
  bool is_broken_ = false;
};

// Reads to the end and checks every byte. Then it may be the turn of a writer.
class stream_reader final : public task {
 public:
  stream_reader(std::shared_ptr<endpoint> end, std::uint64_t seed, std::shared_ptr<task> then)
      : task(std::move(end), seed), then_(std::move(then)), buffer_(buffer_bytes) {}

  action next() override {
    if (has_expired_) {
      has_expired_ = false;
      const action first = recover(direction::read);
      if (first.what == action::kind::pause) {
        return first;
      }
    }
    const link::plan& plan = end_->shared().what();
    action wanted;
    if (!is_over_ && plan.how == ending::unread && plan.breaking_side == end_->side() &&
        place_ >= plan.break_after) {
      is_over_ = true;
      end_->break_off();
    }
    if (!is_over_) {
      wanted.what = action::kind::read;
      wanted.data = buffer_.data();
      draw_size(dice_, buffer_.size(), wanted);
    } else if (then_ != nullptr) {
      drive(std::exchange(then_, nullptr));
    }
    return wanted;
  }

  void complete(outcome how, std::size_t bytes) override {
    const std::size_t wrong =
        wrong_content(buffer_.data(), bytes, end_->shared().content_seed(1 - end_->side()), place_);
    if (wrong != 0) {
      end_->where().counts.fail(fault::wrong_bytes, wrong, "%s: %zu of %zu bytes at %llu are wrong",
                                end_->describe().c_str(), wrong, bytes,
                                static_cast<unsigned long long>(place_));
    }
    place_ += bytes;
    end_->incoming().received.store(place_, std::memory_order_relaxed);
    if (how == outcome::end) {
      end_->incoming().has_seen_end.store(true, std::memory_order_relaxed);
    }
    has_expired_ = how == outcome::expired;
    is_over_ |= !may_go_on(how);
  }

 private:
  std::shared_ptr<task> then_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t place_ = 0;
  bool has_expired_ = false;
  bool is_over_ = false;
};

// Sends back what it reads.
class echo final : public task {
 public:
  echo(std::shared_ptr<endpoint> end, std::uint64_t seed)
      : task(std::move(end), seed), buffer_(buffer_bytes) {}

  action next() override {
    if (has_expired_) {
      has_expired_ = false;
      const action first = recover(written_ < filled_ ? direction::write : direction::read);
      if (first.what == action::kind::pause) {
        return first;
      }
    }
    const link::plan& plan = end_->shared().what();
    if (!is_over_ && plan.how == ending::unread && plan.breaking_side == end_->side() &&
        received_ >= plan.break_after) {
      is_over_ = true;
      end_->break_off();
    }
    action wanted;
    if (is_over_) {
      return wanted;
    }
    if (written_ < filled_) {
      wanted.what = action::kind::write;
      wanted.data = buffer_.data() + written_;
      draw_size(dice_, filled_ - written_, wanted);
    } else if (!has_end_) {
      filled_ = written_ = 0;
      wanted.what = action::kind::read;
      wanted.data = buffer_.data();
      draw_size(dice_, buffer_.size(), wanted);
    } else {
      end_->half_close();
    }
    is_reading_ = wanted.what == action::kind::read;
    return wanted;
  }

  void complete(outcome how, std::size_t bytes) override {
    const bool is_end = is_reading_ && how == outcome::end;
    if (is_reading_) {
      const std::size_t wrong =
          wrong_content(buffer_.data(), bytes, end_->shared().content_seed(0), received_);
      if (wrong != 0) {
        end_->where().counts.fail(
            fault::wrong_bytes, wrong, "%s: %zu of %zu bytes at %llu are wrong",
            end_->describe().c_str(), wrong, bytes, static_cast<unsigned long long>(received_));
      }
      filled_ = bytes;
      received_ += bytes;
      end_->incoming().received.store(received_, std::memory_order_relaxed);
      has_end_ = is_end;
      end_->incoming().has_seen_end.store(has_end_, std::memory_order_relaxed);
    } else {
      written_ += bytes;
      sent_ += bytes;
      end_->outgoing().sent.store(sent_, std::memory_order_relaxed);
    }
    has_expired_ = how == outcome::expired;
    is_over_ |= !may_go_on(how) && !is_end;
  }

 private:
  std::vector<std::uint8_t> buffer_;
  std::size_t filled_ = 0;
  std::size_t written_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  bool is_reading_ = false;
  bool has_expired_ = false;
  bool has_end_ = false;
  bool is_over_ = false;
};

// Reads where nothing comes, beside others that do the same.
class idle_reader final : public task {
 public:
  using task::task;

  action next() override {
    if (has_expired_) {
      has_expired_ = false;
      const action first = recover(direction::read);
      if (first.what == action::kind::pause) {
        return first;
      }
    }
    action wanted;
    if (!is_over_) {
      wanted.what = action::kind::read;
      wanted.data = &byte_;
      wanted.size = 1;
    }
    return wanted;
  }

  void complete(outcome how, std::size_t bytes) override {
    if (bytes != 0) {
      end_->where().counts.fail(fault::wrong_bytes, bytes, "%s: nothing was sent",
                                end_->describe().c_str());
    }
    if (how == outcome::end) {
      end_->incoming().has_seen_end.store(true, std::memory_order_relaxed);
    }
    has_expired_ = how == outcome::expired;
    is_over_ |= !may_go_on(how);
  }

 private:
  std::uint8_t byte_ = 0;
  bool has_expired_ = false;
  bool is_over_ = false;
};

// Waits, then has something else run.
class delay final : public task {
 public:
  delay(std::shared_ptr<endpoint> end, std::uint64_t seed, std::chrono::microseconds time,
        std::shared_ptr<task> then)
      : task(std::move(end), seed), time_(time), then_(std::move(then)) {}

  action next() override {
    end_->judge().note_progress();
    if (!std::exchange(has_waited_, true)) {
      return {.what = action::kind::pause, .pause = time_};
    }
    drive(std::move(then_));
    return {};
  }

 private:
  const std::chrono::microseconds time_;
  std::shared_ptr<task> then_;
  bool has_waited_ = false;
};

class closer final : public task {
 public:
  using task::task;
  action next() override {
    end_->break_off();
    return {};
  }
};

// Moves deadlines and cancels while others wait.
class mover final : public task {
 public:
  mover(std::shared_ptr<endpoint> end, std::uint64_t seed)
      : task(std::move(end), seed), left_(static_cast<unsigned>(dice_.below(60))) {}

  action next() override {
    // Nobody else is left: the connection can go.
    if (left_ == 0 || end_.use_count() == 1) {
      return {};
    }
    --left_;
    end_->disturb(dice_);
    return {.what = action::kind::pause, .pause = std::chrono::microseconds(dice_.below(4000))};
  }

 private:
  unsigned left_;
};

// A record says who wrote it and which of his it is.
struct record_header {
  std::uint32_t writer;
  std::uint32_t number;
};
constexpr std::size_t largest_record_bytes = 8192;

std::size_t record_size(const link& what) {
  return sizeof(record_header) +
         mix(what.seed(), 7) % (largest_record_bytes - sizeof(record_header));
}

std::uint64_t record_seed(const link& what, const record_header& header) {
  return mix(mix(what.seed(), header.writer), header.number);
}

// Who of the writers is the last half-closes.
class record_writer final : public task {
 public:
  record_writer(std::shared_ptr<endpoint> end, std::uint64_t seed, std::uint32_t writer,
                std::shared_ptr<std::atomic<unsigned>> left)
      : task(std::move(end), seed),
        header_{writer, 0},
        last_(static_cast<std::uint32_t>(dice_.below(64))),
        left_(std::move(left)),
        buffer_(record_size(end_->shared())) {}

  action next() override {
    action wanted;
    if (!is_broken_ && header_.number < last_) {
      std::memcpy(buffer_.data(), &header_, sizeof(header_));
      fill_content(buffer_.data() + sizeof(header_), buffer_.size() - sizeof(header_),
                   record_seed(end_->shared(), header_), 0);
      wanted.what = action::kind::write;
      wanted.data = buffer_.data();
      wanted.size = buffer_.size();
      wanted.split = dice_.one_in(2) ? sizeof(header_) : 0;
    } else if (left_->fetch_sub(1, std::memory_order_acq_rel) == 1) {
      end_->half_close();
    }
    return wanted;
  }

  void complete(outcome how, std::size_t bytes) override {
    end_->outgoing().sent.fetch_add(bytes, std::memory_order_relaxed);
    ++header_.number;
    is_broken_ = how != outcome::success;
  }

 private:
  record_header header_;
  const std::uint32_t last_;
  const std::shared_ptr<std::atomic<unsigned>> left_;
  std::vector<std::uint8_t> buffer_;
  bool is_broken_ = false;
};

// The writers follow the client's header.
class record_start final : public task {
 public:
  using task::task;

  action next() override {
    if (place_ < link::header_bytes && !is_broken_) {
      id_ = end_->shared().id();
      return {.what = action::kind::write,
              .data = reinterpret_cast<std::uint8_t*>(&id_) + place_,
              .size = link::header_bytes - place_};
    }
    if (!is_broken_) {
      const unsigned writers = end_->shared().what().writers;
      const auto left = std::make_shared<std::atomic<unsigned>>(writers);
      for (std::uint32_t i = 0; i < writers; ++i) {
        drive(std::make_shared<record_writer>(end_, dice_.next(), i, left));
      }
    }
    return {};
  }

  void complete(outcome how, std::size_t bytes) override {
    place_ += bytes;
    is_broken_ = !may_go_on(how);
  }

 private:
  std::uint64_t id_ = 0;
  std::size_t place_ = 0;
  bool is_broken_ = false;
};

// Checks that records arrive whole, and each writer's in order.
class record_reader final : public task {
 public:
  record_reader(std::shared_ptr<endpoint> end, std::uint64_t seed)
      : task(std::move(end), seed),
        buffer_(record_size(end_->shared())),
        next_(end_->shared().what().writers) {}

  action next() override {
    action wanted;
    if (!is_over_) {
      wanted.what = action::kind::read;
      wanted.data = buffer_.data() + filled_;
      draw_size(dice_, buffer_.size() - filled_, wanted);
    }
    return wanted;
  }

  void complete(outcome how, std::size_t bytes) override {
    end_->incoming().received.fetch_add(bytes, std::memory_order_relaxed);
    if (how == outcome::end) {
      end_->incoming().has_seen_end.store(true, std::memory_order_relaxed);
    }
    is_over_ |= !may_go_on(how);
    filled_ += bytes;
    if (filled_ == buffer_.size()) {
      filled_ = 0;
      check();
    }
  }

 private:
  void check() {
    record_header header{};
    std::memcpy(&header, buffer_.data(), sizeof(header));
    const bool is_next = header.writer < next_.size() && header.number == next_[header.writer]++;
    const std::size_t wrong =
        wrong_content(buffer_.data() + sizeof(header), buffer_.size() - sizeof(header),
                      record_seed(end_->shared(), header), 0);
    if (!is_next || wrong != 0) {
      end_->where().counts.fail(fault::wrong_bytes, std::max<std::size_t>(wrong, 1),
                                "%s: record %u of writer %u is torn or out of order",
                                end_->describe().c_str(), header.number, header.writer);
      is_over_ = true;
      end_->break_off();
    }
  }

  std::vector<std::uint8_t> buffer_;
  std::vector<std::uint32_t> next_;
  std::size_t filled_ = 0;
  bool is_over_ = false;
};

}  // namespace

action task::recover(direction which) {
  if (dice_.one_in(2)) {
    end_->clear_deadline(which);
    return {};
  }
  return {.what = action::kind::pause, .pause = std::chrono::microseconds(dice_.below(2000))};
}

void start_tasks(const std::shared_ptr<endpoint>& end) {
  // Not in its constructor: others take shared ownership of what is listed.
  end->where().add(*end);
  const link& shared = end->shared();
  const link::plan& plan = shared.what();
  const bool is_client = end->side() == 0;
  random seeds(mix(shared.seed(), is_client ? 1000 : 2000));
  if (plan.how == ending::close || plan.how == ending::reset) {
    if (plan.breaking_side == end->side()) {
      drive(std::make_shared<delay>(end, seeds.next(), std::chrono::milliseconds(plan.break_after),
                                    std::make_shared<closer>(end, seeds.next())));
    }
  }
  const auto writer = [&] { return std::make_shared<stream_writer>(end, seeds.next()); };
  const auto reader = [&](std::shared_ptr<task> then = nullptr) {
    return std::make_shared<stream_reader>(end, seeds.next(), std::move(then));
  };
  switch (plan.what) {
    case traffic::echo:
      if (is_client) {
        drive(writer());
        drive(reader());
      } else {
        drive(std::make_shared<echo>(end, seeds.next()));
      }
      break;
    case traffic::duplex:
      drive(writer());
      drive(reader());
      break;
    case traffic::in_turn:
      if (is_client) {
        drive(writer());
        drive(reader());
      } else {
        drive(reader(writer()));
      }
      break;
    case traffic::idle:
      for (unsigned i = 0; i < plan.waiting_readers; ++i) {
        drive(std::make_shared<idle_reader>(end, seeds.next()));
      }
      drive(std::make_shared<delay>(end, seeds.next(), plan.idle_time, writer()));
      break;
    case traffic::records:
      if (is_client) {
        drive(std::make_shared<record_start>(end, seeds.next()));
        drive(reader());
      } else {
        drive(std::make_shared<record_reader>(end, seeds.next()));
        drive(writer());
      }
      break;
  }
  if (end->plan().has_mover) {
    drive(std::make_shared<mover>(end, seeds.next()));
  }
}

}  // namespace soak
