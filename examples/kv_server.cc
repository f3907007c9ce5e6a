// SPDX-License-Identifier: BSL-1.0
//
// A key-value server in memory, in fibers or in handlers, until SIGINT or SIGTERM. It speaks enough
// of the Redis protocol for redis-cli and redis-benchmark: PING, ECHO, SET (EX, PX, NX, XX), GET,
// DEL, EXISTS, INCR, EXPIRE, TTL, QUIT. What is pipelined is answered in one write. Its bounds are
// in resp.h; the number of keys is bounded by memory alone.
//
//   ./bazelw run --config=opt //examples:kv_server -- --port 6380 --threads 2
//   redis-cli -p 6380 set greeting hello ex 10
//   redis-benchmark -p 6380 -t ping,set,get,incr -P 16
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/flags.h"
#include "examples/kv_store.h"
#include "examples/pending_input.h"
#include "examples/resp.h"
#include "examples/serve.h"

namespace {

using examples::kv_store;
using arguments = std::vector<std::string_view>;  // the command's name comes first

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// Whether `text` is `word`, which is in upper case.
bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char x, char y) { return upper(x) == y; });
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

// Centuries are enough, and no sum of times overflows.
constexpr std::int64_t longest_lifetime_ms = std::int64_t{100} * 365 * 24 * 3600 * 1000;

constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";

void ping(kv_store&, const arguments& words, std::string& out) {
  if (words.size() == 1) {
    examples::append_simple(out, "PONG");
  } else {
    examples::append_bulk(out, words[1]);
  }
}

void echo(kv_store&, const arguments& words, std::string& out) {
  examples::append_bulk(out, words[1]);
}

struct set_options {
  kv_store::condition when = kv_store::condition::always;
  std::optional<std::chrono::milliseconds> lifetime;
};

// What follows "SET name value". Replies with an error when it makes no sense.
std::optional<set_options> parse_set_options(const arguments& words, std::string& out) {
  set_options options;
  const auto refuse = [&out](std::string_view why) {
    examples::append_error(out, why);
    return std::nullopt;
  };
  for (std::size_t i = 3; i < words.size(); ++i) {
    const bool absent = is_word(words[i], "NX");
    const bool seconds = is_word(words[i], "EX");
    if (absent || is_word(words[i], "XX")) {
      const auto when = absent ? kv_store::condition::if_absent : kv_store::condition::if_present;
      if (options.when != kv_store::condition::always && options.when != when) {
        return refuse("ERR syntax error");
      }
      options.when = when;
    } else if ((seconds || is_word(words[i], "PX")) && i + 1 < words.size() && !options.lifetime) {
      const std::optional<std::int64_t> count = parse_integer(words[++i]);
      if (!count) return refuse(not_an_integer);
      const std::int64_t unit_ms = seconds ? 1000 : 1;
      if (*count <= 0 || *count > longest_lifetime_ms / unit_ms) {
        return refuse("ERR invalid expire time in 'set' command");
      }
      options.lifetime = std::chrono::milliseconds(*count * unit_ms);
    } else {
      return refuse("ERR syntax error");
    }
  }
  return options;
}

void set(kv_store& store, const arguments& words, std::string& out) {
  const std::optional<set_options> options = parse_set_options(words, out);
  if (!options) return;
  if (store.set(words[1], words[2], options->when, options->lifetime)) {
    examples::append_simple(out, "OK");
  } else {
    examples::append_null(out);
  }
}

void get(kv_store& store, const arguments& words, std::string& out) {
  const auto reply = [&out](std::string_view value) { examples::append_bulk(out, value); };
  if (!store.get(words[1], reply)) examples::append_null(out);
}

void del(kv_store& store, const arguments& words, std::string& out) {
  examples::append_integer(out, std::count_if(words.begin() + 1, words.end(),
                                              [&](auto name) { return store.erase(name); }));
}

void exists(kv_store& store, const arguments& words, std::string& out) {
  examples::append_integer(out, std::count_if(words.begin() + 1, words.end(),
                                              [&](auto name) { return store.exists(name); }));
}

void incr(kv_store& store, const arguments& words, std::string& out) {
  const kv_store::increment_result result = store.increment(words[1]);
  switch (result.error) {
    case kv_store::increment_error::none:
      return examples::append_integer(out, result.value);
    case kv_store::increment_error::not_an_integer:
      return examples::append_error(out, not_an_integer);
    case kv_store::increment_error::overflow:
      return examples::append_error(out, "ERR increment or decrement would overflow");
  }
}

