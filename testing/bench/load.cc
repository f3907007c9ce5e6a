// SPDX-License-Identifier: BSL-1.0
//
// The clients of echo.py: many connections to one server, in one thread on epoll alone, so that it
// takes little and what is measured is the server.
//
//   load KIND PORT PID CONNECTIONS SIZE COUNT [RATE]
//
// connects to 127.0.0.1:PORT. KIND is one of
//   closed   each connection sends SIZE bytes, waits until all of them are back, and sends again;
//            COUNT in all
//   open     RATE requests of SIZE bytes a second, in turn over the connections, whether or not the
//            last ones were answered; COUNT in all
//   connect  connects, has one byte echoed, and resets the connection; COUNT times, by CONNECTIONS
//            at once
//   bulk     sends COUNT MiB, SIZE bytes at a time, to a server that drops them
// A tenth of COUNT comes first and does not count. Prints lines `name value`: `cpu`, nanoseconds of
// processor time of the process PID for each request (connection, MiB); `rate`, how many there
// were a second; of `open`, the percentiles of latency in nanoseconds, each from the time at which
// the request was to be sent, so that a server that stalls is charged for all who had to wait.
//
// Every byte that comes back is compared. Connections are reset when they are closed, so that they
// leave nothing in the kernel; those of `bulk`, which are few, end as others do. Ends with
// status 1 when nothing happens for half a minute.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using nanoseconds = std::int64_t;

constexpr nanoseconds second = 1'000'000'000;
constexpr nanoseconds patience = 30 * second;
// A server's queue of connections that it has not accepted yet may hold no more.
constexpr std::size_t connect_batch = 100;

[[noreturn]] void fail(const std::string& what, int error = 0) {
  std::fprintf(stderr, "%s%s%s\n", what.c_str(), error ? ": " : "",
               error ? std::strerror(error) : "");
  std::exit(1);
}

nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) {
    fail("the server has ended");
  }
  return time.tv_sec * second + time.tv_nsec;
}

nanoseconds now() { return read_clock(CLOCK_MONOTONIC); }

// What goes over a connection: a pattern whose period is a prime, so that a byte that is lost,
// doubled or somebody else's is seen.
class pattern {
 public:
  pattern() {
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      bytes_[i] = static_cast<char>(i % period * 7 + 3);
    }
  }
  // Up to `longest` bytes of the stream from this place on.
  const char* at(std::size_t place) const { return bytes_.data() + place % period; }

  static constexpr std::size_t longest = std::size_t{64} * 1024;

 private:
  static constexpr std::size_t period = 251;
  std::vector<char> bytes_ = std::vector<char>(period + longest);
};

const pattern stream_pattern;

class connection {
 public:
  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { reset(); }

  // Where its pattern starts.
  void set_start(std::size_t start) { start_ = start; }

