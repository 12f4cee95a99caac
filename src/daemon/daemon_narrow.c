/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_narrow: see daemon_narrow.h.
 *
 * How it works
 *
 *   1. daemon_names finds the records of the words of the call; without words all are taken
 *   2. the filters of the call are applied as the library applies them
 *   3. groups and extras that were not asked for are cut off; a record of which nothing is to be
 *      cut is not copied
 *
 * A call for named groups has a group in @missing also if it is not supported. Where the round
 * asked for all groups, such a group has no field and is not missing; so it is added, unless it may
 * be whole without a field.
 *
 * A domain whose QEMU refused commands of other groups alone is ok to the call.
 */
#include "daemon_narrow.h"

#include <string.h>

#include "daemon_names.h"
#include "daemon_wish.h"
#include "domstats_filter.h"
#include "domstats_group.h"

/* Groups that are whole without a field: of a domain without IOThreads, where no perf events or
 * memory bandwidth are counted, and of one that does not run. */
static const unsigned int empty_when_active =
    VIR_DOMAIN_STATS_IOTHREAD | VIR_DOMAIN_STATS_PERF | VIR_DOMAIN_STATS_MEMORY;
static const unsigned int empty_when_inactive = VIR_DOMAIN_STATS_IOTHREAD | VIR_DOMAIN_STATS_PERF |
                                                VIR_DOMAIN_STATS_MEMORY |
                                                VIR_DOMAIN_STATS_INTERFACE;

/* Groups of which a domain has a part without its process, which a call for all groups takes for
 * the whole. */
static const unsigned int told_by_process =
    VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU;

typedef struct {
    const DomstatsCall *round;
    const DomstatsCall *wanted;
    unsigned int groups;  /* that are wanted */
    bool cuts_groups;     /* the round has others */
    unsigned int dropped; /* extras by which only the round has fields */
} Cut;

/* The int or boolean called @name; -1: none. */
static int
read_small(const DomstatsRecord *record, const char *name)
{
    for (int i = 0; i < record->n_params; i++) {
        const virTypedParameter *param = &record->params[i];

        if (strcmp(param->field, name) != 0)
            continue;
        if (param->type == VIR_TYPED_PARAM_INT)
            return param->value.i;
        return param->type == VIR_TYPED_PARAM_BOOLEAN ? param->value.b != 0 : -1;
    }
    return -1;
}

/* A domain without id and process is taken for active if its state is not known. */
static bool
is_active(const DomstatsRecord *record, int state)
{
    if (record->id > 0 || record->pid > 0)
        return true;
    return state != VIR_DOMAIN_SHUTOFF && state != VIR_DOMAIN_CRASHED;
}

/* Whether the filters of @wanted let @record through. A word that names nothing has no state. */
static bool
is_selected(const DomstatsRecord *record, const DomstatsCall *wanted)
{
    int state = read_small(record, "state.state");
    int persistent = read_small(record, "about.state.persistent");
    const DomstatsFilterDomain domain = {.is_active = is_active(record, state),
                                         .is_persistent = persistent > 0,
                                         .may_be_persistent = persistent < 0,
                                         .state = state};

    return record->health == DOMSTATS_HEALTH_NO_DOMAIN ||
           domstats_filter_selects(wanted->flags, &domain);
}

/* The group of @field. ext. and about. fields whose name begins with no group: what is ours is told
 * with the state, as the table of fields has it; what a domain is made of, with any group. */
static unsigned int
group_of(const char *field)
{
    unsigned int group = domstats_group_of_field(field);

    if (group == 0 && g_str_has_prefix(field, "ext."))
        return VIR_DOMAIN_STATS_STATE;
    return group;
}

/* The extra that decides whether @field is there; 0: none. */
static unsigned int
extra_of(const char *field)
{
    if (strcmp(field, "ext.balloon.pss") == 0 || strcmp(field, "ext.balloon.swap") == 0)
        return DOMSTATS_CALL_PSS;
    if (g_str_has_prefix(field, "ext."))
        return DOMSTATS_CALL_EXT;
    if (g_str_has_prefix(field, "about."))
        return DOMSTATS_CALL_ABOUT;
    return domstats_group_is_of_kvm(field) ? DOMSTATS_CALL_WITHOUT_KVM : 0;
}

static bool
keeps(const Cut *cut, const char *field)
{
    unsigned int group = cut->cuts_groups ? group_of(field) : 0;
    unsigned int extra = cut->dropped != 0 ? extra_of(field) : 0;

    return (group == 0 || (group & cut->groups) != 0) && (extra & cut->dropped) == 0;
}

/* Those that add fields. */
static const unsigned int own_extras = DOMSTATS_CALL_EXT | DOMSTATS_CALL_ABOUT | DOMSTATS_CALL_PSS;

/* The groups of which @record has a field, libvirt's or ours. */
static unsigned int
groups_with_fields(const DomstatsRecord *record)
{
    unsigned int groups = 0;

    for (int i = 0; i < record->n_params; i++)
        if ((extra_of(record->params[i].field) & own_extras) == 0)
            groups |= group_of(record->params[i].field);
    return groups;
}

static bool
has_field(const DomstatsRecord *record, const char *name)
{
    for (int i = 0; i < record->n_params; i++)
        if (strcmp(record->params[i].field, name) == 0)
            return true;
    return false;
}

/* Whether each vCPU that the domain has is there with its time. */
static bool
has_vcpu_times(const DomstatsRecord *record)
{
    unsigned int current = 0;
    unsigned int n_times = 0;

    for (int i = 0; i < record->n_params; i++) {
        const virTypedParameter *param = &record->params[i];

        if (!g_str_has_prefix(param->field, "vcpu."))
            continue;
        if (strcmp(param->field, "vcpu.current") == 0 && param->type == VIR_TYPED_PARAM_UINT)
            current = param->value.ui;
        if (g_str_has_suffix(param->field, ".time"))
            n_times++;
    }
    return current > 0 && n_times == current;
}

