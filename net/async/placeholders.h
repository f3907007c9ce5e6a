// SPDX-License-Identifier: BSL-1.0
//
// Names for the arguments of completion handlers that are made by std::bind.
//
//   socket.async_read_some(buffer, std::bind(&session::on_read, this, net::placeholders::error,
//                                            net::placeholders::bytes_transferred));
#pragma once

#include <functional>
#include <type_traits>

#include "net/config.h"

namespace NET_NAMESPACE::placeholders {

inline constexpr std::remove_cvref_t<decltype(std::placeholders::_1)> error{};
inline constexpr std::remove_cvref_t<decltype(std::placeholders::_2)> bytes_transferred{};
inline constexpr std::remove_cvref_t<decltype(std::placeholders::_2)> iterator{};
inline constexpr std::remove_cvref_t<decltype(std::placeholders::_2)> results{};
inline constexpr std::remove_cvref_t<decltype(std::placeholders::_2)> endpoint{};
inline constexpr std::remove_cvref_t<decltype(std::placeholders::_2)> signal_number{};

}  // namespace NET_NAMESPACE::placeholders
