/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_error: gives the error domain its quark; owns nothing, knows no code's meaning.
 */
#include "util_error.h"

GQuark
util_error_quark(void)
{
    return g_quark_from_static_string("util-error-quark");
}
