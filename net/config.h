// SPDX-License-Identifier: BSL-1.0
//
// The namespace of the library. `net` unless the build says otherwise: the same sources compiled
// with NET_NAMESPACE=asio are a drop-in for standalone Asio, whose namespace user code reopens,
// which an alias would not allow.
#pragma once

#ifndef NET_NAMESPACE
#define NET_NAMESPACE net
#endif
