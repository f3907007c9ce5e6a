// SPDX-License-Identifier: BSL-1.0
//
// What a context was configured with: numbers and switches by section and key, read by those parts
// of the library that can be tuned. A context gets its configuration with its construction, from a
// string, from the environment or from a concurrency hint.
//
//   net::io_context context(net::config_from_string("scheduler.concurrency_hint=1"));
//   net::config(context).get("scheduler", "concurrency_hint", 0);   // 1
//
// A configuration does not change and may be read from any thread.
//
// Read here is "resolver.threads". The keys about locking, spinning and how the reactor uses the
// kernel are accepted and can be read back; nothing depends on them, as all parts of the library
// are safe to use from several threads, and there is one way in which the reactor works.
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>

#include "net/config.h"
#include "net/execution/concurrency_hint.h"
#include "net/execution/execution_context.h"

namespace NET_NAMESPACE {

// The service that knows the values: none, unless it is derived from.
class config_service : public internal::service_base<config_service> {
 public:
  explicit config_service(execution_context& context);

  void shutdown() override;

  // The value as text, or null if there is none; it may be written to `value`, which has room for
  // so many characters with the terminating zero.
  virtual const char* get_value(const char* section, const char* key_name, char* value,
                                std::size_t value_length) const;
};

class config {
 public:
  explicit config(execution_context& context) : service_(use_service<config_service>(context)) {}
  config(const config& other) noexcept = default;
  config& operator=(const config&) = delete;

  // Throws std::out_of_range when the value does not fit into a T.
  template <std::integral T>
  T get(const char* section, const char* key_name, T default_value) const;

 private:
  config_service& service_;
};

// `n` is "scheduler.concurrency_hint"; the special ones say what is locked.
class config_from_concurrency_hint : public execution_context::service_maker {
 public:
  config_from_concurrency_hint() : hint_(internal::hint_default) {}
  explicit config_from_concurrency_hint(int concurrency_hint) : hint_(concurrency_hint) {}

  void make(execution_context& context) const override;

 private:
  int hint_;
};

// Lines of "section.key=value", with a prefix and a dot before them if there is a prefix. From '#'
// on a line is a comment; what is no such line is ignored.
class config_from_string : public execution_context::service_maker {
 public:
  explicit config_from_string(std::string text);
  config_from_string(std::string text, std::string prefix);

  void make(execution_context& context) const override;

 private:
  std::string text_;
  std::string prefix_;
};

// The environment variables PREFIX_SECTION_KEY; without a prefix, SECTION_KEY.
class config_from_env : public execution_context::service_maker {
 public:
  // The prefix is "asio", as in programs that were written for it.
  config_from_env();
  explicit config_from_env(std::string prefix);

  void make(execution_context& context) const override;

 private:
  std::string prefix_;
};

// ---------------------------------------------------------------------------------------------

namespace internal {

// What the text says, in C's notation of integers; throws std::out_of_range if it is not between
// the two.
long long config_signed(const char* text, long long least, long long most);
unsigned long long config_unsigned(const char* text, unsigned long long most);

}  // namespace internal

template <std::integral T>
T config::get(const char* section, const char* key_name, T default_value) const {
  using limits = std::numeric_limits<T>;
  char room[std::numeric_limits<unsigned long long>::digits10 + 3];
  const char* const text = service_.get_value(section, key_name, room, sizeof(room));
  if (text == nullptr) {
    return default_value;
  }
  if constexpr (std::is_signed_v<T>) {
    return static_cast<T>(internal::config_signed(text, limits::min(), limits::max()));
  } else {
    return static_cast<T>(internal::config_unsigned(text, limits::max()));
  }
}

}  // namespace NET_NAMESPACE
