/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_merge: see qemu_source_merge.h. Owns what each domain was merged from.
 *
 * qemu_source_join says which process is which domain. While the libvirt of a process cannot be
 * asked, the process keeps what that libvirt told of it last.
 */
#include "qemu_source_merge.h"

#include "qemu/facts/qemu_limits.h"
#include "qemu/finding/qemu_source_ids.h"

/* One domain of the answer, and what it was made of. */
typedef struct {
    unsigned int last_run; /* in which it was in the answer */
    QemuSourceJoinWords words;
    char *uri;            /* of the libvirt that listed it last; NULL: none has */
    QemuEndpoint *merged; /* the domain of the answer */
    /* The Parts that it was made of. */
    QemuEndpoint *process;
    QemuEndpoint *listed;
    LibvirtPool *pool;
    char *trouble;
    bool was_aged;
    bool was_presumed;
} Known;

struct QemuSourceMerge {
    GHashTable *known; /* key -> Known */
    QemuSourceIds *ids;
    unsigned int n_runs;
    bool lacks_libvirt;
};

typedef struct {
    QemuSourceMerge *self;
    const QemuSourceJoinLists *lists;
    GHashTable *joined; /* the listed endpoints that are joined with a process, a set */
    GHashTable *lent;   /* listed endpoint without a process -> its id in this answer */
    GPtrArray *merged;  /* the answer */
} Run;

static void
free_known(gpointer data)
{
    Known *known = data;

    qemu_endpoint_unref(known->process);
    qemu_endpoint_unref(known->listed);
    qemu_endpoint_unref(known->merged);
    libvirt_pool_unref(known->pool);
    qemu_source_join_clear_words(&known->words);
    g_free(known->uri);
    g_free(known->trouble);
    g_free(known);
}

QemuSourceMerge *
qemu_source_merge_new(void)
{
    QemuSourceMerge *self = g_new0(QemuSourceMerge, 1);

    self->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_known);
    self->ids = qemu_source_ids_new();
    return self;
}

void
qemu_source_merge_free(QemuSourceMerge *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->known);
    qemu_source_ids_free(self->ids);
    g_free(self);
}

bool
qemu_source_merge_lacks_libvirt(const QemuSourceMerge *self)
{
    return self->lacks_libvirt;
}

static Known *
get_known(Run *run, const char *key)
{
    Known *known = g_hash_table_lookup(run->self->known, key);

    if (known == NULL) {
        known = g_new0(Known, 1);
        g_hash_table_insert(run->self->known, g_strdup(key), known);
    }
    known->last_run = run->self->n_runs;
    return known;
}

/* NULL if no libvirt started the process. What its words told is kept if it hides them later. */
static Known *
know_process(Run *run, const QemuEndpoint *process)
{
    Known *known = g_hash_table_lookup(run->self->known, process->key);
    bool is_hidden = process->definition == NULL && known != NULL && known->words.uuid != NULL;

    if (!is_hidden && !qemu_source_join_is_libvirts(process))
        return NULL;
    known = get_known(run, process->key);
    if (known->process != process && !is_hidden)
        qemu_source_join_read_words(&known->words, process);
    return known;
}

/* What a domain is to be made of; borrowed. */
typedef struct {
    QemuEndpoint *process; /* NULL: none is seen */
    QemuEndpoint *listed;  /* NULL: no list has it */
    int id;
    int libvirt_id;      /* by which its libvirt knows it; 0: unknown */
    LibvirtPool *pool;   /* that is asked for its statistics; NULL: none */
    const char *trouble; /* why none is; NULL: no reason is to be given */
    bool is_aged;        /* @listed is of an earlier list */
    bool is_denied;      /* @trouble is a lack of permission */
    bool is_libvirts;    /* a libvirt started @process */
    bool is_presumed;    /* UUID and id are those that the process tells */
} Parts;

static void
set_text(char **text, const char *value)
{
    char *copy = g_strdup(value);

    g_free(*text);
    *text = copy;
}

