/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_lines: the connections of a pool, and how many requests are under way on each.
 *
 * Asks libvirt nothing and opens and closes nothing: libvirt_pool does so, under whose lock all of
 * these functions are called.
 */
#pragma once

#include <glib.h>

#include "libvirt_connection.h"

enum {
    LIBVIRT_POOL_LINES_REQUESTS =
        4, /* under way on one connection, at most: libvirt works on 5 of
              a client at a time, and then no longer reads what it sends */
};

/* One connection. */
typedef struct {
    LibvirtConnection *connection; /* owned */
    int64_t opened_us;             /* monotonic */
    unsigned int n_under_way;
    bool is_exclusive; /* the request that is under way shares it with no other */
    bool is_leaving;   /* no further request goes to it, and it is closed after the last one */
} LibvirtPoolLine;

/* Of LibvirtPoolLine *. */
GPtrArray *libvirt_pool_lines_new(void);
LibvirtPoolLine *libvirt_pool_lines_add(GPtrArray *self, LibvirtConnection *take_connection,
                                        int64_t now_us);

/* How many there are that requests may go to. */
unsigned int libvirt_pool_lines_n_usable(const GPtrArray *self);

/* The one with the fewest requests under way that has room for another; NULL if there is none. */
LibvirtPoolLine *libvirt_pool_lines_find(const GPtrArray *self);
/* One without any, opened after @since_us. */
LibvirtPoolLine *libvirt_pool_lines_find_idle(const GPtrArray *self, int64_t since_us);

/* Removes all that requests may no longer go to, and on which none is under way. The caller, which
 * gets them (NULL: there is none), closes them and frees the array. */
GPtrArray *libvirt_pool_lines_take_leaving(GPtrArray *self);

/* Lets those go on which no request is under way; all others likewise, once that is so, if
 * @with_busy. */
void libvirt_pool_lines_leave(GPtrArray *self, bool with_busy);

/* Closes the connection, which asks libvirt. */
void libvirt_pool_lines_close(LibvirtPoolLine *take_line);
