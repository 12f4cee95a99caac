/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_names: see qemu_source_names.h. Reads /proc.
 *
 * A derived UUID must be the same after a restart of that QEMU, of the host and of this program,
 * and another for another QEMU. The path of the monitor is that in our mount namespace. In another
 * one the same path may be there twice: then the process's control group goes with it, which is the
 * container's.
 */
#include "qemu_source_names.h"

#include <string.h>

#include "host/host_text.h"
#include "qemu_process.h"
#include "qemu_source_path.h"

enum { CGROUP_BYTES = 65536 };

/* What one endpoint was given. */
typedef struct {
    QemuEndpoint *endpoint;
    char *base_name; /* before it was made to differ */
    char *base_identity;
} Given;

struct QemuSourceNames {
    GHashTable *given; /* key -> Given */
};

static void
free_given(gpointer data)
{
    Given *given = data;

    qemu_endpoint_unref(given->endpoint);
    g_free(given->base_name);
    g_free(given->base_identity);
    g_free(given);
}

/* @path, as the process @pid names it, with the folders above it that this host knows: the working
 * directory for a relative one, the root after a chroot. The caller frees. */
static char *
make_whole(const QemuSourceView *view, pid_t pid, const char *path)
{
    const char *link = path[0] == '/' ? "root" : "cwd";
    g_autofree char *folder = qemu_process_read_link(view->root, pid, link);
    g_autofree char *whole = folder ? g_build_filename(folder, path, NULL) : g_strdup(path);

    return whole[0] == '/' ? g_canonicalize_filename(whole, "/") : g_steal_pointer(&whole);
}

static bool
is_path(const QemuEndpointPlace *place)
{
    return place->bound_path[0] != '@' && !g_str_has_prefix(place->connect_path, "tcp:");
}

/* Where the socket of a place that is a path is, in our mount namespace if possible. The caller
 * frees. */
static char *
find_path(const QemuSourceView *view, pid_t pid, const QemuEndpointPlace *place)
{
    if (place->connect_path[0] == '/' && !g_str_has_prefix(place->connect_path, "/proc/"))
        return g_canonicalize_filename(place->connect_path, "/");
    return make_whole(view, pid, place->bound_path);
}

/* Where the socket of a monitor is that the words name, whether it can be used or not: so it is the
 * same while the monitor waits for its manager, and later. NULL if the words have neither a path
 * nor a name for it. The caller frees. */
static char *
find_monitor(const QemuSourceView *view, const QemuEndpoint *endpoint,
             const QemuCmdlineMonitor *monitor)
{
    if (monitor->socket.kind == QEMU_CMDLINE_SOCKET_ABSTRACT)
        return g_strconcat("@", monitor->socket.path, NULL);
    if (monitor->socket.kind != QEMU_CMDLINE_SOCKET_UNIX)
        return NULL;
    for (guint i = 0; i < endpoint->places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(endpoint->places, i);

        if (is_path(place) && g_str_equal(place->bound_path, monitor->socket.path))
            return find_path(view, endpoint->pid, place);
    }
    return make_whole(view, endpoint->pid, monitor->socket.path);
}

/* The addresses of the monitors that the words name, then those of the places. The caller unrefs.
 */
static GPtrArray *
list_addresses(const QemuSourceView *view, const QemuEndpoint *endpoint, const QemuCmdline *cmdline)
{
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < cmdline->monitors->len; i++) {
        char *address =
            find_monitor(view, endpoint, &g_array_index(cmdline->monitors, QemuCmdlineMonitor, i));

        if (address != NULL)
            g_ptr_array_add(addresses, address);
    }
    for (guint i = 0; i < endpoint->places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(endpoint->places, i);

        if (is_path(place))
            g_ptr_array_add(addresses, find_path(view, endpoint->pid, place));
        else if (place->bound_path[0] == '@')
            g_ptr_array_add(addresses, g_strdup(place->bound_path));
        else
            g_ptr_array_add(addresses, g_strconcat("tcp:", place->bound_path, NULL));
    }
    return addresses;
}

/* The path of the process's control group; NULL if that is the root, or cannot be read. The caller
 * frees. */
