// SPDX-License-Identifier: BSL-1.0
//
// What tokens that wrap another token are made of. Their async_result starts the operation with the
// inner token, and puts the wrapper around the handler that comes of it by adapting the initiation.
// What is associated with the initiation, above all its executor, is that of the adapted one too.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

// A class is derived from, so that its types and members stay visible; a function is held.
template <typename Initiation>
class initiation_base : public Initiation {
 public:
  explicit initiation_base(const Initiation& initiation) : Initiation(initiation) {}
  explicit initiation_base(Initiation&& initiation) : Initiation(std::move(initiation)) {}

  const Initiation& initiation() const& noexcept { return *this; }
  Initiation&& initiation() && noexcept { return static_cast<Initiation&&>(*this); }
};
template <typename Initiation>
requires(!std::is_class_v<Initiation> ||
         std::is_final_v<Initiation>) class initiation_base<Initiation> {
 public:
  explicit initiation_base(const Initiation& initiation) : initiation_(initiation) {}
  explicit initiation_base(Initiation&& initiation) : initiation_(std::move(initiation)) {}

  const Initiation& initiation() const& noexcept { return initiation_; }
  Initiation&& initiation() && noexcept { return std::move(initiation_); }

 private:
  Initiation initiation_;
};

// `adapt(handler)` returns the handler that the initiation is called with. As an lvalue this can be
// called again, if both parts can.
template <typename Initiation, typename Adapt>
class adapted_initiation : public initiation_base<Initiation> {
 public:
  template <typename I, typename A>
  adapted_initiation(I&& initiation, A&& adapt)
      : initiation_base<Initiation>(std::forward<I>(initiation)), adapt_(std::forward<A>(adapt)) {}

  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args&&... args) && {
    std::move(*this).initiation()(std::move(adapt_)(std::forward<Handler>(handler)),
                                  std::forward<Args>(args)...);
  }
  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args&&... args) const& {
    this->initiation()(adapt_(std::forward<Handler>(handler)), std::forward<Args>(args)...);
  }

 private:
  [[no_unique_address]] Adapt adapt_;
};

// A part of a token that was given as `Token`: what is not used any more is moved out of. So is a
// part that cannot be copied.
template <typename Token, typename Part>
using part_of_token = std::conditional_t<
    std::is_const_v<std::remove_reference_t<Token>>, const Part&,
    std::conditional_t<std::is_lvalue_reference_v<Token> && std::is_copy_constructible_v<Part>,
                       Part&, Part>>;

// For those who ask an async_result by its nested type.
template <typename Target>
struct inherited_return_type {};
template <typename Target>
requires requires { typename Target::return_type; }
struct inherited_return_type<Target> {
  using return_type = typename Target::return_type;
};

// Starts an operation with the token inside.
template <typename InnerToken, typename... Signatures, typename Initiation, typename Adapt,
          typename... Args>
auto initiate_adapted(Initiation&& initiation, Adapt&& adapt,
                      std::remove_reference_t<InnerToken>& token, Args&&... args)
    -> decltype(async_initiate<InnerToken, Signatures...>(
        std::declval<adapted_initiation<std::decay_t<Initiation>, std::decay_t<Adapt>>>(), token,
        std::forward<Args>(args)...)) {
  return async_initiate<InnerToken, Signatures...>(
      adapted_initiation<std::decay_t<Initiation>, std::decay_t<Adapt>>(
          std::forward<Initiation>(initiation), std::forward<Adapt>(adapt)),
      token, std::forward<Args>(args)...);
}

// Makes a HandlerTemplate<H> of a handler of type H.
template <template <typename> class HandlerTemplate>
struct wrap_handler {
  template <typename Handler>
  auto operator()(Handler&& handler) const {
    return HandlerTemplate<std::decay_t<Handler>>(std::forward<Handler>(handler));
  }
};

// The async_result of a token that does no more than that. `InnerSignatures` are those of the token
// inside.
template <template <typename> class HandlerTemplate, typename CompletionToken,
          typename... InnerSignatures>
class wrapping_token_result
    : public inherited_return_type<async_result<CompletionToken, InnerSignatures...>> {
 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(initiate_adapted<part_of_token<RawToken, CompletionToken>, InnerSignatures...>(
          std::forward<Initiation>(initiation), wrap_handler<HandlerTemplate>(), token.token_,
          std::forward<Args>(args)...)) {
    return initiate_adapted<part_of_token<RawToken, CompletionToken>, InnerSignatures...>(
        std::forward<Initiation>(initiation), wrap_handler<HandlerTemplate>(), token.token_,
        std::forward<Args>(args)...);
  }
};

}  // namespace NET_NAMESPACE::internal
