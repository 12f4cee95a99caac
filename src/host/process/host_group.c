/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_group: see host_group.h.
 *
 * Owns the descriptors of the files that each call reads, as many as the root has room for.
 *
 * A file that is not there is looked for again after some seconds: a controller may be turned on
 * while the machine runs.
 */
#include "host_group.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/host_limits.h"
#include "host/host_text.h"
#include "host_group_path.h"
#include "host_process.h"
#include "util/util_deadline.h"

enum {
    MAX_CGROUP_BYTES = 8192,
    VALUE_BYTES = 4096, /* memory.numa_stat begins with the two lines that are wanted */
    NOT_OPEN = -1,
    NOT_THERE = -2, /* for LOOK_AGAIN_US */
    LOOK_AGAIN_US = 5 * 1000 * 1000,
    NS_PER_US = 1000,
};

typedef enum { V2, V1_CPU, V1_MEMORY, N_HIERARCHIES } HierarchyId;

static const HostHierarchy hierarchies[N_HIERARCHIES] = {
    [V2] = {"", {"sys/fs/cgroup", "sys/fs/cgroup/unified", NULL}, "cgroup.events"},
    [V1_CPU] = {"cpu", {"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct", NULL}, "cpu.stat"},
    [V1_MEMORY] = {"memory", {"sys/fs/cgroup/memory", NULL}, "memory.stat"},
};

static UtilCount
scaled(UtilCount count, uint64_t unit)
{
    count.is_present = count.is_present && !__builtin_mul_overflow(count.value, unit, &count.value);
    return count;
}

static UtilCount
parse_total_us(const char *text, const char *kind)
{
    const char *line = host_text_find_line(text, kind);
    g_autofree char *words = line ? g_strndup(line, strcspn(line, "\n")) : NULL;
    const char *total = words ? strstr(words, " total=") : NULL;

    return total ? host_text_whole_count(total + strlen(" total=")) : (UtilCount){0};
}

bool
host_group_parse_pressure(const char *text, HostGroupPressure *ret_pressure)
{
    HostGroupPressure pressure = {parse_total_us(text, "some"), parse_total_us(text, "full")};

    *ret_pressure = pressure;
    return pressure.some_us.is_present || pressure.full_us.is_present;
}

static HostGroupNode *
get_node(GArray *nodes, uint64_t id)
{
    HostGroupNode node = {.id = (unsigned int)id};

    for (guint i = 0; i < nodes->len; i++)
        if (g_array_index(nodes, HostGroupNode, i).id == id)
            return &g_array_index(nodes, HostGroupNode, i);
    if (nodes->len >= HOST_LIMIT_NUMA_NODES || id > G_MAXINT)
        return NULL;
    g_array_append_val(nodes, node);
    return &g_array_index(nodes, HostGroupNode, nodes->len - 1);
}

/* Takes the words "N<id>=<count>" of one line; a line without its end is cut off, and not taken. */
static void
parse_node_line(const char *text, const char *name, size_t offset, uint64_t unit_bytes,
                GArray *nodes)
{
    const char *line = host_text_find_line(text, name);
    const char *end = line ? strchr(line, '\n') : NULL;
    g_autofree char *copy = end ? g_strndup(line, (gsize)(end - line)) : NULL;
    g_auto(GStrv) words = copy ? g_strsplit(copy, " ", HOST_LIMIT_NUMA_NODES + 2) : NULL;

    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        g_auto(GStrv) sides = g_strsplit(words[i], "=", 2);
        guint64 id = 0;
        HostGroupNode *node = NULL;

        if (words[i][0] != 'N' || sides[1] == NULL ||
            !g_ascii_string_to_unsigned(sides[0] + 1, 10, 0, G_MAXINT, &id, NULL))
            continue;
        node = get_node(nodes, id);
        if (node != NULL)
            *(UtilCount *)(void *)((char *)node + offset) =
                scaled(host_text_whole_count(sides[1]), unit_bytes);
    }
}