/* Puts what the list tells on the endpoint of the process. */
static void
tell_listed(QemuEndpoint *merged, const Parts *parts)
{
    const QemuEndpoint *listed = parts->listed;

    set_text(&merged->name, listed->name);
    set_text(&merged->uuid, listed->uuid);
    merged->is_persistent = listed->is_persistent;
    merged->is_listed = listed->is_listed;
    merged->autostart = listed->autostart;
    qemu_definition_free(merged->about);
    merged->about = listed->about ? qemu_definition_ref(listed->about) : NULL;
    if (!listed->is_active)
        return;
    if (parts->trouble == NULL && !parts->is_aged) {
        merged->libvirt_state = listed->libvirt_state;
        merged->libvirt_reason = listed->libvirt_reason;
    }
    if (listed->definition == NULL)
        return;
    qemu_definition_free(merged->definition);
    merged->definition = qemu_definition_ref(listed->definition);
}

/* Only libvirt tells anything of a domain without a process, so its trouble is the domain's. */
static void
set_trouble(QemuEndpoint *merged, const Parts *parts)
{
    merged->trouble = parts->is_denied ? DOMSTATS_HEALTH_DENIED : DOMSTATS_HEALTH_SLOW;
    merged->trouble_code = DOMSTATS_REASON_LIBVIRT_AWAY;
    set_text(&merged->trouble_reason, parts->trouble);
}

static QemuEndpoint *
make_merged(const Known *known, const char *key, const Parts *parts)
{
    QemuEndpoint *merged = qemu_endpoint_copy(parts->process ? parts->process : parts->listed);

    set_text(&merged->key, key);
    if (parts->process != NULL && parts->listed != NULL)
        tell_listed(merged, parts);
    merged->may_be_persistent = parts->is_libvirts && parts->listed == NULL;
    if (parts->is_presumed)
        set_text(&merged->uuid, known->words.uuid);
    merged->id = parts->id;
    merged->libvirt_id = parts->libvirt_id;
    if (parts->process == NULL && parts->trouble != NULL)
        set_trouble(merged, parts);
    if (parts->process == NULL && parts->is_aged) {
        merged->libvirt_state = -1;
        merged->libvirt_reason = -1;
    }
    libvirt_pool_unref(merged->libvirt);
    merged->libvirt = parts->pool ? libvirt_pool_ref(parts->pool) : NULL;
    set_text(&merged->libvirt_trouble, parts->trouble);
    return merged;
}

static void
replace_endpoint(QemuEndpoint **endpoint, QemuEndpoint *other)
{
    if (other != NULL)
        qemu_endpoint_ref(other);
    qemu_endpoint_unref(*endpoint);
    *endpoint = other;
}

/* Appends the domain to the answer. It is made again only if its parts have changed. */
static void
add_merged(Run *run, Known *known, const char *key, const Parts *parts)
{
    if (known->merged == NULL || known->process != parts->process ||
        known->listed != parts->listed || known->pool != parts->pool ||
        known->merged->id != parts->id || known->merged->libvirt_id != parts->libvirt_id ||
        known->was_aged != parts->is_aged || known->was_presumed != parts->is_presumed ||
        g_strcmp0(known->trouble, parts->trouble) != 0) {
        qemu_endpoint_unref(known->merged);
        known->merged = make_merged(known, key, parts);
        replace_endpoint(&known->process, parts->process);
        replace_endpoint(&known->listed, parts->listed);
        libvirt_pool_unref(known->pool);
        known->pool = parts->pool ? libvirt_pool_ref(parts->pool) : NULL;
        set_text(&known->trouble, parts->trouble);
        known->was_aged = parts->is_aged;
        known->was_presumed = parts->is_presumed;
    }
    g_ptr_array_add(run->merged, qemu_endpoint_ref(known->merged));
}

