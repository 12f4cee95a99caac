/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_apparmor: see monitor_apparmor.h. virt-aa-helper makes a profile for each QEMU when that
 * starts, from its disks and devices, and ignores <qemu:commandline>. All profiles include the
 * files that are read here.
 */
#include "monitor_apparmor.h"

#include <fnmatch.h>
#include <glib.h>
#include <string.h>

static const char *const files[] = {
    "/etc/apparmor.d/abstractions/libvirt-qemu",
    MONITOR_APPARMOR_FILE,
};
static const char folder[] = "/etc/apparmor.d/abstractions/libvirt-qemu.d";

/* In a rule "*" stops at a slash and "**" does not. */
static bool
matches(const char *pattern, const char *path)
{
    int flags = strstr(pattern, "**") != NULL ? 0 : FNM_PATHNAME;

    return strpbrk(pattern, "{}@") == NULL && fnmatch(pattern, path, flags) == 0;
}

/* A rule is "[owner] PATH PERMISSIONS,". A line of another form allows nothing. */
static bool
rule_allows(char *line, const char *path)
{
    g_auto(GStrv) words = NULL;
    size_t at = 0;
    size_t size = 0;

    g_strdelimit(g_strchug(line), "\t", ' ');
    words = g_strsplit(line, " ", 8);
    if (g_strcmp0(words[0], "owner") == 0)
        at = 1;
    if (g_strv_length(words) < at + 2 || strchr(words[at + 1], 'w') == NULL ||
        strchr(words[at + 1], ',') == NULL)
        return false;
    size = strlen(words[at]);
    if (size > 1 && words[at][0] == '"' && words[at][size - 1] == '"') {
        words[at][size - 1] = '\0';
        return matches(words[at] + 1, path);
    }
    return matches(words[at], path);
}

bool
monitor_apparmor_allows(const char *rules, const char *path)
{
    g_auto(GStrv) lines = g_strsplit(rules, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++)
        if (rule_allows(lines[i], path))
            return true;
    return false;
}

static bool
file_allows(const char *root, const char *in, const char *name, const char *path)
{
    g_autofree char *file = g_build_filename(root, "/", in, name, NULL);
    g_autofree char *rules = NULL;

    return g_file_get_contents(file, &rules, NULL, NULL) && monitor_apparmor_allows(rules, path);
}

bool
monitor_apparmor_host_allows(const char *root, const char *path)
{
    g_autofree char *place = g_build_filename(root, "/", folder, NULL);
    g_autoptr(GDir) entries = g_dir_open(place, 0, NULL);
    const char *name = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        if (file_allows(root, files[i], NULL, path))
            return true;
    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL)
        if (file_allows(root, folder, name, path))
            return true;
    return false;
}