static char *
read_cgroup(const QemuSourceView *view, pid_t pid)
{
    g_autofree char *name = g_strdup_printf("proc/%d/cgroup", (int)pid);
    g_autofree char *text = host_root_read_all(view->root, name, CGROUP_BYTES, NULL);
    const char *path = text ? host_text_find_line(text, "0::") : NULL;
    size_t size = 0;

    if (path == NULL && text != NULL) { /* version 1 alone: any of its lines */
        path = strstr(text, ":/");
        path = path ? path + 1 : NULL;
    }
    size = path ? strcspn(path, "\n") : 0;
    return size > strlen("/") ? g_strndup(path, size) : NULL;
}

/* An address that is valid only in a namespace of the process @pid, with what tells that one from
 * others. The caller frees. */
static char *
make_foreign(const QemuSourceView *view, const QemuEndpoint *endpoint, const char *address)
{
    g_autofree char *cgroup = read_cgroup(view, endpoint->pid);

    if (cgroup != NULL)
        return g_strdup_printf("cgroup:%s:%s", cgroup, address);
    return g_strdup_printf("process:%d:%" G_GUINT64_FORMAT ":%s", (int)endpoint->pid,
                           (guint64)endpoint->start_ticks, address);
}

/* Sets the name, which the endpoint has if QEMU was given one. */
static void
set_name(QemuEndpoint *endpoint, const QemuCmdline *cmdline, const GPtrArray *addresses)
{
    g_clear_pointer(&endpoint->name, g_free);
    endpoint->name = g_strdup(cmdline->definition->name);
    for (guint i = 0; endpoint->name == NULL && i < addresses->len; i++)
        endpoint->name = qemu_source_path_find_name(g_ptr_array_index(addresses, i));
    if (endpoint->name == NULL)
        endpoint->name = g_strdup_printf("pid-%d", (int)endpoint->pid);
}

static void
set_identity(const QemuSourceView *view, QemuEndpoint *endpoint, const GPtrArray *addresses)
{
    const char *address = addresses->len > 0 ? g_ptr_array_index(addresses, 0) : NULL;
    pid_t pid = endpoint->pid;
    bool is_ours = true;

    if (address != NULL && address[0] == '/')
        is_ours = qemu_source_view_shares_mounts(view, pid);
    else if (address != NULL)
        is_ours = qemu_source_view_has_link(view, pid, "ns/net", view->own_network);
    g_free(endpoint->identity);
    if (address == NULL)
        endpoint->identity = g_strdup(endpoint->name);
    else
        endpoint->identity = is_ours ? g_strdup(address) : make_foreign(view, endpoint, address);
}

void
qemu_source_names_set(const QemuSourceView *view, const QemuCmdline *cmdline,
                      QemuEndpoint *endpoint)
{
    g_autoptr(GPtrArray) addresses = list_addresses(view, endpoint, cmdline);

    set_name(endpoint, cmdline, addresses);
    set_identity(view, endpoint, addresses);
}

QemuSourceNames *
qemu_source_names_new(void)
{
    QemuSourceNames *self = g_new0(QemuSourceNames, 1);

    self->given = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_given);
    return self;
}

void
qemu_source_names_free(QemuSourceNames *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->given);
    g_free(self);
}

/* What is taken in one scan; the texts are the endpoints' own. */
typedef struct {
    GHashTable *names;
    GHashTable *identities;
} Taken;

static bool
has_given_name(const QemuEndpoint *endpoint)
{
    return endpoint->definition != NULL &&
           g_strcmp0(endpoint->definition->name, endpoint->name) == 0;
}

/* What the UUID is derived from; NULL: it is not derived. Borrowed. */
static const char *
get_identity(const QemuEndpoint *endpoint)
{
    if (endpoint->uuid != NULL ||
        (endpoint->definition != NULL && endpoint->definition->uuid != NULL))
        return NULL;
    return endpoint->identity;
}

static void
note_taken(Taken *taken, const QemuEndpoint *endpoint)
{
    const char *identity = get_identity(endpoint);

    g_hash_table_add(taken->names, endpoint->name);
    if (identity != NULL)
        g_hash_table_add(taken->identities, (gpointer)(uintptr_t)identity);
}

/* @text with what tells the process apart, if @texts has it already; NULL if not. The caller frees.
 */
static char *
make_different(GHashTable *texts, const char *text, const QemuEndpoint *endpoint,
               const char *parted)
{
    g_autofree char *other = g_strdup(text);

    if (!g_hash_table_contains(texts, text))
        return NULL;
    if (endpoint->pid > 0) {
        g_free(other);
        other = g_strdup_printf("%s%s%d", text, parted, (int)endpoint->pid);
    }
    for (unsigned int n = 2; g_hash_table_contains(texts, other); n++) {
        g_free(other);
        other = g_strdup_printf("%s%s%u", text, parted, n);
    }
    return g_steal_pointer(&other);
}

