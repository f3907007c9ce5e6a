// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/dump.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/fiber/backtrace.h"
#include "net/fiber/code_address.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/fiber_walk.h"
#include "net/fiber/symbolize.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/syscall.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE {
namespace {

using internal::fiber_state;
using activity = fiber_state::activity;

constexpr int most_frames = 48;

// To begin a visit costs a memory barrier on all processors, so several fibers are visited in one;
// but what is found must fit on a small stack.
constexpr std::size_t fibers_at_once = 8;

// Where the text goes, a line at a time.
class sink {
 public:
  virtual void write(std::string_view text) = 0;
  virtual void write_frame(const void* pc) = 0;

 protected:
  ~sink() = default;

  static constexpr std::string_view indentation = "    ";
};

class stream_sink final : public sink {
 public:
  explicit stream_sink(std::ostream& out) noexcept : out_(out) {}
  void write(std::string_view text) override {
    out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
  void write_frame(const void* pc) override {
    // Many fibers are in the same places.
    auto [name, is_new] = names_.try_emplace(pc);
    if (is_new) {
      name->second = netpoll::symbolize(pc);
    }
    out_ << indentation << name->second << '\n';
  }

 private:
  std::ostream& out_;
  std::unordered_map<const void*, std::string> names_;
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
  void write_frame(const void* pc) noexcept override;

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
  netpoll::text_writer& text() noexcept { return text_; }
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

void fd_sink::write_frame(const void* pc) noexcept {
  line_of_text line;
  line << indentation;
  netpoll::describe_code(line.text(), pc);
  line.write(*this);
}

// What there is to say of one fiber.
class snapshot {
 public:
  // In a visit. The fiber may be held now: look_closely() is to follow outside it.
  void take(fiber_state& fiber) noexcept {
    id_ = fiber.id();
    // Copied: the name is sure to be there only as long as the fiber is.
    const std::string_view name = fiber.name();
    name_ = {name_memory_, name.copy(name_memory_, sizeof(name_memory_))};
    wait_.clear();
    frames_ = 0;
    if (&fiber == fiber_state::current()) {
      frames_ = netpoll::backtrace_here(pcs_, most_frames);
    }
    held_ = fiber.hold() ? &fiber : nullptr;
    doing_ = held_ != nullptr ? activity::parked : fiber.doing();
    const netpoll::nanotime since = fiber.since();
    lasted_ = since > 0 ? std::max<netpoll::nanotime>(netpoll::clock::now() - since, 0) : -1;
  }

  // Lets the fiber go.
  void look_closely() noexcept {
    if (held_ == nullptr) {
      return;
    }
    held_->describe_wait(wait_);
    frames_ = netpoll::backtrace_suspended(held_->context(), pcs_, most_frames);
    held_->let_go();
  }

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
    for (int i = 0; i != frames_; ++i) {
      out.write_frame(pcs_[i]);
    }
    if (frames_ == most_frames) {
      out.write("    ...\n");
    }
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

  fiber_state* held_;
  std::uint64_t id_ = 0;
  std::string_view name_;
  char name_memory_[64];
  activity doing_ = activity::created;
  netpoll::nanotime lasted_ = -1;
  netpoll::description wait_;
  const void* pcs_[most_frames];
  int frames_ = 0;
};

void dump(sink& out) {
  std::size_t counts[4] = {};
  std::size_t total = 0;
  snapshot some[fibers_at_once];
  internal::fiber_walk walk;
  bool is_more = true;
  while (is_more) {
    std::size_t count = 0;
    is_more = walk.go_on([&](fiber_state& fiber) {
      some[count].take(fiber);
      return ++count != fibers_at_once;
    });
    // All that are held, before anything is written: who reads may be slow.
    for (std::size_t i = 0; i != count; ++i) {
      some[i].look_closely();
    }
    for (std::size_t i = 0; i != count; ++i) {
      ++total;
      ++counts[static_cast<std::size_t>(some[i].doing())];
      some[i].write(out);
    }
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
