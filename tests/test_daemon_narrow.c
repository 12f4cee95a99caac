/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_narrow: what is cut out of a wide round is what the library gives for the narrow
 * call. The domains are the recorded ones.
 */
#include "testing.h"

#include <string.h>

#include "daemon/daemon_narrow.h"
#include "daemon/daemon_wish.h"

#define FLAG(name) VIR_CONNECT_GET_ALL_DOMAINS_STATS_##name

enum {
    ABOUT = DOMSTATS_CALL_ABOUT,
    EXT = DOMSTATS_CALL_EXT,
    LAST = DOMSTATS_CALL_LAST,
    STATE = VIR_DOMAIN_STATS_STATE,
    VCPU = VIR_DOMAIN_STATS_VCPU,
};

static DomstatsConn *conn;

static DomstatsRecord **
ask(const DomstatsCall *call, int *ret_n)
{
    DomstatsRecord **records = NULL;
    g_autoptr(GError) error = NULL;

    *ret_n = domstats_get_stats(conn, call, &records, &error);
    if (*ret_n < 0)
        fail_msg("%s", error->message);
    return records;
}

/* Of the values, what is the same in each call. */
static void
append_params(GString *text, const DomstatsRecord *record)
{
    for (int i = 0; i < record->n_params; i++) {
        const virTypedParameter *param = &record->params[i];

        g_string_append_printf(text, "  %s %d", param->field, param->type);
        if (param->type == VIR_TYPED_PARAM_STRING)
            g_string_append_printf(text, " %s", param->value.s);
        else if (param->type == VIR_TYPED_PARAM_ULLONG &&
                 strcmp(param->field, "ext.monitor.time") != 0)
            g_string_append_printf(text, " %llu", param->value.ul);
        g_string_append_c(text, '\n');
    }
}

static char *
describe(DomstatsRecord *const *records, size_t n)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(text, "%s %s %d %s missing=%x last=%d\n", records[i]->name,
                               records[i]->uuid, records[i]->id,
                               domstats_health_to_string(records[i]->health), records[i]->missing,
                               records[i]->last != NULL);
        append_params(text, records[i]);
    }
    return g_string_free(text, FALSE);
}

/* Fails unless what is cut out of @round for @wanted is what the library gives for it. */
static void
assert_same(const DomstatsCall *round, const DomstatsCall *wanted)
{
    int n_round = 0;
    int n_wanted = 0;
    g_autoptr(DomstatsRecordList) wide = ask(round, &n_round);
    g_autoptr(DomstatsRecordList) narrow = ask(wanted, &n_wanted);
    g_auto(DaemonNarrow) cut = {0};
    g_autofree char *expected = describe(narrow, (size_t)n_wanted);
    g_autofree char *got = NULL;

    assert_true(daemon_wish_covers(round, wanted));
    assert_true(daemon_narrow_make(wide, (size_t)n_round, round, wanted, &cut));
    got = describe((DomstatsRecord *const *)cut.records->pdata, cut.records->len);
    testing_assert_same_text(got, expected);
}

typedef struct {
    const char *name;
    DomstatsCall round;
    DomstatsCall wanted;
} Row;

static const char *const one[] = {"running", NULL};
static const char *const twice[] = {"paused", "running", "paused", NULL};
static const char *const words[] = {"qcow2-chain", "running", "iothreads", NULL};
static const char *const two_names[] = {"running", "paused", NULL};

