// SPDX-License-Identifier: BSL-1.0
#include "testing/integration/echo_run.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "net/net.h"
#include "testing/integration/echo_tally.h"

namespace nettest {
namespace {

using net::error_code;

constexpr std::size_t chunk = 24 * 1024;
// Not the default, so that the stacks are not kept from run to run.
const net::fiber_options small_stack{.stack_size = echo_stack_size, .name = "echo"};

bool set_times(tally& all, net::conn& c) {
  return succeeds(all, "set", [&] {
    c.set_timeout(too_long);
    c.set_deadline(std::chrono::steady_clock::now() + too_long);
  });
}

// In two pieces where there is more than one byte, for the calls that take a vector.
template <typename Buffer>
std::array<Buffer, 2> in_two(const Buffer& whole) {
  const std::size_t first = whole.size() / 3;
  return {Buffer(net::buffer(whole, first)), whole + first};
}

// --- The synchronous side: the same code on fibers and on threads.

bool echo_stream(tally& all, net::conn& c) {
  std::vector<char> data(chunk);
  std::optional<std::size_t> client;
  std::size_t position = 0;
  for (int turn = 0;; ++turn) {
    error_code ec;
    const std::size_t size =
        turn % 2 == 0 ? c.read(net::buffer(data), ec) : c.read(in_two(net::buffer(data)), ec);
    if (ec == net::error::eof) {
      ++all.ended;
      return true;
    }
    if (ec) {
      all.note("read", ec);
      return false;
    }
    if (!client) {
      client = static_cast<unsigned char>(data[0]);
      if (*client >= echo_clients) {
        all.violated("the first byte of a stream is wrong");
        return false;
      }
    }
    if (!all.check(*client, position, data.data(), size)) {
      return false;
    }
    position += size;
    all.server_got[*client] += size;
    const net::const_buffer whole = net::buffer(data, size);
    const std::size_t written = turn % 3 == 0 ? c.write(in_two(whole), ec) : c.write(whole, ec);
    all.server_sent[*client] += written;
    if (ec) {
      all.note("write", ec);
      return false;
    }
  }
}

void echo(tally& all, net::conn c) {
  const meddled_with registered(all.conns, c);
  if (set_times(all, c) && echo_stream(all, c)) {
    succeeds(all, "close", [&] { c.close_write(); });
  }
  succeeds(all, "close", [&] { c.close(); });
}

bool send_messages(tally& all, net::conn& c, std::size_t client) {
  const char* next = stream_of(client).data();
  for (const std::size_t size : messages_of(client)) {
    const net::const_buffer whole = net::buffer(next, size);
    if (client % 2 == 0) {
      const bool is_written = succeeds(all, "write", [&] {
        all.client_sent[client] += size;  // how many, an exception does not tell
        c.write(whole);
      });
      if (!is_written) {
        return false;
      }
    } else {
      error_code ec;
      all.client_sent[client] += c.write(in_two(whole), ec);
      if (ec) {
        all.note("write", ec);
        return false;
      }
    }
    next += size;
  }
  return succeeds_by_code(all, "close", [&](error_code& ec) { c.close_write(ec); });
}

void receive_echo(tally& all, net::conn& c, std::size_t client) {
  std::vector<char> data(chunk);
  std::size_t position = 0;
  for (;;) {
    std::size_t size = 0;
    if (!succeeds(all, "read", [&] { size = c.read(net::buffer(data)); })) {
      break;
    }
    if (size == 0) {
      ++all.ended;
      break;
    }
    if (!all.check(client, position, data.data(), size)) {
      break;
    }
    position += size;
    all.client_got[client] += size;
  }
}

// `Task` is a fiber or a thread.
template <typename Task, typename Start>
void be_client(tally& all, net::io_context& context, const std::string& address, std::size_t client,
               Start start) {
  net::conn c;
  const bool is_connected =
      client % 2 == 0
          ? succeeds(all, "dial", [&] { c = net::dial(context, "tcp", address, too_long); })
          : succeeds_by_code(all, "dial",
                             [&](error_code& ec) { c = net::dial(context, "tcp", address, ec); });
  if (!is_connected || !set_times(all, c)) {
    return;
  }
  const meddled_with registered(all.conns, c);
  try {
    Task writer = start([&all, &c, client, alive = lives(all)] {
      if (!send_messages(all, c, client)) {
        error_code ignored;
        c.close(ignored);  // or the reader would wait for what never comes
      }
    });
    struct join_at_end {
      Task& task;
      net::conn& c;
      ~join_at_end() {
        if (task.joinable()) {
          error_code ignored;
          c.close(ignored);
          task.join();
        }
      }
    } const guard{writer, c};
    receive_echo(all, c, client);
    // The end of the stream comes after everything was echoed, or because of an error.
    error_code ignored;
    if (all.client_got[client] != stream_of(client).size()) {
      c.close(ignored);
    }
    writer.join();
  } catch (const std::system_error& error) {
    all.note("spawn", error.code());
  }
  if (c.is_open()) {
    succeeds(all, "close", [&] { c.close(); });
  }
}

template <typename Serve>
void accept_all(tally& all, net::listener& l, Serve serve) {
  for (std::size_t i = 0; i < echo_clients; ++i) {
    net::conn c;
    const bool is_accepted =
        i % 2 == 0 ? succeeds(all, "accept", [&] { c = l.accept(); })
                   : succeeds_by_code(all, "accept", [&](error_code& ec) { c = l.accept(ec); });
    if (!is_accepted) {
      return;
    }
    if (!serve(std::move(c))) {
      return;
    }
  }
}

// Calls use(listener) with one that others can close.
template <typename Use>
void with_listener(tally& all, net::io_context& context, const char* address,
                   const on_listening_function& on_listening, Use use) {
  net::listener l;
  if (!succeeds(all, "listen", [&] { l = net::listen(context, "tcp", address); })) {
    return;
  }
  on_listening(l.local_endpoint().port(), [conns = all.conns] { conns->meddle(); });
  l.set_timeout(too_long);
  const published_listener published(all, l);
  use(l, "127.0.0.1:" + std::to_string(l.local_endpoint().port()));
}

// Lets it be known when there is no stack: whoever runs then unwinds what there is.
void start_timer_fiber(tally& all) {
  net::go(small_stack, [&all, alive = lives(all)] {
    net::this_fiber::sleep_for(std::chrono::microseconds(300));
    ++all.timer_fired;
  });
}

// False if no stack can be had.
template <typename Function>
bool spawns(tally& all, Function&& function) {
  try {
    net::go(small_stack, std::forward<Function>(function));
    return true;
  } catch (const std::system_error& error) {
    all.note("spawn", error.code());
    return false;
  }
}

void run_fibers(tally& all, const on_listening_function& on_listening) {
  net::run([&] {
    net::io_context& context = net::current_context();
    with_listener(all, context, "127.0.0.1:0", on_listening,
                  [&](net::listener& l, const std::string& address) {
                    start_timer_fiber(all);
                    for (std::size_t i = 0; i < echo_clients; ++i) {
                      spawns(all, [&all, &context, address, i, alive = lives(all)] {
                        be_client<net::fiber>(all, context, address, i, [](auto&& function) {
                          return net::fiber(small_stack,
                                            std::forward<decltype(function)>(function));
                        });
                      });
                    }
                    accept_all(all, l, [&](net::conn c) {
                      return spawns(all, [&all, c = std::move(c), alive = lives(all)]() mutable {
                        echo(all, std::move(c));
                      });
                    });
                  });
  });
}

// Threads that are joined at the end of their scope.
class thread_group {
 public:
  ~thread_group() {
    for (std::thread& each : threads_) {
      each.join();
    }
  }
  template <typename Function>
  void start(Function&& function) {
    threads_.emplace_back(std::forward<Function>(function));
  }

