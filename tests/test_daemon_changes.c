/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_changes: which lifecycle events the answers of rounds are told as. An answer is a row
 * of domains, "NAME ID STATE REASON" with ", " between; STATE "-" is not known. NAME "b@a" has the
 * UUID of "a".
 */
#include "testing.h"

#include <string.h>

#include "daemon/daemon_changes.h"

enum { ANSWERS = 4, DOMAINS = 4 };

typedef struct {
    const char *name;
    const char *answers[ANSWERS]; /* NULL: no more; "only ..." has not all domains, "blind ..." may
                                     not, "late ..." is of a round that began before the last */
    const char *expected;         /* "NAME/ID:EVENT.DETAIL", one behind the other */
} Row;

static const Row rows[] = {
    {"what is there at first is no news", {"a 1 1 1, b -1 5 0"}, ""},
    {"nothing has changed", {"a 1 1 1", "a 1 1 1"}, ""},
    {"one has started", {"", "a 1 1 1"}, "a/1:2.0 "},
    {"one has started paused", {"", "a 1 3 1"}, "a/1:2.0 a/1:3.0 "},
    {"one has ended", {"a 1 1 1", ""}, "a/-1:5.0 "},
    {"one was paused", {"a 1 1 1", "a 1 3 1"}, "a/1:3.0 "},
    {"one was paused by an error of a disk", {"a 1 1 1", "a 1 3 5"}, "a/1:3.2 "},
    {"one goes on", {"a 1 3 1", "a 1 1 1"}, "a/1:4.0 "},
    {"a pause between two answers is not seen", {"a 1 1 1", "a 1 1 1"}, ""},
    {"one is another than before", {"a 1 1 1", "a 2 1 1"}, "a/-1:5.0 a/2:2.0 "},
    {"a defined one starts", {"a -1 5 0", "a 1 1 1"}, "a/1:2.0 "},
    {"a defined one ends, and why", {"a 1 1 1", "a -1 5 2"}, "a/-1:5.1 "},
    {"two of one UUID are no news", {"a 1 1 1, a 2 3 1", "a 1 1 1, a 2 3 1"}, ""},
    {"of two of one UUID the first ends",
     {"a 1 1 1, a 2 1 1", "a 2 1 1", "a 2 1 1"},
     "a/-1:5.0 a/2:2.0 "},
    {"one that was renamed starts by its new name",
     {"a -1 5 0", "b@a -1 5 0", "b@a 1 1 1"},
     "b/1:2.0 "},
    {"one was defined", {"", "a -1 5 0"}, "a/-1:0.0 "},
    {"the definition is gone", {"a -1 5 0", ""}, "a/-1:1.0 "},
    {"one is being shut down", {"a 1 1 1", "a 1 4 1"}, "a/1:6.0 "},
    {"one has crashed", {"a 1 1 1", "a 1 6 1"}, "a/1:8.0 "},
    {"one sleeps", {"a 1 1 1", "a 1 7 0"}, "a/1:7.0 "},
    {"one does not answer, then does", {"a 1 1 1", "a 1 - 0", "a 1 1 1"}, ""},
    {"the first state of one that did not answer at first is no news",
     {"a 1 - 0, b 2 - 0", "a 1 3 1, b 2 1 1"},
     ""},
    {"what follows its first state is",
     {"a 1 - 0", "a 1 3 1", "a 1 1 1", "a 1 3 1"},
     "a/1:4.0 a/1:3.0 "},
    {"one that starts later is told with its first state",
     {"", "a 1 - 0", "a 1 3 1"},
     "a/1:2.0 a/1:3.0 "},
    {"one that starts anew is, too",
     {"a 1 - 0", "a 2 - 0", "a 2 3 1"},
     "a/-1:5.0 a/2:2.0 a/2:3.0 "},
    {"one was paused while it did not answer", {"a 1 1 1", "a 1 - 0", "a 1 3 1"}, "a/1:3.0 "},
    {"an answer with some of them tells of no end",
     {"a 1 1 1, b 2 1 1", "only b 2 3 1"},
     "b/2:3.0 "},
    {"an answer with some of them is no beginning", {"only a 1 1 1", "a 1 1 1, b 2 1 1"}, ""},
    {"an answer that may lack some tells of no end", {"a 1 1 1", "blind "}, ""},
    {"a state that is older than the last is no news",
     {"a 1 1 1", "a 1 3 1", "late a 1 1 1"},
     "a/1:3.0 "},
    {"a list that is older than the last has no ends", {"", "a 1 1 1", "late "}, "a/1:2.0 "},
    {"a list that is older than the last has no beginnings",
     {"a 1 1 1", "", "late a 1 1 1"},
     "a/-1:5.0 "},
    {"what only the older answer has is news",
     {"a 1 1 1, b 2 1 1", "only b 2 3 1", "late a 1 3 1, b 2 1 1"},
     "b/2:3.0 a/1:3.0 "},
};

