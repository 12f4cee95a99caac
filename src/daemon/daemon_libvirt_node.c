/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_node: see daemon_libvirt_node.h.
 */
#include "daemon_libvirt_node.h"

#include <string.h>
#include <unistd.h>

#define NODES "/sys/devices/system/node"

enum { CPUS_MOST = 16384, PER_BYTE = 8 };

static char *
read_file(const char *root, const char *path)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    char *text = NULL;

    return g_file_get_contents(full, &text, NULL, NULL) ? text : NULL;
}

/* The number that @text begins with, after blanks. */
static bool
parse_number(const char *text, uint64_t *ret_number)
{
    char *end = NULL;
    uint64_t number = 0;

    while (*text == ' ' || *text == '\t')
        text++;
    if (!g_ascii_isdigit(*text))
        return false;
    number = g_ascii_strtoull(text, &end, 10);
    *ret_number = number;
    return end != text;
}

/* A list of CPUs as the kernel writes it, "0-3,8": a bit each. */
static GByteArray *
parse_cpus(const char *list)
{
    g_auto(GStrv) ranges = g_strsplit(list, ",", -1);
    GByteArray *map = g_byte_array_new();

    for (size_t i = 0; ranges[i] != NULL; i++) {
        const char *dash = strchr(ranges[i], '-');
        uint64_t first = 0;
        uint64_t last = 0;

        if (!parse_number(ranges[i], &first))
            continue;
        last = first;
        if ((dash != NULL && !parse_number(dash + 1, &last)) || last >= CPUS_MOST)
            continue;
        while (map->len * PER_BYTE <= last)
            g_byte_array_append(map, (const guint8 *)"", 1);
        for (uint64_t cpu = first; cpu <= last; cpu++)
            map->data[cpu / PER_BYTE] |= (guint8)(1U << cpu % PER_BYTE);
    }
    return map;
}

static GByteArray *
read_cpus(const char *root, const char *name)
{
    g_autofree char *path = g_strconcat("/sys/devices/system/cpu/", name, NULL);
    g_autofree char *list = read_file(root, path);

    return parse_cpus(list != NULL ? list : "");
}

static bool
has_cpu(const GByteArray *map, unsigned int cpu)
{
    return cpu / PER_BYTE < map->len && (map->data[cpu / PER_BYTE] >> cpu % PER_BYTE & 1) != 0;
}

static unsigned int
count_cpus(const GByteArray *map)
{
    unsigned int n_cpus = 0;

    for (unsigned int cpu = 0; cpu < map->len * PER_BYTE; cpu++)
        n_cpus += has_cpu(map, cpu);
    return n_cpus;
}

/* One more than the highest CPU. */
static unsigned int
end_of_cpus(const GByteArray *map)
{
    unsigned int end = map->len * PER_BYTE;

    while (end > 0 && !has_cpu(map, end - 1))
        end--;
    return end;
}

GByteArray *
daemon_libvirt_node_read_map(const char *root, unsigned int *ret_cpus, unsigned int *ret_online)
{
    g_autoptr(GByteArray) present = read_cpus(root, "present");
    g_autoptr(GByteArray) online = read_cpus(root, "online");
    unsigned int n_cpus = MAX(end_of_cpus(present), end_of_cpus(online));
    unsigned int n_bytes = (n_cpus + PER_BYTE - 1) / PER_BYTE;

    while (online->len < n_bytes)
        g_byte_array_append(online, (const guint8 *)"", 1);
    *ret_cpus = n_cpus;
    *ret_online = count_cpus(online);
    return g_steal_pointer(&online);
}

GByteArray *
daemon_libvirt_node_read_allowed(const char *root, int pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);
    g_autofree char *text = read_file(root, path);
    const char *line = text != NULL ? strstr(text, "\nCpus_allowed_list:\t") : NULL;
    g_auto(GStrv) words = NULL;

    if (line == NULL)
        return g_byte_array_new();
    words = g_strsplit_set(line + 1, "\t\n", 3);
    return parse_cpus(words[1]);
}

/* The number of the line of @text that has @name before its colon, as in /proc/meminfo; a node's
 * lines begin with "Node 0 ". */
static bool
find_memory(const char *text, const char *name, uint64_t *ret_kib)
{
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++) {
        const char *colon = strchr(lines[i], ':');
        const char *blank = NULL;
        const char *word = NULL;

        if (colon == NULL)
            continue;
        blank = g_strrstr_len(lines[i], colon - lines[i], " ");
        word = blank != NULL ? blank + 1 : lines[i];
        if ((size_t)(colon - word) == strlen(name) && strncmp(word, name, strlen(name)) == 0)
            return parse_number(colon + 1, ret_kib);
    }
    return false;
}

bool
daemon_libvirt_node_read_memory(const char *root, const char *name, uint64_t *ret_kib)
{
    g_autofree char *text = read_file(root, "/proc/meminfo");

    return find_memory(text, name, ret_kib);
}

static GDir *
open_nodes(const char *root)
{
    g_autofree char *path = g_strconcat(root, NODES, NULL);

    return g_dir_open(path, 0, NULL);
}

/* The name of the next memory node in @folder; NULL: there is no more. */
static const char *
next_node(GDir *folder)
{
    const char *name = NULL;

    do
        name = g_dir_read_name(folder);
    while (name != NULL && !(g_str_has_prefix(name, "node") && g_ascii_isdigit(name[4])));
    return name;
}