  void connect(int port, bool wait) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0);
    if (fd_ < 0) {
      fail("socket", errno);
    }
    const int one = 1;
    const linger at_once{1, 0};
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
        (wait || errno != EINPROGRESS)) {
      fail("connect", errno);
    }
    sent_ = received_ = wanted_ = 0;
  }

  void reset() {
    if (fd_ >= 0) {
      ::close(fd_);
      fd_ = -1;
    }
  }

  // All events at their edge: nothing is ever changed in the epoll set again.
  void watch(int epoll) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = this;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event) != 0) {
      fail("epoll_ctl", errno);
    }
  }

  // Sends `bytes` more, now or when the socket takes them.
  void send(std::size_t bytes) {
    wanted_ += bytes;
    send_rest();
  }

  void send_rest() {
    while (sent_ < wanted_) {
      const std::size_t some = std::min(wanted_ - sent_, pattern::longest);
      const ssize_t done =
          ::send(fd_, stream_pattern.at(start_ + sent_), some, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (done < 0) {
        if (errno == EAGAIN) {
          return;
        }
        fail("send", errno);
      }
      sent_ += static_cast<std::size_t>(done);
    }
  }

  // Takes what has come back. A read that got less than it could have has emptied the socket.
  void receive(bool wait = false) {
    static char buffer[pattern::longest];
    while (received_ < sent_) {
      const std::size_t most = std::min(sent_ - received_, sizeof buffer);
      const ssize_t done = ::recv(fd_, buffer, most, wait ? 0 : MSG_DONTWAIT);
      if (done < 0) {
        if (errno == EAGAIN && !wait) {
          return;
        }
        fail("recv", errno);
      }
      if (done == 0) {
        fail("the server closed a connection");
      }
      const auto bytes = static_cast<std::size_t>(done);
      if (std::memcmp(buffer, stream_pattern.at(start_ + received_), bytes) != 0) {
        fail("the server echoed something else");
      }
      received_ += bytes;
      if (bytes < most && !wait) {
        return;
      }
    }
  }

  bool all_sent() const { return sent_ == wanted_; }
  bool all_back() const { return received_ == wanted_; }
  std::size_t received() const { return received_; }

  // Says that no more will come, once all is sent, and waits until the server has closed too.
  void finish() {
    char unused = 0;
    if (::shutdown(fd_, SHUT_WR) != 0) {
      fail("shutdown", errno);
    }
    pollfd ending{fd_, POLLIN, 0};
    if (::poll(&ending, 1, patience / (second / 1000)) != 1 ||
        ::recv(fd_, &unused, 1, MSG_DONTWAIT) != 0) {
      fail("the server did not take all and close");
    }
  }

  void require_connected() const {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      fail("connect", error);
    }
  }

 private:
  int fd_ = -1;
  std::size_t start_ = 0;
  std::size_t wanted_ = 0;  // bytes that were to be sent so far
  std::size_t sent_ = 0;
  std::size_t received_ = 0;
};

class epoll_set {
 public:
  epoll_set() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_ < 0) {
      fail("epoll_create1", errno);
    }
  }
  epoll_set(const epoll_set&) = delete;
  epoll_set& operator=(const epoll_set&) = delete;
  ~epoll_set() { ::close(fd_); }

  int fd() const { return fd_; }

  // Waits until something happens, and calls function(connection, events).
  template <typename Function>
  void wait(Function function) {
    if (wait_for(patience, function) == 0) {
      fail("nothing happened for half a minute");
    }
  }

  // Waits no longer than this. Returns how much happened.
  template <typename Function>
  int wait_for(nanoseconds longest, Function function) {
    const timespec timeout{longest / second, longest % second};
    const int count =
        ::epoll_pwait2(fd_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
    if (count < 0 && errno != EINTR) {
      fail("epoll_wait", errno);
    }
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      function(*static_cast<connection*>(event.data.ptr), event.events);
    }
    return count;
  }

 private:
  int fd_;
  std::array<epoll_event, 512> events_;
};

struct arguments {
  std::string_view kind;
  int port = 0;
  int pid = 0;
  std::size_t connections = 0;
  std::size_t size = 0;
  std::int64_t count = 0;
  std::int64_t warm_up = 0;
  double rate = 0;
};

// What the server used since this was made, and how long that took.
//
// The kernel adds up what a process uses when it comes off its processor, or at a tick, some
// milliseconds apart. So the server must have nothing to do at the start and at the end, and gets
// the time to find that out.
class meter {
 public:
  explicit meter(const arguments& asked) {
    if (::clock_getcpuclockid(asked.pid, &clock_) != 0) {
      fail("there is no such process");
    }
    settle();
    used_ = read_clock(clock_);
    started_ = now();
  }

  void print(std::int64_t operations) const {
    const auto elapsed = static_cast<double>(now() - started_);
    settle();
    const auto used = static_cast<double>(read_clock(clock_) - used_);
    const auto count = static_cast<double>(operations);
    std::printf("cpu %.1f\nrate %.1f\n", used / count, count * second / elapsed);
  }

 private:
  static void settle() {
    const timespec longer_than_a_tick{0, second / 200};
    ::nanosleep(&longer_than_a_tick, nullptr);
  }

