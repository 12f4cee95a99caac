/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_cli_outcome: the exit status, and the lines on stderr.
 */
#include "cli/cli_outcome.h"

#include "testing.h"

#define MAX_RECORDS 3

typedef struct {
    const char *sentence;
    DomstatsRecord records[MAX_RECORDS]; /* up to the first without a name */
    CliOutcome status;
    const char *lines;
    CliOutcome table_status; /* of "list"; COMPLETE: as @status */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"no domains, nothing missing", {{NULL}}, CLI_OUTCOME_COMPLETE, ""},
    {"all complete", {{.name = (char *)"vm1"}, {.name = (char *)"vm2"}}, CLI_OUTCOME_COMPLETE, ""},
    {"one of two is stuck",
     {{.name = (char *)"vm1"},
      {.name = (char *)"vm2", .health = DOMSTATS_HEALTH_STOPPED, .reason = (char *)"why",
       .monitor_us = -1, .missing = VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BLOCK}},
     CLI_OUTCOME_INCOMPLETE, "domstats: vm2: stopped: why; missing: cpu-total, block\n"},
    {"the only one is stuck",
     {{.name = (char *)"vm2", .health = DOMSTATS_HEALTH_WEDGED, .reason = (char *)"why",
       .monitor_us = -1, .missing = VIR_DOMAIN_STATS_BLOCK}},
     CLI_OUTCOME_NOTHING, "domstats: vm2: wedged: why; missing: block\n"},
    {"the only one answered in part",
     {{.name = (char *)"vm2", .health = DOMSTATS_HEALTH_SLOW, .reason = (char *)"why",
       .monitor_us = 5, .missing = VIR_DOMAIN_STATS_BLOCK}},
     CLI_OUTCOME_INCOMPLETE, "domstats: vm2: slow: why; missing: block\n"},
    {"well, but one of two lacks a group",
     {{.name = (char *)"vm1", .monitor_us = 5, .missing = VIR_DOMAIN_STATS_VM},
      {.name = (char *)"vm2", .monitor_us = 5}},
     CLI_OUTCOME_INCOMPLETE, "domstats: vm1: ok; missing: vm\n"},
    {"the only one is well and gave nothing of what was asked for",
     {{.name = (char *)"vm1", .monitor_us = 5, .missing = VIR_DOMAIN_STATS_VCPU}},
     CLI_OUTCOME_INCOMPLETE, "domstats: vm1: ok; missing: vcpu\n"},
    {"in trouble, yet all that was asked for is there",
     {{.name = (char *)"vm1", .health = DOMSTATS_HEALTH_NO_MONITOR, .reason = (char *)"why",
       .monitor_us = -1}},
     CLI_OUTCOME_COMPLETE, "domstats: vm1: no-monitor: why\n", CLI_OUTCOME_INCOMPLETE},
    {"one of two is stopped, and libvirt told all that was asked for",
     {{.name = (char *)"vm1", .monitor_us = 5},
      {.name = (char *)"vm2", .health = DOMSTATS_HEALTH_STOPPED, .reason = (char *)"why",
       .monitor_us = -1}},
     CLI_OUTCOME_COMPLETE, "domstats: vm2: stopped: why\n", CLI_OUTCOME_INCOMPLETE},
    {"one of two names does not exist",
     {{.name = (char *)"no", .health = DOMSTATS_HEALTH_NO_DOMAIN, .reason = (char *)"no such domain",
       .monitor_us = -1},
      {.name = (char *)"vm1"}},
     CLI_OUTCOME_INCOMPLETE, "domstats: no: no-domain: no such domain\n"},
    {"the only name does not exist",
     {{.name = (char *)"no", .health = DOMSTATS_HEALTH_NO_DOMAIN, .monitor_us = -1}},
     CLI_OUTCOME_NOTHING, "domstats: no: no-domain\n"},
    {"one of two has ended, whatever was asked of it",
     {{.name = (char *)"vm1", .health = DOMSTATS_HEALTH_GONE, .monitor_us = -1},
      {.name = (char *)"vm2", .monitor_us = 5}},
     CLI_OUTCOME_INCOMPLETE, "domstats: vm1: gone\n"},
    {"two of one name are told apart by their ids, one that was asked for twice is not",
     {{.name = (char *)"vm1", .id = 7, .health = DOMSTATS_HEALTH_GONE, .monitor_us = -1},
      {.name = (char *)"vm1", .id = 8, .monitor_us = 5, .missing = VIR_DOMAIN_STATS_VM},
      {.name = (char *)"vm1", .id = 8, .monitor_us = 5, .missing = VIR_DOMAIN_STATS_VM}},
     CLI_OUTCOME_INCOMPLETE,
     "domstats: vm1 (id 7): gone\n"
     "domstats: vm1 (id 8): ok; missing: vm\n"
     "domstats: vm1 (id 8): ok; missing: vm\n"},
    {"two of one name without ids are told apart by their UUIDs",
     {{.name = (char *)"vm1", .id = -1, .uuid = "a", .health = DOMSTATS_HEALTH_GONE, .monitor_us = -1},
      {.name = (char *)"vm1", .id = -1, .uuid = "b", .health = DOMSTATS_HEALTH_GONE, .monitor_us = -1}},
     CLI_OUTCOME_NOTHING, "domstats: vm1 (a): gone\ndomstats: vm1 (b): gone\n"},
    {"a word that names no domain is no second domain of that name",
     {{.name = (char *)"vm1", .id = 7, .monitor_us = 5, .missing = VIR_DOMAIN_STATS_VM},
      {.name = (char *)"vm1", .id = -1, .health = DOMSTATS_HEALTH_NO_DOMAIN, .monitor_us = -1}},
     CLI_OUTCOME_INCOMPLETE, "domstats: vm1: ok; missing: vm\ndomstats: vm1: no-domain\n"},
    {"the monitor of the only one may not be asked for want of rights",
     {{.name = (char *)"vm1", .health = DOMSTATS_HEALTH_DENIED,
       .reason_code = DOMSTATS_REASON_PERMISSION,
       .reason = (char *)"cannot reach monitor '/q': Permission denied", .monitor_us = -1,
       .missing = VIR_DOMAIN_STATS_STATE}},
     CLI_OUTCOME_NOTHING,
     "domstats: vm1: denied: cannot reach monitor '/q': Permission denied; missing: state\n"},
    {"a name and a reason that would drive the terminal",
     {{.name = (char *)"\x1b[31m", .health = DOMSTATS_HEALTH_BROKEN, .reason = (char *)"\r\n",
       .monitor_us = -1, .missing = VIR_DOMAIN_STATS_VM}},
     CLI_OUTCOME_NOTHING, "domstats: \\x1b[31m: broken: \\x0d\\x0a; missing: vm\n"},
};
/* clang-format on */

