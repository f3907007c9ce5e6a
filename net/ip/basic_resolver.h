// SPDX-License-Identifier: BSL-1.0
//
// Names to endpoints, and endpoints to names, by the C library's getaddrinfo() and getnameinfo().
//
//   net::ip::tcp::resolver resolver(context);
//   for (const auto& entry : resolver.resolve("localhost", "80")) { … entry.endpoint() … }
//   resolver.async_resolve("example.org", "https", [](std::error_code ec, auto results) { … });
//
// The C library blocks. Asynchronous look-ups, and those of a fiber, which parks, are made by
// threads of the context's own: one, unless "resolver.threads" of its configuration says how many.
// Look-ups wait for each other there. A plain thread asks by itself.
//
// cancel(), and the end of the resolver, end asynchronous look-ups that have no answer yet with
// error::operation_aborted, wherever the C library is by then; so does a cancellation slot, of any
// type. A look-up whose answer is there succeeds. Distinct resolvers may be used from any threads,
// one by one at a time. One that was moved from keeps its executor and can be used.
//
// Errors: error::host_not_found and its kin, error::service_not_found.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/initiation.h"
#include "net/config.h"
#include "net/error.h"
#include "net/execution/execution_context.h"
#include "net/fiber/wait.h"
#include "net/io_executor.h"
#include "net/ip/basic_resolver_iterator.h"
#include "net/ip/basic_resolver_query.h"
#include "net/ip/basic_resolver_results.h"
#include "net/ip/lookup.h"
#include "net/ip/lookup_pool.h"
#include "net/ip/resolve_operation.h"
#include "net/ip/resolver_base.h"
#include "net/ip/resolver_service.h"
#include "net/socket/fwd.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE::ip {

template <typename InternetProtocol, typename Executor>
class basic_resolver : public resolver_base {
  template <typename T>
  static constexpr bool is_resolve_token =
      completion_token_for<T, void(error_code, basic_resolver_results<InternetProtocol>)>;

 public:
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = basic_resolver<InternetProtocol, Other>;
  };
  using protocol_type = InternetProtocol;
  using endpoint_type = typename InternetProtocol::endpoint;
  using results_type = basic_resolver_results<InternetProtocol>;

  explicit basic_resolver(const executor_type& executor)
      : basic_resolver(NET_NAMESPACE::internal::io_executor<Executor>(executor)) {}
  template <NET_NAMESPACE::internal::io_context_for<Executor> Context>
  explicit basic_resolver(Context& context)
      : basic_resolver(executor_type(context.get_executor())) {}

  // What is under way goes along.
  basic_resolver(basic_resolver&& other)
      : io_(other.io_),
        service_(other.service_),
        owner_(std::exchange(other.owner_, other.service_->new_owner())) {}
  template <typename Other>
  requires std::is_convertible_v<Other, Executor> basic_resolver(
      basic_resolver<InternetProtocol, Other>&& other)
      : io_(other.io_),
        service_(other.service_),
        owner_(std::exchange(other.owner_, other.service_->new_owner())) {}
  basic_resolver& operator=(basic_resolver&& other) {
    if (this != &other) {
      take(other);
    }
    return *this;
  }
  template <typename Other>
  requires std::is_convertible_v<Other, Executor> basic_resolver& operator=(
      basic_resolver<InternetProtocol, Other>&& other) {
    take(other);
    return *this;
  }
  ~basic_resolver() { cancel(); }

  executor_type get_executor() const noexcept { return io_.get(); }

  void cancel() { service_->pool().cancel(owner_); }

  // The endpoints of a host and a service, each a name or a number, either may be empty; of the
  // family of `protocol` if that is given.
  results_type resolve(std::string_view host, std::string_view service) {
    return resolve(host, service, resolver_base::flags());
  }
  results_type resolve(std::string_view host, std::string_view service, error_code& ec) {
    return resolve(host, service, resolver_base::flags(), ec);
  }
  results_type resolve(std::string_view host, std::string_view service,
                       resolver_base::flags flags) {
    return NET_NAMESPACE::internal::or_throw(
        "resolve", [&](error_code& ec) { return resolve(host, service, flags, ec); });
  }
  results_type resolve(std::string_view host, std::string_view service, resolver_base::flags flags,
                       error_code& ec) {
    return answer_now(ask(name_query(std::string(host), std::string(service), flags)), ec);
  }
  results_type resolve(const protocol_type& protocol, std::string_view host,
                       std::string_view service) {
    return resolve(protocol, host, service, resolver_base::flags());
  }
  results_type resolve(const protocol_type& protocol, std::string_view host,
                       std::string_view service, error_code& ec) {
    return resolve(protocol, host, service, resolver_base::flags(), ec);
  }
  results_type resolve(const protocol_type& protocol, std::string_view host,
                       std::string_view service, resolver_base::flags flags) {
    return NET_NAMESPACE::internal::or_throw(
        "resolve", [&](error_code& ec) { return resolve(protocol, host, service, flags, ec); });
  }
  results_type resolve(const protocol_type& protocol, std::string_view host,
                       std::string_view service, resolver_base::flags flags, error_code& ec) {
    return answer_now(ask(name_query(protocol, std::string(host), std::string(service), flags)), ec);
  }

  // The names of an endpoint, in one entry.
  results_type resolve(const endpoint_type& endpoint) {
    return NET_NAMESPACE::internal::or_throw("resolve",
                                             [&](error_code& ec) { return resolve(endpoint, ec); });
  }
  results_type resolve(const endpoint_type& endpoint, error_code& ec) {
    return answer_now(ask(endpoint), ec, endpoint);
  }

  // handler(error_code, results)
  template <typename Token = default_completion_token_t<executor_type>>
  requires is_resolve_token<Token>
  decltype(auto) async_resolve(std::string_view host, std::string_view service,
                               Token&& token = default_completion_token_t<executor_type>()) {
    return async_resolve(host, service, resolver_base::flags(), std::forward<Token>(token));
  }
  template <typename Token = default_completion_token_t<executor_type>>
  requires is_resolve_token<Token>
  decltype(auto) async_resolve(std::string_view host, std::string_view service,
                               resolver_base::flags flags,
                               Token&& token = default_completion_token_t<executor_type>()) {
    return start<Token>(token, name_query(std::string(host), std::string(service), flags));
  }
  template <typename Token = default_completion_token_t<executor_type>>
  requires is_resolve_token<Token>
  decltype(auto) async_resolve(const protocol_type& protocol, std::string_view host,
                               std::string_view service,
                               Token&& token = default_completion_token_t<executor_type>()) {
    return async_resolve(protocol, host, service, resolver_base::flags(),
                         std::forward<Token>(token));
  }
  template <typename Token = default_completion_token_t<executor_type>>
  requires is_resolve_token<Token>
  decltype(auto) async_resolve(const protocol_type& protocol, std::string_view host,
                               std::string_view service, resolver_base::flags flags,
                               Token&& token = default_completion_token_t<executor_type>()) {
    return start<Token>(token, name_query(protocol, std::string(host), std::string(service), flags));
  }
  template <typename Token = default_completion_token_t<executor_type>>
  requires is_resolve_token<Token>
  decltype(auto) async_resolve(const endpoint_type& endpoint,
                               Token&& token = default_completion_token_t<executor_type>()) {
    return start<Token>(token, endpoint);
  }

