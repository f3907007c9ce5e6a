// SPDX-License-Identifier: BSL-1.0
//
// What operations on one connection are supposed to do, in plain queues and integers: a second
// opinion on netpoll that knows nothing of how it works. It is told what is done to the connection
// and how each operation ended, and says what is wrong with that.
//
// Where the kernel decides, such as how much a write takes, the model takes the kernel's word and
// checks that no byte is lost, doubled or out of order. Where an operation may end now or later,
// since an event may or may not have been noticed, it accepts both; what must have happened by now,
// unsettled() says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <string_view>
#include <system_error>
#include <vector>

#include "netpoll/base/clock.h"
#include "netpoll/error.h"

namespace nettest::model {

using netpoll::nanotime;
using netpoll::never;

enum class kind : std::uint8_t { read, write_some, write_all, wait_readable, wait_writable };

constexpr bool is_input(kind what) { return what == kind::read || what == kind::wait_readable; }
constexpr bool is_wait(kind what) {
  return what == kind::wait_readable || what == kind::wait_writable;
}

// Empty if there is nothing wrong, else what is.
using objection = std::string_view;

// The bytes that operations and peers send: for each `id` a place in one long noise, so that bytes
// that come twice, too late or from somebody else are seen. Compared and copied in bulk, which
// matters where every branch is instrumented.
class noise {
 public:
  static void copy(char* to, std::size_t size, unsigned id, std::size_t offset) {
    for_each_part(size, id, offset, [&](const char* part, std::size_t length) {
      std::memcpy(to, part, length);
      to += length;
    });
  }

  static bool is_equal(const char* data, std::size_t size, unsigned id, std::size_t offset) {
    bool is_equal = true;
    for_each_part(size, id, offset, [&](const char* part, std::size_t length) {
      is_equal = is_equal && std::memcmp(data, part, length) == 0;
      data += length;
    });
    return is_equal;
  }

 private:
  static constexpr std::size_t period = 65536;

  template <typename Use>
  static void for_each_part(std::size_t size, unsigned id, std::size_t offset, Use use) {
    static const std::vector<char> bytes = make();
    for (std::size_t at = (id * std::size_t{257} + offset) % period; size > 0; at = 0) {
      const std::size_t length = std::min(size, period - at);
      use(bytes.data() + at, length);
      size -= length;
    }
  }

  static std::vector<char> make() {
    std::vector<char> bytes(period);
    std::minstd_rand random(1);
    for (char& each : bytes) {
      each = static_cast<char>(random() >> 8);
    }
    return bytes;
  }
};

struct operation {
  kind what = kind::read;
  std::size_t size = 0;
  unsigned id = 0;

  bool has_begun = false;     // it has had the direction, and has tried
  bool is_cancelled = false;  // and must not succeed any more
  bool has_left = false;      // it will not get the direction any more
  bool is_late = false;       // its time was up when the reactor last looked
  nanotime until = never;     // by the timeout that was set when it began
};

// One direction of a connection: the operations in order of arrival. The first to arrive owns the
// direction until it ends; then it is the next one's that still waits for it.
class way {
 public:
  const std::deque<operation*>& operations() const { return operations_; }

  void add(operation& op) {
    operations_.push_back(&op);
    if (owner_ == nullptr) {
      owner_ = &op;
    }
  }

  bool is_owner(const operation& op) const { return owner_ == &op; }

  // The operation goes on. Its timeout starts with the first time that it has the direction.
  void drive(operation& op, nanotime now) {
    if (is_owner(op) && !op.has_begun) {
      op.has_begun = true;
      op.until = timeout_ == 0 ? never : netpoll::add_saturated(now, timeout_);
    }
  }

  void cancel(operation& op) {
    op.is_cancelled = true;
    op.has_left = !is_owner(op);
  }
  void cancel_all() {
    for (operation* const each : operations_) {
      cancel(*each);
    }
  }
  void close() {
    for (operation* const each : operations_) {
      each->has_left = !is_owner(*each);
    }
  }

  void set_timeout(nanotime timeout) { timeout_ = timeout; }
  void set_deadline(nanotime when, nanotime now) {
    deadline_ = when;
    is_late_ = when <= now;
  }
  // The reactor has looked at the clock.
  void time_was_seen(nanotime now) {
    is_late_ = is_late_ || deadline_ <= now;
    if (owner_ != nullptr && owner_->until <= now) {
      owner_->is_late = true;
    }
  }