void expire(kv_store& store, const arguments& words, std::string& out) {
  const std::optional<std::int64_t> seconds = parse_integer(words[2]);
  if (!seconds) return examples::append_error(out, not_an_integer);
  if (*seconds > longest_lifetime_ms / 1000 || *seconds < -longest_lifetime_ms / 1000) {
    return examples::append_error(out, "ERR invalid expire time in 'expire' command");
  }
  examples::append_integer(out, store.expire(words[1], std::chrono::seconds(*seconds)) ? 1 : 0);
}

void ttl(kv_store& store, const arguments& words, std::string& out) {
  const kv_store::ttl_result result = store.ttl(words[1]);
  if (!result.exists) return examples::append_integer(out, -2);
  if (!result.left) return examples::append_integer(out, -1);
  examples::append_integer(out, std::chrono::round<std::chrono::seconds>(*result.left).count());
}

// Clients ask for descriptions of the commands, and can do without.
void command(kv_store&, const arguments&, std::string& out) { examples::append_array(out, 0); }

// redis-benchmark asks what is saved to disk: nothing.
void config(kv_store&, const arguments& words, std::string& out) {
  if (words.size() != 3 || !is_word(words[1], "GET")) {
    return examples::append_error(out, "ERR only CONFIG GET <name> is known");
  }
  examples::append_array(out, 2);
  examples::append_bulk(out, words[2]);
  examples::append_bulk(out, "");
}

struct known_command {
  std::string_view name;
  std::size_t least_words;
  std::size_t most_words;
  void (*run)(kv_store&, const arguments&, std::string& out);
};

constexpr std::size_t any = examples::resp_limits::arguments;
constexpr known_command known_commands[] = {
    {"GET", 2, 2, get},           {"SET", 3, any, set},       {"INCR", 2, 2, incr},
    {"PING", 1, 2, ping},         {"ECHO", 2, 2, echo},       {"DEL", 2, any, del},
    {"EXISTS", 2, any, exists},   {"EXPIRE", 3, 3, expire},   {"TTL", 2, 2, ttl},
    {"COMMAND", 1, any, command}, {"CONFIG", 2, any, config},
};

void execute(kv_store& store, const arguments& words, std::string& out) {
  for (const known_command& known : known_commands) {
    if (!is_word(words[0], known.name)) continue;
    if (words.size() >= known.least_words && words.size() <= known.most_words) {
      return known.run(store, words, out);
    }
    std::string name(known.name);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    return examples::append_error(out, "ERR wrong number of arguments for '" + name + "' command");
  }
  examples::append_error(out, "ERR unknown command '" + std::string(words[0].substr(0, 128)) + "'");
}

class kv_session final : public examples::session {
 public:
  explicit kv_session(kv_store& store) : store_(store) {}

  progress receive(std::string_view bytes, std::string& answers) override {
    const std::string_view input = input_.add(bytes);
    std::size_t position = 0;
    const progress next = answer(input, position, answers);
    input_.consume(next == progress::finished ? input.size() : position);
    return next;
  }

 private:
  // No more than this, and one value, is answered in one write: a short GET may have a long answer.
  static constexpr std::size_t most_answers = 256 * 1024;

  // Runs the commands that are complete, and moves `position` behind them.
  progress answer(std::string_view input, std::size_t& position, std::string& answers) {
    while (true) {
      if (answers.size() >= most_answers) return progress::answers_due;
      const examples::resp_result command =
          examples::parse_resp_command(input.substr(position), words_);
      if (command.status == examples::resp_status::incomplete) return progress::need_input;
      if (command.status == examples::resp_status::malformed) {
        examples::append_error(answers, "ERR " + command.error);
        return progress::finished;
      }
      position += command.size;
      if (words_.empty()) continue;
      if (is_word(words_[0], "QUIT")) {
        examples::append_simple(answers, "OK");
        return progress::finished;
      }
      execute(store_, words_, answers);
    }
  }

  kv_store& store_;
  examples::pending_input input_;
  arguments words_;
};

}  // namespace

int main(int argc, char** argv) {
  kv_store store;
  return examples::serve(examples::parse_flags(argc, argv),
                         [&store] { return std::make_unique<kv_session>(store); });
}
