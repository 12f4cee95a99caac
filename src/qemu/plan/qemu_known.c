/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_known: what is kept of one QEMU's words, and when it is lent. See qemu_known.h.
 *
 * Owns copies of facts, never replies. Does no I/O and reads no clock: who sees an event, a thread
 * or the end of a connection notes it here.
 *
 * How it works
 *
 * A row of the table is a command whose reply can be kept, in the form of the facts that it gives.
 * Its proof says which doubts end the loan, and what must be seen in the call that borrows. A note
 * (events, threads, connection lost) drops each row whose proof it breaks at once, so a loan under
 * way ends with it; and what comes under such a doubt in the same call is not kept, since the reply
 * may be older than the event.
 *
 *   never changes         as long as the process lives.
 *   same threads          vCPUs and IOThreads come and go with their threads; no event tells of one
 *                         that was plugged. The threads must be listed in the call that borrows and
 *                         in the call that kept, before QEMU was asked.
 *   running, no event     each way out of "running" sends an event before the reply to a later
 *                         command: so another command must be answered in the call that borrows.
 *                         Not so for other states: a paused guest can migrate unseen.
 *   nobody else plugs     only a monitor plugs a device, and no event tells: so there must be
 *                         no other monitor than the one that is held since. A guest may throw
 *                         one out, which sends an event before the reply to a later command.
 *   standing still        no vCPU runs and no driver speaks. The guest must say in the call that
 *                         borrows that it still stands; each way to run again sends an event.
 *
 * A refusal is kept only if it cannot change: then the command leaves the set of those that this
 * QEMU has.
 */
#include "qemu_known.h"

#include <string.h>

#define BIT QEMU_COMMAND_BIT

/* What breaks a proof, beside the doubts of events. */
enum {
    DOUBT_RUN_STATE = QEMU_EVENT_DOUBTS_RUN_STATE,
    DOUBT_DEVICES = QEMU_EVENT_DOUBTS_DEVICES,
    DOUBT_CONNECTION = 1 << 8,
    DOUBT_THREADS = 1 << 9,
};

/* Statistics of one vCPU, which both numbers together name. */
typedef struct {
    int index;
    pid_t thread_id;
    GArray *stats; /* QemuFactsStat or NULL; names are those of stats_schemas */
} VcpuStats;

struct QemuKnown {
    bool is_identified;
    QemuCommandSet available;
    QemuCommandSet kept; /* the rows of which something is kept */

    QemuSchemas *schemas;
    UtilCount n_vcpus_max;
    UtilCount base_bytes;
    GArray *vcpus; /* QemuFactsVcpu without statistics and times */
    GStringChunk *vcpu_paths;
    QemuFactsMemory guest_stats; /* the guest's own members alone */
    GArray *vcpu_stats;          /* VcpuStats */
    GPtrArray *nics_with_id;     /* char *, as the next two: names of devices */
    GPtrArray *nics_without_id;
    GPtrArray *nics_on_board;
    QemuSchemas *stats_schemas;
    UtilCount halt_success_ns; /* with vcpu_stats */
    UtilCount halt_fail_ns;
    char *balloon_path;
    bool has_chains; /* the next was counted */
    unsigned int n_nested_images;

    /* Of the call under way. */
    bool is_planned;
    unsigned int doubted; /* since it was planned */
    bool threads_were_listed;
    bool threads_are_same;
    const char *told_status;
};

typedef enum {
    NEVER_CHANGES,
    SAME_THREADS,
    RUNNING_AND_NO_EVENT,
    NOBODY_ELSE_PLUGS,
    STANDING_STILL,
} Proof;

static const struct {
    const char *text;
    unsigned int ended_by;
    bool needs_threads; /* listed in the call that keeps, and the same in the call that borrows */
    bool needs_company; /* another command is answered in the call that borrows */
    bool needs_still;   /* the guest says in that call that it stands still */
} proofs[] = {
    [NEVER_CHANGES] = {"the process lives", 0, false, false, false},
    [SAME_THREADS] = {"no thread has come that may be a vCPU or IOThread, none of them has gone",
                      DOUBT_THREADS, true, false, false},
    [RUNNING_AND_NO_EVENT] = {"it is \"running\", no event of the run state has come, the "
                              "connection is the same and another command is answered",
                              DOUBT_RUN_STATE | DOUBT_CONNECTION, false, true, false},
    [NOBODY_ELSE_PLUGS] = {"by its command line it has no other monitor than ours, no event of a "
                           "removed device has come, the connection is the same and another "
                           "command is answered",
                           DOUBT_DEVICES | DOUBT_CONNECTION, false, true, false},
    [STANDING_STILL] = {"query-status of the same call says that the guest stands still, no event "
                        "of the run state or of a removed device has come and the connection is "
                        "the same",
                        DOUBT_RUN_STATE | DOUBT_CONNECTION | DOUBT_DEVICES, false, false, true},
};

