/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_list: one domain a QEMU, whatever its socket is called and whoever works with it: a
 * second one would dial, and wait in the queue behind the first.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "domstats_record.h"
#include "fake_qmp.h"
#include "qemu/qemu_call.h"
#include "testing.h"

enum {
    LONG_MS = 60000, /* for calls that end long before */
    SHORT_MS = 300,  /* enough for a monitor that answers, short for one that cannot */
};

/* What an earlier call does with the domain when its socket is given the first other name. */
typedef enum {
    IS_DONE,   /* has its record, and goes on with others */
    WORKS,     /* is its holder, until all have looked */
    HAS_ENDED, /* knows it no more */
} Earlier;

typedef struct {
    const char *sentence;
    Earlier earlier;
    const char *names[4]; /* that the socket has one after the other, with a scan after each; ""
                             is outside of the folder */
    const char *expected; /* of a later call: its records, and how often QEMU was dialled */
} Row;

static const Row rows[] = {
    {"the same name", IS_DONE, {"a"}, "ok a, 1 connection"},
    {"another name, and an earlier call is done with it", IS_DONE, {"b"}, "ok b, 1 connection"},
    {"another name, and an earlier call works on it", WORKS, {"b"}, "ok b, 1 connection"},
    {"another name, and nobody knows it", HAS_ENDED, {"b"}, "ok b, 1 connection"},
    {"there and back", IS_DONE, {"b", "a"}, "ok a, 1 connection"},
    {"there and back under an earlier call's hands", WORKS, {"b", "a"}, "ok a, 1 connection"},
    {"many names", WORKS, {"b", "c", "d"}, "ok d, 1 connection"},
    {"out of the folder and back", IS_DONE, {"", "a"}, "ok a, 1 connection"},
    {"out, and back by another name", IS_DONE, {"", "b"}, "ok b, 1 connection"},
    {"out under an earlier call's hands, and back", WORKS, {"", "a"}, "ok a, 1 connection"},
    {"out while nobody knows it: a connection anew", HAS_ENDED, {"", "a"}, "ok a, 2 connections"},
    {"out for good", IS_DONE, {""}, "1 connection"},
};

static const FakeQmpReply nameless_replies[] = {
    {"query-name", "{}"},
    {"query-uuid", "{\"UUID\":\"00000000-0000-0000-0000-000000000000\"}"},
    {"query-commands", "[{\"name\":\"query-status\"}]"},
    {0},
};
static const FakeQmpScript nameless = {.replies = nameless_replies};

typedef struct {
    char *folder;
    char *path; /* of the socket as it is called now */
    QemuSource *source;
    QemuDomainList *list;
    QemuImageProber *images;
} Scene;

static GPtrArray *
scan(const Scene *scene)
{
    GPtrArray *domains =
        qemu_domain_list_scan(scene->list, false, util_deadline_in_ms(LONG_MS), NULL);

    assert_non_null(domains);
    return domains;
}

/* "in" is the folder that the source looks at. */
static char *
make_path(const Scene *scene, const char *name)
{
    return name[0] == '\0' ? g_build_filename(scene->folder, "out", NULL)
                           : g_build_filename(scene->folder, "in", name, NULL);
}

static void
give_name(Scene *scene, const char *name)
{
    g_autofree char *before = scene->path;

    scene->path = make_path(scene, name);
    assert_int_equal(g_rename(before, scene->path), 0);
}

/* The records of one call as "ok a, ". */
static char *
call(const Scene *scene, const GPtrArray *domains, unsigned int timeout_ms)
{
    const QemuRequest request = {.stats = VIR_DOMAIN_STATS_STATE,
                                 .deadline = util_deadline_in_ms(timeout_ms),
                                 .timeout_ms = timeout_ms};
    g_autoptr(QemuHostView) host = qemu_host_view_new(qemu_source_root(scene->source), NULL, NULL);
    g_autoptr(QemuSchemasPool) schemas = qemu_schemas_pool_new();
    const QemuCall description = {.schemas = schemas,
                                  .list = scene->list,
                                  .request = &request,
                                  .host = host,
                                  .monitors = DOMSTATS_MONITORS_HOLD,
                                  .images = scene->images};
    g_autoptr(GPtrArray) records = qemu_call_run(&description, domains, NULL);
    GString *text = g_string_new(NULL);

    assert_non_null(records);
    for (guint i = 0; i < records->len; i++) {
        const DomstatsRecord *record = g_ptr_array_index(records, i);

        g_string_append_printf(text, "%s %s, ", domstats_health_to_string(record->health),
                               record->name);
    }
    return g_string_free(text, FALSE);
}

