/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver: what stands between the public calls and a backend: a table of callbacks.
 *
 * A backend's errors leave it as public ones (DOMSTATS_ERROR).
 */
#pragma once

#include "domstats/domstats.h"

/* One call, as the public functions pass it on. */
typedef struct {
    const char *const *domains; /* NULL: every domain */
    unsigned int stats;
    unsigned int flags;
    unsigned int timeout_ms; /* 0: the connection's */
} DriverCall;

typedef struct {
    const char *name;
    void *(*open)(const char *source, const DomstatsOptions *options, GError **error);
    void (*close)(void *self);
    /* Gives DomstatsRecord pointers that free themselves; NULL on error. */
    GPtrArray *(*get_stats)(void *self, const DriverCall *call, GError **error);
    int (*get_fd)(void *self, GError **error);
    void (*dispatch)(void *self);
    int (*save_recording)(void *self, const char *folder, unsigned int timeout_ms, GError **error);
} Driver;