typedef struct {
    QemuCommandId command;
    Proof proof;
    QemuCommandSet beside; /* what must be answered in the call that borrows */
    bool is_by_thread;     /* needs the threads in addition to its proof */
    const char *text;
    /* Keeps what was told; false if it is not of the kind that can be kept. */
    bool (*keep)(QemuKnown *self, const QemuKnownTold *told);
    void (*give)(const QemuKnown *self, QemuFacts *facts);
    void (*drop)(QemuKnown *self);
} Row;

static bool
keep_schemas(QemuKnown *self, const QemuKnownTold *told)
{
    self->schemas = qemu_schemas_pool_take(told->schemas, told->facts);
    return true;
}

static void
give_schemas(const QemuKnown *self, QemuFacts *facts)
{
    qemu_schemas_lend(self->schemas, facts);
}

static void
drop_schemas(QemuKnown *self)
{
    g_clear_pointer(&self->schemas, qemu_schemas_unref);
}

static bool
keep_n_vcpus_max(QemuKnown *self, const QemuKnownTold *told)
{
    self->n_vcpus_max = told->facts->n_vcpus_max;
    return true;
}

static void
give_n_vcpus_max(const QemuKnown *self, QemuFacts *facts)
{
    facts->n_vcpus_max = self->n_vcpus_max;
}

/* What is plugged, another command tells; without that this one is asked again. */
static bool
keep_base_memory(QemuKnown *self, const QemuKnownTold *told)
{
    self->base_bytes = told->facts->memory.base_bytes;
    return (self->available & BIT(QUERY_MEMORY_DEVICES)) != 0;
}

static void
give_base_memory(const QemuKnown *self, QemuFacts *facts)
{
    facts->memory.base_bytes = self->base_bytes;
}

/* True if a vCPU that is plugged brings a thread: with one vCPU nobody can see whether a second
 * would run in the same thread, as under TCG with a single one. */
static bool
have_own_threads(const QemuKnown *self, const GArray *vcpus)
{
    bool has_one = vcpus->len == 1;
    bool may_plug = (self->available & BIT(QUERY_HOTPLUGGABLE_CPUS)) != 0 &&
                    !(self->n_vcpus_max.is_present && self->n_vcpus_max.value == 1);

    for (guint i = 0; i < vcpus->len; i++)
        if (g_array_index(vcpus, QemuFactsVcpu, i).thread_id <= 0)
            return false;
    return vcpus->len > 0 && !(has_one && may_plug);
}

/* Whether a vCPU is halted (s390x) changes without a trace. */
static bool
tell_of_halting(const GArray *vcpus)
{
    for (guint i = 0; i < vcpus->len; i++)
        if (g_array_index(vcpus, QemuFactsVcpu, i).has_halted)
            return true;
    return false;
}

