// SPDX-License-Identifier: BSL-1.0
//
// netpoll's requests on real descriptors, against the model in poller_model.h. The input is a
// schedule of what is done to up to four connections, each one end of a socket pair, by their
// owner, by the peer, by the clock and by the reactor, which is run by hand under a clock that
// stands still.
//
// Whoever is resumed does not go on at once but when the schedule says so, as on a run loop, so
// that other things may come between being woken and trying again.
//
// - Each operation ends as the model says it may, and has ended when the model says it must.
// - Bytes arrive once each and in order, both ways; what a write says it wrote is what the peer
//   gets.
// - Nobody who waits is forgotten: after the reactor has run, poll(2) has nothing for those who
//   wait on.
// - Nobody is resumed twice, nor without waiting; withdraw() tells who waits from who was resumed.
// - A number is closed when close() returns, and at the end no descriptor is left.
//
// A schedule is text. Each step is a letter, followed by the digits it takes; what is no step is
// skipped.
//
//   s: a slot, modulo 4; n: a size, t: a time, i: a count, modulo 16 (after '9' come : ; < = > ?)
//
//   O s     opens a connection in the slot, closing what was there; every slot begins with one
//   r s n   starts a read                       w s n, W s n  starts a write of some, of all
//   i s     starts a wait for input             o s           starts a wait for room to write
//   d s t   sets the read deadline              D s t         sets the write deadline; b s t: both
//   u s t   sets the read timeout               U s t         sets the write timeout
//   c s     cancels                             k s i         withdraws and cancels the i-th waiter
//   z s     closes                              Z s           destroys the handle
//   m s     exchanges the handles of two slots  A             gives up who was resumed first
//   p s n   the peer sends                      g s n         the peer receives
//   h s     the peer ends its stream            H s           the peer stops reading
//   x s     the peer closes                     E             epoll refuses the next call
//   a t     the clock moves on                  S             the reactor is shut down
//   .       the reactor runs, and all who were resumed go on; then all must be as the model says
//   ~       the reactor runs                    ,             all who were resumed go on
//   ;       who was resumed first goes on       '             who was resumed last goes on
#include <dirent.h>
#include <fcntl.h>
#include <sys/poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/fuzz/poller_model.h"
#include "testing/fuzz/require.h"
#include "testing/support/fake_clock.h"
#include "testing/support/faults.h"

namespace {

namespace model = nettest::model;
namespace sys = netpoll::sys;
using model::kind;
using netpoll::nanotime;

constexpr std::size_t slot_count = 4;
constexpr int most_operations = 256;
constexpr int most_connections = 64;
constexpr int most_steps = 1024;

// The smallest the kernel allows: a few thousand bytes fill it.
constexpr int send_buffer_bytes = 4608;

constexpr std::array<std::size_t, 16> sizes{0,   1,    2,    3,    5,    8,     16,    64,
                                            256, 1000, 2240, 2304, 4096, 10000, 20000, 40000};

constexpr nanotime ms = 1'000'000;
constexpr std::array<nanotime, 16> durations{0,       1,        2,         ms,
                                             2 * ms,  3 * ms,   5 * ms,    10 * ms,
                                             20 * ms, 100 * ms, 1000 * ms, 3'600'000 * ms,
                                             ms + 1,  ms - 1,   4 * ms,    6 * ms};

// Whether to say what is done and what comes of it.
bool is_tracing() {
  static const bool is_on = std::getenv("POLLER_FUZZ_TRACE") != nullptr;
  return is_on;
}

int count_descriptors() {
  const std::unique_ptr<::DIR, int (*)(::DIR*)> directory(::opendir("/proc/self/fd"), &::closedir);
  int count = 0;
  while (::readdir(directory.get()) != nullptr) {
    ++count;
  }
  return count;
}

bool is_ready(int number, short events) {
  ::pollfd what{.fd = number, .events = events, .revents = 0};
  return ::poll(&what, 1, 0) == 1;
}

struct connection {
  explicit connection(unsigned id) : expected(id) {}

  model::connection expected;
  netpoll::unique_fd peer;
  int number = -1;
};

class harness;

// A request as one may be kept in an optional: nothing derives from it.
template <typename Request>
struct sealed final : Request {
  using Request::Request;
};

// A real request, driven on when the harness says so.
class operation final : public netpoll::resumer {
 public:
  operation(harness& owner, connection* on, kind what, std::size_t size, unsigned id);
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;

