// SPDX-License-Identifier: BSL-1.0
//
// Names for clang's thread safety attributes: which mutex protects a field, which lock a function
// needs. They cost nothing and mean nothing to other compilers. std::mutex carries no attributes in
// libstdc++, so here they are checked documentation for the reader and for clang's -Wthread-safety
// when it is asked for with an annotated mutex.
#pragma once

#if defined(__clang__)
#define NETPOLL_GUARDED_BY(mutex) __attribute__((guarded_by(mutex)))
#else
#define NETPOLL_GUARDED_BY(mutex)
#endif
