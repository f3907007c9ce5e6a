// SPDX-License-Identifier: BSL-1.0
//
// What a session received and could not use yet: the beginning of a request whose end is still to
// come. Input that comes as whole requests is never copied.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace examples {

class pending_input {
 public:
  // Everything there is to use, `bytes` being the newest. Good until consume().
  std::string_view add(std::string_view bytes) {
    view_ = kept_.empty() ? bytes : std::string_view(kept_.append(bytes));
    return view_;
  }

  // The first `count` bytes of it were used; the others will be there again.
  void consume(std::size_t count) {
    if (count == view_.size()) {
      std::string().swap(kept_);
    } else if (kept_.empty()) {
      kept_ = view_.substr(count);
    } else {
      kept_.erase(0, count);
    }
    view_ = {};
  }

 private:
  std::string kept_;
  std::string_view view_;
};

}  // namespace examples
