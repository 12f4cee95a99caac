/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_filter: which rows filters and searches leave, and in which order rows come.
 */
#include "top/top_filter.h"

#include <string.h>

#include "testing.h"
#include "top/top_rows.h"
#include "top/top_series_text.h"

/* Four domains: a that runs, one that is stopped after it ran, two of one name. */
static const char *const rounds[] = {
    "{\"began_us\":0,\"ended_us\":1000000,\"domains\":["
    "{\"name\":\"web1\",\"uuid\":\"1a\",\"pid\":1,\"at_us\":1000000,\"health\":\"ok\","
    "\"answered_by\":\"monitor\",\"values\":{\"state.state\":1,\"cpu.time\":0,"
    "\"block.0.name\":\"vda\",\"block.1.name\":\"vdb\"}},"
    "{\"name\":\"Web10\",\"uuid\":\"2b\",\"pid\":2,\"at_us\":1000000,\"health\":\"ok\","
    "\"answered_by\":\"monitor\",\"values\":{\"state.state\":3,\"cpu.time\":0,"
    "\"block.0.name\":\"sda\"}},"
    "{\"name\":\"web2\",\"uuid\":\"3c\",\"pid\":3,\"at_us\":1000000,\"health\":\"ok\","
    "\"answered_by\":\"monitor\",\"values\":{\"state.state\":1}},"
    "{\"name\":\"web2\",\"uuid\":\"4d\",\"pid\":4,\"at_us\":1000000,\"health\":\"ok\","
    "\"answered_by\":\"monitor\",\"values\":{\"state.state\":1,\"cpu.time\":0}}]}",
    "{\"began_us\":1000000,\"ended_us\":2000000,\"domains\":["
    "{\"name\":\"web1\",\"uuid\":\"1a\",\"pid\":1,\"at_us\":2000000,\"health\":\"ok\","
    "\"answered_by\":\"monitor\",\"values\":{\"state.state\":1,\"cpu.time\":100000000,"
    "\"block.0.name\":\"vda\",\"block.1.name\":\"vdb\"}},"
    "{\"name\":\"Web10\",\"uuid\":\"2b\",\"pid\":2,\"at_us\":2000000,\"health\":\"stopped\","
    "\"answered_by\":\"host\",\"values\":{\"cpu.time\":300000000}},"
    "{\"name\":\"web2\",\"uuid\":\"3c\",\"pid\":3,\"at_us\":2000000,\"health\":\"ok\","
    "\"answered_by\":\"monitor\",\"values\":{\"state.state\":1}},"
    "{\"name\":\"web2\",\"uuid\":\"4d\",\"pid\":4,\"at_us\":2000000,\"health\":\"ok\","
    "\"answered_by\":\"monitor\",\"values\":{\"state.state\":6,\"cpu.time\":100000000}}]}",
};

typedef struct {
    const char *sentence;
    const char *filter;
    TopColumnView view;
    const char *order;
    bool is_reversed;
    const char *expected; /* UUIDs and units of the rows; or "error" */
} Row;

static const Row rows[] = {
    {"no filter, by name, as people count", "", TOP_COLUMN_VIEW_VMS, "name", false, "2b 1a 3c 4d"},
    {"the other way round; what is equal keeps its order", "", TOP_COLUMN_VIEW_VMS, "name", true,
     "3c 4d 1a 2b"},
    {"the busiest first, what is not known last", "", TOP_COLUMN_VIEW_VMS, "cpu", false,
     "2b 1a 4d 3c"},
    {"the least busy first, what is not known last all the same", "", TOP_COLUMN_VIEW_VMS, "cpu",
     true, "1a 4d 2b 3c"},
    {"part of a name", "EB1", TOP_COLUMN_VIEW_VMS, "name", false, "2b 1a"},
    {"two words that must both fit", "web !name:1", TOP_COLUMN_VIEW_VMS, "name", false, "3c 4d"},
    {"the state of the last answer", "state:paused", TOP_COLUMN_VIEW_VMS, "name", false, "2b"},
    {"its letter", "state:r", TOP_COLUMN_VIEW_VMS, "name", false, "1a 3c"},
    {"those that crashed", "state:crashed", TOP_COLUMN_VIEW_VMS, "name", false, "4d"},
    {"the health", "health:stopped", TOP_COLUMN_VIEW_VMS, "name", false, "2b"},
    {"what is not well", "!health:ok", TOP_COLUMN_VIEW_VMS, "name", false, "2b"},
    {"the beginning of a UUID", "uuid:3", TOP_COLUMN_VIEW_VMS, "name", false, "3c"},
    {"a regular expression", "/^web[0-9]$", TOP_COLUMN_VIEW_VMS, "name", false, "1a 3c 4d"},
    {"one that is none", "/(", TOP_COLUMN_VIEW_VMS, "name", false, "error"},
    {"too many words", "a b c d e f g h i j k l m n o p q", TOP_COLUMN_VIEW_VMS, "name", false,
     "error"},
    {"not UTF-8", "\xff", TOP_COLUMN_VIEW_VMS, "name", false, "error"},
    {"nothing fits", "nosuch", TOP_COLUMN_VIEW_VMS, "name", false, ""},
    {"the disks of all, of one that is stuck too", "", TOP_COLUMN_VIEW_DISKS, "disk", false,
     "2b/sda 1a/vda 1a/vdb"},
    {"the name of a disk", "vdb", TOP_COLUMN_VIEW_DISKS, "disk", false, "1a/vdb"},
    {"the name of a domain alone", "name:vdb", TOP_COLUMN_VIEW_DISKS, "disk", false, ""},
};

