// SPDX-License-Identifier: BSL-1.0
//
// The macros that programs written for standalone Asio test or call: <asio/detail/config.hpp>,
// <asio/version.hpp>, and included by every header that goes by Asio's name.
//
// ASIO_VERSION is the version of Asio whose interface this is. ASIO_HAS_x is defined if what x names is
// there; what is always there on Linux in C++20 and nothing asks for has no macro. Nothing in net/ reads
// any of them, and so defining others before the first include (ASIO_NO_TS_EXECUTORS,
// ASIO_DISABLE_THREADS, ASIO_SEPARATE_COMPILATION...) changes nothing.
#pragma once

#include <cassert>
#include <memory>
#include <string_view>

#include "net/asio/names.h"
#include "net/config.h"
#include "net/error.h"

#define ASIO_VERSION 103802  // 1.38.2

// A build may define it too, as it must for Asio.
#ifndef ASIO_STANDALONE
#define ASIO_STANDALONE 1
#endif

// --- What there is --------------------------------------------------------------------------------

#define ASIO_HAS_BOOST_CONTEXT_FIBER 1  // spawn(), which needs no Boost here
#define ASIO_HAS_EPOLL 1
#define ASIO_HAS_EVENTFD 1
#define ASIO_HAS_GETADDRINFO 1
#define ASIO_HAS_LOCAL_SOCKETS 1
#define ASIO_HAS_MSG_NOSIGNAL 1
#define ASIO_HAS_PIPE 1
#define ASIO_HAS_POSIX_STREAM_DESCRIPTOR 1
#define ASIO_HAS_PTHREADS 1
#define ASIO_HAS_SERIAL_PORT 1
#define ASIO_HAS_SIGACTION 1
#define ASIO_HAS_SIGNAL 1
#define ASIO_HAS_THREADS 1

// A user-defined property is recognised by how it is written; no trait need be specialised for it.
#define ASIO_HAS_DEDUCED_EQUALITY_COMPARABLE_TRAIT 1
#define ASIO_HAS_DEDUCED_EXECUTE_MEMBER_TRAIT 1
#define ASIO_HAS_DEDUCED_EXECUTION_IS_EXECUTOR_TRAIT 1
#define ASIO_HAS_DEDUCED_PREFER_FREE_TRAIT 1
#define ASIO_HAS_DEDUCED_PREFER_MEMBER_TRAIT 1
#define ASIO_HAS_DEDUCED_QUERY_FREE_TRAIT 1
#define ASIO_HAS_DEDUCED_QUERY_MEMBER_TRAIT 1
#define ASIO_HAS_DEDUCED_QUERY_STATIC_CONSTEXPR_MEMBER_TRAIT 1
#define ASIO_HAS_DEDUCED_REQUIRE_CONCEPT_FREE_TRAIT 1
#define ASIO_HAS_DEDUCED_REQUIRE_CONCEPT_MEMBER_TRAIT 1
#define ASIO_HAS_DEDUCED_REQUIRE_FREE_TRAIT 1
#define ASIO_HAS_DEDUCED_REQUIRE_MEMBER_TRAIT 1
#define ASIO_HAS_DEDUCED_STATIC_QUERY_TRAIT 1
#define ASIO_HAS_DEDUCED_STATIC_REQUIRE_CONCEPT_TRAIT 1
#define ASIO_HAS_DEDUCED_STATIC_REQUIRE_TRAIT 1

