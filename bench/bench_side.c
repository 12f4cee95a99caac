/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_side: the table of sides, and how ours are asked: by the public interface alone, as an
 * application does.
 */
#include "bench_side.h"

#include <string.h>

#include "bench_halt.h"
#include "qemu/plan/qemu_group.h"

#define EACH_GROUP "/+"

/* A domain that lacks values would make a call look fast. A single group may be one of which this
 * QEMU has nothing. */
static bool
check_record(const DomstatsRecord *record, const BenchSide *side, GError **error)
{
    if (record->health == DOMSTATS_HEALTH_OK && (record->n_params > 0 || side->stats != 0))
        return true;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INTERNAL, "%s: domain '%s' is %s: %s",
                side->name, record->name, domstats_health_to_string(record->health),
                record->reason ? record->reason : "it has no parameters");
    return false;
}

static bool
check_records(DomstatsRecord **records, int n, size_t n_expected, const BenchSide *side,
              size_t *n_values, GError **error)
{
    bool is_whole = n >= 0;

    if (n >= 0 && (size_t)n != n_expected) {
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INTERNAL,
                    "%s: %d domains in place of %zu", side->name, n, n_expected);
        is_whole = false;
    }
    for (int i = 0; is_whole && i < n; i++) {
        is_whole = check_record(records[i], side, error);
        *n_values += (size_t)records[i]->n_params;
    }
    if (n >= 0)
        domstats_record_list_free(records);
    return is_whole;
}

static bool
ask_all(const BenchSide *self, const BenchSideSubject *subject, DomstatsConn *conn,
        size_t *ret_n_values, GError **error)
{
    DomstatsRecord **records = NULL;
    int n =
        domstats_get_all_domain_stats(conn, self->stats, 0, subject->timeout_ms, &records, error);

    *ret_n_values = 0;
    return check_records(records, n, subject->names->len, self, ret_n_values, error);
}

static bool
run_ours(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values, GError **error)
{
    return ask_all(self, subject, subject->ours, ret_n_values, error);
}

static bool
run_visit(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values, GError **error)
{
    return ask_all(self, subject, subject->visiting, ret_n_values, error);
}

static bool
run_through(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values, GError **error)
{
    return ask_all(self, subject, subject->through, ret_n_values, error);
}

/* Those that were stopped are said to be, and all others are whole. */
static bool
run_halted(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values, GError **error)
{
    DomstatsRecord **records = NULL;
    int n = domstats_get_all_domain_stats(subject->through, self->stats, 0, subject->timeout_ms,
                                          &records, error);
    guint n_stopped = 0;
    guint n_whole = 0;
    g_autofree char *other = NULL; /* what one is that is neither */

    *ret_n_values = 0;
    for (int i = 0; i < n; i++) {
        bool is_stopped = records[i]->health == DOMSTATS_HEALTH_STOPPED;
        bool is_whole = records[i]->health == DOMSTATS_HEALTH_OK;

        n_stopped += is_stopped;
        n_whole += is_whole;
        if (!is_stopped && !is_whole && other == NULL)
            other =
                g_strdup_printf("%s is %s: %s", records[i]->name,
                                domstats_health_to_string(records[i]->health), records[i]->reason);
        *ret_n_values += (size_t)records[i]->n_params;
    }
    if (n < 0)
        return false;
    domstats_record_list_free(records);
    if (n_stopped == subject->halted->len && n_stopped + n_whole == subject->names->len)
        return true;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INTERNAL,
                "%s: %u domains are stopped and %u whole, of %u; %s", self->name, n_stopped,
                n_whole, subject->names->len, other ? other : "no other");
    return false;
}

/* The first call that finds them stopped is not timed. */
static bool
halt(const BenchSide *self, BenchSideSubject *subject, GError **error)
{
    size_t n_values = 0;

    if (!bench_halt_all(subject->halted)) {
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INTERNAL, "%s: a QEMU does not stop",
                    self->name);
        return false;
    }
    return run_halted(self, subject, &n_values, error);
}

static bool
go_on(const BenchSide *self, BenchSideSubject *subject, GError **error)
{
    size_t n_values = 0;

    bench_halt_end(subject->halted);
    return run_through(self, subject, &n_values, error);
}

/* A process for each call, as in a shell. */
static bool
run_process(const BenchSide *self, BenchSideSubject *subject, char *source, GError **error)
{
    char option[] = "-c";
    char *words[] = {subject->command, option, source, NULL};
    int status = -1;

    if (!g_spawn_sync(NULL, words, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                      &status, error))
        return false;
    if (status != 0)
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INTERNAL, "%s: status %d", self->name,
                    status);
    return status == 0;
}

static bool
run_command(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values, GError **error)
{
    *ret_n_values = 0;
    return run_process(self, subject, subject->visit_source, error);
}

static bool
run_empty_command(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values,
                  GError **error)
{
    *ret_n_values = 0;
    return run_process(self, subject, subject->empty_source, error);
}

