/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_group_path: see host_group_path.h.
 */
#include "host_group_path.h"

#include <glib.h>
#include <string.h>

const char *
host_group_path_skip_numbered(const char *text, const char *prefix)
{
    size_t n_digits = 0;

    if (!g_str_has_prefix(text, prefix))
        return NULL;
    text += strlen(prefix);
    n_digits = strspn(text, "0123456789");
    return n_digits > 0 ? text + n_digits : NULL;
}

bool
host_group_path_is_inner(const char *name)
{
    const char *behind = NULL;

    if (g_str_equal(name, "libvirt") || g_str_equal(name, "emulator"))
        return true;
    behind = host_group_path_skip_numbered(name, "vcpu");
    if (!behind)
        behind = host_group_path_skip_numbered(name, "iothread");
    return behind && *behind == '\0';
}

/* Cuts the last part off; what is left of "/a" is "". */
static void
go_up(char *path)
{
    char *slash = strrchr(path, '/');

    *(slash != NULL ? slash : path) = '\0';
}

static bool
is_unit(const char *path)
{
    return g_str_has_suffix(path, ".scope") || g_str_has_suffix(path, ".service");
}

/* True if @path is a group below the one on top, by a path that cannot be misread. */
static bool
is_sound(const char *path)
{
    return path[0] == '/' && path[1] != '\0' && strstr(path, "//") == NULL &&
           strstr(path, "/./") == NULL && !g_str_has_suffix(path, "/") &&
           !g_str_has_suffix(path, "/..") && !g_str_has_suffix(path, "/.");
}

char **
host_group_path_candidates(const char *path)
{
    g_autofree char *own = g_strdup(path);
    g_autofree char *unit = NULL;
    GPtrArray *found = g_ptr_array_new();

    while (strrchr(own, '/') != NULL && host_group_path_is_inner(strrchr(own, '/') + 1))
        go_up(own);
    unit = g_strdup(own);
    while (unit[0] != '\0' && !is_unit(unit))
        go_up(unit);
    if (is_sound(unit))
        g_ptr_array_add(found, g_strdup(unit));
    if (is_sound(own) && !g_str_equal(own, unit))
        g_ptr_array_add(found, g_strdup(own));
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_free(found, FALSE);
}
