// SPDX-License-Identifier: BSL-1.0
//
// A server and its client as programs were written in 2012, for what //net:asio_legacy promises them:
// that they build as they are.
#include <gtest/gtest.h>

#include <asio.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>

using asio::ip::tcp;

namespace {

// Sends back lines. Who is silent for half a minute is thrown out.
class connection : public std::enable_shared_from_this<connection> {
 public:
  typedef std::shared_ptr<connection> pointer;

  static pointer create(asio::io_service& io_service) {
    return pointer(new connection(io_service));
  }

  tcp::socket& socket() { return socket_; }

  void start() {
    deadline_.expires_from_now(std::chrono::seconds(30));
    deadline_.async_wait(strand_.wrap(std::bind(&connection::check_deadline, shared_from_this())));
    asio::async_read_until(socket_, input_, '\n',
                           strand_.wrap(std::bind(&connection::handle_read, shared_from_this(),
                                                  std::placeholders::_1, std::placeholders::_2)));
  }

 private:
  explicit connection(asio::io_service& io_service)
      : strand_(io_service), socket_(io_service), deadline_(io_service) {}

  void check_deadline() {
    if (deadline_.expires_at() <= asio::deadline_timer::traits_type::now()) {
      socket_.close();
    }
  }

  void handle_read(const asio::error_code& error, std::size_t bytes) {
    if (error) {
      asio::error_code ignored;
      deadline_.cancel(ignored);
      return;
    }
    asio::streambuf::const_buffers_type data = input_.data();
    line_.assign(asio::buffers_begin(data), asio::buffers_begin(data) + bytes);
    input_.consume(bytes);
    asio::async_write(socket_, asio::buffer(line_),
                      strand_.wrap(std::bind(&connection::handle_write, shared_from_this(),
                                             std::placeholders::_1)));
  }

  void handle_write(const asio::error_code& error) {
    if (!error) {
      start();
    }
  }

  asio::io_service::strand strand_;
  tcp::socket socket_;
  asio::deadline_timer deadline_;
  asio::streambuf input_;
  std::string line_;
};

class server {
 public:
  server(asio::io_service& io_service, const std::string& address, const std::string& port)
      : acceptor_(io_service) {
    tcp::resolver resolver(acceptor_.get_io_service());
    tcp::resolver::query query(address, port);
    tcp::endpoint endpoint = *resolver.resolve(query);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(asio::socket_base::max_connections);
    start_accept();
  }

  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }

 private:
  void start_accept() {
    connection::pointer next = connection::create(acceptor_.get_io_service());
    acceptor_.async_accept(next->socket(),
                           std::bind(&server::handle_accept, this, next, std::placeholders::_1));
  }

  void handle_accept(connection::pointer next, const asio::error_code& error) {
    if (!error) {
      next->start();
    }
    start_accept();
  }

  tcp::acceptor acceptor_;
};

// A server that a pool of threads runs, until it is stopped.
class LegacyProgram : public testing::Test {
 protected:
  LegacyProgram() {
    for (std::thread& each : threads) {
      each = std::thread([this] {
        asio::error_code ec;
        io_service.run(ec);
      });
    }
  }
  ~LegacyProgram() override {
    io_service.post([this] { io_service.stop(); });
    for (std::thread& each : threads) {
      each.join();
    }
  }

  asio::io_service io_service;
  asio::io_service::work work{io_service};
  server served{io_service, "127.0.0.1", "0"};
  std::thread threads[2];
  asio::io_service own;
};

TEST_F(LegacyProgram, ServesAClientThatBlocks) {
  tcp::resolver resolver(own);
  tcp::resolver::query query(tcp::v4(), "127.0.0.1", served.port());
  tcp::resolver::iterator iterator = resolver.resolve(query);
  tcp::resolver::iterator end;
  tcp::socket socket(own);
  asio::error_code error = asio::error::host_not_found;
  while (error && iterator != end) {
    socket.close();
    socket.connect(*iterator++, error);
  }
  ASSERT_FALSE(error);
  asio::write(socket, asio::buffer(std::string("hello\n")));
  char reply[64];
  asio::mutable_buffers_1 buffer = asio::buffer(reply);
  const std::size_t bytes = asio::read(socket, buffer, asio::transfer_at_least(6));
  EXPECT_EQ(std::string(asio::buffer_cast<const char*>(buffer), bytes), "hello\n");
}

// One step after another.
class client {
 public:
  client(asio::io_service& io_service, const std::string& port)
      : resolver_(io_service), socket_(io_service) {
    tcp::resolver::query query("127.0.0.1", port);
    resolver_.async_resolve(query, std::bind(&client::handle_resolve, this, std::placeholders::_1,
                                             std::placeholders::_2));
  }

  const std::string& reply() const { return reply_; }

 private:
  void handle_resolve(const asio::error_code& error, tcp::resolver::iterator at) {
    if (!error) {
      asio::async_connect(socket_, at,
                          std::bind(&client::handle_connect, this, std::placeholders::_1));
    }
  }

  void handle_connect(const asio::error_code& error) {
    if (!error) {
      asio::async_write(socket_, asio::buffer("hello\n", 6),
                        std::bind(&client::handle_write, this, std::placeholders::_1));
    }
  }

  void handle_write(const asio::error_code& error) {
    if (!error) {
      asio::async_read_until(socket_, input_, '\n',
                             std::bind(&client::handle_read, this, std::placeholders::_1));
    }
  }

  void handle_read(const asio::error_code& error) {
    if (!error) {
      std::istream(&input_) >> reply_;
    }
  }

  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::streambuf input_;
  std::string reply_;
};

TEST_F(LegacyProgram, ServesAClientOfHandlers) {
  client one(own, served.port());
  client other(own, served.port());
  own.run();
  EXPECT_EQ(one.reply(), "hello");
  EXPECT_EQ(other.reply(), "hello");
}

}  // namespace
