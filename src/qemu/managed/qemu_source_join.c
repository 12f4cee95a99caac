/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_join: see qemu_source_join.h. Keeps nothing.
 *
 * A process is joined with a domain if a libvirt lists that UUID as running, with the name and the
 * id in the path of the process's monitor, and if that libvirt may manage the process: a user's own
 * libvirt has QEMUs of that user only, and each libvirt has QEMUs in its own pid namespace. If
 * several libvirts list the process, the one counts that is connected to its monitor; if several
 * processes may be one domain, the one counts to whose monitor the libvirt is connected. If that is
 * not exactly one, nothing is joined. So a program that shows the words of another user's QEMU
 * cannot take its place.
 *
 * A process whose domain libvirt lists as not running is joined with it as well: it is starting or
 * ending.
 */
#include "qemu_source_join.h"

#include <string.h>

#include "host/process/host_process_owner.h"

typedef struct {
    const QemuSourceJoinLists *lists; /* borrowed */
    GHashTable **by_uuid; /* of each libvirt: UUID -> QemuEndpoint; NULL: it has no list */
} Run;

static bool
is_libvirts(const QemuEndpointPlace *place)
{
    return g_strcmp0(place->manager->name, "libvirt") == 0;
}

bool
qemu_source_join_is_libvirts(const QemuEndpoint *process)
{
    for (guint i = 0; i < process->places->len; i++)
        if (is_libvirts(g_ptr_array_index(process->places, i)))
            return true;
    return process->definition != NULL && process->definition->libvirt_key_path != NULL;
}

void
qemu_source_join_clear_words(QemuSourceJoinWords *self)
{
    qemu_libvirt_signs_clear(&self->signs);
    g_free(self->uuid);
    *self = (QemuSourceJoinWords){0};
}

void
qemu_source_join_read_words(QemuSourceJoinWords *self, const QemuEndpoint *process)
{
    qemu_source_join_clear_words(self);
    self->has_signs = qemu_libvirt_signs_read(process, &self->signs);
    self->uuid = process->definition ? g_strdup(process->definition->uuid) : NULL;
}

void
qemu_source_join_clear(gpointer data)
{
    QemuSourceJoin *join = data;

    g_free(join->trouble);
}

static bool
has_folder_of(const QemuSourceJoinWords *words, const QemuSourceDaemon *daemon)
{
    QemuLibvirtSignsKind kind =
        words->has_signs ? qemu_libvirt_signs_kind(&words->signs) : QEMU_LIBVIRT_SIGNS_OTHER;

    return kind == QEMU_LIBVIRT_SIGNS_OTHER ||
           (kind == QEMU_LIBVIRT_SIGNS_SESSION) == daemon->is_session;
}

/* True if that libvirt may manage the process, as far as can be seen. */
static bool
may_be_of(const Run *run, const QemuSourceJoin *join, const QemuSourceDaemon *daemon)
{
    HostRoot *root = run->lists->view->root;
    pid_t pid = join->process->pid;
    uid_t user = 0;
    g_autofree char *pids = NULL;

    if (join->uri_before != NULL && g_strcmp0(join->uri_before, daemon->uri) == 0)
        return true;
    if (!has_folder_of(join->words, daemon))
        return false;
    if (daemon->is_session && host_process_owner_of_process(root, pid, &user) &&
        user != daemon->user)
        return false;
    pids = qemu_process_read_link(root, pid, "ns/pid");
    return pids == NULL || daemon->pid_namespace == NULL ||
           g_str_equal(pids, daemon->pid_namespace);
}

static bool
has_name_of(const QemuSourceJoinWords *words, const QemuEndpoint *process,
            const QemuEndpoint *listed)
{
    int id = listed->is_active ? listed->id : words->signs.id;

    if (words->has_signs)
        return qemu_libvirt_signs_fit(&words->signs, listed->name, id);
    return process->definition == NULL || g_strcmp0(process->definition->name, listed->name) == 0;
}

