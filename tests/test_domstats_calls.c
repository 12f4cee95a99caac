/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_domstats_calls: the public calls: what they refuse, and what every record of them says.
 */
#include "domstats/domstats.h"

#include <glib/gstdio.h>
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
refuses_a_way_of_a_later_version(void **state)
{
    const DomstatsOptions options = {.monitors = (DomstatsMonitors)7};
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(domstats_open(NULL, &options, &error));
    assert_true(g_error_matches(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG));
    assert_non_null(strstr(error->message, "'monitors' of the options is 7"));
}

static void
refuses_listeners_of_a_later_version(void **state)
{
    const DomstatsOptions options = {.listeners = (DomstatsListeners)7};
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(domstats_open(NULL, &options, &error));
    assert_true(g_error_matches(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG));
    assert_non_null(strstr(error->message, "'listeners' of the options is 7"));
}

static void
refuses_a_use_of_the_service_of_a_later_version(void **state)
{
    const DomstatsOptions options = {.service = (DomstatsService)7};
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(domstats_open(NULL, &options, &error));
    assert_true(g_error_matches(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG));
    assert_non_null(strstr(error->message, "'service' of the options is 7"));
}

static void
refuses_more_of_libvirt_than_there_is(void **state)
{
    const DomstatsOptions options = {.libvirt_requests = DOMSTATS_LIBVIRT_REQUESTS_MOST + 1};
    const DomstatsOptions later = {.libvirt = (DomstatsLibvirt)7};
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) later_error = NULL;

    (void)state;
    assert_null(domstats_open(NULL, &options, &error));
    assert_true(g_error_matches(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG));
    assert_non_null(strstr(error->message, "'libvirt_requests' of the options is 65"));
    assert_null(domstats_open(NULL, &later, &later_error));
    assert_true(g_error_matches(later_error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG));
    assert_non_null(strstr(later_error->message, "'libvirt' of the options is 7"));
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

#define UUID_A "11111111-1111-4111-8111-111111111111"
#define UUID_B "2222222a-2222-4222-8222-222222222222"
#define HOST   "{\"format\":1,\"ticks_per_second\":100,\"page_bytes\":4096}"

/* A domain of a recording: what its source says of it, and what its QEMU says. */
typedef struct {
    const char *about; /* domain.json, without what all have */
    const char *name_reply;
    const char *uuid_reply;
} Recorded;

/* clang-format off */
static const Recorded recorded[] = {
    {"\"name\":\"web\",\"uuid\":\"" UUID_A "\",\"id\":3", "web", UUID_A},
    {"\"name\":\"3\",\"id\":4", "3", UUID_B},
    {"\"name\":\"twin\",\"id\":5", "twin", "33333333-3333-4333-8333-333333333333"},
    {"\"name\":\"twin\",\"id\":6", "twin", "44444444-4444-4444-8444-444444444444"},
    {"\"name\":\"" UUID_A "\",\"id\":7", UUID_A, "55555555-5555-4555-8555-555555555555"},
    {"\"name\":\"source\",\"uuid\":\"66666666-6666-4666-8666-666666666666\",\"id\":8", "own",
     "77777777-7777-4777-8777-777777777777"},
    {"\"name\":\"9\",\"id\":10", "9", "88888888-8888-4888-8888-888888888888"},
};

typedef struct {
    const char *sentence;
    const char *words[3];
    const char *expected; /* id, or the word that nothing has, and health, of each record */
} NameRow;

static const NameRow name_rows[] = {
    {"a name", {"web"}, "3 ok"},
    {"an id", {"5"}, "5 ok"},
    {"a UUID, in capitals too", {"2222222A-2222-4222-8222-222222222222"}, "4 ok"},
    {"the id comes before a name that looks like it", {"3"}, "3 ok"},
    {"a name that is no id of another", {"9"}, "10 ok"},
    {"the UUID comes before a name that looks like it", {UUID_A}, "3 ok"},
    {"both domains of one name", {"twin"}, "5 ok, 6 ok"},
    {"in the order of the words, and again", {"web", "5", "web"}, "3 ok, 5 ok, 3 ok"},
    {"the name that QEMU has", {"own"}, "8 ok"},
    {"the name that the source has", {"source"}, "8 ok"},
    {"the UUID that the source has, which QEMU then tells otherwise",
     {"66666666-6666-4666-8666-666666666666"}, "8 ok"},
    {"nothing has the name", {"web", "nosuch"}, "3 ok, nosuch no-domain"},
    {"nothing has the id", {"12"}, "12 no-domain"},
};
/* clang-format on */