 private:
  std::vector<std::thread> threads_;
};

void start_client_threads(tally& all, thread_group& threads, net::io_context& context,
                          const std::string& address) {
  for (std::size_t i = 0; i < echo_clients; ++i) {
    threads.start([&all, &context, address, i, alive = lives(all)] {
      be_client<std::thread>(all, context, address, i, [](auto&& function) {
        return std::thread(std::forward<decltype(function)>(function));
      });
    });
  }
}

void run_threads(tally& all, const on_listening_function& on_listening) {
  net::io_context context;  // which nobody runs
  thread_group threads;
  threads.start([&, alive = lives(all)] {
    thread_group servers;
    with_listener(all, context, "127.0.0.1:0", on_listening,
                  [&](net::listener& l, const std::string& address) {
                    start_client_threads(all, servers, context, address);
                    accept_all(all, l, [&](net::conn c) {
                      servers.start([&all, c = std::move(c), alive = lives(all)]() mutable {
                        echo(all, std::move(c));
                      });
                      return true;
                    });
                  });
    net::steady_timer timer(context, std::chrono::microseconds(300));
    timer.wait();
    ++all.timer_fired;
  });
}

void run_mixed(tally& all, const on_listening_function& on_listening) {
  net::io_context clients_context;  // which nobody runs
  thread_group threads;
  // Listens on every address, so that each connection is asked for its own.
  const auto serve = [&] {
    with_listener(all, net::current_context(), ":0", on_listening,
                  [&](net::listener& l, const std::string& address) {
                    start_timer_fiber(all);
                    start_client_threads(all, threads, clients_context, address);
                    accept_all(all, l, [&](net::conn c) {
                      return spawns(all, [&all, c = std::move(c), alive = lives(all)]() mutable {
                        echo(all, std::move(c));
                      });
                    });
                  });
  };
  net::run(serve, 2);
}

// --- Completion handlers.

class echo_session : public std::enable_shared_from_this<echo_session> {
 public:
  echo_session(tally& all, net::conn c) : all_(all), c_(std::move(c)), alive_(all) {}

