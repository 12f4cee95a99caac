/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_occupant: which process is in the way where the service wants to listen.
 */
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

/* Process @pid for people: "domstatsd (pid 7)"; "another process" if it cannot be seen. The caller
 * frees. */
char *daemon_occupant_name(pid_t pid);

/* The process that listens where a connection to the TCP address @socket leads, likewise. */
char *daemon_occupant_of_tcp(const struct sockaddr *socket);
