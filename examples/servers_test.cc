// SPDX-License-Identifier: BSL-1.0
//
// Starts the example servers as programs, in both styles, and talks to them through plain blocking
// sockets: nothing here shares a bug with the library.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// Nothing here takes this long; a wait that does has failed.
constexpr int patience_seconds = 30;

// ThreadSanitizer calls a signal's handler only when the fiber that the signal met has got to a
// place where it allows that; if the fiber ends or parks first, that is never. There, one signal is
// not enough.
#if defined(__SANITIZE_THREAD__)
constexpr bool signals_get_lost = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool signals_get_lost = true;
#else
constexpr bool signals_get_lost = false;
#endif
#else
constexpr bool signals_get_lost = false;
#endif

// A server in a process of its own.
class server_process {
 public:
  server_process(const std::string& program, std::vector<std::string> arguments) {
    int output[2];
    if (pipe2(output, O_CLOEXEC) != 0) return;
    arguments.insert(arguments.begin(), "examples/" + program);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(output[1], STDOUT_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(output[1]);
    std::FILE* const lines = fdopen(output[0], "r");
    if (std::fscanf(lines, "listening on 127.0.0.1:%d", &port_) != 1) port_ = 0;
    std::fclose(lines);
  }

  ~server_process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      wait();
    }
  }

  int port() const { return port_; }

  void signal(int number) const {
    kill(pid_, number);
    // Once it has heard, it catches the signal no more, and another one would end it at once.
    for (int i = 0; signals_get_lost && i < 20 && catches(number); ++i) {
      std::this_thread::sleep_for(10ms);
      if (catches(number)) kill(pid_, number);
    }
  }

  // The exit status, or what is none: 1000 and the signal that ended it.
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

 private:
  // Whether the process has a handler for the signal: bit `number` - 1 of SigCgt.
  bool catches(int number) const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("SigCgt:", 0) == 0) {
        return (std::stoull(line.substr(7), nullptr, 16) >> (number - 1) & 1) != 0;
      }
    }
    return false;
  }

  pid_t pid_ = -1;
  int port_ = 0;
};