/* clang-format off */
static const Row rows[] = {
    {"the same call", {0}, {0}},
    {"one group of two", {.stats = STATE | VCPU}, {.stats = VCPU}},
    {"one group of all", {0}, {.stats = VCPU}},
    {"without the fields of ours", {.extras = EXT}, {0}},
    {"a group with the fields of ours", {.extras = EXT}, {.stats = STATE, .extras = EXT}},
    {"another group with the fields of ours", {.extras = EXT}, {.stats = VCPU, .extras = EXT}},
    {"without the last complete record", {.extras = LAST}, {0}},
    {"without KVM's statistics", {0}, {.extras = DOMSTATS_CALL_WITHOUT_KVM}},
    {"some groups without KVM's statistics", {.extras = EXT},
     {.stats = STATE | VCPU | VIR_DOMAIN_STATS_CPU_TOTAL, .extras = DOMSTATS_CALL_WITHOUT_KVM}},
    {"a group that has none of them", {.stats = STATE | VCPU, .extras = DOMSTATS_CALL_WITHOUT_KVM}, {.stats = STATE}},
    {"with it", {.extras = LAST | EXT}, {.extras = LAST, .stats = STATE}},
    {"active domains", {0}, {.flags = FLAG(ACTIVE)}},
    {"inactive domains", {0}, {.flags = FLAG(INACTIVE)}},
    {"running domains", {0}, {.flags = FLAG(RUNNING)}},
    {"paused domains, and one group", {.stats = STATE | VCPU}, {.stats = VCPU, .flags = FLAG(PAUSED)}},
    {"domains that are off or in another state", {0}, {.flags = FLAG(SHUTOFF) | FLAG(OTHER)}},
    {"transient domains", {.extras = ABOUT}, {.flags = FLAG(TRANSIENT)}},
    {"persistent domains, and another group", {.stats = STATE | VCPU, .extras = ABOUT}, {.stats = VCPU, .flags = FLAG(PERSISTENT)}},
    {"active ones that run", {0}, {.flags = FLAG(ACTIVE) | FLAG(RUNNING)}},
    {"one domain", {0}, {.domains = one}},
    {"domains in the order of the words, twice if named twice", {0}, {.domains = twice}},
    {"named ones of a round for others too", {.domains = words}, {.domains = one}},
    {"a named domain that the filter lets through", {0}, {.domains = two_names, .flags = FLAG(RUNNING)}},
    {"backing chains", {.flags = FLAG(BACKING)}, {.flags = FLAG(BACKING), .stats = VIR_DOMAIN_STATS_BLOCK}},
    {"all at once", {.extras = EXT | LAST},
     {.stats = VCPU | VIR_DOMAIN_STATS_BLOCK, .domains = twice, .extras = EXT, .flags = FLAG(ACTIVE)}},
};
/* clang-format on */

static void
cuts(const void *data)
{
    const Row *row = data;

    assert_same(&row->round, &row->wanted);
}

static void
every_group_of_all(void **state)
{
    (void)state;
    for (unsigned int bit = 0; bit < 11; bit++)
        assert_same(&(DomstatsCall){0}, &(DomstatsCall){.stats = 1U << bit});
    assert_same(&(DomstatsCall){0}, &(DomstatsCall){.stats = 0x7ff});
}

/* A word is looked up as the library does it. */
static void
every_kind_of_word(void **state)
{
    int n = 0;
    g_autoptr(DomstatsRecordList) all = ask(&(DomstatsCall){.stats = STATE}, &n);

    (void)state;
    for (int i = 0; i < n; i++) {
        g_autofree char *id = g_strdup_printf("0%d", all[i]->id);
        g_autofree char *uuid = g_ascii_strup(all[i]->uuid, -1);
        const char *const kinds[] = {all[i]->name, uuid, all[i]->id > 0 ? id : uuid, NULL};

        assert_same(&(DomstatsCall){.stats = STATE},
                    &(DomstatsCall){.stats = STATE, .domains = kinds});
    }
}

static void
a_word_for_nothing(void **state)
{
    static const char *const unknown[] = {"running", "nobody", NULL};
    const DomstatsCall all = {.stats = STATE};
    const DomstatsCall wanted = {.stats = STATE, .domains = unknown};
    int n = 0;
    g_autoptr(DomstatsRecordList) records = ask(&all, &n);
    g_auto(DaemonNarrow) cut = {0};

    (void)state;
    assert_false(daemon_narrow_make(records, (size_t)n, &all, &wanted, &cut));
    assert_null(cut.records);
    /* In a round for named domains the library has said that there is none. */
    assert_same(&(DomstatsCall){.stats = STATE, .domains = unknown},
                &(DomstatsCall){.stats = STATE, .domains = (const char *const[]){"nobody", NULL}});
}

