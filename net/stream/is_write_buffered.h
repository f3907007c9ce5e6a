// SPDX-License-Identifier: BSL-1.0
//
// Whether a stream has memory of its own for what is written.
//
//   static_assert(net::is_write_buffered<net::buffered_stream<net::ip::tcp::socket>>::value);
#pragma once

#include <type_traits>

#include "net/config.h"
#include "net/stream/buffered_stream_fwd.h"
#include "net/stream/buffered_write_stream_fwd.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename Stream>
void must_be_write_buffered(const buffered_stream<Stream>*);
template <typename Stream>
void must_be_write_buffered(const buffered_write_stream<Stream>*);

}  // namespace internal

template <typename Stream>
    struct is_write_buffered : std::bool_constant < requires(Stream* stream) {
  internal::must_be_write_buffered(stream);
} > {};

}  // namespace NET_NAMESPACE
