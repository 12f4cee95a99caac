/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_stats: query-stats-schemas and query-stats -> facts.
 *
 * Names, kinds and which statistics are booleans come from the schema, which QEMU takes from the
 * host's kernel; only the two of halt polling are known by name here. A statistic that the schema
 * does not list is left out, and so is a value of another type than the schema says.
 */
#include "qemu_reply.h"

#include <stdlib.h>

#include "qemu_reply_read.h"

static const struct {
    const char *word;
    QemuFactsStatKind kind;
} kinds[] = {
    {"cumulative", QEMU_FACTS_STAT_CUMULATIVE},
    {"instant", QEMU_FACTS_STAT_INSTANT},
    {"peak", QEMU_FACTS_STAT_PEAK},
    {"linear-histogram", QEMU_FACTS_STAT_HISTOGRAM},
    {"log2-histogram", QEMU_FACTS_STAT_HISTOGRAM},
};

static bool
read_kind(const char *word, QemuFactsStatKind *ret_kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_strcmp0(kinds[i].word, word) == 0) {
            *ret_kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* Appends the statistics of one provider; false if @list is no list or exceeds the limit. */
static bool
add_schemas(const UtilJson *list, GArray **schemas)
{
    if (*schemas == NULL)
        *schemas = g_array_new(FALSE, FALSE, sizeof(QemuFactsSchema));
    if (!qemu_reply_read_is_list(list, QEMU_LIMIT_STATS_PER_OBJECT - (*schemas)->len))
        return false;
    for (size_t i = 0; i < util_json_length(list); i++) {
        const UtilJson *entry = util_json_element(list, i);
        const char *unit = util_json_member_string(entry, "unit");
        QemuFactsSchema schema = {
            .name = util_json_member_string(entry, "name"),
            .is_boolean = g_strcmp0(unit, "boolean") == 0,
        };

        if (schema.name != NULL && read_kind(util_json_member_string(entry, "type"), &schema.kind))
            g_array_append_val(*schemas, schema);
    }
    return true;
}

static gint
compare_schema(gconstpointer a, gconstpointer b)
{
    const QemuFactsSchema *left = a;
    const QemuFactsSchema *right = b;

    return strcmp(left->name, right->name);
}

/* Sorts by name, since find_schema() searches by halves, and drops duplicates. */
static void
sort_schemas(GArray *schemas)
{
    guint n_kept = 0;

    if (schemas == NULL)
        return;
    g_array_sort(schemas, compare_schema);
    for (guint i = 0; i < schemas->len; i++) {
        const QemuFactsSchema *schema = &g_array_index(schemas, QemuFactsSchema, i);

        if (n_kept == 0 ||
            compare_schema(schema, &g_array_index(schemas, QemuFactsSchema, n_kept - 1)) != 0)
            g_array_index(schemas, QemuFactsSchema, n_kept++) = *schema;
    }
    g_array_set_size(schemas, n_kept);
}

bool
qemu_reply_parse_stats_schemas(const UtilJson *reply, QemuFacts *facts)
{
    g_autoptr(GArray) for_vcpu = NULL;
    g_autoptr(GArray) for_vm = NULL;

    if (util_json_kind(reply) != UTIL_JSON_ARRAY)
        return false;
    for (size_t i = 0; i < util_json_length(reply); i++) {
        const UtilJson *entry = util_json_element(reply, i);
        const UtilJson *list = util_json_member(entry, "stats");
        const char *target = util_json_member_string(entry, "target");

        if (g_strcmp0(target, "vcpu") == 0 && !add_schemas(list, &for_vcpu))
            return false;
        if (g_strcmp0(target, "vm") == 0 && !add_schemas(list, &for_vm))
            return false;
    }
    sort_schemas(for_vcpu);
    sort_schemas(for_vm);
    g_clear_pointer(&facts->schemas_vcpu, g_array_unref);
    g_clear_pointer(&facts->schemas_vm, g_array_unref);
    facts->schemas_vcpu = g_steal_pointer(&for_vcpu);
    facts->schemas_vm = g_steal_pointer(&for_vm);
    return true;
}

/* The two counters of halt polling, of one vCPU or summed over all. */
typedef struct {
    UtilCount success_ns;
    UtilCount fail_ns;
} HaltPoll;

/* State for reading one object (vCPU or VM) after the other. */
typedef struct {
    const GArray *schemas; /* QemuFactsSchema, sorted; NULL: all values are left out */
    /* For the i-th value: the place of its schema in the object before. QEMU lists the values of
     * all objects in one order, so the first guess is nearly always right. */
    guint16 hints[QEMU_LIMIT_STATS_PER_OBJECT];
    bool is_seen[QEMU_LIMIT_STATS_PER_OBJECT]; /* by schema: this object has had a value of it */
} StatReader;

/* The index of the schema of the value @name, the @position-th of its object; -1: none. */
static int
find_schema(StatReader *self, size_t position, const char *name)
{
    const QemuFactsSchema key = {.name = name};
    const QemuFactsSchema *schemas = NULL;
    const QemuFactsSchema *found = NULL;

    if (self->schemas == NULL || self->schemas->len == 0)
        return -1;
    schemas = &g_array_index(self->schemas, QemuFactsSchema, 0);
    if (strcmp(schemas[self->hints[position]].name, name) == 0)
        return self->hints[position];
    found = bsearch(&key, schemas, self->schemas->len, sizeof(key), compare_schema);
    if (found == NULL)
        return -1;
    self->hints[position] = (guint16)(found - schemas);
    return self->hints[position];
}

static void
add_stat(StatReader *self, int place, const UtilJson *value, GArray *stats)
{
    const QemuFactsSchema *schema = &g_array_index(self->schemas, QemuFactsSchema, place);
    QemuFactsStat stat = {schema->name, schema->kind, schema->is_boolean, 0};
    UtilCount count = {0};
    bool is_set = false;

    if (self->is_seen[place] || schema->kind == QEMU_FACTS_STAT_HISTOGRAM)
        return;
    if (schema->is_boolean ? !util_json_boolean(value, &is_set)
                           : !(count = util_json_count(value)).is_present)
        return;
    stat.value = schema->is_boolean ? is_set : count.value;
    self->is_seen[place] = true;
    g_array_append_val(stats, stat);
}

/* Keeps the value if it is one of the two of halt polling; needs no schema. */
static void
note_haltpoll(const char *name, const UtilJson *value, HaltPoll *haltpoll)
{
    if (strcmp(name, "halt_poll_success_ns") == 0)
        haltpoll->success_ns = util_json_count(value);
    else if (strcmp(name, "halt_poll_fail_ns") == 0)
        haltpoll->fail_ns = util_json_count(value);
}

/* Reads the values of one object: those with a schema into @stats, those of halt polling into
 * @haltpoll. Either may be NULL; @self too if @stats is. */
static void
read_stats(StatReader *self, const UtilJson *entry, GArray *stats, HaltPoll *haltpoll)
{
    const UtilJson *list = util_json_member(entry, "stats");
    size_t length = MIN(util_json_length(list), QEMU_LIMIT_STATS_PER_OBJECT);

    if (stats != NULL)
        memset(self->is_seen, 0, sizeof(self->is_seen));
    for (size_t i = 0; i < length; i++) {
        const UtilJson *element = util_json_element(list, i);
        const char *name = util_json_member_string(element, "name");
        const UtilJson *value = util_json_member(element, "value");
        int place = -1;

        if (name == NULL)
            continue;
        if (haltpoll != NULL)
            note_haltpoll(name, value, haltpoll);
        if (stats != NULL)
            place = find_schema(self, i, name);
        if (place >= 0)
            add_stat(self, place, value, stats);
    }
}

static GArray *
new_stats(const GArray *schemas)
{
    return g_array_sized_new(FALSE, FALSE, sizeof(QemuFactsStat), schemas ? schemas->len : 0);
}

static bool
is_of_kvm(const UtilJson *entry)
{
    return g_strcmp0(util_json_member_string(entry, "provider"), "kvm") == 0;
}

/* Sets both sums or none: if a vCPU lacks one of the two counters, neither sum is of all vCPUs. */
static void
set_haltpoll(const HaltPoll *sums, QemuFacts *facts)
{
    bool has_both = sums->success_ns.is_present && sums->fail_ns.is_present;

    facts->halt_success_ns = has_both ? sums->success_ns : (UtilCount){0};
    facts->halt_fail_ns = has_both ? sums->fail_ns : (UtilCount){0};
}

bool
qemu_reply_parse_stats_haltpoll(const UtilJson *reply, QemuFacts *facts)
{
    HaltPoll sums = {util_count_of(0), util_count_of(0)};

    if (util_json_kind(reply) != UTIL_JSON_ARRAY)
        return false;
    for (size_t i = 0; i < util_json_length(reply); i++) {
        const UtilJson *entry = util_json_element(reply, i);
        HaltPoll one = {0};

        if (!is_of_kvm(entry))
            continue;
        read_stats(NULL, entry, NULL, &one);
        util_count_add(&sums.success_ns, one.success_ns);
        util_count_add(&sums.fail_ns, one.fail_ns);
    }
    set_haltpoll(&sums, facts);
    return true;
}

/* Finds vCPUs by QOM path. QEMU lists statistics from the highest vCPU down, so the vCPU below the
 * last one is tried first; only when that fails the hash table is made. */
typedef struct {
    GArray *vcpus;       /* QemuFactsVcpu; NULL: no reply to query-cpus-fast */
    guint next;          /* index of the vCPU that was tried last; 0 at first */
    GHashTable *by_path; /* QOM path -> QemuFactsVcpu *; NULL: not made */
} VcpuFinder;

static void
index_vcpus(VcpuFinder *self)
{
    self->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < self->vcpus->len; i++) {
        QemuFactsVcpu *vcpu = &g_array_index(self->vcpus, QemuFactsVcpu, i);

        if (vcpu->qom_path != NULL)
            g_hash_table_insert(self->by_path, (gpointer)(uintptr_t)vcpu->qom_path, vcpu);
    }
}

