/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netns_child: a child process in a network namespace of its own.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "util/util_fd.h"

enum { NETNS_CHILD_TEXT_BYTES = 64 };

typedef struct {
    pid_t pid;
    UtilFd wake;
    char text[NETNS_CHILD_TEXT_BYTES]; /* what the act wrote */
} NetnsChild;

typedef void (*NetnsChildAct)(const char *argument, char text[NETNS_CHILD_TEXT_BYTES]);

/* Runs @act(@argument) in a child, in a new network namespace whose loopback device is up. The
 * child then keeps what it has open until it is cleared. Skips the test where no namespace may be
 * made. */
NetnsChild netns_child_start(NetnsChildAct act, const char *argument);
void netns_child_clear(NetnsChild *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NetnsChild, netns_child_clear)
