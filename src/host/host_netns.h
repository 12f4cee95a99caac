/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_netns: calls a function, or makes a socket, in another network namespace of this host.
 *
 * Entering a namespace changes the thread that does it, so each visit has a thread of its own that
 * ends with it; the threads of the application stay where they are. Needs CAP_SYS_ADMIN there.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Runs @visit(@data) on a thread that has entered the network namespace of @namespace_fd, and waits
 * for it. False with errno if that was not possible: then @visit was not called. */
bool host_netns_visit(int namespace_fd, void (*visit)(void *data), void *data);

/* A descriptor of the network namespace of @pid; -1 with errno. The caller closes it. */
int host_netns_open(pid_t pid);

/* A socket, as socket() makes it, in the network namespace of @namespace_fd, or if that is -1 in
 * ours; -1 with errno. The caller closes it. */
int host_netns_socket_in(int namespace_fd, int domain, int type, int protocol);

/* The same in that of process @pid; 0: in ours. */
int host_netns_socket(pid_t pid, int domain, int type, int protocol);