static void
tell(const char *name, const char *uuid, int id, int event, int detail, void *data)
{
    (void)uuid;
    g_string_append_printf(data, "%s/%d:%d.%d ", name, id, event, detail);
}

typedef struct {
    DomstatsRecord records[DOMAINS];
    virTypedParameter params[DOMAINS][2];
    const DomstatsRecord *list[DOMAINS];
    size_t n_records;
} Answer;

static void
add_record(Answer *self, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 4);
    g_auto(GStrv) names = g_strsplit(words[0], "@", 2);
    DomstatsRecord *record = &self->records[self->n_records];
    virTypedParameter *params = self->params[self->n_records];

    record->name = g_strdup(names[0]);
    g_snprintf(record->uuid, sizeof(record->uuid), "uuid-%s",
               names[1] != NULL ? names[1] : names[0]);
    record->id = (int)g_ascii_strtoll(words[1], NULL, 10);
    g_strlcpy(params[0].field, "state.state", sizeof(params[0].field));
    g_strlcpy(params[1].field, "state.reason", sizeof(params[1].field));
    params[0].type = params[1].type = VIR_TYPED_PARAM_INT;
    params[0].value.i = (int)g_ascii_strtoll(words[2], NULL, 10);
    params[1].value.i = (int)g_ascii_strtoll(words[3], NULL, 10);
    record->params = params;
    record->n_params = strcmp(words[2], "-") == 0 ? 0 : 2;
    self->list[self->n_records++] = record;
}

static void
take(DaemonChanges *changes, unsigned int number, const char *text)
{
    Answer answer = {0};
    DomstatsCall call = {.stats = VIR_DOMAIN_STATS_STATE};
    DaemonRoundsAnswer taken = {0};
    g_auto(GStrv) domains = NULL;

    if (g_str_has_prefix(text, "only "))
        call.flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE;
    if (g_str_has_prefix(text, "blind "))
        taken.blind_spot = "some are not seen";
    taken.number = g_str_has_prefix(text, "late ") ? number - 3 : number;
    if (call.flags != 0 || taken.blind_spot != NULL || taken.number != number)
        text = strchr(text, ' ') + 1;
    domains = g_strsplit(text, ", ", -1);
    for (size_t i = 0; domains[i] != NULL; i++)
        add_record(&answer, domains[i]);
    taken.records = answer.list;
    taken.n_records = answer.n_records;
    daemon_changes_take(changes, &call, &taken);
    for (size_t i = 0; i < answer.n_records; i++)
        g_free(answer.records[i].name);
}

static void
tells_what_has_changed(const void *data)
{
    const Row *row = data;
    g_autoptr(GString) told = g_string_new(NULL);
    g_autoptr(DaemonChanges) changes = daemon_changes_new(tell, told);

    for (unsigned int i = 0; i < ANSWERS && row->answers[i] != NULL; i++)
        take(changes, 2 * (i + 1), row->answers[i]);
    assert_string_equal(told->str, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("daemon_changes", rows, tells_what_has_changed);
}