  clockid_t clock_{};
  nanoseconds used_ = 0;
  nanoseconds started_ = 0;
};

// Connects all. Where the server echoes, the last one of each batch must have been accepted before
// there are more: the server takes them in turn.
void connect_all(std::vector<connection>& all, const arguments& asked, epoll_set& events,
                 bool is_echo) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].set_start(i);
    all[i].connect(asked.port, true);
    if (is_echo && (i % connect_batch == connect_batch - 1 || i + 1 == all.size())) {
      all[i].send(1);
      all[i].receive(true);
    }
    all[i].watch(events.fd());
  }
}

void echo_in_turn(std::vector<connection>& all, epoll_set& events, std::size_t size,
                  std::int64_t count) {
  std::int64_t to_send = count;
  std::int64_t unanswered = count;
  const auto send = [&](connection& each) {
    if (to_send > 0) {
      --to_send;
      each.send(size);
    }
  };
  for (connection& each : all) {
    send(each);
  }
  while (unanswered > 0) {
    events.wait([&](connection& each, unsigned) {
      if (each.all_back()) {
        return;
      }
      each.send_rest();
      each.receive();
      if (each.all_back()) {
        --unanswered;
        send(each);
      }
    });
  }
}

void closed_loop(const arguments& asked) {
  epoll_set events;
  std::vector<connection> all(asked.connections);
  connect_all(all, asked, events, true);
  echo_in_turn(all, events, asked.size, asked.warm_up);
  const meter measured(asked);
  echo_in_turn(all, events, asked.size, asked.count);
  measured.print(asked.count);
}

void print_percentiles(std::vector<nanoseconds>& latencies) {
  std::sort(latencies.begin(), latencies.end());
  const auto print = [&](const char* name, double fraction) {
    const auto last = static_cast<double>(latencies.size() - 1);
    std::printf("%s %lld\n", name,
                static_cast<long long>(latencies[static_cast<std::size_t>(last * fraction)]));
  };
  print("p50", 0.5);
  print("p99", 0.99);
  print("p999", 0.999);
}

// Sends `count` requests at the rate asked for. Returns how long each took from when it was due.
std::vector<nanoseconds> echo_at_rate(std::vector<connection>& all, epoll_set& events,
                                      const arguments& asked, std::int64_t count) {
  std::vector<std::size_t> before(all.size());
  std::vector<std::int64_t> answered(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    before[i] = all[i].received();
  }
  std::vector<nanoseconds> latencies;
  latencies.reserve(static_cast<std::size_t>(count));
  const auto width = static_cast<std::int64_t>(all.size());
  const double interval = second / asked.rate;
  const nanoseconds start = now();
  const auto due = [&](std::int64_t request) {
    return start + static_cast<nanoseconds>(static_cast<double>(request) * interval);
  };
  const nanoseconds last_chance = due(count) + patience;
  std::int64_t sent = 0;
  while (static_cast<std::int64_t>(latencies.size()) < count) {
    nanoseconds time = now();
    for (; sent < count && due(sent) <= time; ++sent) {
      all[static_cast<std::size_t>(sent % width)].send(asked.size);
    }
    if (time > last_chance) {
      fail("the server does not keep up");
    }
    const nanoseconds next = sent < count ? due(sent) : last_chance;
    events.wait_for(std::max<nanoseconds>(0, next - time), [&](connection& each, unsigned) {
      each.send_rest();
      each.receive();
      const auto which = static_cast<std::size_t>(&each - all.data());
      const auto complete =
          static_cast<std::int64_t>((each.received() - before[which]) / asked.size);
      time = now();
      for (; answered[which] < complete; ++answered[which]) {
        latencies.push_back(time - due(static_cast<std::int64_t>(which) + answered[which] * width));
      }
    });
  }
  return latencies;
}

void open_loop(const arguments& asked) {
  epoll_set events;
  std::vector<connection> all(asked.connections);
  connect_all(all, asked, events, true);
  // The kernel may else be 50 microseconds late, so as to wake several threads at once.
  ::prctl(PR_SET_TIMERSLACK, 1);
  echo_at_rate(all, events, asked, asked.warm_up);
  const meter measured(asked);
  std::vector<nanoseconds> latencies = echo_at_rate(all, events, asked, asked.count);
  measured.print(asked.count);
  print_percentiles(latencies);
}