bool
daemon_libvirt_node_sum_memory(const char *root, const char *name, uint64_t *ret_kib)
{
    g_autoptr(GDir) folder = open_nodes(root);
    const char *node = NULL;
    uint64_t sum = 0;
    bool is_known = false;

    while (folder != NULL && (node = next_node(folder)) != NULL) {
        g_autofree char *path = g_strconcat(NODES "/", node, "/meminfo", NULL);
        g_autofree char *text = read_file(root, path);
        uint64_t kib = 0;

        if (text != NULL && find_memory(text, name, &kib)) {
            sum += kib;
            is_known = true;
        }
    }
    if (!is_known)
        return daemon_libvirt_node_read_memory(root, name, ret_kib);
    *ret_kib = sum;
    return true;
}

static uint64_t
ticks_to_ns(uint64_t ticks)
{
    return ticks * (G_GUINT64_CONSTANT(1000000000) / (uint64_t)MAX(sysconf(_SC_CLK_TCK), 1));
}

/* A line of /proc/stat behind its first word: user, nice, system, idle, iowait, irq, softirq. */
static DaemonLibvirtNodeTimes
parse_times(const char *line)
{
    g_auto(GStrv) words = g_strsplit_set(line, " ", -1);
    uint64_t ticks[7] = {0};
    size_t n_ticks = 0;

    for (size_t i = 0; words[i] != NULL && n_ticks < G_N_ELEMENTS(ticks); i++) {
        if (words[i][0] != '\0' && parse_number(words[i], &ticks[n_ticks]))
            n_ticks++;
    }
    return (DaemonLibvirtNodeTimes){
        .kernel = ticks_to_ns(ticks[2] + ticks[5] + ticks[6]),
        .user = ticks_to_ns(ticks[0] + ticks[1]),
        .idle = ticks_to_ns(ticks[3]),
        .iowait = ticks_to_ns(ticks[4]),
    };
}

bool
daemon_libvirt_node_read_times(const char *root, int index, DaemonLibvirtNodeTimes *ret_times)
{
    g_autofree char *text = read_file(root, "/proc/stat");
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
    g_autofree char *word = index < 0 ? g_strdup("cpu ") : g_strdup_printf("cpu%d ", index);

    for (size_t i = 0; lines[i] != NULL; i++) {
        if (g_str_has_prefix(lines[i], word)) {
            *ret_times = parse_times(lines[i] + strlen(word));
            return true;
        }
    }
    return false;
}

static unsigned int
read_mhz(const char *root)
{
    g_autofree char *text = read_file(root, "/proc/cpuinfo");
    const char *line = text != NULL ? strstr(text, "cpu MHz") : NULL;
    const char *colon = line != NULL ? strchr(line, ':') : NULL;
    uint64_t mhz = 0;

    return colon != NULL && parse_number(colon + 1, &mhz) ? (unsigned int)MIN(mhz, G_MAXINT) : 0;
}

static unsigned int
count_nodes(const char *root)
{
    g_autoptr(GDir) folder = open_nodes(root);
    unsigned int n_nodes = 0;

    while (folder != NULL && next_node(folder) != NULL)
        n_nodes++;
    return MAX(n_nodes, 1);
}

static uint64_t
read_topology(const char *root, unsigned int cpu, const char *name)
{
    g_autofree char *path = g_strdup_printf("/sys/devices/system/cpu/cpu%u/topology/%s", cpu, name);
    g_autofree char *text = read_file(root, path);
    uint64_t number = 0;

    return text != NULL && parse_number(text, &number) ? number : 0;
}

static void
count_sockets_and_cores(const char *root, const GByteArray *online, unsigned int *ret_sockets,
                        unsigned int *ret_cores)
{
    g_autoptr(GHashTable) sockets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) cores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (unsigned int cpu = 0; cpu < online->len * PER_BYTE; cpu++) {
        uint64_t socket = 0;

        if (!has_cpu(online, cpu))
            continue;
        socket = read_topology(root, cpu, "physical_package_id");
        g_hash_table_add(sockets, g_strdup_printf("%" G_GUINT64_FORMAT, socket));
        g_hash_table_add(cores, g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, socket,
                                                read_topology(root, cpu, "core_id")));
    }
    *ret_sockets = MAX(g_hash_table_size(sockets), 1);
    *ret_cores = MAX(g_hash_table_size(cores), 1);
}

DaemonLibvirtNode
daemon_libvirt_node_read(const char *root)
{
    g_autoptr(GByteArray) online = read_cpus(root, "online");
    DaemonLibvirtNode node = {.cpus = MAX(count_cpus(online), 1), .mhz = read_mhz(root)};
    unsigned int sockets = 0;
    unsigned int cores = 0;

    (void)daemon_libvirt_node_sum_memory(root, "MemTotal", &node.memory_kib);
    count_sockets_and_cores(root, online, &sockets, &cores);
    node.nodes = count_nodes(root);
    node.sockets = MAX(sockets / node.nodes, 1);
    node.cores = MAX(cores / sockets, 1);
    node.threads = MAX(node.cpus / cores, 1);
    if (node.nodes * node.sockets * node.cores * node.threads != node.cpus) {
        node.nodes = node.sockets = node.threads = 1;
        node.cores = node.cpus;
    }
    return node;
}