static bool
keep_vcpus(QemuKnown *self, const QemuKnownTold *told)
{
    const GArray *vcpus = told->facts->vcpus;

    if (vcpus == NULL || !have_own_threads(self, vcpus) || tell_of_halting(vcpus))
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
give_vcpus(const QemuKnown *self, QemuFacts *facts)
{
    g_clear_pointer(&facts->vcpus, g_array_unref);
    facts->vcpus = qemu_facts_new_vcpus(self->vcpus->len);
    g_array_append_vals(facts->vcpus, self->vcpus->data, self->vcpus->len);
}

static void
drop_vcpus(QemuKnown *self)
{
    g_clear_pointer(&self->vcpus, g_array_unref);
    g_clear_pointer(&self->vcpu_paths, g_string_chunk_free);
}

/* The settings of an IOThread that exists can be changed without a trace. */
static bool
keep_no_iothreads(QemuKnown *self, const QemuKnownTold *told)
{
    (void)self;
    return told->facts->iothreads != NULL && told->facts->iothreads->len == 0;
}

static void
give_no_iothreads(const QemuKnown *self, QemuFacts *facts)
{
    (void)self;
    g_clear_pointer(&facts->iothreads, g_array_unref);
    facts->iothreads = g_array_new(FALSE, TRUE, sizeof(QemuFactsIothread));
}

/* False also where others may plug: then what was told is true for this call alone. */
static bool
keep_names(GPtrArray **kept, const QemuKnownTold *told, const GArray *names)
{
    if (!told->has_one_monitor || names == NULL)
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
keep_nics_with_id(QemuKnown *self, const QemuKnownTold *told)
{
    return keep_names(&self->nics_with_id, told, told->facts->nic_devices.with_id);
}

static void
give_nics_with_id(const QemuKnown *self, QemuFacts *facts)
{
    give_names(self->nics_with_id, &facts->nic_devices.with_id);
}

static void
drop_nics_with_id(QemuKnown *self)
{
    g_clear_pointer(&self->nics_with_id, g_ptr_array_unref);
}

static bool
keep_nics_without_id(QemuKnown *self, const QemuKnownTold *told)
{
    return keep_names(&self->nics_without_id, told, told->facts->nic_devices.without_id);
}

static void
give_nics_without_id(const QemuKnown *self, QemuFacts *facts)
{
    give_names(self->nics_without_id, &facts->nic_devices.without_id);
}

static void
drop_nics_without_id(QemuKnown *self)
{
    g_clear_pointer(&self->nics_without_id, g_ptr_array_unref);
}

static bool
keep_nics_on_board(QemuKnown *self, const QemuKnownTold *told)
{
    return keep_names(&self->nics_on_board, told, told->facts->nic_devices.on_board);
}

static void
give_nics_on_board(const QemuKnown *self, QemuFacts *facts)
{
    give_names(self->nics_on_board, &facts->nic_devices.on_board);
}

static void
drop_nics_on_board(QemuKnown *self)
{
    g_clear_pointer(&self->nics_on_board, g_ptr_array_unref);
}

static bool
keep_running(QemuKnown *self, const QemuKnownTold *told)
{
    (void)self;
    return told->facts->is_running && g_strcmp0(told->facts->status, "running") == 0;
}

static void
give_running(const QemuKnown *self, QemuFacts *facts)
{
    (void)self;
    facts->status = "running";
    facts->is_running = true;
}

/* Puts the members that are not the guest's own as they are in @others. */
static void
set_others(QemuFactsMemory *memory, const QemuFactsMemory *others)
{
    memory->has_device = others->has_device;
    memory->actual_bytes = others->actual_bytes;
    memory->base_bytes = others->base_bytes;
    memory->plugged_bytes = others->plugged_bytes;
    memory->devices_bytes = others->devices_bytes;
    memory->devices_full_bytes = others->devices_full_bytes;
    memory->virtio_mem_bytes = others->virtio_mem_bytes;
    memory->polling_interval_s = others->polling_interval_s;
}

static bool
keep_guest_stats(QemuKnown *self, const QemuKnownTold *told)
{
    static const QemuFactsMemory nothing = {0};

    self->guest_stats = told->facts->memory;
    set_others(&self->guest_stats, &nothing);
    return true;
}

static void
give_guest_stats(const QemuKnown *self, QemuFacts *facts)
{
    QemuFactsMemory others = facts->memory;

    facts->memory = self->guest_stats;
    set_others(&facts->memory, &others);
}

static void
clear_vcpu_stats(gpointer data)
{
    VcpuStats *vcpu = data;

    g_clear_pointer(&vcpu->stats, g_array_unref);
}

/* The names must outlive the replies of this call: they are the schemas', told in an earlier one.
 */
static bool
keep_vcpu_stats(QemuKnown *self, const QemuKnownTold *told)
{
    const QemuFacts *facts = told->facts;

    if ((told->asked & BIT(QUERY_STATS_SCHEMAS)) != 0 || self->schemas == NULL ||
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
find_stats(const QemuKnown *self, const QemuFactsVcpu *vcpu, guint hint)
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
give_vcpu_stats(const QemuKnown *self, QemuFacts *facts)
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
drop_vcpu_stats(QemuKnown *self)
{
    g_clear_pointer(&self->vcpu_stats, g_array_unref);
    g_clear_pointer(&self->stats_schemas, qemu_schemas_unref);
}

/* In the order in which they are kept: a row may rest on those before it. */
static const Row rows[] = {
    {
        .command = QEMU_COMMAND_QUERY_STATS_SCHEMAS,
        .proof = NEVER_CHANGES,
        .text = "names and kinds of statistics",
        .keep = keep_schemas,
        .give = give_schemas,
        .drop = drop_schemas,
    },
    {
        .command = QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS,
        .proof = NEVER_CHANGES,
        .text = "number of possible vCPUs",
        .keep = keep_n_vcpus_max,
        .give = give_n_vcpus_max,
    },
    {
        .command = QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY,
        .proof = NEVER_CHANGES,
        .text = "size of the memory that it began with",
        .keep = keep_base_memory,
        .give = give_base_memory,
    },
    {
        .command = QEMU_COMMAND_QUERY_CPUS_FAST,
        .proof = SAME_THREADS,
        .text = "vCPUs that have threads of their own and do not tell whether they are halted",
        .keep = keep_vcpus,
        .give = give_vcpus,
        .drop = drop_vcpus,
    },
    {
        .command = QEMU_COMMAND_QUERY_IOTHREADS,
        .proof = SAME_THREADS,
        .text = "that there are no IOThreads",
        .keep = keep_no_iothreads,
        .give = give_no_iothreads,
    },
    {
        .command = QEMU_COMMAND_QUERY_STATUS,
        .proof = RUNNING_AND_NO_EVENT,
        .text = "that the guest runs",
        .keep = keep_running,
        .give = give_running,
    },
    {
        .command = QEMU_COMMAND_QOM_LIST_PERIPHERAL,
        .proof = NOBODY_ELSE_PLUGS,
        .text = "interfaces with an id",
        .keep = keep_nics_with_id,
        .give = give_nics_with_id,
        .drop = drop_nics_with_id,
    },
    {
        .command = QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON,
        .proof = NOBODY_ELSE_PLUGS,
        .text = "interfaces without one",
        .keep = keep_nics_without_id,
        .give = give_nics_without_id,
        .drop = drop_nics_without_id,
    },
    {
        .command = QEMU_COMMAND_QOM_LIST_UNATTACHED,
        .proof = NOBODY_ELSE_PLUGS,
        .text = "interfaces of the board",
        .keep = keep_nics_on_board,
        .give = give_nics_on_board,
        .drop = drop_nics_on_board,
    },
    {
        .command = QEMU_COMMAND_QOM_GET_GUEST_STATS,
        .proof = STANDING_STILL,
        .beside = BIT(QUERY_STATUS) | BIT(QUERY_BALLOON),
        .text = "memory statistics that the guest gave",
        .keep = keep_guest_stats,
        .give = give_guest_stats,
    },
    {
        .command = QEMU_COMMAND_QUERY_STATS_VCPU,
        .proof = STANDING_STILL,
        .beside = BIT(QUERY_STATUS),
        .is_by_thread = true,
        .text = "statistics of each vCPU, by its number and thread, and their sums; the threads "
                "must be "
                "the same too",
        .keep = keep_vcpu_stats,
        .give = give_vcpu_stats,
        .drop = drop_vcpu_stats,
    },
};

static QemuCommandSet
bit_of(const Row *row)
{
    return (QemuCommandSet)1 << row->command;
}

static bool
has_returned(const QemuAnswer *answers, QemuCommandSet asked, QemuCommandId command)
{
    return (asked >> command & 1) != 0 && answers[command].status == QEMU_ANSWER_RETURNED;
}

static void
drop(QemuKnown *self, const Row *row)
{
    if ((self->kept & bit_of(row)) != 0 && row->drop != NULL)
        row->drop(self);
    self->kept &= ~bit_of(row);
}

static unsigned int
ended_by(const Row *row)
{
    return proofs[row->proof].ended_by | (row->is_by_thread ? DOUBT_THREADS : 0u);
}

static void
drop_doubted(QemuKnown *self, unsigned int doubts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if ((ended_by(&rows[i]) & doubts) != 0)
            drop(self, &rows[i]);
}

static void
doubt(QemuKnown *self, unsigned int doubts)
{
    drop_doubted(self, doubts);
    self->doubted |= doubts;
}

QemuKnown *
qemu_known_new(void)
{
    return g_new0(QemuKnown, 1);
}

void
qemu_known_forget(QemuKnown *self)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        drop(self, &rows[i]);
    g_free(self->balloon_path);
    *self = (QemuKnown){0};
}

void
qemu_known_free(QemuKnown *self)
{
    if (self == NULL)
        return;
    qemu_known_forget(self);
    g_free(self);
}

void
qemu_known_begin_call(QemuKnown *self)
{
    self->is_planned = false;
    self->told_status = NULL;
    self->doubted = 0;
    self->threads_were_listed = false;
}

void
qemu_known_begin_plan(QemuKnown *self)
{
    self->is_planned = true;
    self->doubted = 0;
    self->threads_were_listed = false;
}

void
qemu_known_note_events(QemuKnown *self, const QemuEvents *events)
{
    if ((events->doubts & QEMU_EVENT_DOUBTS_RUN_STATE) != 0)
        self->told_status = events->status;
    doubt(self, events->doubts);
}

/* They are listed before QEMU is asked: one that comes between is seen the next time. */
void
qemu_known_note_threads(QemuKnown *self, bool were_listed, bool are_same)
{
    self->threads_were_listed = were_listed;
    self->threads_are_same = were_listed && are_same;
    if (!self->threads_are_same)
        drop_doubted(self, DOUBT_THREADS);
}

bool
qemu_known_has_same_threads(const QemuKnown *self)
{
    return self->threads_were_listed && self->threads_are_same;
}

void
qemu_known_note_connection_lost(QemuKnown *self)
{
    self->is_identified = false;
    doubt(self, DOUBT_CONNECTION);
}

void
qemu_known_doubt_identity(QemuKnown *self)
{
    self->is_identified = false;
}

bool
qemu_known_take_identity(QemuKnown *self, const UtilJson *commands)
{
    if (commands != NULL)
        self->available = qemu_command_parse_available(commands);
    self->is_identified = self->available != 0;
    return self->is_identified;
}

bool
qemu_known_is_identified(const QemuKnown *self)
{
    return self->is_identified;
}

QemuCommandSet
qemu_known_available(const QemuKnown *self)
{
    return self->available;
}

static bool
needs_threads(const Row *row)
{
    return proofs[row->proof].needs_threads || row->is_by_thread;
}

static bool
may_lend(const QemuKnown *self, const Row *row)
{
    if ((self->kept & bit_of(row)) == 0 || (row->beside & ~self->available) != 0)
        return false;
    return !needs_threads(row) || qemu_known_has_same_threads(self);
}

QemuCommandSet
qemu_known_lend(const QemuKnown *self, QemuCommandSet wanted)
{
    QemuCommandSet lent = 0;
    QemuCommandSet in_company = 0;

    if (!self->is_planned)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if ((wanted & bit_of(&rows[i])) == 0 || !may_lend(self, &rows[i]))
            continue;
        lent |= bit_of(&rows[i]);
        if (proofs[rows[i].proof].needs_company)
            in_company |= bit_of(&rows[i]);
    }
    return (wanted & ~lent) != 0 ? lent : lent & ~in_company;
}

QemuCommandSet
qemu_known_conditions(QemuCommandSet lent)
{
    QemuCommandSet conditions = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if ((lent & bit_of(&rows[i])) != 0)
            conditions |= rows[i].beside;
    return conditions;
}

static bool
all_returned(const QemuAnswer *answers, QemuCommandSet asked, QemuCommandSet set)
{
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if ((set >> id & 1) != 0 && !has_returned(answers, asked, (QemuCommandId)id))
            return false;
    return true;
}

static bool
any_answered(const QemuAnswer *answers, QemuCommandSet asked)
{
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if ((asked >> id & 1) != 0 && (answers[id].status == QEMU_ANSWER_RETURNED ||
                                       answers[id].status == QEMU_ANSWER_REFUSED))
            return true;
    return false;
}

static bool
says_still(const QemuAnswer *answers, QemuCommandSet asked)
{
    return has_returned(answers, asked, QEMU_COMMAND_QUERY_STATUS) &&
           qemu_known_stands_still(
               util_json_member_string(answers[QEMU_COMMAND_QUERY_STATUS].value, "status"));
}

QemuCommandSet
qemu_known_holds(const QemuKnown *self, QemuCommandSet lent, QemuCommandSet asked,
                 const QemuAnswer *answers)
{
    QemuCommandSet holding = 0;

    if (!self->is_planned)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Row *row = &rows[i];
        Proof proof = row->proof;

        if ((lent & self->kept & bit_of(row)) != 0 && all_returned(answers, asked, row->beside) &&
            (!proofs[proof].needs_company || any_answered(answers, asked)) &&
            (!proofs[proof].needs_still || says_still(answers, asked)))
            holding |= bit_of(row);
    }
    return holding;
}

void
qemu_known_give(const QemuKnown *self, QemuCommandId command, QemuFacts *facts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].command == command && (self->kept & bit_of(&rows[i])) != 0)
            rows[i].give(self, facts);
}

