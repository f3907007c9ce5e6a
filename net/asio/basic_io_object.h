// SPDX-License-Identifier: BSL-1.0
//
// <asio/basic_io_object.hpp>: base of a class whose objects have their state in an `implementation_type`
// and their functions in a service of the io_context. Deprecated in Asio, which has no other way for it.
//
// The service says what happens to a state: construct(state) and destroy(state), and if its objects can
// be moved also move_construct(to, from) and move_assign(to, other_service, from), and for objects of
// another service converting_move_construct(to, other_service, from). An object's state is destroyed
// with it, so it must not outlive its io_context.
//
//   class logger : public asio::basic_io_object<logger_service> {
//    public:
//     explicit logger(asio::io_context& context) : basic_io_object(context) {}
//     void log(const std::string& line) { get_service().log(get_implementation(), line); }
//   };
#pragma once

#include "net/config.h"
#include "net/io_context.h"

namespace NET_NAMESPACE {

namespace internal {

template <typename Service>
concept moves_implementations = requires(Service& service,
                                         typename Service::implementation_type& state) {
  service.move_construct(state, state);
};

}  // namespace internal

template <typename IoObjectService, bool Movable = internal::moves_implementations<IoObjectService>>
class [[deprecated("without a replacement")]] basic_io_object {
 public:
  using service_type = IoObjectService;
  using implementation_type = typename service_type::implementation_type;
  using executor_type = io_context::executor_type;

  io_context& get_io_context() { return service_->get_io_context(); }
  io_context& get_io_service() { return service_->get_io_context(); }
  executor_type get_executor() noexcept { return get_io_context().get_executor(); }

  basic_io_object(const basic_io_object&) = delete;
  basic_io_object& operator=(const basic_io_object&) = delete;

 protected:
  explicit basic_io_object(io_context & context) : service_(&use_service<service_type>(context)) {
    service_->construct(implementation_);
  }
  basic_io_object(basic_io_object && other) requires Movable : service_(other.service_) {
    service_->move_construct(implementation_, other.implementation_);
  }
  // From what another service keeps, in the same io_context.
  template <typename OtherService>
  requires Movable basic_io_object(OtherService & other_service,
                                   typename OtherService::implementation_type & other)
      : service_(&use_service<service_type>(other_service.get_io_context())) {
    service_->converting_move_construct(implementation_, other_service, other);
  }
  basic_io_object& operator=(basic_io_object&& other) requires Movable {
    service_->move_assign(implementation_, *other.service_, other.implementation_);
    service_ = other.service_;
    return *this;
  }
  // Protected: nobody deletes an object by this.
  ~basic_io_object() { service_->destroy(implementation_); }

  service_type& get_service() { return *service_; }
  const service_type& get_service() const { return *service_; }
  implementation_type& get_implementation() { return implementation_; }
  const implementation_type& get_implementation() const { return implementation_; }

 private:
  service_type* service_;
  implementation_type implementation_;
};

}  // namespace NET_NAMESPACE
