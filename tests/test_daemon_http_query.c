/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_http_query: what a URL asks for, and how long a scraper waits.
 */
#include "daemon/daemon_http_query.h"

#include <string.h>

#include "daemon/daemon_limits.h"
#include "domstats/domstats.h"
#include "testing.h"

typedef struct {
    const char *sentence;
    const char *query;
    const char *domains; /* with '|' between them */
    unsigned int stats;
    bool with_ext;
    bool with_kvm;
    bool with_pss;
    const char *error; /* NULL: it is good */
} Row;

static const Row rows[] = {
    {"nothing", NULL, ""},
    {"an empty query", "", ""},
    {"only separators", "&&", ""},
    {"domains, in their order", "domain=b&domain=a", "b|a"},
    {"a domain that is named twice is one", "domain=a&domain=b&domain=a", "a|b"},
    {"a name as in a URL", "domain=a+b%20c%2Bd%26e%C3%A9%0a", "a b c+d&e\xc3\xa9\n"},
    {"bytes that are no UTF-8 may be a name", "domain=%ff", "\xff"},
    {"groups", "group=state&group=cpu-total&group=state", "",
     VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL},
    {"more fields", "ext=1&kvm=1", "", 0, true, true},
    {"the group that is KVM's", "group=vm&kvm=0", "", VIR_DOMAIN_STATS_VM, false, true},
    {"shares of memory, which are neither", "pss=1", "", .with_pss = true},
    {"and not", "ext=1&kvm=0&ext=0&pss=1&pss=0", ""},
    {"a name with signs", "%64omain=a=b", "a=b"},
    {"a group that there is not", "group=foo", .error = "no group of statistics is called 'foo'"},
    {"no group", "group", .error = "no group of statistics is called ''"},
    {"no domain", "domain=", .error = "no name of a domain: ''"},
    {"a parameter that there is not", "name=a", .error = "no parameter is called 'name'"},
    {"neither yes nor no", "ext=yes", .error = "neither 0 nor 1: 'yes'"},
    {"half a number", "domain=a%4", .error = "not as in a URL: 'domain=a%4'"},
    {"no number", "domain=%zz", .error = "not as in a URL: 'domain=%zz'"},
    {"a zero", "domain=a%00b", .error = "not as in a URL: 'domain=a%00b'"},
    {"what is wrong is shown as UTF-8", "group=%ff",
     .error = "no group of statistics is called '\xef\xbf\xbd'"},
};

static void
reads_a_query(const void *data)
{
    const Row *row = data;
    g_auto(DaemonHttpQuery) query = {0};
    g_autoptr(GError) error = NULL;
    bool is_good = daemon_http_query_parse(row->query, &query, &error);
    g_autofree char *domains = NULL;

    if (row->error != NULL) {
        assert_false(is_good);
        assert_string_equal(error->message, row->error);
        return;
    }
    assert_true(is_good);
    domains = g_strjoinv("|", (char **)query.domains->pdata);
    assert_string_equal(domains, row->domains);
    assert_int_equal(query.stats, row->stats);
    assert_int_equal(query.with_ext, row->with_ext);
    assert_int_equal(query.with_kvm, row->with_kvm);
    assert_int_equal(query.with_pss, row->with_pss);
}

typedef struct {
    const char *sentence;
    const char *header;
    unsigned int most_ms;
    unsigned int expected_ms;
} TimeRow;

static const TimeRow times[] = {
    {"no header", NULL, 5000, 5000},
    {"half a second less", "3", 5000, 2500},
    {"decimals", "2.75", 5000, 2250},
    {"more decimals than there are milliseconds", "2.7509999999", 5000, 2250},
    {"a point without decimals", "3.", 5000, 2500},
    {"never more than our own", "10", 5000, 5000},
    {"a very long time", "999999", 5000, 5000},
    {"a short time", "0.3", 5000, 100},
    {"nothing", "0", 5000, 100},
    {"our own is shorter than the least", "0.3", 50, 50},
    {"more digits than seconds have", "9999999", 5000, 5000},
    {"no number", "abc", 5000, 5000},
    {"an empty value", "", 5000, 5000},
    {"negative", "-1", 5000, 5000},
    {"an exponent", "1e9", 5000, 5000},
    {"infinity", "inf", 5000, 5000},
    {"blanks", " 1", 5000, 5000},
    {"two points", "1.0.0", 5000, 5000},
};

static void
reads_a_time(const void *data)
{
    const TimeRow *row = data;

    assert_int_equal(daemon_http_query_timeout_ms(row->header, row->most_ms), row->expected_ms);
}

static void
refuses_too_many_domains(void **state)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(DaemonHttpQuery) query = {0};
    g_autoptr(GError) error = NULL;

    (void)state;
    for (int i = 0; i < DAEMON_LIMIT_HTTP_DOMAINS; i++)
        g_string_append_printf(text, "domain=%d&", i);
    assert_true(daemon_http_query_parse(text->str, &query, &error));
    assert_int_equal(query.domains->len, DAEMON_LIMIT_HTTP_DOMAINS + 1);
    g_string_append(text, "domain=more");
    daemon_http_query_clear(&query);
    assert_false(daemon_http_query_parse(text->str, &query, &error));
    assert_string_equal(error->message, "too many domains at 'more'");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_too_many_domains),
    };
    int n_failed = TESTING_RUN_TABLE("queries", rows, reads_a_query);

    n_failed += TESTING_RUN_TABLE("times", times, reads_a_time);
    return n_failed + cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