static bool
is_client_at(const Run *run, const QemuSourceDaemon *daemon, ino_t listener_inode)
{
    HostListener listener = {0};
    g_autoptr(GArray) clients = NULL;

    if (!host_sockets_find(run->lists->view->table, AF_UNIX, listener_inode, &listener))
        return false;
    clients = host_sockets_list_clients(run->lists->view->table, &listener);
    for (guint i = 0; clients != NULL && i < clients->len; i++) {
        const HostListenerClient *client = &g_array_index(clients, HostListenerClient, i);

        if (client->peer_inode != 0 && host_descriptors_has_socket(run->lists->view->descriptors,
                                                                   daemon->pid, client->peer_inode))
            return true;
    }
    return false;
}

/* True if the daemon is seen to be connected to libvirt's monitor of the process. */
static bool
holds_monitor(const Run *run, const QemuSourceDaemon *daemon, const QemuEndpoint *process)
{
    host_sockets_add_namespace(run->lists->view->table, process->pid, NULL);
    host_sockets_add_namespace(run->lists->view->table, daemon->pid, NULL);
    for (guint i = 0; i < process->places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(process->places, i);

        if (is_libvirts(place) && place->socket_inode != 0 &&
            is_client_at(run, daemon, place->socket_inode))
            return true;
    }
    return false;
}

/* The domain that the libvirt at @at lists, and that the process may be; NULL: none. */
static QemuEndpoint *
find_listed(const Run *run, const QemuSourceJoin *join, size_t at, bool is_active)
{
    GHashTable *by_uuid = run->by_uuid[at];
    QemuEndpoint *listed = by_uuid ? g_hash_table_lookup(by_uuid, join->words->uuid) : NULL;
    bool may_be = listed != NULL && listed->is_active == is_active &&
                  has_name_of(join->words, join->process, listed) &&
                  may_be_of(run, join, run->lists->libvirts[at].daemon);

    return may_be ? listed : NULL;
}

/* The libvirts that list the process, or only those of them that are connected to its monitor: how
 * many, and the place of the last one. */
static unsigned int
count_lists(const Run *run, const QemuSourceJoin *join, bool is_active, bool must_hold,
            size_t *ret_at)
{
    unsigned int n = 0;

    for (size_t i = 0; i < run->lists->n_libvirts; i++) {
        if (find_listed(run, join, i, is_active) == NULL ||
            (must_hold && !holds_monitor(run, run->lists->libvirts[i].daemon, join->process)))
            continue;
        *ret_at = i;
        n++;
    }
    return n;
}

/* Finds the domain that the process is, among those that run or those that do not. */
static void
search_lists(const Run *run, QemuSourceJoin *join, bool is_active)
{
    size_t at = 0;
    unsigned int n = 0;

    if (join->words->uuid == NULL)
        return;
    n = count_lists(run, join, is_active, false, &at);
    if (n > 1 && count_lists(run, join, is_active, true, &at) != 1) {
        join->is_refuted = true;
        join->trouble = g_strdup("libvirt cannot be asked: more than one may manage it");
    } else if (n > 0) {
        join->libvirt = &run->lists->libvirts[at];
        join->listed = find_listed(run, join, at, is_active);
    }
}

/* The libvirts that may manage the process: how many, and the first one that is in trouble, else
 * the first one. */
static unsigned int
find_managers(const Run *run, const QemuSourceJoin *join, const QemuSourceJoinLibvirt **ret_first)
{
    unsigned int n = 0;

    *ret_first = NULL;
    for (size_t i = 0; i < run->lists->n_libvirts; i++) {
        const QemuSourceJoinLibvirt *libvirt = &run->lists->libvirts[i];

        if (!may_be_of(run, join, libvirt->daemon))
            continue;
        n++;
        if (*ret_first == NULL || ((*ret_first)->trouble == NULL && libvirt->trouble != NULL))
            *ret_first = libvirt;
    }
    return n;
}

/* Says why no list has the process. If its only possible libvirt has not given its list in time,
 * that is asked for the process by its UUID and id. */
static void
explain(const Run *run, QemuSourceJoin *join)
{
    const QemuSourceJoinLibvirt *libvirt = NULL;
    unsigned int n = find_managers(run, join, &libvirt);

    if (n == 0) {
        join->is_orphan = true;
        join->trouble = g_strdup(run->lists->absence);
    } else if (libvirt->trouble == NULL) {
        join->is_refuted = true;
        join->trouble = g_strdup_printf("libvirt at '%s' does not list it", libvirt->daemon->uri);
    } else if (n == 1 && libvirt->is_late && join->words->uuid != NULL &&
               join->words->signs.id > 0) {
        join->is_presumed = true;
        join->libvirt = libvirt;
    } else {
        join->trouble = g_strdup(libvirt->trouble);
    }
}

