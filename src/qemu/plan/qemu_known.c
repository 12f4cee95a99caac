/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_known: see qemu_known.h. Here: what a call notes, and when a value is kept and lent. What is
 * kept of which command is in qemu_known_rows.c, what proves it in qemu_known_proof.c.
 *
 * Does no I/O and reads no clock: the module that sees an event, the list of threads or the end of
 * the connection notes it here.
 *
 * How it works
 *
 * A row (qemu_known_rows.h) is a command whose reply can be kept, in the form of the facts that it
 * gives. A call borrows the kept value in place of asking the command again. The proof of the row
 * says which doubts end the loan, and what the call that borrows must see. A note (events, threads,
 * connection lost) at once drops each row whose proof it breaks; so it also ends a loan of the call
 * under way. A reply that arrives after such a note in the same call is not kept, since QEMU may
 * have written it before the event.
 *
 * A refusal is kept only if it cannot change: then the command leaves the set of the commands that
 * this QEMU has.
 */
#include "qemu_known.h"

#include <string.h>

#include "qemu_known_rows.h"

#define BIT QEMU_COMMAND_BIT

struct QemuKnown {
    bool is_identified;       /* the QEMU was asked who it is */
    QemuCommandSet available; /* the commands that this QEMU has; 0: not known */
    QemuCommandSet kept;      /* the rows that hold a value now */
    QemuKnownRowValues values;

    /* Kept without a proof: they change only the form of a request. */
    char *balloon_path;
    bool has_chains; /* n_nested_images was counted */
    unsigned int n_nested_images;

    /* Of the call under way. */
    bool is_planned;
    unsigned int doubted; /* the doubts that were noted since the call was planned */
    bool threads_were_listed;
    bool threads_are_same;
    const char *told_status; /* a literal */
};

static QemuCommandSet
bit_of(const QemuKnownRow *row)
{
    return (QemuCommandSet)1 << row->command;
}

static void
drop(QemuKnown *self, const QemuKnownRow *row)
{
    if ((self->kept & bit_of(row)) != 0 && row->drop != NULL)
        row->drop(&self->values);
    self->kept &= ~bit_of(row);
}

static unsigned int
ended_by(const QemuKnownRow *row)
{
    return qemu_known_proofs[row->proof].ended_by |
           (row->is_by_thread ? QEMU_KNOWN_PROOF_DOUBT_THREADS : 0u);
}

