/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_lines: the connections of a pool, each for one request at a time.
 *
 * Opens none and asks nothing over them: libvirt_pool does so, under whose lock all of these
 * functions are called but close(). What is closed is closed on another thread.
 */
#pragma once

#include <glib.h>

#include "libvirt_connection.h"

/* One connection. */
typedef struct {
    LibvirtConnection *connection; /* owned */
    int64_t opened_us;             /* monotonic */
    bool is_busy;                  /* a request is under way on it */
    bool is_leaving;               /* no further request goes to it, and then it is closed */
} LibvirtPoolLine;

/* Of LibvirtPoolLine *. */
GPtrArray *libvirt_pool_lines_new(void);
void libvirt_pool_lines_add(GPtrArray *self, LibvirtConnection *take_connection, int64_t now_us);

/* How many there are that requests may go to, now or later. */
unsigned int libvirt_pool_lines_n_usable(const GPtrArray *self);

/* One that is not busy and was opened after @since_us; NULL: there is none. */
LibvirtPoolLine *libvirt_pool_lines_find(const GPtrArray *self, int64_t since_us);

/* Lets those go that are not busy; all others too, once they are not, if @with_busy. */
void libvirt_pool_lines_leave(GPtrArray *self, bool with_busy);

/* Removes those that are leaving and not busy. The caller, which gets them (NULL: there is none),
 * closes them. */
GPtrArray *libvirt_pool_lines_take_leaving(GPtrArray *self);

/* Closes one, which asks libvirt. */
void libvirt_pool_lines_close(LibvirtPoolLine *take_line);

/* Closes @take_lines, and frees the array, on a thread of its own, and then calls @done(@data)
 * there. False, and the lines are still the caller's, if the system gives no thread. */
bool libvirt_pool_lines_close_beside(GPtrArray *take_lines, void (*done)(void *data), void *data);
