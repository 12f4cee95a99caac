/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_error: the error domain inside the library. A UtilError becomes a public DomstatsError
 * in one place, driver.c.
 */
#pragma once

#include <glib.h>

#define UTIL_ERROR (util_error_quark())
GQuark util_error_quark(void);

typedef enum {
    UTIL_ERROR_INVALID,     /* an argument that is not valid */
    UTIL_ERROR_UNSUPPORTED, /* a valid request that cannot be served here */
    UTIL_ERROR_CONNECT,     /* a socket, folder or daemon that cannot be reached or read */
    UTIL_ERROR_DENIED,      /* no permission */
    UTIL_ERROR_BROKEN,      /* what a peer sent, or a file holds, breaks the rules or our limits */
    UTIL_ERROR_TIMEOUT,     /* the deadline passed */
    UTIL_ERROR_SYSTEM,      /* the operating system refused: descriptors, memory maps */
    UTIL_ERROR_INTERNAL,
} UtilError;