// Of the language and its library: all of C++20.
#define ASIO_HAS_ALIAS_TEMPLATES 1
#define ASIO_HAS_ALIGNOF 1
#define ASIO_HAS_CHRONO 1
#define ASIO_HAS_CONCEPTS 1
#define ASIO_HAS_CONSTEXPR 1
#define ASIO_HAS_CSTDINT 1
#define ASIO_HAS_CXX11_ALLOCATORS 1
#define ASIO_HAS_DECLTYPE 1
#define ASIO_HAS_DEFAULT_FUNCTION_TEMPLATE_ARGUMENTS 1
#define ASIO_HAS_ENUM_CLASS 1
#define ASIO_HAS_INLINE_VARIABLES 1
#define ASIO_HAS_MOVE 1
#define ASIO_HAS_NOEXCEPT 1
#define ASIO_HAS_NOEXCEPT_FUNCTION_TYPE 1
#define ASIO_HAS_NULLPTR 1
#define ASIO_HAS_REF_QUALIFIED_FUNCTIONS 1
#define ASIO_HAS_RETURN_TYPE_DEDUCTION 1
#define ASIO_HAS_SFINAE_VARIABLE_TEMPLATES 1
#define ASIO_HAS_STD_ADDRESSOF 1
#define ASIO_HAS_STD_ALIGN 1
#define ASIO_HAS_STD_ALIGNED_ALLOC 1
#define ASIO_HAS_STD_ALLOCATOR_ARG 1
#define ASIO_HAS_STD_ANY 1
#define ASIO_HAS_STD_ARRAY 1
#define ASIO_HAS_STD_ATOMIC 1
#define ASIO_HAS_STD_CALL_ONCE 1
#define ASIO_HAS_STD_CHRONO 1
#define ASIO_HAS_STD_CONCEPTS 1
#define ASIO_HAS_STD_COROUTINE 1
#define ASIO_HAS_STD_EXCEPTION_PTR 1
#define ASIO_HAS_STD_FUNCTION 1
#define ASIO_HAS_STD_FUTURE 1
#define ASIO_HAS_STD_FUTURE_CLASS 1
#define ASIO_HAS_STD_HASH 1
#define ASIO_HAS_STD_INDEX_SEQUENCE 1
#define ASIO_HAS_STD_INVOKE_RESULT 1
#define ASIO_HAS_STD_IOSTREAM_MOVE 1
#define ASIO_HAS_STD_MUTEX_AND_CONDVAR 1
#define ASIO_HAS_STD_NESTED_EXCEPTION 1
#define ASIO_HAS_STD_REFERENCE_WRAPPER 1
#define ASIO_HAS_STD_SHARED_PTR 1
#define ASIO_HAS_STD_STRING_VIEW 1
#define ASIO_HAS_STD_SYSTEM_ERROR 1
#define ASIO_HAS_STD_THREAD 1
#define ASIO_HAS_STD_TUPLE 1
#define ASIO_HAS_STD_TYPE_TRAITS 1
#define ASIO_HAS_STD_VARIANT 1
#define ASIO_HAS_STRING_VIEW 1
#define ASIO_HAS_USER_DEFINED_LITERALS 1
#define ASIO_HAS_VARIABLE_TEMPLATES 1
#define ASIO_HAS_VARIADIC_TEMPLATES 1

// --- Hints for io_context and thread_pool ---------------------------------------------------------

#define ASIO_CONCURRENCY_HINT_DEFAULT -1
#define ASIO_CONCURRENCY_HINT_1 1
#define ASIO_CONCURRENCY_HINT_UNSAFE static_cast<int>(0xA5100000u)
#define ASIO_CONCURRENCY_HINT_UNSAFE_IO static_cast<int>(0xA5100003u)
#define ASIO_CONCURRENCY_HINT_SAFE static_cast<int>(0xA5100007u)

// --- For writing asynchronous operations ----------------------------------------------------------

#define ASIO_COMPLETION_HANDLER_FOR(s) ::NET_NAMESPACE::completion_handler_for<s>
#define ASIO_COMPLETION_HANDLER_FOR2(s0, s1) ::NET_NAMESPACE::completion_handler_for<s0, s1>
#define ASIO_COMPLETION_HANDLER_FOR3(s0, s1, s2) ::NET_NAMESPACE::completion_handler_for<s0, s1, s2>
#define ASIO_COMPLETION_TOKEN_FOR(s) ::NET_NAMESPACE::completion_token_for<s>
#define ASIO_COMPLETION_TOKEN_FOR2(s0, s1) ::NET_NAMESPACE::completion_token_for<s0, s1>
#define ASIO_COMPLETION_TOKEN_FOR3(s0, s1, s2) ::NET_NAMESPACE::completion_token_for<s0, s1, s2>
#define ASIO_COMPLETION_SIGNATURE ::NET_NAMESPACE::completion_signature
#define ASIO_DISPOSITION ::NET_NAMESPACE::disposition
#define ASIO_EXECUTION_EXECUTOR ::NET_NAMESPACE::execution::executor
#define ASIO_ASYNC_OPERATION ::NET_NAMESPACE::async_operation
#define ASIO_ASYNC_OPERATION1(a0) ::NET_NAMESPACE::async_operation<a0>
#define ASIO_ASYNC_OPERATION2(a0, a1) ::NET_NAMESPACE::async_operation<a0, a1>
#define ASIO_ASYNC_OPERATION3(a0, a1, a2) ::NET_NAMESPACE::async_operation<a0, a1, a2>

#define ASIO_DEFAULT_COMPLETION_TOKEN_TYPE(e) \
  = typename ::NET_NAMESPACE::default_completion_token<e>::type
#define ASIO_DEFAULT_COMPLETION_TOKEN(e) \
  = typename ::NET_NAMESPACE::default_completion_token<e>::type()