  void start(const netpoll::fd& target);
  void go_on();
  // Instead of going on.
  void abandon();
  bool withdraw() { return request_->withdraw(); }
  void resume_as_cancelled() { request_->resume(netpoll::wake_reason::cancelled); }

  void resume(netpoll::waiter& who) noexcept override;

  model::operation expected;
  connection* const on;  // null if there was none
  bool is_waiting = false;
  bool is_done = false;

 private:
  void end();

  harness& owner_;
  std::vector<char> data_;
  std::array<::iovec, 2> buffers_{};
  std::optional<sealed<netpoll::read_request>> read_;
  std::optional<sealed<netpoll::write_request>> write_;
  std::optional<sealed<netpoll::readiness_request>> readiness_;
  netpoll::io_request* request_ = nullptr;
};

class harness {
 public:
  explicit harness(std::string_view schedule) : schedule_(schedule) {
    expect(reactor_.open() == 0, "a reactor can be opened");
  }
  harness(const harness&) = delete;
  harness& operator=(const harness&) = delete;

  void run() {
    for (int i = 0; i < most_steps && position_ < schedule_.size(); ++i) {
      step(schedule_[position_++]);
    }
    finish();
  }

  void expect(bool condition, std::string_view what) const {
    if (!condition) {
      nettest::violated(what, schedule_.substr(0, position_));
    }
  }
  void expect_none(model::objection wrong) const { expect(wrong.empty(), wrong); }

  nanotime now() { return clock_.now(); }
  void push_woken(operation& who) { woken_.push_back(&who); }
  void take_refusal() {
    expect(refusals_ > 0, "epoll refuses only when told to");
    --refusals_;
  }

 private:
  struct slot {
    netpoll::fd handle;
    connection* current = nullptr;
    bool was_used = false;
  };

  unsigned argument() {
    return position_ < schedule_.size() ? static_cast<unsigned char>(schedule_[position_++]) : 0;
  }
  std::size_t size_argument() { return sizes[argument() % sizes.size()]; }
  nanotime duration_argument() { return durations[argument() % durations.size()]; }

  // As 0 to 15: none, past, now, to come in various distances, and the ends of the scale.
  nanotime deadline_argument() {
    switch (const unsigned index = argument() % 16) {
      case 0:
        return netpoll::never;
      case 1:
        return now() - ms;
      case 2:
        return now();
      case 12:
        return netpoll::never - 1;
      case 13:
        return 0;
      case 14:
        return std::numeric_limits<nanotime>::min();
      case 15:
        return now() + 1;
      default:
        return now() + durations[index];
    }
  }

  slot& slot_argument() {
    slot& which = slots_[argument() % slot_count];
    if (!which.was_used) {
      open(which);
    }
    return which;
  }

  void step(char letter);
  void start(kind what, bool is_sized);
  void set_deadline(netpoll::directions which);
  void set_timeout(netpoll::directions which);
  void open(slot& where);
  void close(slot& which);
  void destroy(slot& which);
  void note_closed(connection* which);
  void cancel(slot& which);
  void withdraw(slot& from, unsigned index);
  void exchange(slot& one, slot& other);
  void shut_down();
  void peer_sends(slot& which, std::size_t size);
  void peer_receives(connection& which, std::size_t size);
  void peer_closes(slot& which);
  void run_reactor();
  operation* take_woken(bool is_first);
  void drive_all();
  void settle(bool has_run_reactor);
  void check_waiting(connection& which);
  void check_nothing_lost(connection& which);
  void finish();

