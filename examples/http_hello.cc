// SPDX-License-Identifier: BSL-1.0
//
// An HTTP/1.1 server that greets, in fibers or in handlers, until SIGINT or SIGTERM. Connections
// are kept alive as HTTP/1.1 and HTTP/1.0 have it; pipelined requests that come in one read are
// answered in one write; bodies are skipped. 400 for a malformed request, 431 for a head over 16
// KiB, 501 for a transfer encoding: each of these ends the connection.
//
//   ./bazelw run --config=opt //examples:http_hello -- --port 8080 --style fiber --deadline 5s
//   curl -v http://127.0.0.1:8080/
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "examples/flags.h"
#include "examples/http_parser.h"
#include "examples/pending_input.h"
#include "examples/serve.h"

namespace {

using examples::http_request;
using examples::http_result;
using examples::http_status;

class hello_session final : public examples::session {
 public:
  progress receive(std::string_view bytes, std::string& answers) override {
    input_.consume(answer(input_.add(bytes), answers));
    if (finished_) return progress::finished;
    return answers_due_ ? progress::answers_due : progress::need_input;
  }

 private:
  // No more than this is answered in one write.
  static constexpr std::size_t most_answers = 256 * 1024;

  // Answers the requests at the start of `input`, and says how much of it is done with.
  std::size_t answer(std::string_view input, std::string& answers) {
    std::size_t position = 0;
    while (true) {
      answers_due_ = answers.size() >= most_answers;
      if (answers_due_) return position;
      if (in_body_) {
        const std::uint64_t skipped = std::min<std::uint64_t>(body_left_, input.size() - position);
        position += static_cast<std::size_t>(skipped);
        body_left_ -= skipped;
        if (body_left_ > 0) return position;
        in_body_ = false;
        greet(answers);
        if (finished_) return input.size();
      }
      if (position == input.size()) return position;
      const http_result head = examples::parse_http_head(input.substr(position));
      if (head.status == http_status::incomplete) return position;
      if (!begin(head, answers)) {
        finished_ = true;
        return input.size();
      }
      position += head.size;
    }
  }

  // Takes note of a request, or answers that it cannot be served.
  bool begin(const http_result& head, std::string& answers) {
    if (head.status == http_status::malformed) return refuse("400 Bad Request", answers);
    if (head.status == http_status::too_large) {
      return refuse("431 Request Header Fields Too Large", answers);
    }
    const http_request& request = head.request;
    if (request.has_transfer_encoding) return refuse("501 Not Implemented", answers);
    if (request.expects_continue && request.content_length > 0) {
      answers += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    head_only_ = request.method == "HEAD";
    keep_alive_ = request.keep_alive;
    say_keep_alive_ = request.minor_version == 0;
    body_left_ = request.content_length;
    in_body_ = true;
    return true;
  }

  void greet(std::string& answers) {
    answers +=
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/plain\r\n"
        "Content-Length: 14\r\n";
    if (!keep_alive_) {
      answers += "Connection: close\r\n";
    } else if (say_keep_alive_) {
      answers += "Connection: keep-alive\r\n";
    }
    answers += head_only_ ? "\r\n" : "\r\nHello, world!\n";
    finished_ = !keep_alive_;
  }

  static bool refuse(std::string_view status, std::string& answers) {
    answers += "HTTP/1.1 ";
    answers += status;
    answers += "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    return false;
  }

  examples::pending_input input_;
  bool in_body_ = false;
  bool head_only_ = false;
  bool keep_alive_ = true;
  bool say_keep_alive_ = false;
  bool answers_due_ = false;
  bool finished_ = false;
  std::uint64_t body_left_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return examples::serve(examples::parse_flags(argc, argv),
                         [] { return std::make_unique<hello_session>(); });
}
