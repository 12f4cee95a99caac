/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_path: what the kinds of sources share about the paths of monitors. Pure.
 */
#include "qemu_source_path.h"

#include <stdbool.h>
#include <string.h>

char *
qemu_source_path_make_name(const char *path)
{
    static const char *const endings[] = {".sock", ".socket", ".qmp", ".monitor"};
    g_autofree char *name = NULL;
    bool was_cut = false;

    if (g_str_has_prefix(path, "tcp:"))
        return g_strdup(path);
    name = g_path_get_basename(path[0] == '@' ? path + 1 : path);
    do { /* "web.qmp.sock" has two of them */
        was_cut = false;
        for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
            if (g_str_has_suffix(name, endings[i]) && strlen(name) > strlen(endings[i])) {
                name[strlen(name) - strlen(endings[i])] = '\0';
                was_cut = true;
            }
        }
    } while (was_cut);
    return g_utf8_make_valid(name, -1);
}