static void
drop_doubted(QemuKnown *self, unsigned int doubts)
{
    for (size_t i = 0; i < QEMU_KNOWN_N_ROWS; i++)
        if ((ended_by(&qemu_known_rows[i]) & doubts) != 0)
            drop(self, &qemu_known_rows[i]);
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
    for (size_t i = 0; i < QEMU_KNOWN_N_ROWS; i++)
        drop(self, &qemu_known_rows[i]);
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

/* The threads are listed before QEMU is asked: the next call notes a thread that starts in between.
 */
void
qemu_known_note_threads(QemuKnown *self, bool were_listed, bool are_same)
{
    self->threads_were_listed = were_listed;
    self->threads_are_same = were_listed && are_same;
    if (!self->threads_are_same)
        drop_doubted(self, QEMU_KNOWN_PROOF_DOUBT_THREADS);
}

bool
qemu_known_has_same_threads(const QemuKnown *self)
{
    return self->threads_were_listed && self->threads_are_same;
}

void
qemu_known_note_connection_lost(QemuKnown *self)
{
    doubt(self, QEMU_KNOWN_PROOF_DOUBT_CONNECTION);
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

void
qemu_known_take_proven(QemuKnown *self, const QemuDefinitionProven *proven)
{
    self->is_identified = true;
    if (self->available != 0)
        return;
    self->available = qemu_command_all();
    for (size_t i = 0; i < QEMU_KNOWN_N_ROWS; i++) {
        const QemuKnownRow *row = &qemu_known_rows[i];

        if (row->keep_proven != NULL && row->keep_proven(&self->values, proven))
            self->kept |= bit_of(row);
    }
    g_free(self->balloon_path);
    self->balloon_path = g_strdup(proven->balloon_id);
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
needs_threads(const QemuKnownRow *row)
{
    return qemu_known_proofs[row->proof].needs_threads || row->is_by_thread;
}

static bool
may_lend(const QemuKnown *self, const QemuKnownRow *row)
{
    if ((self->kept & bit_of(row)) == 0 || (row->beside & ~self->available) != 0)
        return false;
    return !needs_threads(row) || qemu_known_has_same_threads(self);
}

QemuCommandSet
qemu_known_lend(const QemuKnown *self, QemuCommandSet wanted)
{
    QemuCommandSet lent = 0;
    QemuCommandSet with_another = 0;

    if (!self->is_planned)
        return 0;
    for (size_t i = 0; i < QEMU_KNOWN_N_ROWS; i++) {
        if ((wanted & bit_of(&qemu_known_rows[i])) == 0 || !may_lend(self, &qemu_known_rows[i]))
            continue;
        lent |= bit_of(&qemu_known_rows[i]);
        if (qemu_known_proofs[qemu_known_rows[i].proof].needs_another)
            with_another |= bit_of(&qemu_known_rows[i]);
    }
    return (wanted & ~lent) != 0 ? lent : lent & ~with_another;
}

QemuCommandSet
qemu_known_conditions(QemuCommandSet lent)
{
    QemuCommandSet conditions = 0;

    for (size_t i = 0; i < QEMU_KNOWN_N_ROWS; i++)
        if ((lent & bit_of(&qemu_known_rows[i])) != 0)
            conditions |= qemu_known_rows[i].beside;
    return conditions;
}

QemuCommandSet
qemu_known_holds(const QemuKnown *self, QemuCommandSet lent, QemuCommandSet asked,
                 const QemuAnswer *answers)
{
    QemuCommandSet holding = 0;

    if (!self->is_planned)
        return 0;
    for (size_t i = 0; i < QEMU_KNOWN_N_ROWS; i++) {
        const QemuKnownRow *row = &qemu_known_rows[i];

        if ((lent & self->kept & bit_of(row)) != 0 &&
            qemu_known_proof_have_returned(answers, asked, row->beside) &&
            qemu_known_proof_is_shown(row->proof, answers, asked))
            holding |= bit_of(row);
    }
    return holding;
}

void
qemu_known_give(const QemuKnown *self, QemuCommandId command, QemuFacts *facts)
{
    for (size_t i = 0; i < QEMU_KNOWN_N_ROWS; i++)
        if (qemu_known_rows[i].command == command &&
            (self->kept & bit_of(&qemu_known_rows[i])) != 0)
            qemu_known_rows[i].give(&self->values, facts);
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

/* Some commands differ in their arguments alone: QEMU has all of one name, or none. */
static void
drop_name(QemuKnown *self, QemuCommandId refused)
{
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if (strcmp(qemu_commands[id].name, qemu_commands[refused].name) == 0)
            self->available &= ~((QemuCommandSet)1 << id);
}

/* A command that QEMU does not have is never asked again. Nor is query-hotpluggable-cpus, once a
 * machine refused it that was already made, which an answer to query-cpus-fast shows. */
static void
take_refusals(QemuKnown *self, const QemuKnownTold *told)
{
    const QemuAnswer *slots = &told->answers[QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS];

    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if ((told->asked >> id & 1) != 0 && told->answers[id].status == QEMU_ANSWER_REFUSED &&
            told->answers[id].refusal == QEMU_ANSWER_REFUSAL_NO_COMMAND)
            drop_name(self, (QemuCommandId)id);
    if ((told->asked & BIT(QUERY_HOTPLUGGABLE_CPUS)) != 0 && slots->status == QEMU_ANSWER_REFUSED &&
        qemu_known_proof_has_returned(told->answers, told->asked, QEMU_COMMAND_QUERY_CPUS_FAST))
        self->available &= ~BIT(QUERY_HOTPLUGGABLE_CPUS);
}

static void
take_row(QemuKnown *self, const QemuKnownRow *row, const QemuKnownTold *told)
{
    const QemuKnownRowSource source = {told->facts, told->asked, self->available, told->schemas,
                                       told->has_one_monitor};
    bool is_still = qemu_known_proof_says_still(told->answers, told->asked);

    /* The guest runs again: the kept value is old, even if the command itself was not answered. */
    if (qemu_known_proofs[row->proof].needs_still && !is_still &&
        qemu_known_proof_has_returned(told->answers, told->asked, QEMU_COMMAND_QUERY_STATUS))
        drop(self, row);
    if (!qemu_known_proof_has_returned(told->answers, told->asked, row->command))
        return;
    drop(self, row);
    if ((ended_by(row) & self->doubted) != 0 ||
        (needs_threads(row) && !self->threads_were_listed) ||
        (qemu_known_proofs[row->proof].needs_still && !is_still))
        return;
    if (row->keep != NULL && row->keep(&self->values, &source))
        self->kept |= bit_of(row);
}

/* Keeps the path until QEMU refuses it. */
static void
take_balloon_path(QemuKnown *self, const QemuKnownTold *told)
{
    char *path = NULL;

    if ((told->asked & BIT(QOM_GET_GUEST_STATS)) == 0)
        return;
    if (qemu_known_proof_has_returned(told->answers, told->asked, QEMU_COMMAND_QOM_GET_GUEST_STATS))
        path = g_strdup(told->balloon_path);
    else if (told->answers[QEMU_COMMAND_QOM_GET_GUEST_STATS].status != QEMU_ANSWER_REFUSED)
        return;
    g_free(self->balloon_path);
    self->balloon_path = path;
}

/* Counts the images that query-named-block-nodes would list nested in others: it shows each layer
 * of a chain again below each layer above it. Nodes with a backing file that are below no disk of
 * the guest are counted as if they were one chain, the worst case. */
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
    for (size_t i = 0; i < QEMU_KNOWN_N_ROWS; i++)
        take_row(self, &qemu_known_rows[i], told);
    take_balloon_path(self, told);
    take_chains(self, told->facts);
}

char *
qemu_known_describe(size_t i)
{
    if (i >= QEMU_KNOWN_N_ROWS)
        return NULL;
    return g_strdup_printf("| %s | `%s` | %s |", qemu_known_rows[i].text,
                           qemu_commands[qemu_known_rows[i].command].name,
                           qemu_known_proofs[qemu_known_rows[i].proof].text);
}
