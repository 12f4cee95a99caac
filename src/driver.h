/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver: the table of callbacks through which the public calls use a backend.
 *
 * A backend reports public errors (DOMSTATS_ERROR).
 */
#pragma once

#include "domstats/domstats.h"

typedef struct {
    void *(*open)(const char *source, const DomstatsOptions *options, GError **error);
    void (*close)(void *self);
    /* Gives DomstatsRecord pointers, which the array frees; NULL on error. */
    GPtrArray *(*get_stats)(void *self, const DomstatsCall *call, GError **error);
    const char *(*blind_spot)(void *self);
    int (*get_fd)(void *self, GError **error);
    int (*dispatch)(void *self, GError **error);
    /* As get_stats. */
    GPtrArray *(*save_recording)(void *self, const char *folder, unsigned int timeout_ms,
                                 GError **error);
} Driver;

/* Makes an error of the library's inside (UtilError) a public one; one that is public stays as it
 * is. */
void driver_publish_error(GError *take_inner, GError **error);
