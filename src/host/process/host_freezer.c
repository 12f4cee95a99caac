/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_freezer: see host_freezer.h.
 *
 * Owns nothing.
 */
#include "host_freezer.h"

#include <string.h>

#include "host/host_limits.h"
#include "host/host_text.h"
#include "host_hierarchy.h"

enum { MAX_STATE_BYTES = 1024, MAX_GROUPS_BYTES = 16384 };

/* A version of the freezer: where its hierarchy is, and what its files say. */
typedef struct {
    HostHierarchy hierarchy; /* its probe is the file with the state */
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
    {{"", {"sys/fs/cgroup", "sys/fs/cgroup/unified", NULL}, "cgroup.events"},
     parse_v2,
     "cgroup.freeze"},
    {{"freezer", {"sys/fs/cgroup/freezer", NULL}, "freezer.state"},
     parse_v1,
     "freezer.self_freezing"},
};

static bool
read_file(HostRoot *root, const char *folder, const char *name, char text[MAX_STATE_BYTES])
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return host_root_read(root, path, text, MAX_STATE_BYTES) >= 0;
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
    folder = host_hierarchy_folder(root, &version->hierarchy, group);
    if (folder == NULL || !read_file(root, folder, version->hierarchy.probe, text))
        return HOST_FREEZER_OFF;
    state = version->parse(text);
    own = find_own_freezer(root, version, folder, group);
    if (state == HOST_FREEZER_OFF && own != NULL)
        state = HOST_FREEZER_FREEZING;
    /* If the freezer is that of a group above what we see of the hierarchy, names @group. */
    *ret_group = state != HOST_FREEZER_OFF && own == NULL ? g_strdup(group) : own;
    return state;
}

HostFreezer
host_freezer_look(HostRoot *root, pid_t pid, char **ret_group)
{
    g_autofree char *path = g_strdup_printf("proc/%d/cgroup", (int)pid);
    g_autofree char *text = host_root_read_all(root, path, MAX_GROUPS_BYTES, NULL);

    *ret_group = NULL;
    for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(versions); i++) {
        g_autofree char *group = host_hierarchy_group(text, versions[i].hierarchy.controller);
        HostFreezer state =
            group ? look_at_group(root, &versions[i], group, ret_group) : HOST_FREEZER_OFF;

        if (state != HOST_FREEZER_OFF)
            return state;
    }
    return HOST_FREEZER_OFF;
}
