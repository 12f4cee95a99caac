/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_netdev: interface counters of the host, read once for all, and which tap devices a
 * process has open.
 *
 * A table owns its names and counters. Directions stay the host's: who emits knows which kind
 * of interface turns them round.
 */
#include "host_netdev.h"

#include <net/if.h>
#include <string.h>

#include "host_limits.h"
#include "host_text.h"

#define MAX_PATH_BYTES 64
#define MAX_INFO_BYTES 4096
#define MACVTAP_PREFIX "/dev/tap"
#define TUN_SUFFIX     "/tun" /* of /dev/net/tun, in whatever mount namespace */
#define N_COLUMNS      12     /* up to the last that is wanted: drops sent */

struct HostNetdevTable {
    GHashTable *counters; /* name -> HostNetdevCounters */
};

static const struct {
    size_t column;
    size_t offset;
} columns[] = {
    {0, offsetof(HostNetdevCounters, rx_bytes)},   {1, offsetof(HostNetdevCounters, rx_packets)},
    {2, offsetof(HostNetdevCounters, rx_errors)},  {3, offsetof(HostNetdevCounters, rx_drops)},
    {8, offsetof(HostNetdevCounters, tx_bytes)},   {9, offsetof(HostNetdevCounters, tx_packets)},
    {10, offsetof(HostNetdevCounters, tx_errors)}, {11, offsetof(HostNetdevCounters, tx_drops)},
};

static bool
parse_counters(const char *text, HostNetdevCounters *ret_counters)
{
    uint64_t values[N_COLUMNS] = {0};

    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (!host_text_take_count(&text, &values[i]))
            return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        *(uint64_t *)(void *)((char *)ret_counters + columns[i].offset) = values[columns[i].column];
    return true;
}

/* The numbers may stand right behind the colon, and a name may hold colons itself (old
 * aliases): the last one of the line ends it. */
static void
parse_line(HostNetdevTable *self, const char *line, size_t size)
{
    const char *colon = memrchr(line, ':', size);
    HostNetdevCounters counters = {0};
    size_t name_size = 0;

    if (!colon || !parse_counters(colon + 1, &counters))
        return;
    while (*line == ' ')
        line++;
    name_size = (size_t)(colon - line);
    if (name_size == 0 || name_size >= IFNAMSIZ)
        return;
    g_hash_table_insert(self->counters, g_strndup(line, name_size),
                        g_memdup2(&counters, sizeof(counters)));
}

HostNetdevTable *
host_netdev_parse(const char *text)
{
    HostNetdevTable *self = g_new0(HostNetdevTable, 1);

    self->counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    while (*text) {
        size_t size = strcspn(text, "\n");

        parse_line(self, text, size);
        text += size;
        text += *text == '\n';
    }
    return self;
}

HostNetdevTable *
host_netdev_read(HostRoot *root, pid_t pid)
{
    char path[MAX_PATH_BYTES] = "proc/net/dev";
    g_autofree char *text = NULL;

    if (pid > 0)
        g_snprintf(path, sizeof(path), "proc/%d/net/dev", pid);
    text = host_root_read_all(root, path, HOST_LIMIT_FILE_BYTES, NULL);
    return text ? host_netdev_parse(text) : NULL;
}

void
host_netdev_free(HostNetdevTable *self)
{
    if (!self)
        return;
    g_hash_table_destroy(self->counters);
    g_free(self);
}

const HostNetdevCounters *
host_netdev_lookup(const HostNetdevTable *self, const char *name)
{
    return g_hash_table_lookup(self->counters, name);
}