static void
open_scene(Scene *scene)
{
    g_autofree char *watched = NULL;
    g_autofree char *name = NULL;

    scene->folder = testing_make_folder();
    scene->path = make_path(scene, "a");
    watched = g_path_get_dirname(scene->path);
    assert_int_equal(g_mkdir(watched, 0700), 0);
    name = g_strconcat("dir:", watched, NULL);
    scene->source = qemu_source_open(name, &(QemuSourceOptions){.takes_any_listener = true}, NULL);
    assert_non_null(scene->source);
    scene->list = qemu_domain_list_new(scene->source);
    scene->images = qemu_image_prober_new();
}

static void
close_scene(Scene *scene)
{
    qemu_domain_list_free(scene->list);
    qemu_image_prober_free(scene->images);
    qemu_source_free(scene->source);
    g_free(scene->path);
    testing_remove_folder(scene->folder);
}

/* The earlier call goes on while the socket gets its names; then a later one asks. */
static char *
run_calls(Scene *scene, const Row *row)
{
    GPtrArray *earlier = scan(scene);
    GPtrArray *later = NULL;
    QemuDomain *domain = g_ptr_array_index(earlier, 0);
    g_autoptr(GPtrArray) pending = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_job_free);
    g_autofree char *text = call(scene, earlier, LONG_MS);

    testing_assert_same_text(text, "ok a, ");
    if (row->earlier == WORKS) {
        g_autoptr(GPtrArray) jobs = g_ptr_array_new();
        const QemuRequest request = {0};

        g_ptr_array_add(pending, qemu_job_new(domain, &request));
        g_ptr_array_add(jobs, g_ptr_array_index(pending, 0));
        g_ptr_array_unref(
            qemu_domain_list_take_free(scene->list, jobs, scene, util_deadline_in_ms(LONG_MS)));
    }
    if (row->earlier == HAS_ENDED)
        qemu_domain_list_give_back(scene->list, g_steal_pointer(&earlier));
    for (size_t i = 0; i < G_N_ELEMENTS(row->names) && row->names[i] != NULL; i++) {
        g_clear_pointer(&later, g_ptr_array_unref);
        give_name(scene, row->names[i]);
        later = scan(scene);
    }
    if (row->earlier == WORKS)
        qemu_domain_list_release(scene->list, domain);
    g_free(text);
    text = call(scene, later, SHORT_MS);
    g_ptr_array_set_size(pending, 0);
    qemu_domain_list_give_back(scene->list, later);
    if (earlier != NULL)
        qemu_domain_list_give_back(scene->list, earlier);
    return g_steal_pointer(&text);
}

static void
keeps_one_domain(const void *data)
{
    const Row *row = data;
    Scene scene = {0};
    FakeQmp *fake = NULL;
    FakeQmpThread *thread = NULL;
    g_autofree char *records = NULL;
    g_autofree char *text = NULL;
    unsigned int n = 0;

    open_scene(&scene);
    fake = fake_qmp_new_listening(&nameless, scene.path);
    thread = fake_qmp_start(&fake, 1);
    records = run_calls(&scene, row);
    fake_qmp_stop(thread);
    n = fake_qmp_n_connections(fake);
    text = g_strdup_printf("%s%u connection%s", records, n, n == 1 ? "" : "s");
    testing_assert_same_text(text, row->expected);
    close_scene(&scene);
    fake_qmp_free(fake);
}

/* What the end of a call closes is seen by the peer: it listens to the next. */
static void
closes_what_left_when_the_last_call_ends(void **state)
{
    Scene scene = {0};
    FakeQmp *fake = NULL;
    FakeQmpThread *thread = NULL;
    GPtrArray *first = NULL;
    GPtrArray *second = NULL;
    g_autofree char *text = NULL;

    (void)state;
    open_scene(&scene);
    fake = fake_qmp_new_listening(&nameless, scene.path);
    thread = fake_qmp_start(&fake, 1);
    first = scan(&scene);
    text = call(&scene, first, LONG_MS);
    second = scan(&scene);
    give_name(&scene, "");
    g_ptr_array_unref(scan(&scene));
    qemu_domain_list_give_back(scene.list, first);
    assert_int_equal(((QemuDomain *)g_ptr_array_index(second, 0))->monitor != NULL, 1);
    fake_qmp_stop(thread);
    assert_true(fake_qmp_is_connected(fake));
    qemu_domain_list_give_back(scene.list, second);
    fake_qmp_settle(fake);
    assert_false(fake_qmp_is_connected(fake));
    close_scene(&scene);
    fake_qmp_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closes_what_left_when_the_last_call_ends),
    };

    return TESTING_RUN_TABLE("list", rows, keeps_one_domain) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
