/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_error: gives the error domain its quark; owns nothing, knows no code's meaning.
 */
#include "util_error.h"

G_DEFINE_QUARK(util - error - quark, util_error)