static QemuFactsVcpu *
find_vcpu(VcpuFinder *self, const char *path)
{
    QemuFactsVcpu *vcpu = NULL;

    if (path == NULL || self->vcpus == NULL || self->vcpus->len == 0)
        return NULL;
    self->next = (self->next > 0 ? self->next : self->vcpus->len) - 1;
    vcpu = &g_array_index(self->vcpus, QemuFactsVcpu, self->next);
    if (g_strcmp0(vcpu->qom_path, path) == 0)
        return vcpu;
    if (self->by_path == NULL)
        index_vcpus(self);
    return g_hash_table_lookup(self->by_path, path);
}

static void
clear_vcpu_stats(GArray *vcpus)
{
    for (guint i = 0; vcpus != NULL && i < vcpus->len; i++)
        g_clear_pointer(&g_array_index(vcpus, QemuFactsVcpu, i).stats, g_array_unref);
}

/* The reply with all statistics has those of halt polling too, so both groups need one command. */
bool
qemu_reply_parse_stats_vcpu(const UtilJson *reply, QemuFacts *facts)
{
    StatReader reader = {.schemas = facts->schemas_vcpu};
    VcpuFinder finder = {.vcpus = facts->vcpus};
    HaltPoll sums = {util_count_of(0), util_count_of(0)};

    if (util_json_kind(reply) != UTIL_JSON_ARRAY)
        return false;
    clear_vcpu_stats(facts->vcpus);
    for (size_t i = 0; i < util_json_length(reply); i++) {
        const UtilJson *entry = util_json_element(reply, i);
        QemuFactsVcpu *vcpu = NULL;
        HaltPoll one = {0};

        /* Only KVM has statistics of vCPUs. A second provider could repeat names. */
        if (!is_of_kvm(entry))
            continue;
        vcpu = find_vcpu(&finder, util_json_member_string(entry, "qom-path"));
        if (vcpu != NULL && vcpu->stats == NULL)
            vcpu->stats = new_stats(facts->schemas_vcpu);
        else
            vcpu = NULL;
        read_stats(&reader, entry, vcpu ? vcpu->stats : NULL, &one);
        util_count_add(&sums.success_ns, one.success_ns);
        util_count_add(&sums.fail_ns, one.fail_ns);
    }
    g_clear_pointer(&finder.by_path, g_hash_table_unref);
    set_haltpoll(&sums, facts);
    return true;
}

bool
qemu_reply_parse_stats_vm(const UtilJson *reply, QemuFacts *facts)
{
    StatReader reader = {.schemas = facts->schemas_vm};

    if (util_json_kind(reply) != UTIL_JSON_ARRAY)
        return false;
    g_clear_pointer(&facts->vm_stats, g_array_unref);
    /* Under TCG there is no entry. With two providers, a name would not tell whose value it is. */
    if (util_json_length(reply) != 1)
        return true;
    facts->vm_stats = new_stats(facts->schemas_vm);
    read_stats(&reader, util_json_element(reply, 0), facts->vm_stats, NULL);
    return true;
}