static void
write_domain(const char *folder, unsigned int number, const Recorded *domain)
{
    g_autofree char *inside = g_strdup_printf("%s/d%u", folder, number);
    g_autofree char *about = g_strdup_printf("{%s,\"health\":\"ok\"}", domain->about);
    g_autofree char *name = g_strdup_printf("{\"return\":{\"name\":\"%s\"}}", domain->name_reply);
    g_autofree char *uuid = g_strdup_printf("{\"return\":{\"UUID\":\"%s\"}}", domain->uuid_reply);

    assert_int_equal(g_mkdir(inside, 0700), 0);
    testing_write_file(inside, "domain.json", about);
    testing_write_file(inside, "query-name.json", name);
    testing_write_file(inside, "query-uuid.json", uuid);
    testing_write_file(inside, "greeting.json", "{\"QMP\":{\"capabilities\":[]}}");
    testing_write_file(inside, "query-status.json",
                       "{\"return\":{\"status\":\"running\",\"running\":true}}");
    testing_write_file(inside, "query-commands.json", "{\"return\":[{\"name\":\"query-status\"}]}");
}

static void
finds_the_named(const void *data)
{
    const NameRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *source = g_strconcat("replay:", folder, NULL);
    const char *const words[] = {row->words[0], row->words[1], row->words[2], NULL};
    g_autoptr(DomstatsConn) conn = NULL;
    g_autoptr(DomstatsRecordList) records = NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    testing_write_file(folder, "host.json", HOST);
    for (unsigned int i = 0; i < G_N_ELEMENTS(recorded); i++)
        write_domain(folder, i, &recorded[i]);
    conn = domstats_open(source, NULL, NULL);
    assert_true(domstats_domain_list_get_stats(conn, words, VIR_DOMAIN_STATS_STATE, 0, 0, &records,
                                               NULL) > 0);
    for (int i = 0; records[i] != NULL; i++) {
        g_autofree char *id = g_strdup_printf("%d", records[i]->id);

        g_string_append_printf(text, "%s%s %s", i > 0 ? ", " : "",
                               records[i]->id > 0 ? id : records[i]->name,
                               domstats_health_to_string(records[i]->health));
    }
    testing_assert_same_text(text->str, row->expected);
    testing_remove_folder(folder);
}

/* Records into the folder @name in @folder; gives the number of domains, or -1. */
static int
save(DomstatsConn *conn, const char *folder, const char *name, GError **error)
{
    g_autofree char *dir = g_build_filename(folder, name, NULL);
    g_autoptr(DomstatsRecordList) records = NULL;
    int n = domstats_save_recording(conn, dir, 0, &records, error);

    if (n >= 0)
        assert_null(records[n]);
    return n;
}

static int
count_replayed(const char *folder, const char *name)
{
    g_autofree char *source = g_strconcat("replay:", folder, "/", name, NULL);
    g_autoptr(DomstatsConn) conn = domstats_open(source, NULL, NULL);
    g_autoptr(DomstatsRecordList) records = NULL;

    return conn ? domstats_get_stats(conn, NULL, &records, NULL) : -1;
}

static void
saves_one_recording_after_another(void **state)
{
    char *folder = testing_make_folder();
    g_autoptr(DomstatsConn) conn = open_recorded();
    g_autoptr(GError) error = NULL;
    int n = save(conn, folder, "first", NULL);

    (void)state;
    assert_true(n > 0);
    assert_int_equal(save(conn, folder, "second", NULL), n);
    assert_int_equal(save(conn, folder, "second", &error), -1);
    assert_true(g_error_matches(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG));
    assert_int_equal(save(conn, folder, "third", NULL), n);
    assert_int_equal(count_replayed(folder, "first"), n);
    assert_int_equal(count_replayed(folder, "third"), n);
    testing_remove_folder(folder);
}

#define LONG_NAME                                                                                  \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"  \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"  \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"  \
    "0123456789012345678901234567890123456789"

/* Whoever names guests cannot prevent a recording. */
static const char *const hostile_names[] = {
    "host.json", "proc", "sys",     ".",       "..",  "../up", "a/b", "proc/1/stat",
    "twin",      "twin", LONG_NAME, LONG_NAME, "-rf", "\xff",  "\n",
};

