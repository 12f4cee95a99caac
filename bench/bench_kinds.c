/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_kinds: see bench_kinds.h.
 */
#include "bench_kinds.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

enum { N_BITS = 6 };

#define DEVICE  "\"rd_bytes\":"
#define ACCOUNT "\"account_failed\":"

/* The word behind @at. */
static const char *
skip_word(const char *at)
{
    return at + strspn(at, "abcdefghijklmnopqrstuvwxyz");
}

char *
bench_kinds_make(const char *text, unsigned int kind)
{
    GString *made = g_string_new(NULL);
    unsigned int n_devices = 0;
    bool is_inside = false;

    for (const char *at = text; *at != '\0';) {
        if (*at == '"' && g_str_has_prefix(at, DEVICE) && kind >> (n_devices++ % N_BITS) & 1)
            g_string_append(made, "\"idle_time_ns\": 1234567890, ");
        if (*at == '"' && g_str_has_prefix(at, ACCOUNT)) {
            g_string_append_printf(made, ACCOUNT " %s", kind % 2 == 0 ? "true" : "false");
            at = skip_word(at + strlen(ACCOUNT));
            continue;
        }
        is_inside ^= *at == '"' && (at == text || at[-1] != '\\');
        g_string_append_c(made, *at);
        if (!is_inside && (*at == ',' || *at == ':'))
            g_string_append_c(made, ' ');
        at++;
    }
    return g_string_free(made, FALSE);
}
