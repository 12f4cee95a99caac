/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_hidden: see host_hidden.h.
 *
 * Every user can read the stat file of process 1, unless /proc hides it. Process 1 of a
 * container may be our own, whose file can be read. So, unless we are root, the options of the
 * mount are read too: hidepid is 1 (noaccess) or 2 (invisible), from which the group of the option
 * gid is exempt, or 4 (ptraceable).
 */
#include "host_hidden.h"

#include <string.h>
#include <unistd.h>

#include "host/host_limits.h"

enum { MOST_GROUPS = 1024, MOUNT_POINT = 4, STAT_BYTES = 64 };

static bool
is_in(const gid_t *groups, size_t n_groups, guint64 group)
{
    for (size_t i = 0; i < n_groups; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* The value behind @name ("gid=") in the last of @options that begins with it; NULL: none does. */
static const char *
find_option(char *const *options, const char *name)
{
    const char *value = NULL;

    for (size_t i = 0; options[i] != NULL; i++)
        if (g_str_has_prefix(options[i], name))
            value = options[i] + strlen(name);
    return value;
}

/* True if a mount of /proc with these options hides processes from a user in @groups. */
static bool
hides(const char *options, const gid_t *groups, size_t n_groups)
{
    g_auto(GStrv) parts = g_strsplit(options, ",", -1);
    const char *how = find_option(parts, "hidepid=");
    const char *group = find_option(parts, "gid=");
    guint64 seeing = 0; /* root's group, if none is given */

    if (how == NULL || g_str_equal(how, "0") || g_str_equal(how, "off"))
        return false;
    if (g_str_equal(how, "4") || g_str_equal(how, "ptraceable"))
        return true;
    if (group != NULL && !g_ascii_string_to_unsigned(group, 10, 0, UINT32_MAX, &seeing, NULL))
        return true;
    return !is_in(groups, n_groups, seeing);
}

bool
host_hidden_by_mounts(const char *mountinfo, const gid_t *groups, size_t n_groups)
{
    g_auto(GStrv) lines = g_strsplit(mountinfo, "\n", -1);
    bool is_hidden = false;

    for (size_t i = 0; lines[i] != NULL; i++) {
        const char *rest = strstr(lines[i], " - proc ");
        const char *options = rest ? strrchr(rest, ' ') : NULL;
        g_auto(GStrv) fields = g_strsplit(lines[i], " ", MOUNT_POINT + 2);

        if (options != NULL && g_strv_length(fields) > MOUNT_POINT &&
            g_str_equal(fields[MOUNT_POINT], "/proc"))
            is_hidden = hides(options + 1, groups, n_groups); /* the last one covers the others */
    }
    return is_hidden;
}

/* True if the options of the mount say so. The table of mounts is read through a root of its own,
 * so that a recording of the host does not keep it. */
static bool
are_hidden_by_mount(void)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autofree char *text =
        host_root_read_all(root, "proc/self/mountinfo", HOST_LIMIT_FILE_BYTES, NULL);
    gid_t groups[MOST_GROUPS + 1] = {getegid()};
    int n_others = getgroups(MOST_GROUPS, groups + 1);

    return text != NULL &&
           host_hidden_by_mounts(text, groups, 1 + (n_others > 0 ? (size_t)n_others : 0));
}

bool
host_hidden_are_others(HostRoot *root)
{
    char text[STAT_BYTES] = "";

    if (!host_root_is_live(root))
        return false;
    if (host_root_read(root, "proc/1/stat", text, sizeof(text)) < 0)
        return true;
    return geteuid() != 0 && are_hidden_by_mount();
}
