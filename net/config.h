// SPDX-License-Identifier: BSL-1.0
//
// The namespace of the library. `net` unless the build says otherwise: the same sources compiled
// with NET_NAMESPACE=asio are a drop-in for standalone Asio, whose namespace user code reopens,
// which an alias would not allow.
#pragma once

#ifndef NET_NAMESPACE
#define NET_NAMESPACE net
#endif

// Whether the file sees what is only there for old programs; see net/legacy.h. Defined as late as
// here, it would be seen by some headers and not by others.
#ifdef NET_LEGACY
#define NET_HAS_LEGACY
#endif

// Its name as a string literal, for symbols that only an assembler sees.
#define NET_NAMESPACE_TEXT NET_NAMESPACE_TEXT_OF(NET_NAMESPACE)
#define NET_NAMESPACE_TEXT_OF(name) NET_NAMESPACE_TEXT_OF_(name)
#define NET_NAMESPACE_TEXT_OF_(name) #name