#define ASIO_INITFN_RESULT_TYPE(t, s) \
  typename ::NET_NAMESPACE::async_result<typename ::std::decay<t>::type, s>::return_type
#define ASIO_INITFN_RESULT_TYPE2(t, s0, s1) \
  typename ::NET_NAMESPACE::async_result<typename ::std::decay<t>::type, s0, s1>::return_type
#define ASIO_INITFN_RESULT_TYPE3(t, s0, s1, s2) \
  typename ::NET_NAMESPACE::async_result<typename ::std::decay<t>::type, s0, s1, s2>::return_type
#define ASIO_HANDLER_TYPE(t, s) \
  typename ::NET_NAMESPACE::async_result<typename ::std::decay<t>::type, s>::completion_handler_type
#define ASIO_INITFN_AUTO_RESULT_TYPE(t, s) auto
#define ASIO_INITFN_AUTO_RESULT_TYPE2(t, s0, s1) auto
#define ASIO_INITFN_AUTO_RESULT_TYPE3(t, s0, s1, s2) auto
#define ASIO_INITFN_AUTO_RESULT_TYPE_PREFIX(t, s) auto
#define ASIO_INITFN_AUTO_RESULT_TYPE_PREFIX2(t, s0, s1) auto
#define ASIO_INITFN_AUTO_RESULT_TYPE_PREFIX3(t, s0, s1, s2) auto
#define ASIO_INITFN_AUTO_RESULT_TYPE_SUFFIX(expression)
#define ASIO_INITFN_DEDUCED_RESULT_TYPE(t, s, expression) decltype expression
#define ASIO_INITFN_DEDUCED_RESULT_TYPE2(t, s0, s1, expression) decltype expression
#define ASIO_INITFN_DEDUCED_RESULT_TYPE3(t, s0, s1, s2, expression) decltype expression

#define ASIO_SYNC_OP_VOID ::NET_NAMESPACE::error_code
#define ASIO_SYNC_OP_VOID_RETURN(ec) return ec

// For net/async/coroutine.h.
#define ASIO_CORO_REENTER(c) NET_CORO_REENTER(c)
#define ASIO_CORO_YIELD NET_CORO_YIELD
#define ASIO_CORO_FORK NET_CORO_FORK

// --- Spelling, from the time of many compilers ----------------------------------------------------

#define ASIO_INLINE_NAMESPACE_BEGIN
#define ASIO_INLINE_NAMESPACE_END
#define ASIO_DECL inline
#define ASIO_NODISCARD [[nodiscard]]
#define ASIO_NOEXCEPT noexcept(true)
#define ASIO_NOEXCEPT_IF(condition) noexcept(condition)
#define ASIO_NOEXCEPT_OR_NOTHROW noexcept(true)
#define ASIO_CONCEPT concept
#define ASIO_CONSTEXPR constexpr
#define ASIO_DELETED = delete
#define ASIO_DEPRECATED_MSG(message) [[deprecated(message)]]
#define ASIO_INLINE_VARIABLE inline
#define ASIO_THREAD_KEYWORD thread_local
#define ASIO_UNUSED_TYPEDEF [[maybe_unused]]
#define ASIO_UNUSED_VARIABLE [[maybe_unused]]
#define ASIO_MOVE_ARG(type) type&&
#define ASIO_MOVE_CAST(type) static_cast<type&&>
#define ASIO_STATIC_CONSTANT(type, assignment) static constexpr type assignment
#define ASIO_STATIC_CONSTEXPR(type, assignment) static constexpr type assignment
#define ASIO_STRING_VIEW_PARAM ::std::string_view
#define ASIO_UNSPECIFIED(expression) expression
#define ASIO_ASSERT(expression) assert(expression)
#define ASIO_REBIND_ALLOC(allocator, type) \
  typename ::std::allocator_traits<allocator>::template rebind_alloc<type>
#define ASIO_OS_DEF(name) name

// Nothing is tracked: netpoll's own dump shows what is pending.
#define ASIO_HANDLER_LOCATION(location) (void)0
#define ASIO_INHERIT_TRACKED_HANDLER
#define ASIO_ALSO_INHERIT_TRACKED_HANDLER
#define ASIO_HANDLER_TRACKING_INIT (void)0
#define ASIO_HANDLER_CREATION(arguments) (void)0
#define ASIO_HANDLER_COMPLETION(arguments) (void)0
#define ASIO_HANDLER_INVOCATION_BEGIN(arguments) (void)0
#define ASIO_HANDLER_INVOCATION_END (void)0
#define ASIO_HANDLER_OPERATION(arguments) (void)0