  void end(operation& op) {
    std::erase(operations_, &op);
    if (is_owner(op)) {
      const auto next = std::find_if(operations_.begin(), operations_.end(),
                                     [](const operation* each) { return !each->has_left; });
      owner_ = next == operations_.end() ? nullptr : *next;
    }
  }

  // May it end because its time is up?
  bool may_be_late(const operation& op, nanotime now) const {
    return is_owner(op) && std::min(deadline_, op.until) <= now;
  }
  // Must it?
  bool is_late(const operation& op) const { return is_late_ || op.is_late; }

  // Nobody is about to be driven on.
  objection unsettled() const {
    for (const operation* const each : operations_) {
      if (each->is_cancelled) {
        return "what was cancelled has ended";
      }
    }
    if (operations_.empty()) {
      return {};
    }
    if (owner_ != operations_.front() || !owner_->has_begun) {
      return "the first operation has had its turn";
    }
    if (is_late(*owner_)) {
      return "an operation whose time is up has ended";
    }
    return !is_wait(owner_->what) && owner_->size == 0 ? "no bytes at all are moved at once" : "";
  }

 private:
  std::deque<operation*> operations_;
  operation* owner_ = nullptr;
  nanotime deadline_ = never;
  nanotime timeout_ = 0;
  bool is_late_ = false;
};

// The bytes of all writes, in order, as the peer gets them.
class sent_bytes {
 public:
  void begin(const operation& op) { parts_.push_back({op.id, op.size, 0, false}); }

  objection end(const operation& op, std::size_t bytes) {
    for (std::size_t i = first_; i < parts_.size(); ++i) {
      part& each = parts_[i];
      if (each.id == op.id) {
        each.is_final = true;
        each.size = bytes;
        return each.received > bytes ? "the peer gets no more than was written" : "";
      }
    }
    // The peer has gone on to the next, so it has had all that there could be.
    return "a write ends before the peer gets what is behind it";
  }

  objection receive(const char* data, std::size_t size) {
    while (size > 0) {
      skip_finished();
      if (first_ == parts_.size()) {
        return "the peer gets nothing that was not written";
      }
      part& from = parts_[first_];
      const std::size_t length = std::min(size, from.size - from.received);
      if (length == 0 || !noise::is_equal(data, length, from.id, from.received)) {
        return "the peer gets what was written, in order";
      }
      from.received += length;
      data += length;
      size -= length;
    }
    return {};
  }

  bool is_all_received() {
    skip_finished();
    return first_ == parts_.size();
  }

 private:
  struct part {
    unsigned id;
    std::size_t size;
    std::size_t received;
    bool is_final;
  };

  void skip_finished() {
    while (first_ < parts_.size() && parts_[first_].is_final &&
           parts_[first_].received == parts_[first_].size) {
      ++first_;
    }
  }

  std::vector<part> parts_;
  std::size_t first_ = 0;
};

class connection {
 public:
  explicit connection(unsigned id) : id_(id) {}

  way& way_of(kind what) { return is_input(what) ? input_ : output_; }
  way& input() { return input_; }
  way& output() { return output_; }
  sent_bytes& sent() { return sent_; }
  bool is_closed() const { return is_closed_; }
  bool is_idle() const { return input_.operations().empty() && output_.operations().empty(); }

  void start(operation& op) {
    way_of(op.what).add(op);
    if (!is_input(op.what) && !is_wait(op.what)) {
      sent_.begin(op);
    }
  }
  void cancel() {
    input_.cancel_all();
    output_.cancel_all();
  }
  void close() {
    is_closed_ = true;
    input_.close();
    output_.close();
  }
  // The operation goes on.
  void drive(operation& op, nanotime now) {
    way_of(op.what).drive(op, now);
  }

  // A deadline in the past ends operations at once.
  void set_deadline(bool input, bool output, nanotime when, nanotime now) {
    if (input) {
      input_.set_deadline(when, now);
    }
    if (output) {
      output_.set_deadline(when, now);
    }
  }

  // The reactor has looked at the clock.
  void time_was_seen(nanotime now) {
    input_.time_was_seen(now);
    output_.time_was_seen(now);
  }