static int
compare_nodes(const void *a, const void *b)
{
    unsigned int first = ((const HostGroupNode *)a)->id;
    unsigned int second = ((const HostGroupNode *)b)->id;

    return (first > second) - (first < second);
}

GArray *
host_group_parse_nodes(const char *text, const char *anon, const char *file, uint64_t unit_bytes)
{
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(HostGroupNode));

    parse_node_line(text, anon, offsetof(HostGroupNode, anon_bytes), unit_bytes, nodes);
    parse_node_line(text, file, offsetof(HostGroupNode, file_bytes), unit_bytes, nodes);
    g_array_sort(nodes, compare_nodes);
    return nodes->len > 0 ? g_steal_pointer(&nodes) : NULL;
}

void
host_group_values_clear(HostGroupValues *self)
{
    if (self->nodes != NULL)
        g_array_unref(self->nodes);
    *self = (HostGroupValues){0};
}

static void
take_cpu_pressure(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    host_group_parse_pressure(text, &values->cpu);
}

static void
take_memory_pressure(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    host_group_parse_pressure(text, &values->memory);
}

static void
take_io_pressure(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    host_group_parse_pressure(text, &values->io);
}

static void
add(UtilCount *sum, UtilCount part)
{
    if (part.is_present)
        *sum = util_count_of((sum->is_present ? sum->value : 0) + part.value);
}

static void
take_throttling(const char *text, UtilCount time_ns, HostGroupValues *values)
{
    add(&values->n_periods, host_text_line_count(text, "nr_periods "));
    add(&values->n_throttled, host_text_line_count(text, "nr_throttled "));
    add(&values->throttled_ns, time_ns);
}

static void
take_cpu_stat(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    take_throttling(text, scaled(host_text_line_count(text, "throttled_usec "), NS_PER_US), values);
}

static void
take_cpu_stat_v1(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    take_throttling(text, host_text_line_count(text, "throttled_time "), values);
}

static void
take_events(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    values->n_high = host_text_line_count(text, "high ");
    values->n_max = host_text_line_count(text, "max ");
    values->n_oom = host_text_line_count(text, "oom ");
    values->n_oom_kill = host_text_line_count(text, "oom_kill ");
}

static void
take_oom_v1(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    values->n_oom_kill = host_text_line_count(text, "oom_kill ");
}

static void
take_swap(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    values->swap_bytes = host_text_whole_count(text);
}

static void
take_swap_v1(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    values->swap_bytes = host_text_line_count(text, "total_swap ");
}

static void
take_nodes(const HostRoot *root, const char *text, HostGroupValues *values)
{
    (void)root;
    values->nodes = host_group_parse_nodes(text, "anon ", "file ", 1);
}

static void
take_nodes_v1(const HostRoot *root, const char *text, HostGroupValues *values)
{
    values->nodes = host_group_parse_nodes(
        text, "hierarchical_anon=", "hierarchical_file=", (uint64_t)host_root_page_bytes(root));
}

/* The files that are read. */
static const struct {
    HierarchyId hierarchy;
    HostGroupSubjects subject;
    const char *name;
    void (*take)(const HostRoot *root, const char *text, HostGroupValues *values);
    bool is_of_inner; /* of the groups inside, too: it counts what happens to one group only */
} files[] = {
    {V2, HOST_GROUP_CPU, "cpu.pressure", take_cpu_pressure, false},
    {V2, HOST_GROUP_CPU, "cpu.stat", take_cpu_stat, true},
    {V1_CPU, HOST_GROUP_CPU, "cpu.stat", take_cpu_stat_v1, true},
    {V2, HOST_GROUP_MEMORY, "memory.pressure", take_memory_pressure, false},
    {V2, HOST_GROUP_MEMORY, "memory.events", take_events, false},
    {V2, HOST_GROUP_MEMORY, "memory.swap.current", take_swap, false},
    {V2, HOST_GROUP_MEMORY, "memory.numa_stat", take_nodes, false},
    {V1_MEMORY, HOST_GROUP_MEMORY, "memory.oom_control", take_oom_v1, false},
    {V1_MEMORY, HOST_GROUP_MEMORY, "memory.stat", take_swap_v1, false},
    {V1_MEMORY, HOST_GROUP_MEMORY, "memory.numa_stat", take_nodes_v1, false},
    {V2, HOST_GROUP_IO, "io.pressure", take_io_pressure, false},
};

