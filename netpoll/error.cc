// SPDX-License-Identifier: BSL-1.0
#include "netpoll/error.h"

#include <string>

namespace netpoll {
namespace {

class netpoll_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "netpoll"; }

  std::string message(int code) const override {
    switch (static_cast<errc>(code)) {
      case errc::closed: return "use of closed network connection";
      case errc::deadline_exceeded: return "i/o timeout";
      case errc::end_of_file: return "end of file";
      case errc::no_deadline: return "file type does not support deadline";
    }
    return "unknown netpoll error";
  }

  std::error_condition default_error_condition(int code) const noexcept override {
    switch (static_cast<errc>(code)) {
      case errc::closed: return std::errc::bad_file_descriptor;
      case errc::deadline_exceeded: return std::errc::timed_out;
      case errc::no_deadline: return std::errc::operation_not_supported;
      case errc::end_of_file: break;
    }
    return {code, *this};
  }
};

}  // namespace

const std::error_category& category() noexcept {
  static const netpoll_category instance;
  return instance;
}

}  // namespace netpoll