/* Finds the domain that the process is, or why there is none. */
static void
choose(const Run *run, QemuSourceJoin *join)
{
    search_lists(run, join, true);
    if (join->listed == NULL && join->trouble == NULL)
        search_lists(run, join, false);
    if (join->listed == NULL && join->trouble == NULL)
        explain(run, join);
    else if (join->listed != NULL && join->libvirt->trouble != NULL && !join->libvirt->is_late)
        join->trouble = g_strdup(join->libvirt->trouble);
    else if (join->listed != NULL && join->libvirt->trouble == NULL && !join->listed->is_active)
        join->trouble = g_strdup_printf("libvirt at '%s' says that it does not run",
                                        join->libvirt->daemon->uri);
}

static void
unjoin(QemuSourceJoin *join)
{
    join->listed = NULL;
    join->is_refuted = true;
    g_free(join->trouble);
    join->trouble = g_strdup("libvirt cannot be asked: two processes may be this domain");
}

static unsigned int
count_of(GHashTable *counts, const QemuEndpoint *listed)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(counts, listed));
}

static void
count_one(GHashTable *counts, QemuEndpoint *listed)
{
    g_hash_table_insert(counts, listed, GUINT_TO_POINTER(count_of(counts, listed) + 1));
}

/* Where several processes were joined with one listed domain, leaves it to the one whose monitor
 * the daemon is connected to; to none if that is not exactly one. */
static void
settle_contested(const Run *run, GArray *joins)
{
    g_autoptr(GHashTable) n_joins = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) n_holds = g_hash_table_new(NULL, NULL);
    g_autofree bool *holds = g_new0(bool, joins->len + 1);

    for (guint i = 0; i < joins->len; i++)
        if (g_array_index(joins, QemuSourceJoin, i).listed != NULL)
            count_one(n_joins, g_array_index(joins, QemuSourceJoin, i).listed);
    for (guint i = 0; i < joins->len; i++) {
        const QemuSourceJoin *join = &g_array_index(joins, QemuSourceJoin, i);

        holds[i] = join->listed != NULL && count_of(n_joins, join->listed) > 1 &&
                   holds_monitor(run, join->libvirt->daemon, join->process);
        if (holds[i])
            count_one(n_holds, join->listed);
    }
    for (guint i = 0; i < joins->len; i++) {
        QemuSourceJoin *join = &g_array_index(joins, QemuSourceJoin, i);

        if (join->listed != NULL && count_of(n_joins, join->listed) > 1 &&
            !(holds[i] && count_of(n_holds, join->listed) == 1))
            unjoin(join);
    }
}

static GHashTable *
index_list(const GPtrArray *endpoints)
{
    GHashTable *by_uuid = NULL;

    if (endpoints == NULL)
        return NULL;
    by_uuid = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < endpoints->len; i++) {
        QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);

        g_hash_table_insert(by_uuid, endpoint->uuid, endpoint);
    }
    return by_uuid;
}

/* The listed domains that are joined, as keys of a set. */
static GHashTable *
make_joined(const GArray *joins)
{
    GHashTable *joined = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < joins->len; i++)
        if (g_array_index(joins, QemuSourceJoin, i).listed != NULL)
            g_hash_table_add(joined, g_array_index(joins, QemuSourceJoin, i).listed);
    return joined;
}

GHashTable *
qemu_source_join_all(const QemuSourceJoinLists *lists, GArray *joins)
{
    g_autofree GHashTable **by_uuid = g_new0(GHashTable *, lists->n_libvirts + 1);
    const Run run = {.lists = lists, .by_uuid = by_uuid};

    for (size_t i = 0; i < lists->n_libvirts; i++)
        by_uuid[i] = index_list(lists->libvirts[i].endpoints);
    for (guint i = 0; i < joins->len; i++)
        if (g_array_index(joins, QemuSourceJoin, i).words != NULL)
            choose(&run, &g_array_index(joins, QemuSourceJoin, i));
    settle_contested(&run, joins);
    for (size_t i = 0; i < lists->n_libvirts; i++)
        g_clear_pointer(&by_uuid[i], g_hash_table_unref);
    return make_joined(joins);
}
