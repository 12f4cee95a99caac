/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_domstats_calls: the public calls: what they refuse, and what every record of them says.
 */
#include "domstats/domstats.h"

#include <string.h>

#include "testing.h"

static DomstatsConn *
open_recorded(void)
{
    g_autofree char *source =
        g_strconcat("replay:", testing_source_folder(), "/qemujsontestdata", NULL);
    DomstatsConn *conn = domstats_open(source, NULL, NULL);

    assert_non_null(conn);
    return conn;
}

typedef struct {
    const char *sentence;
    DomstatsCall call;
    int code;         /* 0: it is served */
    const char *text; /* in the message */
} CallRow;

static const char *const nobody[] = {NULL};
static const char *const somebody[] = {"running", NULL};

static const CallRow call_rows[] = {
    {"everything, when nothing is said", {0}, 0, NULL},
    {"what libvirt's flags cannot say",
     {.domains = somebody, .extras = DOMSTATS_CALL_EXT | DOMSTATS_CALL_LAST},
     0,
     NULL},
    {"a flag that libvirt may take one day",
     {.flags = 1U << 16},
     DOMSTATS_ERROR_INVALID_ARG,
     "unknown flags 0x10000"},
    {"an extra of a later version",
     {.extras = 1U << 31},
     DOMSTATS_ERROR_INVALID_ARG,
     "unknown extras 0x80000000"},
    {"a member of a later version",
     {.reserved = {[7] = 1}},
     DOMSTATS_ERROR_INVALID_ARG,
     "'reserved[7]' of the call"},
    {"an empty list of domains", {.domains = nobody}, DOMSTATS_ERROR_INVALID_ARG, "empty"},
    {"a group that does not exist, enforced",
     {.stats = 1U << 30, .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS},
     DOMSTATS_ERROR_UNSUPPORTED,
     "0x40000000"},
};

static void
takes_calls(const void *data)
{
    const CallRow *row = data;
    g_autoptr(DomstatsConn) conn = open_recorded();
    g_autoptr(DomstatsRecordList) records = NULL;
    g_autoptr(GError) error = NULL;
    int n = domstats_get_stats(conn, &row->call, &records, &error);

    if (row->code == 0) {
        assert_true(n > 0);
        assert_null(records[n]);
        return;
    }
    assert_int_equal(n, -1);
    assert_null(records);
    assert_true(g_error_matches(error, DOMSTATS_ERROR, row->code));
    assert_non_null(strstr(error->message, row->text));
}

static void
refuses_options_of_a_later_version(void **state)
{
    const DomstatsOptions options = {.reserved = {[2] = 1}};
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(domstats_open(NULL, &options, &error));
    assert_true(g_error_matches(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG));
    assert_non_null(strstr(error->message, "'reserved[2]' of the options"));
}

static void
tells_its_version(void **state)
{
    unsigned int number = domstats_version();
    g_autofree char *text =
        g_strdup_printf("%u.%u.%u", number / 1000000, number / 1000 % 1000, number % 1000);

    (void)state;
    assert_string_equal(text, DOMSTATS_VERSION);
    assert_int_equal(number, DOMSTATS_VERSION_NUMBER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_options_of_a_later_version),
        cmocka_unit_test(tells_its_version),
    };
    int n_failed = TESTING_RUN_TABLE("domstats calls", call_rows, takes_calls);

    return n_failed + cmocka_run_group_tests(tests, NULL, NULL);
}