static TopModel *
make_model(void)
{
    g_autoptr(TopModel) model = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
        g_autoptr(TopSample) sample = top_series_text_parse(rounds[i], strlen(rounds[i]), NULL);
        TopModel *next = top_model_next(model, sample);

        top_model_unref(model);
        model = next;
    }
    return g_steal_pointer(&model);
}

static char *
list_rows(const TopRows *list)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < list->n; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", list->all[i].entry->seen.now->uuid);
        if (list->all[i].unit != NULL)
            g_string_append_printf(out, "/%s", list->all[i].unit->name);
    }
    return g_string_free(out, FALSE);
}

static void
leaves_rows(const void *data)
{
    const Row *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(TopFilter) filter = top_filter_new(row->filter, &error);
    g_autoptr(TopModel) model = make_model();
    g_autoptr(TopRows) list = NULL;
    g_autofree char *got = NULL;
    const TopRowsWish wish = {
        .view = row->view,
        .order = top_column_find(row->order, row->view),
        .is_reversed = row->is_reversed,
        .filter = filter,
    };

    if (strcmp(row->expected, "error") == 0) {
        assert_null(filter);
        assert_non_null(error);
        return;
    }
    assert_non_null(filter);
    list = top_rows_new(model, &wish);
    got = list_rows(list);
    assert_string_equal(got, row->expected);
}

static void
a_search_goes_round(void **state)
{
    g_autoptr(TopModel) model = make_model();
    const TopRowsWish wish = {.order = top_column_find("name", TOP_COLUMN_VIEW_VMS)};
    g_autoptr(TopRows) list = top_rows_new(model, &wish);

    (void)state;
    assert_int_equal(top_rows_search(list, "WEB2", 0), 2);
    assert_int_equal(top_rows_search(list, "web2", 3), 3);
    assert_int_equal(top_rows_search(list, "web1", 2), 0);
    assert_int_equal(top_rows_search(list, "nosuch", 0), -1);
    assert_int_equal(top_rows_find(list, "4d", 4, NULL), 3);
    assert_int_equal(top_rows_find(list, "5e", 4, NULL), -1);
}

/* A domain that comes in and the one that it was, on one host. */
static void
processes_tell_domains_of_one_uuid_apart(void **state)
{
    static const char *const texts[] = {
        "{\"began_us\":0,\"ended_us\":1000000,\"domains\":["
        "{\"name\":\"a\",\"uuid\":\"u\",\"pid\":1,\"at_us\":1000000,\"values\":{\"cpu.time\":0}},"
        "{\"name\":\"a\",\"uuid\":\"u\",\"pid\":2,\"at_us\":1000000,\"values\":{\"cpu.time\":7}}]}",
        "{\"began_us\":0,\"ended_us\":2000000,\"domains\":["
        "{\"name\":\"a\",\"uuid\":\"u\",\"pid\":2,\"at_us\":2000000,\"values\":{\"cpu.time\":8}},"
        "{\"name\":\"a\",\"uuid\":\"u\",\"pid\":3,\"at_us\":2000000,\"values\":{\"cpu.time\":9}},"
        "{\"name\":\"a\",\"uuid\":\"u\",\"pid\":1,\"at_us\":2000000,\"values\":{\"cpu.time\":1}}]}",
    };
    g_autoptr(TopSample) first = top_series_text_parse(texts[0], strlen(texts[0]), NULL);
    g_autoptr(TopSample) second = top_series_text_parse(texts[1], strlen(texts[1]), NULL);
    g_autoptr(TopModel) before = top_model_next(NULL, first);
    g_autoptr(TopModel) model = top_model_next(before, second);

    (void)state;
    assert_int_equal(model->entries[0].seen.before->pid, 2);
    assert_null(model->entries[1].seen.before);
    assert_int_equal(model->entries[2].seen.before->pid, 1);
}