/* The id by which the libvirt of the process knows it; 0: unknown. */
static int
find_libvirt_id(const QemuSourceJoin *join)
{
    if (join->listed != NULL && join->listed->is_active)
        return join->listed->id;
    return join->words != NULL && join->words->has_signs ? MAX(join->words->signs.id, 0) : 0;
}

/* True if the process is the system's libvirt's, whose ids are the ones that "virsh" shows. */
static bool
is_of_system(const QemuSourceJoin *join)
{
    if (join->words == NULL)
        return false;
    if (join->libvirt != NULL)
        return !join->libvirt->daemon->is_session && !join->libvirt->daemon->is_foreign;
    return join->words->has_signs &&
           qemu_libvirt_signs_kind(&join->words->signs) == QEMU_LIBVIRT_SIGNS_SYSTEM;
}

static bool
is_of_foreign(const QemuSourceJoin *join)
{
    return join->libvirt != NULL && join->libvirt->daemon->is_foreign;
}

/* The order in which processes get ids: first those of the system's libvirt, then the others; last
 * those that libvirt no longer lists, as it may have given their ids to other domains. */
static int
rank_of(const QemuSourceJoin *join)
{
    return join->is_refuted ? 2 : is_of_system(join) ? 0 : 1;
}

static void
give_ids_of_rank(Run *run, const GArray *joins, int rank)
{
    for (guint i = 0; i < joins->len; i++) {
        const QemuSourceJoin *join = &g_array_index(joins, QemuSourceJoin, i);

        if (rank_of(join) == rank)
            qemu_source_ids_give(run->self->ids, join->process,
                                 is_of_foreign(join) ? 0 : find_libvirt_id(join));
    }
}

/* Gives ids, for this answer, to the domains of which no process is seen. */
static void
lend_ids(Run *run)
{
    for (size_t i = 0; i < run->lists->n_libvirts; i++) {
        const GPtrArray *endpoints = run->lists->libvirts[i].endpoints;

        for (guint k = 0; endpoints != NULL && k < endpoints->len; k++) {
            QemuEndpoint *listed = g_ptr_array_index(endpoints, k);

            if (listed->is_active && !g_hash_table_contains(run->joined, listed))
                g_hash_table_insert(
                    run->lent, listed,
                    GINT_TO_POINTER(qemu_source_ids_lend(run->self->ids, listed->id)));
        }
    }
}

static void
give_ids(Run *run, const GPtrArray *processes, const GArray *joins)
{
    qemu_source_ids_begin(run->self->ids, processes);
    give_ids_of_rank(run, joins, 0);
    give_ids_of_rank(run, joins, 1);
    lend_ids(run);
    give_ids_of_rank(run, joins, 2);
}

static void
add_process(Run *run, const QemuSourceJoin *join)
{
    Known *known = get_known(run, join->process->key);
    Parts parts = {.process = join->process,
                   .listed = join->listed,
                   .id = qemu_source_ids_give(run->self->ids, join->process, 0),
                   .libvirt_id = find_libvirt_id(join),
                   .trouble = join->trouble,
                   .is_libvirts = join->words != NULL,
                   .is_presumed = join->is_presumed};

    run->self->lacks_libvirt |= join->is_orphan;
    if (join->listed == NULL && !join->is_refuted)
        parts.listed = known->listed;
    if (join->trouble == NULL && join->libvirt != NULL) {
        parts.pool = join->libvirt->pool;
        parts.is_aged = join->libvirt->trouble != NULL;
    }
    if (join->listed != NULL && g_strcmp0(known->uri, join->libvirt->daemon->uri) != 0)
        set_text(&known->uri, join->libvirt->daemon->uri);
    add_merged(run, known, join->process->key, &parts);
}

/* True if the endpoint of a process needs no change: no libvirt started it, and its id is its pid.
 */
static bool
is_plain(Run *run, const QemuSourceJoin *join)
{
    return join->words == NULL &&
           qemu_source_ids_give(run->self->ids, join->process, 0) == join->process->pid;
}