const char *
qemu_known_told_status(const QemuKnown *self)
{
    return self->told_status;
}

const char *
qemu_known_balloon_path(const QemuKnown *self)
{
    return self->balloon_path;
}

bool
qemu_known_has_short_chains(const QemuKnown *self, unsigned int n_most)
{
    return self->has_chains && self->n_nested_images <= n_most;
}

/* "No such command" stays true. That a machine cannot plug vCPUs does too, once it is made: before
 * that query-cpus-fast is not answered. */
static void
take_refusals(QemuKnown *self, const QemuKnownTold *told)
{
    const QemuAnswer *slots = &told->answers[QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS];

    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if ((told->asked >> id & 1) != 0 && told->answers[id].status == QEMU_ANSWER_REFUSED &&
            told->answers[id].refusal == QEMU_ANSWER_REFUSAL_NO_COMMAND)
            self->available &= ~((QemuCommandSet)1 << id);
    if ((told->asked & BIT(QUERY_HOTPLUGGABLE_CPUS)) != 0 && slots->status == QEMU_ANSWER_REFUSED &&
        has_returned(told->answers, told->asked, QEMU_COMMAND_QUERY_CPUS_FAST))
        self->available &= ~BIT(QUERY_HOTPLUGGABLE_CPUS);
}

