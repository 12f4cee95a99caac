/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_freezer: see host_freezer.h.
 *
 * Owns nothing. A group's folder is looked for at the usual mount points first. If it is in none of
 * them, the table of mounts tells where its hierarchy is, and which group is on top there.
 */
#include "host_freezer.h"

#include <string.h>

#include "host/host_limits.h"
#include "host/host_text.h"

enum { MAX_STATE_BYTES = 1024, MAX_GROUPS_BYTES = 16384, MAX_MOUNTS_BYTES = 1 << 20 };

/* A version of the freezer: where its hierarchy usually is, and what its files say. */
typedef struct {
    const char *controller; /* in /proc/<pid>/cgroup; "": cgroup v2 */
    const char *type;       /* of the mounted file system */
    const char *mounts[3];
    const char *state_file;
    HostFreezer (*parse)(const char *state);
    const char *own_file; /* "1" in it: this group's own freezer is on, not only one above */
} Version;

static HostFreezer
parse_v1(const char *state)
{
    if (g_str_has_prefix(state, "FROZEN"))
        return HOST_FREEZER_FROZEN;
    return g_str_has_prefix(state, "FREEZING") ? HOST_FREEZER_FREEZING : HOST_FREEZER_OFF;
}

static HostFreezer
parse_v2(const char *state)
{
    UtilCount frozen = host_text_line_count(state, "frozen ");

    return frozen.is_present && frozen.value == 1 ? HOST_FREEZER_FROZEN : HOST_FREEZER_OFF;
}

static const Version versions[] = {
    {"",
     "cgroup2",
     {"sys/fs/cgroup", "sys/fs/cgroup/unified", NULL},
     "cgroup.events",
     parse_v2,
     "cgroup.freeze"},
    {"freezer",
     "cgroup",
     {"sys/fs/cgroup/freezer", NULL},
     "freezer.state",
     parse_v1,
     "freezer.self_freezing"},
};

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
read_file(HostRoot *root, const char *folder, const char *name, char text[MAX_STATE_BYTES])
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return host_root_read(root, path, text, MAX_STATE_BYTES) >= 0;
}

static bool
has_state(HostRoot *root, const Version *version, const char *folder)
{
    char text[MAX_STATE_BYTES] = "";

    return folder != NULL && read_file(root, folder, version->state_file, text);
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
find_below_mount(HostRoot *root, const Version *version, const char *group, const char *line)
{
    g_auto(GStrv) fields = g_strsplit(line, " ", -1);
    g_auto(GStrv) options = NULL;
    g_autofree char *folder = NULL;
    Mount mount = {0};

    if (!parse_mount(fields, &mount) || strcmp(mount.type, version->type) != 0 ||
        mount.mount[0] != '/')
        return NULL;
    options = g_strsplit(mount.options, ",", -1);
    if (version->controller[0] != '\0' &&
        !g_strv_contains((const char *const *)options, version->controller))
        return NULL;
    folder = make_folder(mount.mount + 1, mount.top, group);
    return has_state(root, version, folder) ? g_steal_pointer(&folder) : NULL;
}

static char *
find_in_mounts(HostRoot *root, const Version *version, const char *group)
{
    g_autofree char *text = host_root_read_all(root, "proc/self/mountinfo", MAX_MOUNTS_BYTES, NULL);
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
    char *folder = NULL;

    for (size_t i = 0; lines != NULL && lines[i] != NULL && folder == NULL; i++)
        folder = find_below_mount(root, version, group, lines[i]);
    return folder;
}

/* The folder of @group; NULL if it cannot be seen. The caller frees. */
static char *
find_folder(HostRoot *root, const Version *version, const char *group)
{
    for (size_t i = 0; version->mounts[i] != NULL; i++) {
        g_autofree char *folder = make_folder(version->mounts[i], "/", group);

        if (has_state(root, version, folder))
            return g_steal_pointer(&folder);
    }
    return find_in_mounts(root, version, group);
}

/* The nearest group from @group upwards whose own freezer is on; NULL if none is. The caller
 * frees. */
static char *
find_own_freezer(HostRoot *root, const Version *version, const char *folder, const char *group)
{
    g_autofree char *at = g_strdup(folder);
    g_autofree char *name = g_strdup(group);

    for (int i = 0; i < HOST_LIMIT_CGROUP_LEVELS; i++) {
        char text[MAX_STATE_BYTES] = "";
        char *slash = strrchr(name, '/');

        if (read_file(root, at, version->own_file, text) && text[0] == '1')
            return g_steal_pointer(&name);
        if (slash == NULL || slash[1] == '\0')
            return NULL;
        *slash = '\0';
        slash = strrchr(at, '/');
        if (slash == NULL)
            return NULL;
        *slash = '\0';
    }
    return NULL;
}

/* Sets @ret_group if @group is frozen; the caller frees. */
static HostFreezer
look_at_group(HostRoot *root, const Version *version, const char *group, char **ret_group)
{
    g_autofree char *folder = NULL;
    char text[MAX_STATE_BYTES] = "";
    HostFreezer state = HOST_FREEZER_OFF;
    char *own = NULL;

    if (g_str_equal(group, "/")) /* the top group cannot be frozen */
        return HOST_FREEZER_OFF;
    folder = find_folder(root, version, group);
    if (folder == NULL || !read_file(root, folder, version->state_file, text))
        return HOST_FREEZER_OFF;
    state = version->parse(text);
    own = find_own_freezer(root, version, folder, group);
    if (state == HOST_FREEZER_OFF && own != NULL)
        state = HOST_FREEZER_FREEZING;
    /* If the freezer is that of a group above what we see of the hierarchy, names @group. */
    *ret_group = state != HOST_FREEZER_OFF && own == NULL ? g_strdup(group) : own;
    return state;
}

/* The group in one line of /proc/<pid>/cgroup, "number:controllers:group", if the line is of
 * @version; else NULL. Borrowed. */
static const char *
group_of(const Version *version, char **columns)
{
    g_auto(GStrv) controllers = NULL;

    if (g_strv_length(columns) != 3 || columns[2][0] != '/')
        return NULL;
    if (version->controller[0] == '\0')
        return columns[1][0] == '\0' ? columns[2] : NULL;
    controllers = g_strsplit(columns[1], ",", -1);
    return g_strv_contains((const char *const *)controllers, version->controller) ? columns[2]
                                                                                  : NULL;
}

HostFreezer
host_freezer_look(HostRoot *root, pid_t pid, char **ret_group)
{
    g_autofree char *path = g_strdup_printf("proc/%d/cgroup", (int)pid);
    g_autofree char *text = host_root_read_all(root, path, MAX_GROUPS_BYTES, NULL);
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

    *ret_group = NULL;
    for (size_t i = 0; lines != NULL && lines[i] != NULL; i++) {
        g_auto(GStrv) columns = g_strsplit(lines[i], ":", 3);

        for (size_t k = 0; k < G_N_ELEMENTS(versions); k++) {
            const char *group = group_of(&versions[k], columns);
            HostFreezer state =
                group ? look_at_group(root, &versions[k], group, ret_group) : HOST_FREEZER_OFF;

            if (state != HOST_FREEZER_OFF)
                return state;
        }
    }
    return HOST_FREEZER_OFF;
}