enum { CANDIDATES_MOST = 2 };

/* A group that may be the machine's. */
typedef struct {
    char *folder; /* NULL: it cannot be seen */
    HostMembers *members;
    bool is_machines; /* they are the machine's */
} Candidate;

/* The groups of one hierarchy. */
typedef struct {
    Candidate candidates[CANDIDATES_MOST];
    Candidate *chosen; /* stays so; NULL: none was the machine's yet */
    bool is_machines;  /* @chosen is, by the last look */
} Place;

struct HostGroup {
    HostRoot *root;
    pid_t pid;
    char *text; /* /proc/<pid>/cgroup, as the places below are of it; NULL: none yet */
    bool is_in_container;
    Place places[N_HIERARCHIES];
    int fds[G_N_ELEMENTS(files)];
    int64_t look_again_us; /* monotonic: for files that are not there */
};

HostGroup *
host_group_new(HostRoot *root, pid_t pid)
{
    HostGroup *self = g_new0(HostGroup, 1);

    self->root = root;
    self->pid = pid;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        self->fds[i] = NOT_OPEN;
    return self;
}

static void
forget(HostGroup *self)
{
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        host_root_close_kept(self->root, self->fds[i]);
        self->fds[i] = NOT_OPEN;
    }
    for (size_t i = 0; i < N_HIERARCHIES; i++) {
        for (size_t k = 0; k < CANDIDATES_MOST; k++) {
            g_free(self->places[i].candidates[k].folder);
            host_members_unref(self->places[i].candidates[k].members);
        }
        self->places[i] = (Place){0};
    }
    g_clear_pointer(&self->text, g_free);
}

void
host_group_free(HostGroup *self)
{
    if (self == NULL)
        return;
    forget(self);
    g_free(self);
}

static void
find_candidates(HostGroup *self, HierarchyId id)
{
    g_autofree char *group = host_hierarchy_group(self->text, hierarchies[id].controller);
    g_auto(GStrv) paths = group ? host_group_path_candidates(group) : NULL;

    for (size_t i = 0; paths != NULL && i < CANDIDATES_MOST && paths[i] != NULL; i++)
        self->places[id].candidates[i].folder =
            host_hierarchy_folder(self->root, &hierarchies[id], paths[i]);
}

/* Lists the processes of the group anew; true if they are the machine's. */
static bool
look_at_members(HostGroup *self, HostGroupLister lister, Candidate *candidate)
{
    HostMembers *now = NULL;

    if (candidate->folder == NULL)
        return false;
    /* A group of its own is nobody else's to read. */
    if (candidate->is_machines && host_members_are_same(candidate->members))
        return true;
    now = lister.list(lister.data, candidate->folder, candidate->members);
    host_members_unref(candidate->members);
    candidate->members = now;
    candidate->is_machines =
        now != NULL && host_members_are_of(now, self->pid, self->is_in_container);
    return candidate->is_machines;
}

/* Chooses the first group that is the machine's, unless one was chosen before. */
static void
look_at_place(HostGroup *self, HostGroupLister lister, Place *place)
{
    place->is_machines = place->chosen != NULL && look_at_members(self, lister, place->chosen);
    for (size_t i = 0; i < CANDIDATES_MOST && place->chosen == NULL; i++) {
        place->is_machines = look_at_members(self, lister, &place->candidates[i]);
        if (place->is_machines)
            place->chosen = &place->candidates[i];
    }
}