/* a answers, b never did, c does so and has no disk, and of d the host tells an interface. */
static void
who_never_answered_has_one_row(void **state)
{
    static const char text[] =
        "{\"began_us\":0,\"ended_us\":1000000,\"domains\":["
        "{\"name\":\"a\",\"uuid\":\"1a\",\"pid\":1,\"health\":\"ok\",\"answered_by\":\"monitor\","
        "\"values\":{\"state.state\":1,\"block.0.name\":\"vda\",\"block.0.wr.bytes\":5}},"
        "{\"name\":\"b\",\"uuid\":\"2b\",\"pid\":2,\"health\":\"busy\",\"reason\":\"it is held\","
        "\"answered_by\":\"none\",\"values\":{}},"
        "{\"name\":\"c\",\"uuid\":\"3c\",\"pid\":3,\"health\":\"ok\",\"answered_by\":\"monitor\","
        "\"values\":{\"state.state\":1}},"
        "{\"name\":\"d\",\"uuid\":\"4d\",\"pid\":4,\"health\":\"stopped\",\"answered_by\":\"host\","
        "\"values\":{\"net.0.name\":\"tap0\"}}]}";
    static const struct {
        TopColumnView view;
        const char *order;
        const char *expected;
    } views[] = {
        {TOP_COLUMN_VIEW_DISKS, "name", "1a/vda 2b 4d"},
        {TOP_COLUMN_VIEW_DISKS, "wr", "1a/vda 2b 4d"},
        {TOP_COLUMN_VIEW_NICS, "name", "2b 4d/tap0"},
        {TOP_COLUMN_VIEW_VMS, "name", "1a 2b 3c 4d"},
    };
    g_autoptr(TopSample) sample = top_series_text_parse(text, strlen(text), NULL);
    g_autoptr(TopModel) model = top_model_next(NULL, sample);
    TopRowsWish wish = {.view = TOP_COLUMN_VIEW_DISKS, .only = &model->entries[1]};
    g_autoptr(TopRows) none = top_rows_new(model, &wish);

    (void)state;
    assert_int_equal(none->n, 0); /* the page of that domain alone */
    wish.only = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
        g_autoptr(TopRows) list = NULL;
        g_autofree char *got = NULL;

        wish.view = views[i].view;
        wish.order = top_column_find(views[i].order, views[i].view);
        list = top_rows_new(model, &wish);
        got = list_rows(list);
        assert_string_equal(got, views[i].expected);
    }
}

/* Of such a row nothing is known but who it is. */
static void
its_cells_are_unknown(void **state)
{
    static const char text[] =
        "{\"began_us\":0,\"ended_us\":1,\"domains\":[{\"name\":\"b\",\"uuid\":\"2b\",\"pid\":2,"
        "\"health\":\"busy\",\"answered_by\":\"none\",\"values\":{}}]}";
    static const TopColumnView views[] = {TOP_COLUMN_VIEW_DISKS, TOP_COLUMN_VIEW_NICS};
    const TopColumnMode mode = {0};
    g_autoptr(TopSample) sample = top_series_text_parse(text, strlen(text), NULL);
    g_autoptr(TopModel) model = top_model_next(NULL, sample);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
        g_autoptr(GPtrArray) columns = top_column_list(views[i], false);
        g_autoptr(GString) got = g_string_new(NULL);

        for (guint j = 0; j < columns->len; j++) {
            const TopColumn *column = g_ptr_array_index(columns, j);
            TopColumnCell cell = top_column_cell(column, &model->entries[0], NULL, &mode);

            if (cell.is_known)
                g_string_append_printf(got, "%s=%s ", column->key, cell.text);
        }
        assert_string_equal(got->str, "name=b state=? ");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_goes_round),
        cmocka_unit_test(who_never_answered_has_one_row),
        cmocka_unit_test(its_cells_are_unknown),
        cmocka_unit_test(processes_tell_domains_of_one_uuid_apart),
    };

    return TESTING_RUN_TABLE("top_filter", rows, leaves_rows) +
           cmocka_run_group_tests_name("top_rows", tests, NULL, NULL);
}