/* The device that a tap's fdinfo names; NULL if it is attached to none. */
static char *
read_tap_name(HostRoot *root, pid_t pid, int fd)
{
    char path[MAX_PATH_BYTES] = "";
    char text[MAX_INFO_BYTES] = "";
    const char *name = NULL;
    const char *at = NULL;
    size_t size = 0;

    g_snprintf(path, sizeof(path), "proc/%d/fdinfo/%d", pid, fd);
    if (host_root_read(root, path, text, sizeof(text)) <= 0)
        return NULL;
    at = host_text_find_line(text, "iff:");
    if (!at || !host_text_take_field(&at, &name, &size) || size >= IFNAMSIZ)
        return NULL;
    return g_strndup(name, size);
}

static bool
has_ifindex(HostRoot *root, const char *ifname, uint64_t ifindex)
{
    g_autofree char *path = g_strdup_printf("sys/class/net/%s/ifindex", ifname);
    char text[32] = "";
    UtilCount count = {0};

    if (host_root_read(root, path, text, sizeof(text)) > 0)
        count = host_text_whole_count(text);
    return count.is_present && count.value == ifindex;
}

/* The device that /dev/tap<ifindex> is the other side of. */
static char *
find_ifname(HostRoot *root, const char *ifindex_text)
{
    UtilCount ifindex = host_text_whole_count(ifindex_text);
    g_auto(GStrv) names = NULL;

    if (!ifindex.is_present)
        return NULL;
    names = host_root_list(root, "sys/class/net", HOST_LIMIT_INTERFACES);
    for (size_t i = 0; names && names[i]; i++) {
        if (has_ifindex(root, names[i], ifindex.value))
            return g_strdup(names[i]);
    }
    return NULL;
}

/* The network device behind the descriptor @fd, as @ret_tap; false if there is none. */
static bool
read_tap(HostRoot *root, pid_t pid, int fd, HostNetdevTap *ret_tap)
{
    char path[MAX_PATH_BYTES] = "";
    g_autofree char *target = NULL;
    HostNetdevTap tap = {.fd = fd};

    g_snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, fd);
    target = host_root_readlink(root, path);
    if (!target)
        return false;
    if (g_str_has_suffix(target, TUN_SUFFIX)) {
        tap.ifname = read_tap_name(root, pid, fd);
    } else if (g_str_has_prefix(target, MACVTAP_PREFIX)) {
        tap.is_macvtap = true;
        tap.ifname = find_ifname(root, target + strlen(MACVTAP_PREFIX));
    }
    if (!tap.ifname)
        return false;
    *ret_tap = tap;
    return true;
}

static void
clear_tap(gpointer tap)
{
    g_free(((HostNetdevTap *)tap)->ifname);
}

static int
compare_taps(const void *a, const void *b)
{
    int first = ((const HostNetdevTap *)a)->fd;
    int second = ((const HostNetdevTap *)b)->fd;

    return (first > second) - (first < second);
}

/* A device with several queues is opened once a queue: keeps the first of each name. */
static void
drop_further_queues(GArray *taps)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < taps->len;) {
        if (g_hash_table_add(seen, g_strdup(g_array_index(taps, HostNetdevTap, i).ifname)))
            i++;
        else
            g_array_remove_index(taps, i);
    }
}

GArray *
host_netdev_list_taps(HostRoot *root, pid_t pid)
{
    char path[MAX_PATH_BYTES] = "";
    g_auto(GStrv) names = NULL;
    GArray *taps = NULL;

    g_snprintf(path, sizeof(path), "proc/%d/fd", pid);
    names = host_root_list(root, path, HOST_LIMIT_DESCRIPTORS);
    if (!names)
        return NULL;
    taps = g_array_new(FALSE, FALSE, sizeof(HostNetdevTap));
    g_array_set_clear_func(taps, clear_tap);
    for (size_t i = 0; names[i]; i++) {
        UtilCount fd = host_text_whole_count(names[i]);
        HostNetdevTap tap = {0};

        if (fd.is_present && fd.value <= G_MAXINT32 && read_tap(root, pid, (int)fd.value, &tap))
            g_array_append_val(taps, tap);
    }
    g_array_sort(taps, compare_taps);
    drop_further_queues(taps);
    return taps;
}