static void
write_named(const char *folder, unsigned int number)
{
    g_autofree char *inside = g_strdup_printf("%s/d%u", folder, number);
    g_autofree char *name = g_utf8_make_valid(hostile_names[number], -1);
    g_autofree char *escaped = g_strcmp0(name, "\n") == 0 ? g_strdup("\\n") : g_strdup(name);
    g_autofree char *about =
        g_strdup_printf("{\"name\":\"%s\",\"id\":%u,\"health\":\"wedged\"}", escaped, number + 1);

    assert_int_equal(g_mkdir(inside, 0700), 0);
    testing_write_file(inside, "domain.json", about);
}

static void
saves_whatever_domains_are_called(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *source = g_strconcat("replay:", folder, NULL);
    g_autoptr(DomstatsConn) conn = NULL;

    (void)state;
    testing_write_file(folder, "host.json", HOST);
    for (unsigned int i = 0; i < G_N_ELEMENTS(hostile_names); i++)
        write_named(folder, i);
    conn = domstats_open(source, NULL, NULL);
    assert_int_equal(save(conn, folder, "copy", NULL), G_N_ELEMENTS(hostile_names));
    assert_int_equal(count_replayed(folder, "copy"), G_N_ELEMENTS(hostile_names));
    testing_remove_folder(folder);
}

static void
tells_who_answered(void **state)
{
    const char *const words[] = {"running", "busy", "no-monitor", "nosuch", NULL};
    g_autoptr(DomstatsConn) conn = open_recorded();
    g_autoptr(DomstatsRecordList) records = NULL;

    (void)state;
    assert_int_equal(domstats_domain_list_get_stats(conn, words, 0, 0, 0, &records, NULL), 4);
    assert_int_equal(records[0]->answered_by, DOMSTATS_ANSWERED_BY_MONITOR);
    assert_int_equal(records[0]->pid, 338);
    assert_int_equal(records[0]->start_ticks, 642477);
    assert_string_equal(records[0]->monitor, "/srv/qmp/running.sock");
    assert_int_equal(records[1]->answered_by, DOMSTATS_ANSWERED_BY_HOST);
    assert_string_equal(records[1]->monitor, "/srv/qmp/busy.sock");
    assert_int_equal(records[2]->answered_by, DOMSTATS_ANSWERED_BY_HOST);
    assert_null(records[2]->monitor);
    assert_int_equal(records[3]->answered_by, DOMSTATS_ANSWERED_BY_NONE);
    assert_int_equal(records[3]->pid, 0);
    assert_int_equal(records[0]->reason_code, DOMSTATS_REASON_NONE);
    assert_int_equal(records[1]->reason_code, DOMSTATS_REASON_HELD);
    assert_int_equal(records[2]->reason_code, DOMSTATS_REASON_NO_MONITOR);
    assert_int_equal(records[3]->reason_code, DOMSTATS_REASON_NO_NAME);
    for (DomstatsReason reason = DOMSTATS_REASON_NONE; reason <= DOMSTATS_REASON_NO_NAME; reason++)
        assert_string_not_equal(domstats_reason_to_string(reason), "unknown");
    assert_string_equal(domstats_answered_by_to_string(DOMSTATS_ANSWERED_BY_SERVICE), "service");
}

/* A path, a process's name or a word may be any bytes. */
static void
gives_reasons_in_utf8(void **state)
{
    const char *const words[] = {"caf\xe9", NULL};
    g_autoptr(DomstatsConn) conn = open_recorded();
    g_autoptr(DomstatsRecordList) records = NULL;

    (void)state;
    assert_int_equal(domstats_domain_list_get_stats(conn, words, 0, 0, 0, &records, NULL), 1);
    assert_string_equal(records[0]->name, words[0]);
    assert_true(g_utf8_validate(records[0]->reason, -1, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_options_of_a_later_version),
        cmocka_unit_test(refuses_a_way_of_a_later_version),
        cmocka_unit_test(refuses_listeners_of_a_later_version),
        cmocka_unit_test(refuses_a_use_of_the_service_of_a_later_version),
        cmocka_unit_test(refuses_more_of_libvirt_than_there_is),
        cmocka_unit_test(tells_its_version),
        cmocka_unit_test(tells_who_answered),
        cmocka_unit_test(gives_reasons_in_utf8),
        cmocka_unit_test(saves_one_recording_after_another),
        cmocka_unit_test(saves_whatever_domains_are_called),
    };
    int n_failed = TESTING_RUN_TABLE("domstats calls", call_rows, takes_calls);

    n_failed += TESTING_RUN_TABLE("domstats names", name_rows, finds_the_named);
    return n_failed + cmocka_run_group_tests(tests, NULL, NULL);
}