  const std::string_view schedule_;
  std::size_t position_ = 0;
  nettest::fake_clock clock_;
  nettest::faults faults_;
  netpoll::reactor reactor_;
  std::array<slot, slot_count> slots_;
  std::deque<connection> connections_;
  std::deque<operation> operations_;
  std::deque<operation*> woken_;
  int refusals_ = 0;
};

operation::operation(harness& owner, connection* where, kind what, std::size_t size, unsigned id)
    : expected{.what = what, .size = size, .id = id}, on(where), owner_(owner) {
  if (model::is_wait(what)) {
    const bool is_input = model::is_input(what);
    request_ = &readiness_.emplace(is_input ? netpoll::direction::read : netpoll::direction::write,
                                   static_cast<short>(is_input ? POLLIN : POLLOUT));
  } else {
    data_.resize(size);
    // Every other operation has two buffers.
    const std::size_t count = 1 + id % 2;
    const std::size_t first = count == 1 ? size : size / 3;
    buffers_[0] = {data_.data(), first};
    buffers_[1] = {data_.data() + first, size - first};
    if (what == kind::read) {
      request_ = &read_.emplace(netpoll::transport::stream_socket, buffers_.data(), count);
    } else {
      model::noise::copy(data_.data(), size, id, 0);
      using amount = netpoll::write_request::amount;
      request_ = &write_.emplace(netpoll::transport::stream_socket, buffers_.data(), count,
                                 what == kind::write_all ? amount::all : amount::some);
    }
  }
  request_->set_resumer(*this);
}

void operation::start(const netpoll::fd& target) {
  if (on != nullptr) {
    on->expected.start(expected);
  }
  request_->start(target);
  go_on();
}

void operation::go_on() {
  if (on != nullptr) {
    on->expected.drive(expected, owner_.now());
  }
  for (int tries = 0; request_->advance() == netpoll::io_request::step::wait; ++tries) {
    owner_.expect(tries < 4, "who cannot wait gets on");
    is_waiting = true;
    if (request_->commit()) {
      return;
    }
    owner_.expect(is_waiting, "who was not published is not resumed");
    is_waiting = false;
  }
  end();
}

void operation::abandon() {
  expected.is_cancelled = true;
  request_->abandon();
  end();
}

void operation::resume(netpoll::waiter& who) noexcept {
  owner_.expect(&who == static_cast<netpoll::waiter*>(request_), "a waiter is resumed as itself");
  owner_.expect(is_waiting && !is_done, "who waits is resumed, once");
  is_waiting = false;
  owner_.push_woken(*this);
}

void operation::end() {
  is_done = true;
  const std::error_code& error = request_->error();
  if (is_tracing()) {
    std::fprintf(stderr, "  operation %u, of %zu bytes: %zu, %s\n", expected.id, expected.size,
                 request_->bytes(), error.message().c_str());
  }
  if (error == std::errc::no_space_on_device) {
    owner_.take_refusal();
  }
  if (on == nullptr) {
    owner_.expect(error == netpoll::errc::closed && request_->bytes() == 0, "no handle is closed");
    return;
  }
  const short events = model::is_input(expected.what) ? POLLIN : POLLOUT;
  const bool ready = model::is_wait(expected.what) && !error && is_ready(on->number, events);
  owner_.expect_none(
      on->expected.end(expected, error, request_->bytes(), data_.data(), ready, owner_.now()));
  std::vector<char>().swap(data_);
}

void harness::step(char letter) {
  if (is_tracing()) {
    std::fprintf(stderr, "%c%.*s\n", letter, 2, std::string(schedule_.substr(position_)).c_str());
  }
  switch (letter) {
    case 'r':
      return start(kind::read, true);
    case 'w':
      return start(kind::write_some, true);
    case 'W':
      return start(kind::write_all, true);
    case 'i':
      return start(kind::wait_readable, false);
    case 'o':
      return start(kind::wait_writable, false);
    case 'd':
      return set_deadline(netpoll::directions::read);
    case 'D':
      return set_deadline(netpoll::directions::write);
    case 'b':
      return set_deadline(netpoll::directions::both);
    case 'u':
      return set_timeout(netpoll::directions::read);
    case 'U':
      return set_timeout(netpoll::directions::write);
    case 'O':
      return open(slots_[argument() % slot_count]);
    case 'c':
      return cancel(slot_argument());
    case 'k': {
      slot& from = slot_argument();
      return withdraw(from, argument() % 16);
    }
    case 'z':
      return close(slot_argument());
    case 'Z':
      return destroy(slot_argument());
    case 'm': {
      const std::size_t index = argument() % slot_count;
      return exchange(slots_[index], slots_[(index + 1) % slot_count]);
    }
    case 'S':
      return shut_down();
    case 'p': {
      slot& which = slot_argument();
      return peer_sends(which, size_argument());
    }
    case 'g': {
      slot& which = slot_argument();
      const std::size_t size = size_argument();
      if (which.current != nullptr && which.current->peer) {
        peer_receives(*which.current, size);
      }
      return;
    }
    case 'h':
    case 'H':
      if (connection* const which = slot_argument().current; which != nullptr && which->peer) {
        if (sys::shutdown(which->peer.get(), letter == 'h' ? SHUT_WR : SHUT_RD).ok()) {
          letter == 'h' ? which->expected.peer_ends() : which->expected.peer_stops_reading();
        }
      }
      return;
    case 'x':
      return peer_closes(slot_argument());
    case 'E':
      faults_.fail(sys::call::epoll_control, ENOSPC);
      ++refusals_;
      return;
    case 'a':
      return clock_.advance(std::chrono::nanoseconds(duration_argument()));
    case 'A':
      if (operation* const who = take_woken(true)) {
        who->abandon();
      }
      return;
    case '~':
      return run_reactor();
    case ';':
    case '\'':
      if (operation* const who = take_woken(letter == ';')) {
        who->go_on();
      }
      return;
    case ',':
      return settle(false);
    case '.':
      run_reactor();
      return settle(true);
    default:
      return;
  }
}

void harness::start(kind what, bool is_sized) {
  slot& which = slot_argument();
  const std::size_t size = is_sized ? size_argument() : 0;
  if (operations_.size() == most_operations) {
    return;
  }
  operation& added = operations_.emplace_back(*this, which.current, what, size,
                                              static_cast<unsigned>(operations_.size()));
  added.start(which.handle);
}

void harness::set_deadline(netpoll::directions which) {
  slot& where = slot_argument();
  const nanotime when = deadline_argument();
  const std::error_code error = where.handle.set_deadline(which, when);
  const bool is_open = where.current != nullptr && !where.current->expected.is_closed();
  expect(is_open ? !error : error == netpoll::errc::closed, "the deadline of what is open is set");
  if (is_open) {
    where.current->expected.set_deadline(which != netpoll::directions::write,
                                         which != netpoll::directions::read, when, now());
  }
}

void harness::set_timeout(netpoll::directions which) {
  slot& where = slot_argument();
  const nanotime timeout = duration_argument();
  const std::error_code error = where.handle.set_timeout(which, timeout);
  const bool is_open = where.current != nullptr && !where.current->expected.is_closed();
  expect(is_open ? !error : error == netpoll::errc::closed, "the timeout of what is open is set");
  if (is_open) {
    model::connection& expected = where.current->expected;
    (which == netpoll::directions::read ? expected.input() : expected.output())
        .set_timeout(timeout);
  }
}

void harness::open(slot& where) {
  if (connections_.size() == most_connections) {
    return;
  }
  int ends[2];
  expect(sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok(), "there are descriptors");
  connection* const before = where.current;
  connection& made = connections_.emplace_back(static_cast<unsigned>(connections_.size()));
  made.number = ends[0];
  made.peer.reset(ends[1]);
  for (const int each : ends) {
    sys::set_option(each, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(send_buffer_bytes));
  }
  expect(where.handle.open(reactor_, netpoll::unique_fd(ends[0])) == 0, "a handle can be opened");
  expect(where.handle.is_open() && where.handle.native_handle() == made.number, "it is open");
  note_closed(before);
  where.current = &made;
  where.was_used = true;
}

// The handle of the connection was closed, if it was not closed before.
void harness::note_closed(connection* which) {
  if (which != nullptr && !which->expected.is_closed()) {
    which->expected.close();
    expect(::fcntl(which->number, F_GETFD) == -1 && errno == EBADF,
           "the number is closed when the handle is");
  }
}

void harness::close(slot& which) {
  const bool was_open = which.current != nullptr && !which.current->expected.is_closed();
  const std::error_code error = which.handle.close();
  expect(was_open ? !error : error == netpoll::errc::closed, "what is open is closed, once");
  expect(!which.handle.is_open() && which.handle.native_handle() == -1, "it is closed");
  note_closed(which.current);
}

void harness::destroy(slot& which) {
  which.handle = netpoll::fd();
  note_closed(which.current);
  which.current = nullptr;
}

void harness::exchange(slot& one, slot& other) {
  netpoll::fd kept = std::move(one.handle);
  one.handle = std::move(other.handle);
  other.handle = std::move(kept);
  std::swap(one.current, other.current);
  std::swap(one.was_used, other.was_used);
}

void harness::shut_down() {
  reactor_.shut_down();
  for (const slot& each : slots_) {
    note_closed(each.current);
  }
}

void harness::cancel(slot& which) {
  which.handle.cancel();
  if (which.current != nullptr) {
    which.current->expected.cancel();
  }
}

void harness::withdraw(slot& from, unsigned index) {
  std::vector<operation*> mine;
  for (operation& each : operations_) {
    if (each.on == from.current && each.on != nullptr && !each.is_done) {
      mine.push_back(&each);
    }
  }
  if (mine.empty()) {
    return;
  }
  operation& chosen = *mine[index % mine.size()];
  const bool was_waiting = chosen.is_waiting;
  expect(chosen.withdraw() == was_waiting, "who waits can be withdrawn, and nobody else");
  if (was_waiting) {
    chosen.on->expected.way_of(chosen.expected.what).cancel(chosen.expected);
    chosen.resume_as_cancelled();
  }
}

void harness::peer_sends(slot& which, std::size_t size) {
  if (which.current == nullptr || !which.current->peer || size == 0) {
    return;
  }
  connection& to = *which.current;
  std::vector<char> data(size);
  to.expected.fill_from_peer(data.data(), size);
  const sys::result sent = sys::send(to.peer.get(), data.data(), size, 0);
  if (sent.ok()) {
    to.expected.peer_sent(sent.bytes());
  }
}

void harness::peer_receives(connection& which, std::size_t size) {
  std::vector<char> data(size);
  const sys::result got = sys::recv(which.peer.get(), data.data(), size, 0);
  if (got.ok()) {
    expect_none(which.expected.sent().receive(data.data(), got.bytes()));
  }
}

void harness::peer_closes(slot& which) {
  if (which.current != nullptr && which.current->peer) {
    const sys::result unread = sys::available(which.current->peer.get());
    which.current->peer.reset();
    which.current->expected.peer_closes(unread.value != 0);
  }
}

void harness::run_reactor() {
  reactor_.wait(0);
  for (connection& each : connections_) {
    each.expected.time_was_seen(now());
  }
}

operation* harness::take_woken(bool is_first) {
  if (woken_.empty()) {
    return nullptr;
  }
  operation* const who = is_first ? woken_.front() : woken_.back();
  is_first ? woken_.pop_front() : woken_.pop_back();
  return who;
}

void harness::drive_all() {
  for (int driven = 0; operation* const who = take_woken(true); ++driven) {
    expect(driven < 4 * most_operations, "all come to rest");
    who->go_on();
  }
}

// All who were resumed go on. Then what must have ended has.
void harness::settle(bool has_run_reactor) {
  drive_all();
  for (connection& each : connections_) {
    expect_none(each.expected.unsettled());
    if (has_run_reactor && !each.expected.is_closed()) {
      check_waiting(each);
    }
  }
}

// The reactor has run: whoever waits at the head of a direction has reason to.
void harness::check_waiting(connection& which) {
  const bool is_readable = is_ready(which.number, POLLIN);
  expect(is_readable == which.expected.is_readable(), "the model knows what can be read");
  expect(which.expected.input().operations().empty() || !is_readable,
         "nobody waits for input that is there");
  expect(which.expected.output().operations().empty() || !is_ready(which.number, POLLOUT),
         "nobody waits for room that is there");
}

void harness::check_nothing_lost(connection& which) {
  if (!which.peer) {
    return;
  }
  std::array<char, 4096> data;
  for (;;) {
    const sys::result got = sys::recv(which.peer.get(), data.data(), data.size(), 0);
    if (!got.ok() || got.value == 0) {
      expect(got.ok() || got.error == ECONNRESET, "the stream ends when the handle is destroyed");
      break;
    }
    expect_none(which.expected.sent().receive(data.data(), got.bytes()));
  }
  expect(which.expected.sent().is_all_received(), "the peer gets all that was written");
}

void harness::finish() {
  position_ = schedule_.size();
  for (slot& each : slots_) {
    destroy(each);
  }
  settle(false);
  for (const operation& each : operations_) {
    expect(each.is_done, "every operation ends with its handle");
  }
  for (connection& each : connections_) {
    check_nothing_lost(each);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int before = count_descriptors();
  const std::string_view schedule(reinterpret_cast<const char*>(data), size);
  harness(schedule).run();
  nettest::require(count_descriptors() == before, "no descriptor is left", schedule);
  return 0;
}
