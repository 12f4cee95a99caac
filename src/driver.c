/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver: the one place where errors inside the library become public ones.
 */
#include "driver.h"

#include "util/util_error.h"

void
driver_publish_error(GError *take_inner, GError **error)
{
    static const DomstatsError codes[] = {
        [UTIL_ERROR_INVALID] = DOMSTATS_ERROR_INVALID_ARG,
        [UTIL_ERROR_UNSUPPORTED] = DOMSTATS_ERROR_UNSUPPORTED,
        [UTIL_ERROR_CONNECT] = DOMSTATS_ERROR_NO_CONNECT,
        [UTIL_ERROR_DENIED] = DOMSTATS_ERROR_NO_CONNECT,
        [UTIL_ERROR_BROKEN] = DOMSTATS_ERROR_NO_CONNECT,
        [UTIL_ERROR_TIMEOUT] = DOMSTATS_ERROR_TIMEOUT,
        [UTIL_ERROR_SYSTEM] = DOMSTATS_ERROR_SYSTEM,
        [UTIL_ERROR_INTERNAL] = DOMSTATS_ERROR_INTERNAL,
    };
    DomstatsError code = DOMSTATS_ERROR_INTERNAL;

    if (take_inner->domain == DOMSTATS_ERROR) {
        g_propagate_error(error, take_inner);
        return;
    }
    if (take_inner->domain == UTIL_ERROR && (size_t)take_inner->code < G_N_ELEMENTS(codes))
        code = codes[take_inner->code];
    g_set_error_literal(error, DOMSTATS_ERROR, (gint)code, take_inner->message);
    g_error_free(take_inner);
}