static void
take_row(QemuKnown *self, const Row *row, const QemuKnownTold *told)
{
    bool is_still = says_still(told->answers, told->asked);

    /* It stands no more, whatever came of the rest. */
    if (proofs[row->proof].needs_still && !is_still &&
        has_returned(told->answers, told->asked, QEMU_COMMAND_QUERY_STATUS))
        drop(self, row);
    if (!has_returned(told->answers, told->asked, row->command))
        return;
    drop(self, row);
    if ((ended_by(row) & self->doubted) != 0 ||
        (needs_threads(row) && !self->threads_were_listed) ||
        (proofs[row->proof].needs_still && !is_still))
        return;
    if (row->keep(self, told))
        self->kept |= bit_of(row);
}

/* A path is kept as long as it serves. */
static void
take_balloon_path(QemuKnown *self, const QemuKnownTold *told)
{
    char *path = NULL;

    if ((told->asked & BIT(QOM_GET_GUEST_STATS)) == 0)
        return;
    if (has_returned(told->answers, told->asked, QEMU_COMMAND_QOM_GET_GUEST_STATS))
        path = g_strdup(told->balloon_path);
    else if (told->answers[QEMU_COMMAND_QOM_GET_GUEST_STATS].status != QEMU_ANSWER_REFUSED)
        return;
    g_free(self->balloon_path);
    self->balloon_path = path;
}

