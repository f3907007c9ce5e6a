// SPDX-License-Identifier: BSL-1.0
//
// The simplest protocol: whatever comes goes back.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "examples/serve.h"

namespace examples {

class echo_session final : public session {
 public:
  progress receive(std::string_view bytes, std::string& answers) override {
    answers.append(bytes);
    return progress::need_input;
  }
};

inline std::unique_ptr<session> make_echo_session() { return std::make_unique<echo_session>(); }

}  // namespace examples