class client {
 public:
  explicit client(const server_process& server) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{.tv_sec = patience_seconds, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~client() { leave(); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  bool connected() const { return connected_; }

  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  void end_sending() const { shutdown(fd_, SHUT_WR); }

  void leave() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  // The next `size` bytes, fewer when the connection ends before.
  std::string receive(std::size_t size) const {
    std::string text(size, '\0');
    std::size_t position = 0;
    while (position < size) {
      const ssize_t count = recv(fd_, text.data() + position, size - position, 0);
      if (count <= 0) break;
      position += static_cast<std::size_t>(count);
    }
    text.resize(position);
    return text;
  }

  // What comes until the server ends the connection; an error is appended as text.
  std::string receive_all() const {
    std::string text;
    char chunk[4096];
    ssize_t count = 0;
    while ((count = recv(fd_, chunk, sizeof chunk, 0)) > 0) {
      text.append(chunk, static_cast<std::size_t>(count));
    }
    if (count < 0) text += std::strerror(errno);
    return text;
  }

  // Sends `request` and takes the answer to it, which is to be as long as `answer`.
  std::string ask(std::string_view request, std::string_view answer) const {
    return send(request) ? receive(answer.size()) : "cannot send";
  }

 private:
  int fd_ = -1;
  bool connected_ = false;
};

class Servers : public testing::TestWithParam<const char*> {
 protected:
  static server_process start(const std::string& program, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--port", "0", "--style", GetParam()});
    return server_process(program, more);
  }

  // SIGTERM, and nothing left to wait for.
  static void stop(server_process& server) {
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
  }
};

INSTANTIATE_TEST_SUITE_P(Styles, Servers, testing::Values("fiber", "handler"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(Servers, LetAnOpenConnectionFinish) {
  for (const char* program : {"echo_server", "http_hello", "kv_server"}) {
    SCOPED_TRACE(program);
    server_process server = start(program, {"--threads", "2"});
    ASSERT_NE(server.port(), 0);
    {
      const client open(server);
      ASSERT_TRUE(open.connected());
      const bool kv = std::string_view(program) == "kv_server";
      const std::string request = kv ? "PING\r\n" : "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
      const std::string answer = kv                  ? "+PONG\r\n"
                                 : program[0] == 'e' ? request
                                                     : "HTTP/1.1 200 OK\r\n";
      EXPECT_EQ(open.ask(request, answer), answer);
      server.signal(SIGTERM);
      // The connection is served on while new ones are refused.
      const auto end = steady_clock::now() + 1s;
      bool refused = false;
      while (!refused && steady_clock::now() < end) refused = !client(server).connected();
      EXPECT_TRUE(refused);
      EXPECT_TRUE(open.send(request));
      EXPECT_NE(open.receive(answer.size()), "");
    }
    EXPECT_EQ(server.wait(), 0);
  }
}

TEST_P(Servers, CloseIdleConnectionsAfterTheGracePeriod) {
  for (const int signal : {SIGINT, SIGTERM}) {
    server_process server = start("echo_server");
    const client idle(server);
    EXPECT_EQ(idle.ask("hello", "hello"), "hello");
    const auto asked = steady_clock::now();
    server.signal(signal);
    EXPECT_EQ(idle.receive_all(), "");
    EXPECT_GE(steady_clock::now() - asked, 1500ms);
    EXPECT_EQ(server.wait(), 0);
  }
}

TEST_P(Servers, EchoEveryByte) {
  server_process server = start("echo_server", {"--threads", "2"});
  client open(server);
  std::string message(3 * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<char>(i * i >> 7);
  std::string received;
  std::thread reader([&] { received = open.receive_all(); });
  EXPECT_TRUE(open.send(message));
  open.end_sending();
  reader.join();
  EXPECT_TRUE(received == message);
  open.leave();
  stop(server);
}

TEST_P(Servers, DropSilentClients) {
  for (const char* program : {"echo_server", "http_hello", "kv_server"}) {
    server_process server = start(program, {"--deadline", "200ms"});
    const client silent(server);
    EXPECT_EQ(silent.receive_all(), "");
    stop(server);
  }
}

TEST_P(Servers, DropClientsThatDoNotRead) {
  server_process server = start("echo_server", {"--deadline", "300ms"});
  client greedy(server);
  const std::string block(256 * 1024, 'x');
  int sent = 0;
  while (sent < 1024 && greedy.send(block)) ++sent;
  EXPECT_LT(sent, 1024);
  greedy.leave();
  stop(server);
}

TEST_P(Servers, RefuseUnknownFlags) {
  for (const std::vector<std::string>& bad :
       std::vector<std::vector<std::string>>{{"--port", "70000"},
                                             {"--port", ""},
                                             {"--deadline", "5"},
                                             {"--threads", "0"},
                                             {"--style", "thread"},
                                             {"--nonsense"},
                                             {"nonsense"}}) {
    EXPECT_EQ(start("echo_server", bad).wait(), 2) << bad[0];
  }
}

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string hello_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n";
const std::string hello = hello_head + "\r\nHello, world!\n";
const std::string last_hello = hello_head + "Connection: close\r\n\r\nHello, world!\n";

std::string refusal(const std::string& status) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

TEST_P(Servers, AnswerPipelinedHttpRequests) {
  server_process server = start("http_hello");
  client open(server);
  const std::string head = "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(open.ask(get + get + head + get, hello + hello + hello_head + "\r\n" + hello),
            hello + hello + hello_head + "\r\n" + hello);
  std::string many_requests;
  std::string many_answers;
  for (int i = 0; i < 10'000; ++i) {
    many_requests += get;
    many_answers += hello;
  }
  std::thread sender([&] { EXPECT_TRUE(open.send(many_requests)); });
  EXPECT_TRUE(open.receive(many_answers.size()) == many_answers);
  sender.join();
  open.end_sending();
  EXPECT_EQ(open.receive_all(), "");
  open.leave();
  stop(server);
}

TEST_P(Servers, TakeHttpRequestsByteByByte) {
  server_process server = start("http_hello");
  client open(server);
  const std::string requests =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n\r\n\r\n\n" + get;
  for (const char c : requests) ASSERT_TRUE(open.send(std::string_view(&c, 1)));
  EXPECT_EQ(open.receive(2 * hello.size()), hello + hello);
  open.leave();
  stop(server);
}

TEST_P(Servers, SkipHttpBodies) {
  server_process server = start("http_hello");
  client open(server);
  const std::string body(1'000'000, '\n');
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + body;
  EXPECT_EQ(open.ask(post + get, hello + hello), hello + hello);
  const std::string proceed = "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(open.ask("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                     "Content-Length: 1000000\r\n\r\n",
                     proceed),
            proceed);
  EXPECT_EQ(open.ask(body + get, hello + hello), hello + hello);
  open.leave();
  stop(server);
}

TEST_P(Servers, EndHttpConnectionsWhenAsked) {
  server_process server = start("http_hello");
  const auto exchange = [&](const std::string& request) {
    const client open(server);
    EXPECT_TRUE(open.send(request));
    std::string answer = open.receive_all();
    return answer;
  };
  EXPECT_EQ(exchange("GET / HTTP/1.0\r\n\r\n" + get), last_hello);
  EXPECT_EQ(exchange(get + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get),
            hello + last_hello);
  const std::string kept = hello_head + "Connection: keep-alive\r\n\r\nHello, world!\n";
  EXPECT_EQ(exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
            kept + last_hello);
  stop(server);
}

TEST_P(Servers, RefuseBadHttpRequests) {
  server_process server = start("http_hello");
  const auto exchange = [&](const std::string& request) {
    const client open(server);
    open.send(request);
    return open.receive_all();
  };
  EXPECT_EQ(exchange("nonsense\r\n\r\n"), refusal("400 Bad Request"));
  EXPECT_EQ(exchange(get + "GET /\n"), hello + refusal("400 Bad Request"));
  // Much more than the server reads before it answers: the answer must get through nevertheless.
  EXPECT_EQ(exchange("GET / HTTP/1.1\r\nX: " + std::string(200'000, 'x')),
            refusal("431 Request Header Fields Too Large"));
  EXPECT_EQ(exchange("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            refusal("501 Not Implemented"));
  stop(server);
}

std::string bulk(const std::string& value) {
  return "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

std::string command(const std::vector<std::string>& words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) text += bulk(word);
  return text;
}

TEST_P(Servers, ExecuteKvCommands) {
  server_process server = start("kv_server");
  client open(server);
  struct {
    std::vector<std::string> words;
    std::string reply;
  } const exchanges[] = {
      {{"PING"}, "+PONG\r\n"},
      {{"ping", "hi"}, "$2\r\nhi\r\n"},
      {{"ECHO", "a\r\nb"}, "$4\r\na\r\nb\r\n"},
      {{"GET", "a"}, "$-1\r\n"},
      {{"SET", "a", "1"}, "+OK\r\n"},
      {{"SET", "a", "2", "NX"}, "$-1\r\n"},
      {{"SET", "b", "2", "xx"}, "$-1\r\n"},
      {{"GET", "a"}, "$1\r\n1\r\n"},
      {{"INCR", "a"}, ":2\r\n"},
      {{"INCR", "n"}, ":1\r\n"},
      {{"EXISTS", "a", "b", "a"}, ":2\r\n"},
      {{"TTL", "a"}, ":-1\r\n"},
      {{"TTL", "b"}, ":-2\r\n"},
      {{"EXPIRE", "a", "100"}, ":1\r\n"},
      {{"TTL", "a"}, ":100\r\n"},
      {{"EXPIRE", "a", "-1"}, ":1\r\n"},
      {{"EXPIRE", "a", "1"}, ":0\r\n"},
      {{"SET", "a", "x", "EX", "10", "NX"}, "+OK\r\n"},
      {{"TTL", "a"}, ":10\r\n"},
      {{"SET", "a", "x", "px", "5000"}, "+OK\r\n"},
      {{"TTL", "a"}, ":5\r\n"},
      {{"DEL", "a", "b", "n"}, ":2\r\n"},
      {{"SET", "s", "text"}, "+OK\r\n"},
      {{"INCR", "s"}, "-ERR value is not an integer or out of range\r\n"},
      {{"SET", "a", "x", "EX", "0"}, "-ERR invalid expire time in 'set' command\r\n"},
      {{"SET", "a", "x", "EX", "9223372036854775807"},
       "-ERR invalid expire time in 'set' command\r\n"},
      {{"SET", "a", "x", "EX", "soon"}, "-ERR value is not an integer or out of range\r\n"},
      {{"SET", "a", "x", "EX"}, "-ERR syntax error\r\n"},
      {{"SET", "a", "x", "EX", "1", "PX", "1"}, "-ERR syntax error\r\n"},
      {{"SET", "a", "x", "NX", "XX"}, "-ERR syntax error\r\n"},
      {{"SET", "a"}, "-ERR wrong number of arguments for 'set' command\r\n"},
      {{"GET"}, "-ERR wrong number of arguments for 'get' command\r\n"},
      {{"bad\r\nname"}, "-ERR unknown command 'bad  name'\r\n"},
      {{"COMMAND", "DOCS"}, "*0\r\n"},
      {{"CONFIG", "GET", "save"}, "*2\r\n$4\r\nsave\r\n$0\r\n\r\n"},
  };
  std::string all;
  std::string all_replies;
  for (const auto& exchange : exchanges) {
    EXPECT_EQ(open.ask(command(exchange.words), exchange.reply), exchange.reply);
    all += command(exchange.words);
    all_replies += exchange.reply;
  }
  // Once more at once, and byte by byte, with what the first pass left behind removed.
  const std::string forget = command({"DEL", "a", "b", "n", "s"});
  EXPECT_EQ(open.ask(forget + all, ":1\r\n" + all_replies), ":1\r\n" + all_replies);
  for (const char c : forget + all) ASSERT_TRUE(open.send(std::string_view(&c, 1)));
  EXPECT_EQ(open.receive(4 + all_replies.size()), ":1\r\n" + all_replies);

  EXPECT_EQ(open.ask("set in line\r\nget in\r\n", "+OK\r\n$4\r\nline\r\n"),
            "+OK\r\n$4\r\nline\r\n");
  EXPECT_TRUE(open.send("QUIT\r\nPING\r\n"));
  EXPECT_EQ(open.receive_all(), "+OK\r\n");
  open.leave();
  stop(server);
}

TEST_P(Servers, ForgetKvValuesThatExpire) {
  server_process server = start("kv_server");
  client open(server);
  EXPECT_EQ(open.ask("SET a x PX 20\r\n", "+OK\r\n"), "+OK\r\n");
  const auto end = steady_clock::now() + 10s;
  while (open.ask("EXISTS a\r\n", ":0\r\n") == ":1\r\n" && steady_clock::now() < end) {
  }
  EXPECT_EQ(open.ask("GET a\r\n", "$-1\r\n"), "$-1\r\n");
  open.leave();
  stop(server);
}

TEST_P(Servers, EndKvConnectionsOnProtocolErrors) {
  server_process server = start("kv_server");
  const auto exchange = [&](const std::string& request) {
    const client open(server);
    open.send(request);
    return open.receive_all();
  };
  EXPECT_EQ(exchange("PING\r\n*x\r\nPING\r\n"),
            "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n");
  EXPECT_EQ(exchange("*1\r\n$2000000\r\n" + std::string(2'000'000, 'x')),
            "-ERR Protocol error: invalid bulk length\r\n");
  EXPECT_EQ(exchange(std::string(200'000, 'x')), "-ERR Protocol error: too big inline request\r\n");
  stop(server);
}

TEST_P(Servers, AnswerKvWithMuchMoreThanWasAsked) {
  server_process server = start("kv_server", {"--threads", "2"});
  client open(server);
  const std::string value(1024 * 1024, 'v');
  EXPECT_EQ(open.ask(command({"SET", "a", value}), "+OK\r\n"), "+OK\r\n");
  std::string requests;
  for (int i = 0; i < 64; ++i) requests += "GET a\r\n";
  EXPECT_TRUE(open.send(requests));
  const std::string reply = bulk(value);
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(open.receive(reply.size()) == reply);
  open.leave();
  stop(server);
}

TEST_P(Servers, ShareKvValuesAmongThreads) {
  server_process server = start("kv_server", {"--threads", "2"});
  constexpr int clients = 8;
  constexpr int batches = 20;
  std::string increments;
  for (int i = 0; i < 100; ++i) increments += command({"INCR", "shared"});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back([&] {
        const client open(server);
        for (int j = 0; j < batches; ++j) EXPECT_TRUE(open.send(increments));
        open.end_sending();
        const std::string replies = open.receive_all();
        EXPECT_EQ(std::count(replies.begin(), replies.end(), ':'), batches * 100);
      });
    }
  }
  client open(server);
  EXPECT_EQ(open.ask("GET shared\r\n", "$5\r\n16000\r\n"), "$5\r\n16000\r\n");
  open.leave();
  stop(server);
}

}  // namespace
