/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_netdev: see host_netdev.h. A table owns its names and counters.
 */
#include "host_netdev.h"

#include <net/if.h>
#include <string.h>

#include "host_limits.h"
#include "host_text.h"

#define MAX_PATH_BYTES 64
#define N_COLUMNS      12 /* up to the last one that we read: drops sent */

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

/* The numbers may follow the colon without a blank, and a name may have colons of its own (old
 * aliases), so the name ends at the last colon of the line. */
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