static bool
run_through_command(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values,
                    GError **error)
{
    *ret_n_values = 0;
    return run_process(self, subject, subject->through_source, error);
}

static bool
ask_one(const BenchSide *self, BenchSideSubject *subject, guint i, size_t *n_values, GError **error)
{
    const char *words[] = {g_ptr_array_index(subject->names, i), NULL};
    DomstatsRecord **records = NULL;
    int n = domstats_domain_list_get_stats(subject->ours, words, self->stats, 0,
                                           subject->timeout_ms, &records, error);

    return check_records(records, n, 1, self, n_values, error);
}

static bool
run_ours_by_domain(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values,
                   GError **error)
{
    *ret_n_values = 0;
    for (guint i = 0; i < subject->names->len; i++)
        if (!ask_one(self, subject, i, ret_n_values, error))
            return false;
    return true;
}

/* The other groups need counters that are switched on for a domain, which a fleet does not have. */
static const unsigned int fleet_groups =
    VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON |
    VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK |
    VIR_DOMAIN_STATS_IOTHREAD | VIR_DOMAIN_STATS_DIRTYRATE | VIR_DOMAIN_STATS_VM;

static bool
run_ours_by_domain_and_group(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values,
                             GError **error)
{
    *ret_n_values = 0;
    for (guint i = 0; i < subject->names->len; i++)
        for (size_t k = 0; k < qemu_n_groups; k++) {
            BenchSide one = {.name = self->name, .stats = qemu_groups[k].bit};

            if ((one.stats & fleet_groups) != 0 && !ask_one(&one, subject, i, ret_n_values, error))
                return false;
        }
    return true;
}

static bool
run_floor(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values, GError **error)
{
    (void)self;
    return bench_floor_run(subject->floor, ret_n_values, error);
}

static bool
run_floor_visit(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values,
                GError **error)
{
    (void)self;
    return bench_visit_run(subject->visits, ret_n_values, error);
}

static bool
run_json(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values, GError **error)
{
    (void)self;
    return bench_floor_parse(subject->floor, ret_n_values, error);
}

static bool
run_libvirt(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values, GError **error)
{
    return bench_libvirt_bulk(subject->libvirt, self->stats, ret_n_values, error);
}

static bool
run_libvirt_by_domain(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values,
                      GError **error)
{
    return bench_libvirt_one_by_one(subject->libvirt, self->stats, ret_n_values, error);
}

static bool
run_libvirt_classic(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values,
                    GError **error)
{
    (void)self;
    return bench_libvirt_classic(subject->libvirt, ret_n_values, error);
}

typedef struct {
    const char *name;
    BenchSideRun run;
    BenchSideStep before;
    BenchSideStep after;
} Row;

static const Row rows[] = {
    {"floor", run_floor},
    {"floor-visit", run_floor_visit},
    {"json", run_json},
    {"ours", run_ours},
    {"visit", run_visit},
    {"command", run_command},
    {"command-empty", run_empty_command},
    {"ours-by-domain", run_ours_by_domain},
    {"ours-by-domain-and-group", run_ours_by_domain_and_group},
    {"through", run_through},
    {"through-command", run_through_command},
    {"through-stopped", run_halted, halt, go_on},
    {"libvirt", run_libvirt},
    {"libvirt-by-domain", run_libvirt_by_domain},
    {"libvirt-classic", run_libvirt_classic},
};

static void
free_side(gpointer data)
{
    BenchSide *side = data;

    g_free(side->name);
    g_free(side);
}

static void
add_side(GPtrArray *sides, const Row *row, const QemuGroup *group)
{
    BenchSide *side = g_new0(BenchSide, 1);

    side->run = row->run;
    side->before = row->before;
    side->after = row->after;
    side->name = group ? g_strdup_printf("%s/%s", row->name, group->name) : g_strdup(row->name);
    side->stats = group ? group->bit : 0;
    g_ptr_array_add(sides, side);
}

static bool
add_named(GPtrArray *sides, const char *name)
{
    bool is_each_group = g_str_has_suffix(name, EACH_GROUP);
    size_t length = strlen(name) - (is_each_group ? strlen(EACH_GROUP) : 0);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strlen(rows[i].name) != length || strncmp(rows[i].name, name, length) != 0)
            continue;
        if (!is_each_group)
            add_side(sides, &rows[i], NULL);
        for (size_t k = 0; is_each_group && k < qemu_n_groups; k++)
            if ((qemu_groups[k].bit & fleet_groups) != 0)
                add_side(sides, &rows[i], &qemu_groups[k]);
        return true;
    }
    return false;
}

GPtrArray *
bench_side_make_all(const char *names, GError **error)
{
    g_auto(GStrv) words = g_strsplit(names, ",", -1);
    g_autoptr(GPtrArray) sides = g_ptr_array_new_with_free_func(free_side);

    for (char **word = words; *word != NULL; word++) {
        if (!add_named(sides, *word)) {
            g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG, "no side '%s'", *word);
            return NULL;
        }
    }
    return g_steal_pointer(&sides);
}