/* Adds a domain that only libvirt's list has. libvirt is asked for it if it runs, or if we must not
 * open its images; else its definition tells enough. */
static void
add_listed(Run *run, const QemuSourceJoinLibvirt *libvirt, QemuEndpoint *listed)
{
    bool may_ask = libvirt->trouble == NULL || libvirt->is_late;
    bool is_asked = may_ask && (listed->is_active || libvirt->daemon->is_foreign);
    g_autofree char *key = g_strdup_printf("libvirt:%s:%s:%d", libvirt->daemon->uri, listed->uuid,
                                           listed->is_active ? listed->id : -1);
    Known *known = get_known(run, key);
    int lent = GPOINTER_TO_INT(g_hash_table_lookup(run->lent, listed));
    Parts parts = {.listed = listed,
                   .id = listed->is_active ? lent : -1,
                   .libvirt_id = listed->id,
                   .pool = is_asked ? libvirt->pool : NULL,
                   .trouble = is_asked ? NULL : libvirt->trouble,
                   .is_aged = libvirt->trouble != NULL,
                   .is_denied = libvirt->is_denied};

    add_merged(run, known, key, &parts);
}

static void
add_all_listed(Run *run)
{
    for (size_t i = 0; i < run->lists->n_libvirts; i++) {
        const QemuSourceJoinLibvirt *libvirt = &run->lists->libvirts[i];

        for (guint k = 0; libvirt->endpoints != NULL && k < libvirt->endpoints->len &&
                          run->merged->len < QEMU_LIMIT_DOMAINS;
             k++)
            if (!g_hash_table_contains(run->joined, g_ptr_array_index(libvirt->endpoints, k)))
                add_listed(run, libvirt, g_ptr_array_index(libvirt->endpoints, k));
    }
}

/* Gives a QemuSourceJoin for each of @processes. The caller unrefs. */
static GArray *
begin_joins(Run *run, const GPtrArray *processes)
{
    GArray *joins = g_array_sized_new(FALSE, TRUE, sizeof(QemuSourceJoin), processes->len);

    g_array_set_clear_func(joins, qemu_source_join_clear);
    for (guint i = 0; i < processes->len; i++) {
        QemuSourceJoin join = {.process = g_ptr_array_index(processes, i)};
        const Known *known = know_process(run, join.process);

        join.words = known ? &known->words : NULL;
        if (known != NULL && known->process == join.process)
            join.uri_before = known->uri;
        g_array_append_val(joins, join);
    }
    return joins;
}

static void
merge_processes(Run *run, const GPtrArray *processes)
{
    g_autoptr(GArray) joins = begin_joins(run, processes);
    g_autoptr(GHashTable) joined = qemu_source_join_all(run->lists, joins);
    g_autoptr(GHashTable) lent = g_hash_table_new(NULL, NULL);

    run->joined = joined;
    run->lent = lent;
    give_ids(run, processes, joins);
    for (guint i = 0; i < joins->len; i++) {
        const QemuSourceJoin *join = &g_array_index(joins, QemuSourceJoin, i);

        if (is_plain(run, join))
            g_ptr_array_add(run->merged, qemu_endpoint_ref(join->process));
        else
            add_process(run, join);
    }
    add_all_listed(run);
}

static gboolean
has_gone(gpointer key, gpointer value, gpointer data)
{
    const QemuSourceMerge *self = data;
    const Known *known = value;

    (void)key;
    return known->last_run != self->n_runs;
}

GPtrArray *
qemu_source_merge_run(QemuSourceMerge *self, const QemuSourceJoinLists *lists,
                      const GPtrArray *processes)
{
    Run run = {.self = self, .lists = lists, .merged = qemu_endpoint_new_array()};

    self->n_runs++;
    self->lacks_libvirt = false;
    merge_processes(&run, processes);
    g_hash_table_foreach_remove(self->known, has_gone, self);
    return run.merged;
}