  // The next bytes that the peer sends, and how many of them the kernel took.
  void fill_from_peer(char* data, std::size_t size) const {
    noise::copy(data, size, id_, from_peer_);
  }
  void peer_sent(std::size_t bytes) { from_peer_ += bytes; }
  void peer_ends() { peer_has_ended_ = true; }
  void peer_stops_reading() { peer_is_deaf_ = true; }
  void peer_closes(bool with_unread_bytes) {
    peer_has_ended_ = true;
    peer_is_deaf_ = true;
    is_reset_ = with_unread_bytes;
  }

  std::size_t available() const { return from_peer_ - read_; }
  bool is_readable() const { return available() != 0 || peer_has_ended_; }

  // The operation has ended. `data` is what was read, `is_ready` what poll(2) says now of that for
  // which it waited.
  objection end(operation& op, const std::error_code& error, std::size_t bytes, const char* data,
                bool is_ready, nanotime now) {
    const objection wrong = judge(op, error, bytes, data, is_ready, now);
    objection unsent;
    if (!is_input(op.what) && !is_wait(op.what)) {
      unsent = sent_.end(op, bytes);
    }
    way_of(op.what).end(op);
    return wrong.empty() ? unsent : wrong;
  }

  objection unsettled() const {
    if (is_closed_) {
      return is_idle() ? "" : "nothing is left of a closed connection";
    }
    const objection wrong = input_.unsettled();
    return wrong.empty() ? output_.unsettled() : wrong;
  }

 private:
  objection judge(operation& op, const std::error_code& error, std::size_t bytes, const char* data,
                  bool is_ready, nanotime now) {
    const way& mine = way_of(op.what);
    if (bytes != 0 && !op.has_begun) {
      return "who never had the direction moves nothing";
    }
    if (bytes > op.size || (is_wait(op.what) && bytes != 0)) {
      return "no more is moved than was asked for";
    }
    if (error == netpoll::errc::closed) {
      return is_closed_ ? "" : "closed is what was closed";
    }
    if (error == std::errc::operation_canceled) {
      return op.is_cancelled ? "" : "cancelled is what was cancelled";
    }
    if (error == netpoll::errc::deadline_exceeded) {
      return mine.may_be_late(op, now) ? "" : "nobody is timed out before his time";
    }
    if (error == std::errc::no_space_on_device) {
      return bytes < op.size || is_wait(op.what) ? "" : "who is done need not wait";
    }
    if (is_closed_ || op.is_cancelled || mine.is_late(op)) {
      return "who was closed, cancelled or timed out does nothing any more";
    }
    if (!mine.is_owner(op)) {
      return "operations take turns";
    }
    if (is_wait(op.what)) {
      return !error && is_ready ? "" : "a wait ends when what it waits for is there";
    }
    return op.what == kind::read ? judge_read(op, error, bytes, data)
                                 : judge_write(op, error, bytes);
  }

  objection judge_read(const operation& op, const std::error_code& error, std::size_t bytes,
                       const char* data) {
    if (op.size == 0) {
      return !error && bytes == 0 ? "" : "reading nothing succeeds";
    }
    if (error) {
      if (bytes != 0 || available() != 0 || !peer_has_ended_) {
        return "a stream ends where it ends";
      }
      const bool was_reset = is_reset_;
      is_reset_ = false;
      return (was_reset ? error == std::errc::connection_reset
                        : error == netpoll::errc::end_of_file)
                 ? ""
                 : "a stream ends as the peer ended it";
    }
    if (bytes != std::min(op.size, available())) {
      return "a read takes what is there";
    }
    if (!noise::is_equal(data, bytes, id_, read_)) {
      return "what is read was sent, in order";
    }
    read_ += bytes;
    return bytes != 0 ? "" : "a read reads something";
  }

  objection judge_write(const operation& op, const std::error_code& error,
                        std::size_t bytes) const {
    if (error) {
      return error == std::errc::broken_pipe && peer_is_deaf_ && op.size != 0
                 ? ""
                 : "a pipe breaks when nobody reads it";
    }
    if (op.size == 0 || op.what == kind::write_all) {
      return bytes == op.size ? "" : "all is written";
    }
    return bytes != 0 ? "" : "some is written";
  }

  const unsigned id_;
  way input_;
  way output_;
  sent_bytes sent_;
  std::size_t from_peer_ = 0;
  std::size_t read_ = 0;
  bool is_closed_ = false;
  bool peer_has_ended_ = false;
  bool peer_is_deaf_ = false;
  bool is_reset_ = false;
};

}  // namespace nettest::model