  void start() {
    if (set_times(all_, c_)) {
      read();
    }
  }

 private:
  void read() {
    c_.async_read(
        in_two(net::buffer(data_)),
        [self = shared_from_this()](error_code ec, std::size_t size) { self->on_read(ec, size); });
  }

  void on_read(error_code ec, std::size_t size) {
    if (ec == net::error::eof) {
      ++all_.ended;
      succeeds_by_code(all_, "close", [&](error_code& why) { c_.close_write(why); });
      return close();
    }
    if (ec) {
      all_.note("read", ec);
      return close();
    }
    if (!client_) {
      client_ = static_cast<unsigned char>(data_[0]);
    }
    if (*client_ >= echo_clients || !all_.check(*client_, position_, data_.data(), size)) {
      all_.violated("an echo session got bytes that were not sent");
      return close();
    }
    position_ += size;
    all_.server_got[*client_] += size;
    c_.async_write(in_two(net::const_buffer(net::buffer(data_, size))),
                   [self = shared_from_this()](error_code why, std::size_t written) {
                     self->all_.server_sent[*self->client_] += written;
                     if (why) {
                       self->all_.note("write", why);
                       return self->close();
                     }
                     self->read();
                   });
  }

  void close() {
    succeeds_by_code(all_, "close", [&](error_code& ec) { c_.close(ec); });
  }

  tally& all_;
  net::conn c_;
  std::vector<char> data_ = std::vector<char>(chunk);
  std::optional<std::size_t> client_;
  std::size_t position_ = 0;
  lives alive_;
  meddled_with registered_{all_.conns, c_};
};

class client_session : public std::enable_shared_from_this<client_session> {
 public:
  client_session(tally& all, std::size_t client, net::conn c)
      : all_(all), client_(client), c_(std::move(c)), alive_(all) {}

