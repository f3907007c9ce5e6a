// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/dump.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string_view>

#include "net/fiber/fiber_state.h"
#include "net/fiber/fiber_walk.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/syscall.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE {
namespace {

using internal::fiber_state;
using activity = fiber_state::activity;

// Where the text goes, a line at a time.
class sink {
 public:
  virtual void write(std::string_view text) = 0;

 protected:
  ~sink() = default;
};

class stream_sink final : public sink {
 public:
  explicit stream_sink(std::ostream& out) noexcept : out_(out) {}
  void write(std::string_view text) override {
    out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  }

 private:
  std::ostream& out_;
};

class fd_sink final : public sink {
 public:
  explicit fd_sink(int fd) noexcept : fd_(fd) {}
  void write(std::string_view text) noexcept override {
    while (!text.empty()) {
      const netpoll::sys::result written = netpoll::sys::write(fd_, text.data(), text.size());
      if (!written.ok() || written.value == 0) {
        return;
      }
      text.remove_prefix(written.bytes());
    }
  }

 private:
  const int fd_;
};

// A line of text, whose end is there however long it becomes.
class line_of_text {
 public:
  template <typename Part>
  line_of_text& operator<<(const Part& part) noexcept {
    text_ << part;
    return *this;
  }
  void write(sink& out) {
    const std::size_t length = text_.view().size();
    memory_[length] = '\n';
    out.write({memory_, length + 1});
    text_.clear();
  }

 private:
  char memory_[512];
  netpoll::text_writer text_{memory_, sizeof(memory_) - 1};
};

// What there is to say of one fiber.
class snapshot {
 public:
  // In a visit. True if the fiber is held now, and look_closely() is to follow outside it.
  bool take(fiber_state& fiber) noexcept {
    id_ = fiber.id();
    // Copied: the name is sure to be there only as long as the fiber is.
    const std::string_view name = fiber.name();
    name_ = {name_memory_, name.copy(name_memory_, sizeof(name_memory_))};
    is_caller_ = &fiber == fiber_state::current();
    wait_.clear();
    const bool is_held = fiber.hold();
    doing_ = is_held ? activity::parked : fiber.doing();
    const netpoll::nanotime since = fiber.since();
    lasted_ = since > 0 ? std::max<netpoll::nanotime>(netpoll::clock::now() - since, 0) : -1;
    return is_held;
  }

  void look_closely(const fiber_state& held) noexcept { held.describe_wait(wait_); }

  activity doing() const noexcept { return doing_; }

  void write(sink& out) const {
    line_of_text line;
    line << "fiber " << id_;
    if (!name_.empty()) {
      line << " \"" << name_ << "\"";
    }
    line << " [" << name_of(doing_);
    if (lasted_ >= 0) {
      line << ", " << netpoll::duration_text{lasted_};
    }
    line << "]";
    if (!wait_.view().empty()) {
      line << ": " << wait_.view();
    }
    line.write(out);
  }

 private:
  static const char* name_of(activity what) noexcept {
    switch (what) {
      case activity::created: return "created";
      case activity::ready: return "ready";
      case activity::running: return "running";
      case activity::parked: return "parked";
    }
    return "?";
  }

  std::uint64_t id_ = 0;
  std::string_view name_;
  char name_memory_[64];
  bool is_caller_ = false;
  activity doing_ = activity::created;
  netpoll::nanotime lasted_ = -1;
  netpoll::description wait_;
};

void dump(sink& out) {
  std::size_t counts[4] = {};
  std::size_t total = 0;
  snapshot each;
  internal::fiber_walk walk;
  for (;;) {
    fiber_state* held = nullptr;
    const bool found = walk.go_on([&](fiber_state& fiber) {
      if (each.take(fiber)) {
        held = &fiber;
      }
      return false;
    });
    if (!found) {
      break;
    }
    if (held != nullptr) {
      each.look_closely(*held);
      held->let_go();
    }
    ++total;
    ++counts[static_cast<std::size_t>(each.doing())];
    each.write(out);
  }
  line_of_text line;
  const auto count = [&](activity what) { return counts[static_cast<std::size_t>(what)]; };
  line << total << (total == 1 ? " fiber: " : " fibers: ") << count(activity::running)
       << " running, " << count(activity::ready) + count(activity::created) << " ready, "
       << count(activity::parked) << " parked";
  line.write(out);
}

}  // namespace

void dump_fibers(std::ostream& out) {
  stream_sink to(out);
  dump(to);
}

void dump_fibers(int fd) noexcept {
  fd_sink to(fd);
  dump(to);
}

}  // namespace NET_NAMESPACE
