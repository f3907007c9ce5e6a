// SPDX-License-Identifier: BSL-1.0
#include "netpoll/describe.h"

#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "netpoll/base/syscall.h"
#include "netpoll/waiter.h"

namespace netpoll {
namespace {

constexpr nanotime microsecond = 1'000;
constexpr nanotime millisecond = 1'000'000;
constexpr nanotime second = 1'000'000'000;
constexpr nanotime minute = 60 * second;
constexpr nanotime hour = 60 * minute;
constexpr nanotime day = 24 * hour;

struct unit {
  nanotime length;
  std::string_view name;
};
constexpr unit units[] = {{day, " d"},    {hour, " h"},         {minute, " min"},
                          {second, " s"}, {millisecond, " ms"}, {microsecond, " us"},
                          {1, " ns"}};

// What a socket of that family and type is called.
std::string_view name_of_socket(int family, int type, int protocol) noexcept {
  const bool is_internet = family == AF_INET || family == AF_INET6;
  if (is_internet && type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP)) {
    return "tcp";
  }
  if (is_internet && type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP)) {
    return "udp";
  }
  if (is_internet) {
    return "ip";
  }
  return family == AF_UNIX ? "unix" : "socket";
}

std::string_view name_of_mode(::mode_t mode) noexcept {
  switch (mode & S_IFMT) {
    case S_IFIFO: return "pipe";
    case S_IFREG: return "file";
    case S_IFCHR: return "character device";
    case S_IFBLK: return "block device";
    case S_IFDIR: return "directory";
    default: return "descriptor";  // an eventfd, a timerfd and their kin
  }
}

int socket_option(int number, int name) noexcept {
  int value = 0;
  ::socklen_t size = sizeof(value);
  return sys::get_option(number, SOL_SOCKET, name, &value, &size).ok() ? value : 0;
}

}  // namespace

text_writer& text_writer::operator<<(std::string_view text) noexcept {
  const std::size_t fitting = std::min(text.size(), capacity_ - size_);
  std::memcpy(memory_ + size_, text.data(), fitting);
  size_ += fitting;
  if (fitting < text.size()) {
    is_cut_ = true;
    constexpr std::string_view mark = "...";
    const std::size_t marked = std::min(mark.size(), capacity_);
    std::memcpy(memory_ + capacity_ - marked, mark.data(), marked);
  }
  return *this;
}