void
host_group_look(HostGroup *self, HostKept *process_files, HostGroupLister lister)
{
    char text[MAX_CGROUP_BYTES] = "";

    if (host_kept_read(process_files, self->pid, 0, "cgroup", text, sizeof(text)) < 0) {
        forget(self);
        return;
    }
    if (g_strcmp0(text, self->text) != 0) {
        forget(self);
        self->text = g_strdup(text);
        self->is_in_container =
            host_process_read_numbers(self->root, self->pid) == HOST_PROCESS_NUMBERS_OTHER;
        for (size_t i = 0; i < N_HIERARCHIES; i++)
            find_candidates(self, (HierarchyId)i);
    }
    for (size_t i = 0; i < N_HIERARCHIES; i++)
        look_at_place(self, lister, &self->places[i]);
}

/* Files that were not there may be by now. */
static void
forget_absent(HostGroup *self)
{
    int64_t now_us = util_deadline_now_us();

    if (now_us < self->look_again_us)
        return;
    self->look_again_us = now_us + LOOK_AGAIN_US;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        if (self->fds[i] == NOT_THERE)
            self->fds[i] = NOT_OPEN;
}

/* Opens one of @files, if it may be kept open, and reads it; false if it cannot be read. */
static bool
read_first(HostGroup *self, size_t i, const char *folder, char text[VALUE_BYTES])
{
    g_autofree char *path = g_build_filename(folder, files[i].name, NULL);
    bool is_read = host_root_read(self->root, path, text, VALUE_BYTES) >= 0;

    if (!host_root_may_keep(self->root))
        return is_read;
    if (is_read)
        self->fds[i] = host_root_open_kept(self->root, path);
    else
        self->fds[i] = NOT_THERE;
    return is_read;
}

/* Reads one of @files into @text; false if it cannot be read. */
static bool
read_kept(HostGroup *self, size_t i, const char *folder, char text[VALUE_BYTES])
{
    ssize_t n = -1;

    if (self->fds[i] == NOT_OPEN || !host_root_may_keep(self->root))
        return read_first(self, i, folder, text);
    if (self->fds[i] == NOT_THERE)
        return false;
    do
        n = pread(self->fds[i], text, VALUE_BYTES - 1, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        /* The controller was turned off, or the group was removed: it may have come back since. */
        host_root_close_kept(self->root, self->fds[i]);
        self->fds[i] = NOT_OPEN;
        return read_first(self, i, folder, text);
    }
    text[n] = '\0';
    return true;
}

static void
read_inner(HostGroup *self, size_t i, const Place *place, HostGroupValues *values)
{
    const char *const *inner = host_members_inner(place->chosen->members);
    char text[VALUE_BYTES];

    for (size_t k = 0; inner[k] != NULL; k++) {
        g_autofree char *path = g_build_filename(inner[k], files[i].name, NULL);

        if (host_root_read(self->root, path, text, sizeof(text)) >= 0)
            files[i].take(self->root, text, values);
    }
}

void
host_group_read(HostGroup *self, unsigned int subjects, HostGroupValues *ret_values)
{
    char text[VALUE_BYTES];

    forget_absent(self);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        const Place *place = &self->places[files[i].hierarchy];

        if ((subjects & files[i].subject) == 0 || !place->is_machines)
            continue;
        if (read_kept(self, i, place->chosen->folder, text))
            files[i].take(self->root, text, ret_values);
        if (files[i].is_of_inner)
            read_inner(self, i, place, ret_values);
    }
}

GArray *
host_group_list_vhost(const HostGroup *self)
{
    GArray *threads = g_array_new(FALSE, FALSE, sizeof(pid_t));

    for (size_t i = 0; i < N_HIERARCHIES * CANDIDATES_MOST && threads->len == 0; i++) {
        const Candidate *candidate =
            &self->places[i / CANDIDATES_MOST].candidates[i % CANDIDATES_MOST];

        if (candidate->members != NULL)
            host_members_add_vhost(candidate->members, self->pid, threads);
    }
    return threads;
}
