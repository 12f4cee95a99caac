/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_hierarchy: see host_hierarchy.h.
 *
 * Owns nothing. A group's folder is looked for at the usual mount points first. If it is in none of
 * them, the table of mounts tells where its hierarchy is, and which group is on top there.
 */
#include "host_hierarchy.h"

#include <string.h>

enum { MAX_STATE_BYTES = 64, MAX_MOUNTS_BYTES = 1 << 20 };

static bool
has_controller(const char *list, const char *controller)
{
    g_auto(GStrv) names = g_strsplit(list, ",", -1);

    return g_strv_contains((const char *const *)names, controller);
}

char *
host_hierarchy_group(const char *text, const char *controller)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) columns = g_strsplit(lines[i], ":", 3); /* number, controllers, group */

        if (g_strv_length(columns) != 3 || columns[2][0] != '/')
            continue;
        if (*controller != '\0' ? has_controller(columns[1], controller) : *columns[1] == '\0')
            return g_strdup(columns[2]);
    }
    return NULL;
}

/* The folder of @group (as /proc/<pid>/cgroup names it) below @mount, on top of which the hierarchy
 * shows the group @top; NULL if it is not below that. The caller frees. */
static char *
make_folder(const char *mount, const char *top, const char *group)
{
    size_t n_top = g_str_equal(top, "/") ? 0 : strlen(top);

    if (strncmp(group, top, n_top) != 0 || (group[n_top] != '/' && group[n_top] != '\0') ||
        strstr(group + n_top, "/..") != NULL)
        return NULL;
    return g_strconcat(mount, group + n_top, NULL);
}

static bool
is_there(HostRoot *root, const HostHierarchy *self, const char *folder)
{
    g_autofree char *path = folder ? g_build_filename(folder, self->probe, NULL) : NULL;
    char text[MAX_STATE_BYTES] = "";

    return path != NULL && host_root_read(root, path, text, sizeof(text)) >= 0;
}

/* The fields of a line of mountinfo that are needed here. */
typedef struct {
    const char *top;
    const char *mount;
    const char *type;
    const char *options; /* of the file system */
} Mount;

/* False if the line lacks one of them. */
static bool
parse_mount(char **fields, Mount *ret_mount)
{
    guint n = g_strv_length(fields);
    guint dash = 6; /* behind the six fixed fields and any number of optional ones */

    while (dash < n && strcmp(fields[dash], "-") != 0)
        dash++;
    if (dash + 3 >= n)
        return false;
    *ret_mount = (Mount){fields[3], fields[4], fields[dash + 1], fields[dash + 3]};
    return true;
}

/* The folder of @group by the line of mountinfo @line; NULL if it is not below that mount. */
static char *
find_below_mount(HostRoot *root, const HostHierarchy *self, const char *group, const char *line)
{
    g_auto(GStrv) fields = g_strsplit(line, " ", -1);
    g_auto(GStrv) options = NULL;
    g_autofree char *folder = NULL;
    Mount mount = {0};

    if (!parse_mount(fields, &mount) ||
        strcmp(mount.type, self->controller[0] != '\0' ? "cgroup" : "cgroup2") != 0 ||
        mount.mount[0] != '/')
        return NULL;
    options = g_strsplit(mount.options, ",", -1);
    if (self->controller[0] != '\0' &&
        !g_strv_contains((const char *const *)options, self->controller))
        return NULL;
    folder = make_folder(mount.mount + 1, mount.top, group);
    return is_there(root, self, folder) ? g_steal_pointer(&folder) : NULL;
}

static char *
find_in_mounts(HostRoot *root, const HostHierarchy *self, const char *group)
{
    g_autofree char *text = host_root_read_all(root, "proc/self/mountinfo", MAX_MOUNTS_BYTES, NULL);
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
    char *folder = NULL;

    for (size_t i = 0; lines != NULL && lines[i] != NULL && folder == NULL; i++)
        folder = find_below_mount(root, self, group, lines[i]);
    return folder;
}

char *
host_hierarchy_folder(HostRoot *root, const HostHierarchy *self, const char *group)
{
    for (size_t i = 0; self->mounts[i] != NULL; i++) {
        g_autofree char *folder = make_folder(self->mounts[i], "/", group);

        if (is_there(root, self, folder))
            return g_steal_pointer(&folder);
    }
    return find_in_mounts(root, self, group);
}