void connect_and_reset(const arguments& asked, std::int64_t count) {
  epoll_set events;
  std::vector<connection> all(asked.connections);
  std::int64_t to_start = count;
  std::int64_t unfinished = count;
  const auto start = [&](connection& each) {
    if (to_start > 0) {
      each.set_start(static_cast<std::size_t>(to_start--));
      each.connect(asked.port, false);
      each.watch(events.fd());
    }
  };
  for (connection& each : all) {
    start(each);
  }
  while (unfinished > 0) {
    events.wait([&](connection& each, unsigned happened) {
      if (each.all_sent() && each.all_back() && (happened & EPOLLOUT)) {
        each.require_connected();
        each.send(1);
      }
      each.receive();
      if (each.all_back()) {
        each.reset();
        --unfinished;
        start(each);
      }
    });
  }
}

void connect_loop(const arguments& asked) {
  connect_and_reset(asked, asked.warm_up);
  const meter measured(asked);
  connect_and_reset(asked, asked.count);
  measured.print(asked.count);
}

// Returns when the server has taken all and closed the connections.
void transfer(const arguments& asked, std::int64_t mebibytes) {
  epoll_set events;
  std::vector<connection> all(asked.connections);
  connect_all(all, asked, events, false);
  const std::size_t share = static_cast<std::size_t>(mebibytes) * 1024 * 1024 / all.size();
  std::vector<std::size_t> left(all.size(), share);
  std::size_t finished = 0;
  while (finished < all.size()) {
    events.wait([&](connection& each, unsigned) {
      std::size_t& rest = left[static_cast<std::size_t>(&each - all.data())];
      if (rest == 0 && each.all_sent()) {
        return;
      }
      each.send_rest();
      while (rest > 0 && each.all_sent()) {
        const std::size_t some = std::min(rest, asked.size);
        rest -= some;
        each.send(some);
      }
      finished += rest == 0 && each.all_sent();
    });
  }
  for (connection& each : all) {
    each.finish();
  }
}

void bulk_transfer(const arguments& asked) {
  transfer(asked, asked.warm_up);
  const meter measured(asked);
  transfer(asked, asked.count);
  measured.print(asked.count);
}

arguments parse(int argc, char** argv) {
  arguments asked;
  if (argc == 7 || argc == 8) {
    asked.kind = argv[1];
    asked.port = std::atoi(argv[2]);
    asked.pid = std::atoi(argv[3]);
    asked.connections = std::strtoul(argv[4], nullptr, 10);
    asked.size = std::strtoul(argv[5], nullptr, 10);
    asked.count = std::atoll(argv[6]);
    asked.warm_up = std::max<std::int64_t>(1, asked.count / 10);
    asked.rate = argc == 8 ? std::atof(argv[7]) : 0;
  }
  const bool is_open = asked.kind == "open";
  const bool is_known =
      is_open || asked.kind == "closed" || asked.kind == "connect" || asked.kind == "bulk";
  if (!is_known || asked.port <= 0 || asked.pid <= 0 || asked.connections == 0 || asked.size == 0 ||
      asked.count <= 0 || is_open != (asked.rate > 0)) {
    std::fprintf(stderr,
                 "usage: %s closed|open|connect|bulk PORT PID CONNECTIONS SIZE COUNT [RATE]\n",
                 argv[0]);
    std::exit(2);
  }
  return asked;
}

}  // namespace

int main(int argc, char** argv) {
  const arguments asked = parse(argc, argv);
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    descriptors.rlim_cur = descriptors.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
  }
  if (asked.kind == "closed") {
    closed_loop(asked);
  } else if (asked.kind == "open") {
    open_loop(asked);
  } else if (asked.kind == "connect") {
    connect_loop(asked);
  } else {
    bulk_transfer(asked);
  }
}
