/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_known_rows: see qemu_known_rows.h.
 *
 * Keeps copies of facts, never replies. Does no I/O.
 */
#include "qemu_known_rows.h"

#define BIT QEMU_COMMAND_BIT

/* Statistics of the vCPU that has this index and this thread. */
typedef struct {
    int index;
    pid_t thread_id;
    GArray *stats; /* QemuFactsStat; the names in it belong to stats_schemas. NULL: none */
} VcpuStats;

static bool
keep_schemas(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    self->schemas = qemu_schemas_pool_take(source->schemas, source->facts);
    return true;
}

static void
give_schemas(const QemuKnownRowValues *self, QemuFacts *facts)
{
    qemu_schemas_lend(self->schemas, facts);
}

static void
drop_schemas(QemuKnownRowValues *self)
{
    g_clear_pointer(&self->schemas, qemu_schemas_unref);
}

static bool
keep_n_vcpus_max(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    self->n_vcpus_max = source->facts->n_vcpus_max;
    return true;
}

static bool
keep_proven_vcpus_max(QemuKnownRowValues *self, const QemuDefinitionProven *proven)
{
    self->n_vcpus_max = proven->vcpus_max;
    return proven->vcpus_max.is_present;
}

static void
give_n_vcpus_max(const QemuKnownRowValues *self, QemuFacts *facts)
{
    facts->n_vcpus_max = self->n_vcpus_max;
}

/* The reply also has the size of plugged memory, which changes. That is kept out of here, as
 * query-memory-devices tells it; a QEMU without that command is asked again each time. */
static bool
keep_base_memory(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    self->base_bytes = source->facts->memory.base_bytes;
    return (source->available & BIT(QUERY_MEMORY_DEVICES)) != 0;
}

static bool
keep_proven_memory(QemuKnownRowValues *self, const QemuDefinitionProven *proven)
{
    self->base_bytes = proven->memory_bytes;
    return proven->memory_bytes.is_present;
}

static void
give_base_memory(const QemuKnownRowValues *self, QemuFacts *facts)
{
    facts->memory.base_bytes = self->base_bytes;
}

static bool
keep_no_memory_devices(QemuKnownRowValues *self, const QemuDefinitionProven *proven)
{
    (void)self;
    return proven->lacks_memory_devices;
}

static void
give_no_memory_devices(const QemuKnownRowValues *self, QemuFacts *facts)
{
    (void)self;
    facts->memory.devices_bytes = util_count_of(0);
    facts->memory.devices_full_bytes = util_count_of(0);
    facts->memory.virtio_mem_bytes = util_count_of(0);
}

/* True if each vCPU has a thread of its own, so that the list of threads shows when one is plugged.
 * A single vCPU does not tell: under single-threaded TCG a second one would run in its thread. */
static bool
have_own_threads(const QemuKnownRowValues *self, const QemuKnownRowSource *source,
                 const GArray *vcpus)
{
    bool has_one = vcpus->len == 1;
    bool may_plug = (source->available & BIT(QUERY_HOTPLUGGABLE_CPUS)) != 0 &&
                    !(self->n_vcpus_max.is_present && self->n_vcpus_max.value == 1);

    for (guint i = 0; i < vcpus->len; i++)
        if (g_array_index(vcpus, QemuFactsVcpu, i).thread_id <= 0)
            return false;
    return vcpus->len > 0 && !(has_one && may_plug);
}

/* True if QEMU says of a vCPU whether it is halted (s390x): that changes without any event. */
static bool
tell_of_halting(const GArray *vcpus)
{
    for (guint i = 0; i < vcpus->len; i++)
        if (g_array_index(vcpus, QemuFactsVcpu, i).has_halted)
            return true;
    return false;
}

static bool
keep_vcpus(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    const GArray *vcpus = source->facts->vcpus;

    if (vcpus == NULL || !have_own_threads(self, source, vcpus) || tell_of_halting(vcpus))
        return false;
    self->vcpus = qemu_facts_new_vcpus(vcpus->len);
    self->vcpu_paths = g_string_chunk_new(256);
    for (guint i = 0; i < vcpus->len; i++) {
        const QemuFactsVcpu *from = &g_array_index(vcpus, QemuFactsVcpu, i);
        QemuFactsVcpu vcpu = {.index = from->index, .thread_id = from->thread_id};

        if (from->qom_path != NULL)
            vcpu.qom_path = g_string_chunk_insert(self->vcpu_paths, from->qom_path);
        g_array_append_val(self->vcpus, vcpu);
    }
    return true;
}

static void
give_vcpus(const QemuKnownRowValues *self, QemuFacts *facts)
{
    g_clear_pointer(&facts->vcpus, g_array_unref);
    facts->vcpus = qemu_facts_new_vcpus(self->vcpus->len);
    g_array_append_vals(facts->vcpus, self->vcpus->data, self->vcpus->len);
}

