/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_error: see util_error.h.
 */
#include "util_error.h"

GQuark
util_error_quark(void)
{
    return g_quark_from_static_string("util-error-quark");
}