/* The groups that lack nothing but statistics of KVM, which are cut off: of CPU_TOTAL the times are
 * all the rest, of VCPU the numbers and the times. */
static unsigned int
whole_without_kvm(const Cut *cut, const DomstatsRecord *record)
{
    unsigned int groups = 0;

    if ((cut->dropped & DOMSTATS_CALL_WITHOUT_KVM) == 0)
        return 0;
    if (has_field(record, "cpu.time") && has_field(record, "cpu.user"))
        groups |= VIR_DOMAIN_STATS_CPU_TOTAL;
    if (has_field(record, "vcpu.maximum") && has_vcpu_times(record))
        groups |= VIR_DOMAIN_STATS_VCPU;
    return groups;
}

/* The wanted groups that the round lacks. */
static unsigned int
lacked_of(const Cut *cut, const DomstatsRecord *record)
{
    return record->missing & cut->groups & ~whole_without_kvm(cut, record);
}

static unsigned int
missing_of(const Cut *cut, const DomstatsRecord *record)
{
    unsigned int missing = lacked_of(cut, record);
    bool runs = is_active(record, read_small(record, "state.state"));
    unsigned int empty = runs ? empty_when_active : empty_when_inactive;

    if (cut->round->stats != 0 || cut->wanted->stats == 0)
        return missing;
    if (runs && record->pid == 0 && record->answered_by == DOMSTATS_ANSWERED_BY_MONITOR)
        missing |= cut->groups & told_by_process;
    return missing | (cut->groups & ~groups_with_fields(record) & ~empty);
}

static virTypedParameter *
cut_params(const Cut *cut, const DomstatsRecord *record, int *ret_n)
{
    virTypedParameter *params = g_new(virTypedParameter, (size_t)record->n_params + 1);
    int n = 0;

    for (int i = 0; i < record->n_params; i++)
        if (keeps(cut, record->params[i].field))
            params[n++] = record->params[i];
    *ret_n = n;
    return params;
}

static void
make_ok(DomstatsRecord *copy)
{
    copy->health = DOMSTATS_HEALTH_OK;
    copy->reason_code = DOMSTATS_REASON_NONE;
    copy->reason = NULL;
}

static DomstatsRecord *
cut_record(const Cut *cut, const DomstatsRecord *record)
{
    DomstatsRecord *copy = g_memdup2(record, sizeof(*record));
    bool is_spared = record->reason_code == DOMSTATS_REASON_REFUSED && lacked_of(cut, record) == 0;

    copy->params = cut_params(cut, record, &copy->n_params);
    if (record->health != DOMSTATS_HEALTH_NO_DOMAIN)
        copy->missing = missing_of(cut, record);
    copy->last = NULL;
    if (is_spared)
        make_ok(copy);
    else if (record->last != NULL && (cut->wanted->extras & DOMSTATS_CALL_LAST) != 0)
        copy->last = cut_record(cut, record->last);
    return copy;
}

static void
free_copy(gpointer data)
{
    DomstatsRecord *copy = data;

    if (copy->last != NULL)
        free_copy(copy->last);
    g_free(copy->params);
    g_free(copy);
}

static void
add(DaemonNarrow *self, const Cut *cut, DomstatsRecord *record)
{
    bool is_cut = cut->cuts_groups || cut->dropped != 0;

    if (!is_selected(record, cut->wanted))
        return;
    if (is_cut) {
        DomstatsRecord *copy = cut_record(cut, record);

        g_ptr_array_add(self->copies, copy);
        record = copy;
    }
    g_ptr_array_add(self->records, record);
}

static void
init(DaemonNarrow *self)
{
    self->records = g_ptr_array_new();
    self->copies = g_ptr_array_new_with_free_func(free_copy);
}

/* Adds the records that the words of the call name. False if one names none. */
static bool
add_named(DaemonNarrow *self, const Cut *cut, DomstatsRecord *const *records, size_t n)
{
    g_autoptr(DaemonNames) names = daemon_names_new(records, n);

    for (const char *const *word = cut->wanted->domains; *word != NULL; word++) {
        const GPtrArray *found = daemon_names_find(names, *word);

        if (found == NULL)
            return false;
        for (guint i = 0; i < found->len; i++)
            add(self, cut, g_ptr_array_index(found, i));
    }
    return true;
}

bool
daemon_narrow_make(DomstatsRecord *const *records, size_t n, const DomstatsCall *round,
                   const DomstatsCall *wanted, DaemonNarrow *ret_self)
{
    g_auto(DaemonNarrow) self = {0};
    const Cut cut = {.round = round,
                     .wanted = wanted,
                     .groups = daemon_wish_groups(wanted),
                     .cuts_groups = round->stats != wanted->stats,
                     .dropped = daemon_wish_unwanted(round, wanted)};

    init(&self);
    if (daemon_wish_equals(round, wanted)) {
        for (size_t i = 0; i < n; i++)
            g_ptr_array_add(self.records, records[i]);
    } else if (wanted->domains == NULL) {
        for (size_t i = 0; i < n; i++)
            add(&self, &cut, records[i]);
    } else if (!add_named(&self, &cut, records, n)) {
        return false;
    }
    *ret_self = self;
    memset(&self, 0, sizeof(self));
    return true;
}

void
daemon_narrow_clear(DaemonNarrow *self)
{
    g_clear_pointer(&self->records, g_ptr_array_unref);
    g_clear_pointer(&self->copies, g_ptr_array_unref);
}