static void
drop_vcpus(QemuKnownRowValues *self)
{
    g_clear_pointer(&self->vcpus, g_array_unref);
    g_clear_pointer(&self->vcpu_paths, g_string_chunk_free);
}

static bool
is_empty(const GArray *list)
{
    return list != NULL && list->len == 0;
}

static void
give_empty(GArray **list, guint element_size)
{
    g_clear_pointer(list, g_array_unref);
    *list = g_array_new(FALSE, TRUE, element_size);
}

/* Keeps only that there are none: qom-set changes the settings of an IOThread without any event. */
static bool
keep_no_iothreads(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    (void)self;
    return is_empty(source->facts->iothreads);
}

static void
give_no_iothreads(const QemuKnownRowValues *self, QemuFacts *facts)
{
    (void)self;
    give_empty(&facts->iothreads, sizeof(QemuFactsIothread));
}

/* Keeps nothing if QEMU has a second monitor: its user could plug a device without our notice. */
static bool
keep_names(GPtrArray **kept, const QemuKnownRowSource *source, const GArray *names)
{
    if (!source->has_one_monitor || names == NULL)
        return false;
    *kept = g_ptr_array_new_full(names->len, g_free);
    for (guint i = 0; i < names->len; i++)
        g_ptr_array_add(*kept, g_strdup(g_array_index(names, const char *, i)));
    return true;
}

static void
give_names(const GPtrArray *kept, GArray **names)
{
    g_clear_pointer(names, g_array_unref);
    *names = g_array_sized_new(FALSE, TRUE, sizeof(const char *), kept->len);
    g_array_append_vals(*names, kept->pdata, kept->len);
}

static bool
keep_nics_with_id(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    return keep_names(&self->nics_with_id, source, source->facts->nic_devices.with_id);
}

static void
give_nics_with_id(const QemuKnownRowValues *self, QemuFacts *facts)
{
    give_names(self->nics_with_id, &facts->nic_devices.with_id);
}

static void
drop_nics_with_id(QemuKnownRowValues *self)
{
    g_clear_pointer(&self->nics_with_id, g_ptr_array_unref);
}

static bool
keep_nics_without_id(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    return keep_names(&self->nics_without_id, source, source->facts->nic_devices.without_id);
}

static void
give_nics_without_id(const QemuKnownRowValues *self, QemuFacts *facts)
{
    give_names(self->nics_without_id, &facts->nic_devices.without_id);
}

static void
drop_nics_without_id(QemuKnownRowValues *self)
{
    g_clear_pointer(&self->nics_without_id, g_ptr_array_unref);
}

static bool
keep_nics_on_board(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    return keep_names(&self->nics_on_board, source, source->facts->nic_devices.on_board);
}

static void
give_nics_on_board(const QemuKnownRowValues *self, QemuFacts *facts)
{
    give_names(self->nics_on_board, &facts->nic_devices.on_board);
}

static void
drop_nics_on_board(QemuKnownRowValues *self)
{
    g_clear_pointer(&self->nics_on_board, g_ptr_array_unref);
}

static bool
keep_running(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    (void)self;
    return source->facts->is_running && g_strcmp0(source->facts->status, "running") == 0;
}

static void
give_running(const QemuKnownRowValues *self, QemuFacts *facts)
{
    (void)self;
    facts->status = "running";
    facts->is_running = true;
}

static bool
keep_tells_migrations(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    self->tells_migrations = source->facts->tells_migrations;
    return true;
}

static void
give_tells_migrations(const QemuKnownRowValues *self, QemuFacts *facts)
{
    facts->tells_migrations = self->tells_migrations;
}

/* The literal of a state in which no migration is under way, "" if there never was one; NULL: one
 * may be. */
static const char *
ended_status(const QemuFactsMigration *migration)
{
    static const char *const words[] = {"none", "completed", "failed", "cancelled"};

    if (migration->status == NULL)
        return "";
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i], migration->status))
            return words[i];
    return NULL;
}

/* Keeps nothing if a migration could begin without our notice: by the client of a second monitor,
 * unless QEMU sends an event then, or in a QEMU that waits for one. */
static bool
keep_migration(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    const QemuFacts *facts = source->facts;
    const char *status = ended_status(&facts->migration);

    if (status == NULL || facts->status == NULL || g_str_equal(facts->status, "inmigrate") ||
        !(source->has_one_monitor || facts->tells_migrations))
        return false;
    self->migration = facts->migration;
    self->migration.status = status[0] != '\0' ? status : NULL;
    self->migration_error = g_strdup(facts->migration.error);
    self->migration.error = self->migration_error;
    return true;
}

static void
give_migration(const QemuKnownRowValues *self, QemuFacts *facts)
{
    facts->migration = self->migration;
}

