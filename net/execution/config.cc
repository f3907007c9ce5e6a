// SPDX-License-Identifier: BSL-1.0
#include "net/execution/config.h"

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace NET_NAMESPACE {
namespace {

class hint_config final : public config_service {
 public:
  hint_config(execution_context& context, int hint) : config_service(context), hint_(hint) {}

  const char* get_value(const char* section, const char* key_name, char* value,
                        std::size_t value_length) const override {
    const std::string_view in(section);
    const std::string_view key(key_name);
    if (in == "scheduler" && key == "concurrency_hint") {
      const bool is_for_one = !internal::hint_locks(hint_, internal::lock_scheduler) ||
                              !internal::hint_locks(hint_, internal::lock_io);
      const int number = !internal::is_special_hint(hint_) ? hint_ : (is_for_one ? 1 : -1);
      const auto end = std::to_chars(value, value + value_length - 1, number).ptr;
      *end = '\0';
      return value;
    }
    if (in == "scheduler" && key == "locking") {
      return locks(internal::lock_scheduler);
    }
    if (in == "reactor" && key == "registration_locking") {
      return locks(internal::lock_registration);
    }
    if (in == "reactor" && key == "io_locking") {
      return locks(internal::lock_io);
    }
    return nullptr;
  }

 private:
  const char* locks(unsigned what) const noexcept {
    return internal::hint_locks(hint_, what) ? "1" : "0";
  }

  int hint_;
};

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

class string_config final : public config_service {
 public:
  string_config(execution_context& context, std::string_view text, std::string_view prefix)
      : config_service(context), prefix_(prefix.empty() ? "" : std::string(prefix) + '.') {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      add(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  const char* get_value(const char* section, const char* key_name, char* /*value*/,
                        std::size_t /*value_length*/) const override {
    const auto found = values_.find(prefix_ + section + '.' + key_name);
    return found != values_.end() ? found->second.c_str() : nullptr;
  }

 private:
  void add(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      return;
    }
    const std::string_view key = trim(line.substr(0, equals));
    const std::string_view value = trim(line.substr(equals + 1));
    if (!key.empty() && key.find_first_of(" \t") == std::string_view::npos && !value.empty()) {
      values_.emplace(key, value);  // the first of those with a key
    }
  }

  std::string prefix_;
  std::map<std::string, std::string> values_;
};

class environment_config final : public config_service {
 public:
  environment_config(execution_context& context, const std::string& prefix)
      : config_service(context), prefix_(prefix.empty() ? "" : prefix + '_') {}

  const char* get_value(const char* section, const char* key_name, char* /*value*/,
                        std::size_t /*value_length*/) const override {
    std::string name = prefix_ + section + '_' + key_name;
    for (char& each : name) {
      each = static_cast<char>(std::toupper(static_cast<unsigned char>(each)));
    }
    return std::getenv(name.c_str());
  }

 private:
  std::string prefix_;
};

[[noreturn]] void throw_out_of_range() {
  throw std::out_of_range("a value of the configuration is out of range");
}

}  // namespace

config_service::config_service(execution_context& context) : service_base(context) {}

void config_service::shutdown() {}

const char* config_service::get_value(const char* /*section*/, const char* /*key_name*/,
                                      char* /*value*/, std::size_t /*value_length*/) const {
  return nullptr;
}

void config_from_concurrency_hint::make(execution_context& context) const {
  make_service<hint_config>(context, hint_);
}

config_from_string::config_from_string(std::string text) : text_(std::move(text)) {}

config_from_string::config_from_string(std::string text, std::string prefix)
    : text_(std::move(text)), prefix_(std::move(prefix)) {}

void config_from_string::make(execution_context& context) const {
  make_service<string_config>(context, text_, prefix_);
}

config_from_env::config_from_env() : prefix_("asio") {}

config_from_env::config_from_env(std::string prefix) : prefix_(std::move(prefix)) {}

void config_from_env::make(execution_context& context) const {
  make_service<environment_config>(context, prefix_);
}

long long internal::config_signed(const char* text, long long least, long long most) {
  errno = 0;
  const long long value = std::strtoll(text, nullptr, 0);
  if (errno == ERANGE || value < least || value > most) {
    throw_out_of_range();
  }
  return value;
}

unsigned long long internal::config_unsigned(const char* text, unsigned long long most) {
  errno = 0;
  const unsigned long long value = std::strtoull(text, nullptr, 0);
  if (errno == ERANGE || value > most) {
    throw_out_of_range();
  }
  return value;
}

}  // namespace NET_NAMESPACE