#ifdef NET_LEGACY
#include "net/legacy/get_io_service.inc"
#include "net/legacy/resolver_members.inc"
#endif

 private:
  template <typename, typename>
  friend class basic_resolver;
  using name_query = basic_resolver_query<protocol_type>;

  explicit basic_resolver(const NET_NAMESPACE::internal::io_executor<Executor>& io)
      : io_(io),
        service_(&use_service<internal::resolver_service>(
            NET_NAMESPACE::internal::context_of(io_.get()))),
        owner_(service_->new_owner()) {}

  template <typename Other>
  void take(basic_resolver<InternetProtocol, Other>& other) {
    cancel();
    io_ = NET_NAMESPACE::internal::io_executor<Executor>(other.io_);
    service_ = other.service_;
    owner_ = std::exchange(other.owner_, other.service_->new_owner());
  }

  static std::shared_ptr<internal::name_lookup> ask(const name_query& what) {
    return std::make_shared<internal::name_lookup>(what.host_name(), what.service_name(),
                                                   what.hints());
  }
  static std::shared_ptr<internal::address_lookup> ask(const endpoint_type& what) {
    return std::make_shared<internal::address_lookup>(
        what.data(), static_cast<::socklen_t>(what.size()), what.protocol().type());
  }

  static results_type results_of(const internal::name_lookup& what) {
    return results_type::create(what.answer(), what.host(), what.service());
  }
  static results_type results_of(const internal::address_lookup& what,
                                 const endpoint_type& endpoint) {
    return results_type::create(endpoint, what.host(), what.service());
  }

  template <typename Lookup, typename... Endpoint>
  results_type answer_now(std::shared_ptr<Lookup> what, error_code& ec,
                          const Endpoint&... endpoint) {
    bool is_answered = false;
    if (!on_fiber()) {
      what->ask();
      is_answered = true;
    } else if constexpr (std::is_same_v<Lookup, internal::name_lookup>) {
      is_answered = what->ask_without_network();  // no need to wait for others then
    }
    if (is_answered) {
      ec = what->ec;
    } else {
      internal::await(service_->pool(), what, netpoll::never, ec);
    }
    return ec ? results_type() : results_of(*what, endpoint...);
  }

  template <typename Token, typename Question>
  decltype(auto) start(Token& token, const Question& question) {
    return async_initiate<Token, void(error_code, results_type)>(
        NET_NAMESPACE::internal::initiation(
            *this,
            [](basic_resolver& self, auto&& handler, const Question& what) {
              const auto finish = [endpoint = endpoint_of(what)](const auto& answered) {
                if constexpr (std::is_same_v<Question, name_query>) {
                  return results_of(answered);
                } else {
                  return results_of(answered, endpoint);
                }
              };
              internal::start_resolve(self.io_, self.service_->pool(), self.owner_, ask(what),
                                      finish, std::forward<decltype(handler)>(handler));
            }),
        token, question);
  }
  static endpoint_type endpoint_of(const endpoint_type& what) { return what; }
  static char endpoint_of(const name_query&) { return 0; }

  NET_NAMESPACE::internal::io_executor<Executor> io_;
  internal::resolver_service* service_;
  std::uint64_t owner_;
};

}  // namespace NET_NAMESPACE::ip