/* Records of the same domain under two words, and two domains of one name. */
static void
names_that_meet(void **state)
{
    DomstatsRecord web = {.name = (char *)"web", .uuid = "u1", .id = 1, .pid = 10};
    DomstatsRecord again = web;
    DomstatsRecord other = {.name = (char *)"web", .uuid = "u2", .id = 2, .pid = 20};
    DomstatsRecord *const records[] = {&web, &again, &other};
    static const char *const round_words[] = {"1", "u1", "web", NULL};
    static const char *const name[] = {"web", "u2", NULL};
    g_auto(DaemonNarrow) cut = {0};

    (void)state;
    assert_true(daemon_narrow_make(records, 3, &(DomstatsCall){.domains = round_words},
                                   &(DomstatsCall){.domains = name}, &cut));
    assert_int_equal(cut.records->len, 3);
    assert_ptr_equal(g_ptr_array_index(cut.records, 0), &web);
    assert_ptr_equal(g_ptr_array_index(cut.records, 1), &other);
    assert_ptr_equal(g_ptr_array_index(cut.records, 2), &other);
}

/* A domain of a libvirt that is away: it is left out by neither filter, as the library does it. */
static void
persistence_that_nobody_tells(void **state)
{
    DomstatsRecord web = {.name = (char *)"web", .uuid = "u1", .id = 1, .pid = 10};
    DomstatsRecord *const records[] = {&web};
    const unsigned int filters[] = {FLAG(PERSISTENT), FLAG(TRANSIENT)};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
        g_auto(DaemonNarrow) cut = {0};

        assert_true(daemon_narrow_make(records, 1, &(DomstatsCall){.extras = ABOUT},
                                       &(DomstatsCall){.flags = filters[i]}, &cut));
        assert_int_equal(cut.records->len, 1);
    }
}

typedef struct {
    const char *fields[4];
    unsigned int missing;
} KvmRow;

/* Beside a job of libvirt's a call with KVM's statistics lacks them, and one without lacks nothing
 * if the rest is there. */
static void
what_lacks_only_kvms_statistics(void **state)
{
    static const KvmRow kvm_rows[] = {
        {{"vcpu.current", "vcpu.maximum", "vcpu.0.time", "vcpu.2.time"}, 0},
        {{"vcpu.current", "vcpu.maximum", "vcpu.0.time"}, VCPU},
        {{"vcpu.current", "vcpu.0.time", "vcpu.1.time"}, VCPU},
        {{"vcpu.current", "vcpu.maximum"}, VCPU},
    };
    const DomstatsCall round = {.stats = VCPU};
    const DomstatsCall wanted = {.stats = VCPU, .extras = DOMSTATS_CALL_WITHOUT_KVM};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(kvm_rows); i++) {
        virTypedParameter params[4] = {{.type = VIR_TYPED_PARAM_UINT, .value.ui = 2}};
        DomstatsRecord web = {.id = 1, .pid = 10, .missing = VCPU, .params = params};
        DomstatsRecord *const records[] = {&web};
        g_auto(DaemonNarrow) cut = {0};

        for (size_t k = 0; k < 4 && kvm_rows[i].fields[k] != NULL; k++) {
            g_strlcpy(params[k].field, kvm_rows[i].fields[k], sizeof(params[k].field));
            web.n_params++;
        }
        assert_true(daemon_narrow_make(records, 1, &round, &wanted, &cut));
        assert_int_equal(((DomstatsRecord *)g_ptr_array_index(cut.records, 0))->missing,
                         kvm_rows[i].missing);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"what lacks only KVM's statistics", what_lacks_only_kvms_statistics, NULL, NULL, NULL},
        {"persistence that nobody tells", persistence_that_nobody_tells, NULL, NULL, NULL},
        {"each group of all groups, with what is missing", every_group_of_all, NULL, NULL, NULL},
        {"a word is an id, else a UUID, else a name", every_kind_of_word, NULL, NULL, NULL},
        {"a word that names nothing is asked of the library", a_word_for_nothing, NULL, NULL, NULL},
        {"one domain under two words is one; two of one name are two", names_that_meet, NULL, NULL,
         NULL},
    };
    g_autofree char *source =
        g_strconcat("replay:", testing_source_folder(), "/qemujsontestdata", NULL);
    int failed = 0;

    conn = domstats_open(source, NULL, NULL);
    failed = TESTING_RUN_TABLE("narrow", rows, cuts) +
             cmocka_run_group_tests_name("recorded", tests, NULL, NULL);
    domstats_close(conn);
    return failed;
}