/* Each layer of a chain is shown again below each layer above it. What no disk of the guest stands
 * on may be one chain. */
static void
take_chains(QemuKnown *self, const QemuFacts *facts)
{
    unsigned int n_others = facts->n_backed_nodes;

    if (facts->disks == NULL || facts->nodes == NULL)
        return;
    self->has_chains = true;
    self->n_nested_images = 0;
    for (guint i = 0; i < facts->disks->len; i++) {
        const GArray *layers = g_array_index(facts->disks, QemuFactsDisk, i).layers;
        guint n = layers ? layers->len : 0;

        self->n_nested_images += n * (n - MIN(n, 1)) / 2;
        n_others -= MIN(n_others, n - MIN(n, 1));
    }
    self->n_nested_images += n_others * (n_others + 1) / 2;
}

void
qemu_known_take(QemuKnown *self, const QemuKnownTold *told)
{
    if (!self->is_planned)
        return;
    take_refusals(self, told);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        take_row(self, &rows[i], told);
    take_balloon_path(self, told);
    take_chains(self, told->facts);
}

bool
qemu_known_stands_still(const char *status)
{
    /* Not those in which a state is saved or loaded, nor "suspended", which a guest's clock or a
     * key may end, nor "debug", in which it is stepped. */
    static const char *const words[] = {"paused",   "prelaunch", "io-error",
                                        "watchdog", "shutdown",  "guest-panicked"};

    for (size_t i = 0; status != NULL && i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i], status) == 0)
            return true;
    return false;
}

char *
qemu_known_describe(size_t i)
{
    if (i >= G_N_ELEMENTS(rows))
        return NULL;
    return g_strdup_printf("| %s | `%s` | %s |", rows[i].text, qemu_commands[rows[i].command].name,
                           proofs[rows[i].proof].text);
}