static void
judges_records(const void *data)
{
    const Row *row = data;
    DomstatsRecord *records[MAX_RECORDS] = {NULL};
    size_t n_records = 0;
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(CliNames) names = NULL;

    while (n_records < MAX_RECORDS && row->records[n_records].name != NULL) {
        records[n_records] = (DomstatsRecord *)&row->records[n_records];
        n_records++;
    }
    names = cli_names_new(records, n_records);
    for (size_t i = 0; i < n_records; i++)
        cli_outcome_append_trouble(lines, names, records[i]);
    assert_int_equal(cli_outcome_of(records, n_records), row->status);
    assert_int_equal(cli_outcome_of_table(row->status, records, n_records),
                     row->table_status ? row->table_status : row->status);
    testing_assert_same_text(lines->str, row->lines);
}

typedef struct {
    const char *sentence;
    DomstatsRecord records[MAX_RECORDS];
    bool is_for_all;
    const char *blind_spot;
    CliOutcome status;
    const char *lines;
} BlindRow;

/* clang-format off */
static const BlindRow blind_rows[] = {
    {"an empty answer where nothing is hidden", {{NULL}}, true, NULL, CLI_OUTCOME_COMPLETE, ""},
    {"an empty answer where others are hidden proves nothing",
     {{NULL}}, true, "hidden", CLI_OUTCOME_NOTHING, "domstats: hidden\n"},
    {"some domains where others are hidden",
     {{.name = (char *)"vm1"}}, true, "hidden", CLI_OUTCOME_INCOMPLETE, "domstats: hidden\n"},
    {"a folder whose name would drive the terminal",
     {{NULL}}, true, "in '\x1b[31m'", CLI_OUTCOME_NOTHING, "domstats: in '\\x1b[31m'\n"},
    {"the domain that was asked for is there",
     {{.name = (char *)"vm1"}}, false, "hidden", CLI_OUTCOME_COMPLETE, ""},
    {"the domain that was asked for may be hidden",
     {{.name = (char *)"vm1", .health = DOMSTATS_HEALTH_NO_DOMAIN, .monitor_us = -1}}, false,
     "hidden", CLI_OUTCOME_NOTHING, "domstats: hidden\n"},
};
/* clang-format on */

static void
judges_what_is_hidden(const void *data)
{
    const BlindRow *row = data;
    DomstatsRecord *records[MAX_RECORDS] = {NULL};
    size_t n_records = 0;
    g_autoptr(GString) lines = g_string_new(NULL);
    CliOutcome status = CLI_OUTCOME_COMPLETE;

    while (n_records < MAX_RECORDS && row->records[n_records].name != NULL) {
        records[n_records] = (DomstatsRecord *)&row->records[n_records];
        n_records++;
    }
    status = cli_outcome_of_blind_spot(lines, row->blind_spot, row->is_for_all, records, n_records);
    assert_int_equal(status, row->status);
    testing_assert_same_text(lines->str, row->lines);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("cli_outcome: blind", blind_rows, judges_what_is_hidden);

    return n_failed + TESTING_RUN_TABLE("cli_outcome", rows, judges_records);
}