static void
replace_text(char **text, char *take_other)
{
    if (take_other == NULL)
        return;
    g_free(*text);
    *text = take_other;
}

/* Settles an endpoint that was not given out yet. @before is what its domain was given in an
 * earlier scan; NULL: it is new. */
static Given *
settle(Taken *taken, QemuEndpoint *endpoint, const Given *before)
{
    Given *given = g_new0(Given, 1);

    given->endpoint = qemu_endpoint_ref(endpoint);
    given->base_name = g_strdup(endpoint->name);
    given->base_identity = g_strdup(endpoint->identity);
    if (before != NULL && g_strcmp0(before->base_identity, endpoint->identity) == 0)
        replace_text(&endpoint->identity, g_strdup(before->endpoint->identity));
    else if (get_identity(endpoint) != NULL)
        replace_text(&endpoint->identity,
                     make_different(taken->identities, endpoint->identity, endpoint, ":"));
    if (has_given_name(endpoint))
        return given;
    if (before != NULL && g_str_equal(before->base_name, endpoint->name))
        replace_text(&endpoint->name, g_strdup(before->endpoint->name));
    else
        replace_text(&endpoint->name, make_different(taken->names, endpoint->name, endpoint, "-"));
    return given;
}

/* The oldest process first: its name stays when a later one comes that would have the same. */
static int
compare_starts(const void *a, const void *b)
{
    const QemuEndpoint *left = *(QemuEndpoint *const *)a;
    const QemuEndpoint *right = *(QemuEndpoint *const *)b;

    if (left->start_ticks != right->start_ticks)
        return left->start_ticks < right->start_ticks ? -1 : 1;
    return left->pid != right->pid ? (left->pid < right->pid ? -1 : 1)
                                   : strcmp(left->key, right->key);
}

/* Keeps what the endpoints of earlier scans were given, reserves what those that were made anew
 * had, and gives those that are not settled. */
static GPtrArray *
keep_settled(const QemuSourceNames *self, const GPtrArray *endpoints, GHashTable *given,
             Taken *taken)
{
    GPtrArray *others = g_ptr_array_new();

    for (guint i = 0; i < endpoints->len; i++) {
        QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);
        Given *before = g_hash_table_lookup(self->given, endpoint->key);

        if (before != NULL)
            note_taken(taken, before->endpoint);
        if (has_given_name(endpoint))
            g_hash_table_add(taken->names, endpoint->name);
        if (before == NULL || before->endpoint != endpoint) {
            g_ptr_array_add(others, endpoint);
            continue;
        }
        g_hash_table_steal(self->given, endpoint->key);
        g_hash_table_insert(given, endpoint->key, before);
    }
    g_ptr_array_sort(others, compare_starts);
    return others;
}

/* True if the scan has found what the last one has. */
static bool
is_settled(const QemuSourceNames *self, const GPtrArray *endpoints)
{
    if (g_hash_table_size(self->given) != endpoints->len)
        return false;
    for (guint i = 0; i < endpoints->len; i++) {
        const QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);
        const Given *before = g_hash_table_lookup(self->given, endpoint->key);

        if (before == NULL || before->endpoint != endpoint)
            return false;
    }
    return true;
}

/* Makes self->given that of @endpoints, of which some are not settled. */
static void
settle_others(QemuSourceNames *self, const GPtrArray *endpoints)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) identities = g_hash_table_new(g_str_hash, g_str_equal);
    Taken taken = {names, identities};
    GHashTable *given = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_given);
    g_autoptr(GPtrArray) others = keep_settled(self, endpoints, given, &taken);

    for (guint i = 0; i < others->len; i++) {
        QemuEndpoint *endpoint = g_ptr_array_index(others, i);
        const Given *before = g_hash_table_lookup(self->given, endpoint->key);

        g_hash_table_insert(given, endpoint->key, settle(&taken, endpoint, before));
        note_taken(&taken, endpoint);
    }
    g_hash_table_unref(self->given);
    self->given = given;
}

void
qemu_source_names_settle(QemuSourceNames *self, const GPtrArray *endpoints)
{
    if (!is_settled(self, endpoints))
        settle_others(self, endpoints);
}
