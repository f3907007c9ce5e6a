// SPDX-License-Identifier: BSL-1.0
//
// The system's headers that Asio's bring with them, for programs that call the system beside it: a
// daemon its umask(), a sender of descriptors its sendmsg().
//
//   ::umask(0);    // after any header that has sockets or errors
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