static void
drop_migration(QemuKnownRowValues *self)
{
    g_clear_pointer(&self->migration_error, g_free);
}

static bool
keep_no_jobs(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    (void)self;
    return is_empty(source->facts->jobs);
}

static void
give_no_jobs(const QemuKnownRowValues *self, QemuFacts *facts)
{
    (void)self;
    give_empty(&facts->jobs, sizeof(QemuFactsJob));
}

/* Copies the members that the guest does not report from @others. */
static void
set_others(QemuFactsMemory *memory, const QemuFactsMemory *others)
{
    memory->actual_bytes = others->actual_bytes;
    memory->base_bytes = others->base_bytes;
    memory->plugged_bytes = others->plugged_bytes;
    memory->devices_bytes = others->devices_bytes;
    memory->devices_full_bytes = others->devices_full_bytes;
    memory->virtio_mem_bytes = others->virtio_mem_bytes;
    memory->polling_interval_s = others->polling_interval_s;
}

static bool
keep_guest_stats(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    static const QemuFactsMemory nothing = {0};

    self->guest_stats = source->facts->memory;
    set_others(&self->guest_stats, &nothing);
    return true;
}

static void
give_guest_stats(const QemuKnownRowValues *self, QemuFacts *facts)
{
    QemuFactsMemory others = facts->memory;

    facts->memory = self->guest_stats;
    set_others(&facts->memory, &others);
}

/* Keeps nothing if QEMU has a second monitor: its user could set another interval. */
static bool
keep_polling_interval(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    self->polling_interval_s = source->facts->memory.polling_interval_s;
    return source->has_one_monitor && self->polling_interval_s.is_present;
}

static void
give_polling_interval(const QemuKnownRowValues *self, QemuFacts *facts)
{
    facts->memory.polling_interval_s = self->polling_interval_s;
}

static void
clear_vcpu_stats(gpointer data)
{
    VcpuStats *vcpu = data;

    g_clear_pointer(&vcpu->stats, g_array_unref);
}

/* Keeps nothing in a call that asked for the schemas: then the names in the statistics belong to
 * that reply, which ends with the call. Later the schemas that are kept own them. */
static bool
keep_vcpu_stats(QemuKnownRowValues *self, const QemuKnownRowSource *source)
{
    const QemuFacts *facts = source->facts;

    if ((source->asked & BIT(QUERY_STATS_SCHEMAS)) != 0 || self->schemas == NULL ||
        facts->vcpus == NULL)
        return false;
    self->vcpu_stats = g_array_new(FALSE, TRUE, sizeof(VcpuStats));
    g_array_set_clear_func(self->vcpu_stats, clear_vcpu_stats);
    for (guint i = 0; i < facts->vcpus->len; i++) {
        const QemuFactsVcpu *from = &g_array_index(facts->vcpus, QemuFactsVcpu, i);
        VcpuStats vcpu = {from->index, from->thread_id,
                          from->stats ? g_array_ref(from->stats) : NULL};

        g_array_append_val(self->vcpu_stats, vcpu);
    }
    self->stats_schemas = qemu_schemas_ref(self->schemas);
    self->halt_success_ns = facts->halt_success_ns;
    self->halt_fail_ns = facts->halt_fail_ns;
    return true;
}

static GArray *
find_stats(const QemuKnownRowValues *self, const QemuFactsVcpu *vcpu, guint hint)
{
    for (guint i = 0; i < self->vcpu_stats->len; i++) {
        const VcpuStats *kept =
            &g_array_index(self->vcpu_stats, VcpuStats, (hint + i) % self->vcpu_stats->len);

        if (kept->index == vcpu->index && kept->thread_id == vcpu->thread_id)
            return kept->stats;
    }
    return NULL;
}

static void
give_vcpu_stats(const QemuKnownRowValues *self, QemuFacts *facts)
{
    for (guint i = 0; facts->vcpus != NULL && i < facts->vcpus->len; i++) {
        QemuFactsVcpu *vcpu = &g_array_index(facts->vcpus, QemuFactsVcpu, i);
        GArray *stats = find_stats(self, vcpu, i);

        if (vcpu->stats == NULL && stats != NULL)
            vcpu->stats = g_array_ref(stats);
    }
    facts->halt_success_ns = self->halt_success_ns;
    facts->halt_fail_ns = self->halt_fail_ns;
}

static void
drop_vcpu_stats(QemuKnownRowValues *self)
{
    g_clear_pointer(&self->vcpu_stats, g_array_unref);
    g_clear_pointer(&self->stats_schemas, qemu_schemas_unref);
}