text_writer& text_writer::append_number(std::uint64_t number, unsigned base) noexcept {
  char digits[20];  // 2^64 in tens
  char* first = digits + sizeof(digits);
  do {
    *--first = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  return *this << std::string_view(first,
                                   static_cast<std::size_t>(digits + sizeof(digits) - first));
}

text_writer& text_writer::operator<<(in_hex number) noexcept {
  return (*this << "0x").append_number(number.number, 16);
}

text_writer& text_writer::operator<<(duration_text duration) noexcept {
  std::uint64_t left = static_cast<std::uint64_t>(duration.duration);
  if (duration.duration < 0) {
    *this << "-";
    left = std::uint64_t{0} - left;
  }
  for (const unit& each : units) {
    const auto length = static_cast<std::uint64_t>(each.length);
    if (left < length) {
      continue;
    }
    *this << left / length;
    // Of a small number the first place after the point matters, where there are tenths.
    if (left < 10 * length && length != 1) {
      *this << "." << left % length * 10 / length;
    }
    return *this << each.name;
  }
  return *this << "0 ns";
}

text_writer& text_writer::operator<<(in_time when) noexcept {
  if (when.from_now >= 0) {
    return *this << " in " << duration_text{when.from_now};
  }
  // The smallest number has no opposite.
  const nanotime ago =
      when.from_now == std::numeric_limits<nanotime>::min() ? never : -when.from_now;
  return *this << " passed " << duration_text{ago} << " ago";
}

// As RFC 5952 has it: the longest run of zeros, of two groups at least, is left out.
void text_writer::append_ipv6(const unsigned char (&bytes)[16]) noexcept {
  unsigned groups[8];
  for (int i = 0; i != 8; ++i) {
    groups[i] = static_cast<unsigned>(bytes[2 * i]) << 8 | bytes[2 * i + 1];
  }
  int gap = 8;
  int gap_length = 1;
  for (int i = 0; i != 8; ++i) {
    int length = 0;
    while (i + length != 8 && groups[i + length] == 0) {
      ++length;
    }
    if (length > gap_length) {
      gap = i;
      gap_length = length;
    }
  }
  for (int i = 0; i < 8; ++i) {
    if (i == gap) {
      *this << "::";
      i += gap_length - 1;
      continue;
    }
    if (i != 0 && i != gap + gap_length) {
      *this << ":";
    }
    append_number(groups[i], 16);
  }
}

text_writer& text_writer::operator<<(const socket_address& address) noexcept {
  // Copied: the memory of a sockaddr_storage holds no object of the types below.
  if (address.storage.ss_family == AF_INET && address.size >= sizeof(::sockaddr_in)) {
    ::sockaddr_in v4;
    std::memcpy(&v4, &address.storage, sizeof(v4));
    unsigned char bytes[4];
    std::memcpy(bytes, &v4.sin_addr, sizeof(bytes));
    return *this << unsigned{bytes[0]} << "." << unsigned{bytes[1]} << "." << unsigned{bytes[2]}
                 << "." << unsigned{bytes[3]} << ":" << ntohs(v4.sin_port);
  }
  if (address.storage.ss_family == AF_INET6 && address.size >= sizeof(::sockaddr_in6)) {
    ::sockaddr_in6 v6;
    std::memcpy(&v6, &address.storage, sizeof(v6));
    *this << "[";
    append_ipv6(v6.sin6_addr.s6_addr);
    if (v6.sin6_scope_id != 0) {
      *this << "%" << v6.sin6_scope_id;
    }
    return *this << "]:" << ntohs(v6.sin6_port);
  }
  if (address.storage.ss_family == AF_UNIX) {
    ::sockaddr_un local{};
    std::memcpy(&local, &address.storage, std::min<std::size_t>(address.size, sizeof(local)));
    constexpr std::size_t start = offsetof(::sockaddr_un, sun_path);
    const std::size_t length = std::min<std::size_t>(address.size, sizeof(local)) -
                               std::min<std::size_t>(address.size, start);
    if (length == 0) {
      return *this;
    }
    if (local.sun_path[0] == '\0') {
      return *this << "@" << std::string_view(local.sun_path + 1, length - 1);
    }
    return *this << std::string_view(local.sun_path, ::strnlen(local.sun_path, length));
  }
  return *this;
}

void describe_descriptor(text_writer& into, int number,
                         const socket_address* future_peer) noexcept {
  if (number < 0) {
    into << "a closed descriptor";
    return;
  }
  ::sockaddr_storage ours{};
  ::socklen_t ours_size = sizeof(ours);
  if (!sys::get_socket_name(number, reinterpret_cast<::sockaddr*>(&ours), &ours_size).ok()) {
    const sys::result mode = sys::file_mode(number);
    into << (mode.ok() ? name_of_mode(static_cast<::mode_t>(mode.value)) : "descriptor") << " (fd "
         << number << ")";
    return;
  }
  into << name_of_socket(ours.ss_family, socket_option(number, SO_TYPE),
                         socket_option(number, SO_PROTOCOL));
  ::sockaddr_storage peer{};
  ::socklen_t peer_size = sizeof(peer);
  const bool has_peer =
      sys::get_peer_name(number, reinterpret_cast<::sockaddr*>(&peer), &peer_size).ok();
  const std::size_t before = into.view().size();
  into << " " << socket_address(ours, ours_size);
  if (has_peer && (ours.ss_family != AF_UNIX || peer_size > sizeof(::sa_family_t))) {
    into << "->" << socket_address(peer, peer_size);
  } else if (!has_peer && future_peer != nullptr) {
    into << "->" << *future_peer;
  }
  if (into.view().size() == before + 1) {
    into << "(fd " << number << ")";  // no name says which it is
  }
}

void waiter::describe(description& into) const noexcept { into << "something"; }

}  // namespace netpoll
