/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_libvirt_stats: the statistics of one domain, and answers that break libvirt's rules, from a
 * fake libvirt.
 */
#include <libvirt/virterror.h>
#include <string.h>

#include "fake_libvirt.h"
#include "libvirt/libvirt_limits.h"
#include "libvirt_case.h"
#include "testing.h"

static const FakeLibvirtDomain one[] = {{.name = "one", .id = 1}, {.name = NULL}};

static void
an_answer_is_libvirts(void **state)
{
    static const FakeLibvirtParam params[] = {
        {"state.state", VIR_TYPED_PARAM_INT, 1, NULL},
        {"cpu.time", VIR_TYPED_PARAM_ULLONG, 1234567890123, NULL},
        {"block.0.name", VIR_TYPED_PARAM_STRING, 0, "vda"},
        {NULL, 0, 0, NULL},
    };
    static const FakeLibvirtDomain told[] = {{.name = "one", .id = 7, .params = params},
                                             {.name = NULL}};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(told, NULL);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) request = libvirt_case_ask(pool, 0, NULL);
    const LibvirtStatsAnswer *answer = NULL;
    unsigned long long time = 0;

    (void)state;
    libvirt_case_wait_well(request);
    answer = libvirt_stats_answer(request);
    assert_string_equal(answer->name, "one");
    assert_int_equal(answer->id, 7);
    assert_int_equal(answer->n_params, 3);
    assert_string_equal(answer->params[2].value.s, "vda");
    assert_int_equal(virTypedParamsGetULLong(answer->params, 3, "cpu.time", &time), 1);
    assert_int_equal(time, 1234567890123);
    assert_true(answer->took_us >= 0);
}

static const FakeLibvirtParam twice_the_same[] = {
    {"x", VIR_TYPED_PARAM_INT, 1, NULL}, {"x", VIR_TYPED_PARAM_INT, 2, NULL}, {NULL, 0, 0, NULL}};
static const FakeLibvirtParam unknown_type[] = {{"x", 99, 1, NULL}, {NULL, 0, 0, NULL}};
static const FakeLibvirtParam long_name[] = {
    {"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567",
     VIR_TYPED_PARAM_INT, 1, NULL},
    {NULL, 0, 0, NULL}};

typedef struct {
    const char *sentence;
    FakeLibvirtThen then;
    LibvirtOutcomeKind kind;
    const FakeLibvirtParam *params;
} HostileRow;

static const HostileRow hostile_rows[] = {
    {"it disconnects", FAKE_LIBVIRT_DISCONNECTS, LIBVIRT_OUTCOME_LOST, NULL},
    {"it disconnects within an answer", FAKE_LIBVIRT_CUTS, LIBVIRT_OUTCOME_LOST, NULL},
    {"an answer is too short", FAKE_LIBVIRT_SHORT, LIBVIRT_OUTCOME_FAILED, NULL},
    {"bytes that are no message", FAKE_LIBVIRT_GARBAGE, LIBVIRT_OUTCOME_LOST, NULL},
    {"a message of 33 MiB", FAKE_LIBVIRT_HUGE, LIBVIRT_OUTCOME_LOST, NULL},
    {"the answer to another call", FAKE_LIBVIRT_WRONG_SERIAL, LIBVIRT_OUTCOME_LOST, NULL},
    {"no record", FAKE_LIBVIRT_EMPTY, LIBVIRT_OUTCOME_NO_DOMAIN, NULL},
    {"two records", FAKE_LIBVIRT_TWICE, LIBVIRT_OUTCOME_FAILED, NULL},
    {"the record of another domain", FAKE_LIBVIRT_OTHER, LIBVIRT_OUTCOME_FAILED, NULL},
    {"four thousand million records", FAKE_LIBVIRT_MANY, LIBVIRT_OUTCOME_FAILED, NULL},
    {"a type that does not exist", FAKE_LIBVIRT_ANSWERS, LIBVIRT_OUTCOME_FAILED, unknown_type},
    {"a name of more than 79 bytes", FAKE_LIBVIRT_ANSWERS, LIBVIRT_OUTCOME_FAILED, long_name},
    {"a name twice", FAKE_LIBVIRT_ANSWERS, LIBVIRT_OUTCOME_WELL, twice_the_same},
};

/* What libvirt sends of "bad" costs no other domain its answer, also over the same connection. */
static void
costs_that_request_alone(const void *data)
{
    const HostileRow *row = data;
    const FakeLibvirtDomain some[] = {{.name = "bad", .id = 1, .params = row->params},
                                      {.name = "good", .id = 2},
                                      {.name = "fair", .id = 3},
                                      {.name = NULL}};
    const FakeLibvirtFault faults[] = {
        {.procedure = FAKE_LIBVIRT_STATS, .domain = "bad", .then = row->then, .delay_ms = 20},
        {.procedure = FAKE_LIBVIRT_STATS, .then = FAKE_LIBVIRT_ANSWERS, .delay_ms = 40},
        {.then = FAKE_LIBVIRT_END}};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(some, faults);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);

    for (int times = 0; times < 2; times++) {
        g_autoptr(LibvirtPoolRequest) bad = libvirt_case_ask(pool, 0, NULL);
        g_autoptr(LibvirtPoolRequest) good = libvirt_case_ask(pool, 1, NULL);
        g_autoptr(LibvirtPoolRequest) fair = libvirt_case_ask(pool, 2, NULL);

        libvirt_case_wait_well(good);
        libvirt_case_wait_well(fair);
        assert_int_equal(libvirt_case_wait_kind(bad), row->kind);
        if (row->kind != LIBVIRT_OUTCOME_WELL)
            assert_true(strlen(libvirt_pool_request_outcome(bad)->message) > 0);
    }
}

static void
a_message_is_short_and_valid(void **state)
{
    g_autofree char *message = g_strnfill(100000, 'x');
    const FakeLibvirtFault faults[] = {{.procedure = FAKE_LIBVIRT_STATS,
                                        .then = FAKE_LIBVIRT_FAILS,
                                        .code = VIR_ERR_OPERATION_INVALID,
                                        .code_domain = VIR_FROM_QEMU,
                                        .message = message},
                                       {.then = FAKE_LIBVIRT_END}};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(one, faults);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) request = NULL;

    (void)state;
    memcpy(message, "\xff\xfe", 2);
    request = libvirt_case_ask(pool, 0, NULL);
    assert_int_equal(libvirt_case_wait_kind(request), LIBVIRT_OUTCOME_NOT_RUNNING);
    assert_true(g_utf8_validate(libvirt_pool_request_outcome(request)->message, -1, NULL));
    assert_true(strlen(libvirt_pool_request_outcome(request)->message) <
                LIBVIRT_LIMIT_MESSAGE_BYTES + 8);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_libvirts),
        cmocka_unit_test(a_message_is_short_and_valid),
    };
    int n_failed = 0;

    libvirt_case_init();
    n_failed = TESTING_RUN_TABLE("libvirt_stats_hostile", hostile_rows, costs_that_request_alone);
    return n_failed + cmocka_run_group_tests_name("libvirt_stats", tests, NULL, NULL);
}