const QemuKnownRow qemu_known_rows[] = {
    {
        .command = QEMU_COMMAND_QUERY_STATS_SCHEMAS,
        .proof = QEMU_KNOWN_PROOF_NEVER_CHANGES,
        .text = "names and kinds of statistics",
        .keep = keep_schemas,
        .give = give_schemas,
        .drop = drop_schemas,
    },
    {
        .command = QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS,
        .proof = QEMU_KNOWN_PROOF_NEVER_CHANGES,
        .text = "number of possible vCPUs",
        .keep = keep_n_vcpus_max,
        .keep_proven = keep_proven_vcpus_max,
        .give = give_n_vcpus_max,
    },
    {
        .command = QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY,
        .proof = QEMU_KNOWN_PROOF_NEVER_CHANGES,
        .text = "size of the memory that it began with",
        .keep = keep_base_memory,
        .keep_proven = keep_proven_memory,
        .give = give_base_memory,
    },
    {
        .command = QEMU_COMMAND_QUERY_MEMORY_DEVICES,
        .proof = QEMU_KNOWN_PROOF_NEVER_CHANGES,
        .text = "that no memory can be plugged",
        .keep_proven = keep_no_memory_devices,
        .give = give_no_memory_devices,
    },
    {
        .command = QEMU_COMMAND_QUERY_CPUS_FAST,
        .proof = QEMU_KNOWN_PROOF_SAME_THREADS,
        .text = "vCPUs that have threads of their own and do not tell whether they are halted",
        .keep = keep_vcpus,
        .give = give_vcpus,
        .drop = drop_vcpus,
    },
    {
        .command = QEMU_COMMAND_QUERY_IOTHREADS,
        .proof = QEMU_KNOWN_PROOF_SAME_THREADS,
        .text = "that there are no IOThreads",
        .keep = keep_no_iothreads,
        .give = give_no_iothreads,
    },
    {
        .command = QEMU_COMMAND_QUERY_STATUS,
        .proof = QEMU_KNOWN_PROOF_RUNNING,
        .text = "that the guest runs",
        .keep = keep_running,
        .give = give_running,
    },
    {
        .command = QEMU_COMMAND_QUERY_MIGRATE_CAPABILITIES,
        .proof = QEMU_KNOWN_PROOF_SAME_CONNECTION,
        .text = "whether it sends an event when a migration begins",
        .keep = keep_tells_migrations,
        .give = give_tells_migrations,
    },
    {
        .command = QEMU_COMMAND_QUERY_MIGRATE,
        .proof = QEMU_KNOWN_PROOF_NO_MIGRATION,
        .text = "the last migration, or that there was none",
        .keep = keep_migration,
        .give = give_migration,
        .drop = drop_migration,
    },
    {
        .command = QEMU_COMMAND_QUERY_BLOCK_JOBS,
        .proof = QEMU_KNOWN_PROOF_NO_JOB,
        .text = "that there are no block jobs",
        .keep = keep_no_jobs,
        .give = give_no_jobs,
    },
    {
        .command = QEMU_COMMAND_QOM_LIST_PERIPHERAL,
        .proof = QEMU_KNOWN_PROOF_ONE_MONITOR,
        .text = "interfaces with an id",
        .keep = keep_nics_with_id,
        .give = give_nics_with_id,
        .drop = drop_nics_with_id,
    },
    {
        .command = QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON,
        .proof = QEMU_KNOWN_PROOF_ONE_MONITOR,
        .text = "interfaces without one",
        .keep = keep_nics_without_id,
        .give = give_nics_without_id,
        .drop = drop_nics_without_id,
    },
    {
        .command = QEMU_COMMAND_QOM_LIST_UNATTACHED,
        .proof = QEMU_KNOWN_PROOF_ONE_MONITOR,
        .text = "interfaces of the board",
        .keep = keep_nics_on_board,
        .give = give_nics_on_board,
        .drop = drop_nics_on_board,
    },
    {
        .command = QEMU_COMMAND_QOM_GET_GUEST_STATS,
        .proof = QEMU_KNOWN_PROOF_STANDING_STILL,
        .beside = BIT(QUERY_STATUS) | BIT(QUERY_BALLOON),
        .text = "memory statistics that the guest gave",
        .keep = keep_guest_stats,
        .give = give_guest_stats,
    },
    {
        .command = QEMU_COMMAND_QOM_GET_POLLING_INTERVAL,
        .proof = QEMU_KNOWN_PROOF_ONE_MONITOR,
        .text = "how often QEMU asks the guest for memory statistics",
        .keep = keep_polling_interval,
        .give = give_polling_interval,
    },
    {
        .command = QEMU_COMMAND_QUERY_STATS_VCPU,
        .proof = QEMU_KNOWN_PROOF_STANDING_STILL,
        .beside = BIT(QUERY_STATUS),
        .is_by_thread = true,
        .text = "statistics of each vCPU, by its number and thread, and their sums; the threads "
                "must be the same too",
        .keep = keep_vcpu_stats,
        .give = give_vcpu_stats,
        .drop = drop_vcpu_stats,
    },
};