  void start() {
    if (set_times(all_, c_)) {
      write_next();
      read();
    }
  }

 private:
  void write_next() {
    if (next_message_ == messages_of(client_).size()) {
      if (!succeeds_by_code(all_, "close", [&](error_code& ec) { c_.close_write(ec); })) {
        close();
      }
      return;
    }
    const std::size_t size = messages_of(client_)[next_message_];
    c_.async_write(net::buffer(stream_of(client_).data() + sent_, size),
                   [self = shared_from_this()](error_code ec, std::size_t written) {
                     self->sent_ += written;
                     self->all_.client_sent[self->client_] += written;
                     if (ec) {
                       self->all_.note("write", ec);
                       return self->close();
                     }
                     ++self->next_message_;
                     self->write_next();
                   });
  }

  void read() {
    c_.async_read(net::buffer(data_), [self = shared_from_this()](error_code ec, std::size_t size) {
      if (ec == net::error::eof) {
        ++self->all_.ended;
        return self->close();
      }
      if (ec) {
        self->all_.note("read", ec);
        return self->close();
      }
      if (!self->all_.check(self->client_, self->got_, self->data_.data(), size)) {
        return self->close();
      }
      self->got_ += size;
      self->all_.client_got[self->client_] += size;
      self->read();
    });
  }

  // The other direction may have closed it before.
  void close() {
    if (c_.is_open()) {
      succeeds_by_code(all_, "close", [&](error_code& ec) { c_.close(ec); });
    }
  }

  tally& all_;
  const std::size_t client_;
  net::conn c_;
  std::vector<char> data_ = std::vector<char>(chunk);
  std::size_t next_message_ = 0;
  std::size_t sent_ = 0;
  std::size_t got_ = 0;
  lives alive_;
  meddled_with registered_{all_.conns, c_};
};

void accept_next(tally& all, net::listener& l, std::size_t left) {
  if (left == 0) {
    return;
  }
  l.async_accept([&all, &l, left](error_code ec, net::conn c) {
    if (ec) {
      all.note("accept", ec);
      return;
    }
    std::make_shared<echo_session>(all, std::move(c))->start();
    accept_next(all, l, left - 1);
  });
}

void run_handlers(tally& all, const on_listening_function& on_listening) {
  net::io_context context;
  with_listener(
      all, context, "127.0.0.1:0", on_listening, [&](net::listener& l, const std::string& address) {
        accept_next(all, l, echo_clients);
        net::steady_timer timer(context, std::chrono::microseconds(300));
        timer.async_wait([&](error_code ec) { all.timer_fired += ec ? 0 : 1; });
        for (std::size_t i = 0; i < echo_clients; ++i) {
          net::async_dial(context, "tcp", address, too_long, [&all, i](error_code ec, net::conn c) {
            if (ec) {
              all.note("dial", ec);
            } else {
              std::make_shared<client_session>(all, i, std::move(c))->start();
            }
          });
        }
        context.run();
      });
}

}  // namespace

const char* name_of(echo_style style) noexcept {
  switch (style) {
    case echo_style::fibers: return "fibers";
    case echo_style::handlers: return "handlers";
    case echo_style::threads: return "threads";
    case echo_style::mixed: return "mixed";
  }
  return "?";
}

echo_result run_echo(echo_style style, const on_listening_function& on_listening) {
  tally all;
  // Whatever leaves a run is a context or a fiber that could not be had.
  try {
    switch (style) {
      case echo_style::fibers: run_fibers(all, on_listening); break;
      case echo_style::handlers: run_handlers(all, on_listening); break;
      case echo_style::threads: run_threads(all, on_listening); break;
      case echo_style::mixed: run_mixed(all, on_listening); break;
    }
  } catch (const std::system_error& error) {
    const bool is_context = std::string(error.what()).find("io_context") == 0;
    all.note(is_context ? "context" : "spawn", error.code());
  }
  return all.finish();
}

}  // namespace nettest
