/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_rtnetlink: questions to the kernel about the interfaces of our own network namespace.
 */
#pragma once

#include <libmnl/libmnl.h>
#include <stdbool.h>

#include "host_root.h"

/* Sends @request, to which a header was put, and gives each message of the answer to @take. False
 * with errno: of a list that the kernel broke off, EINTR. */
bool host_rtnetlink_ask(struct nlmsghdr *request, mnl_cb_t take, void *data);

enum { HOST_RTNETLINK_REQUEST_BYTES = 1024 };

/* Asks, and gives the answer as a recording keeps it; NULL with errno. */
typedef char *(*HostRtnetlinkAsk)(const void *data);

/* What @ask gives, which a recording that is made of @root keeps at @note_path; in a recording the
 * text that is kept there. NULL with errno. The caller frees. */
char *host_rtnetlink_read(HostRoot *root, const char *note_path, HostRtnetlinkAsk ask,
                          const void *data);
