/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_rtnetlink: questions to the kernel about the interfaces of our own network namespace.
 */
#pragma once

#include <libmnl/libmnl.h>
#include <stdbool.h>

/* Sends @request, to which a header was put, and gives each message of the answer to @take. False
 * with errno: of a list that the kernel broke off, EINTR. */
bool host_rtnetlink_ask(struct nlmsghdr *request, mnl_cb_t take, void *data);

enum { HOST_RTNETLINK_REQUEST_BYTES = 1024 };
