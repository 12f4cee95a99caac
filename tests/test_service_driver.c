/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_service_driver: the source "service:PATH" against services that follow a script: what they
 * answer, refuse, break, or keep to themselves, and what the next call finds.
 */
#include "testing.h"

#include <string.h>

#include "domstats/domstats.h"
#include "fake_service.h"

enum { HASTE_MS = 500, LEISURE_MS = 20000 };

typedef struct {
    const char *sentence;
    const char *scripts[4]; /* of one client after the other: see fake_service.h */
    unsigned int timeout_ms;
    const char *expected; /* what opening and each of two calls gave */
} DriverRow;

/* clang-format off */
static const DriverRow driver_rows[] = {
    {"one connection serves several calls", {"haa"}, LEISURE_MS, "open\nweb by service\nweb by service\n"},
    {"a service that was restarted is asked anew", {"ha", "ha"}, LEISURE_MS,
     "open\nweb by service\nweb by service\n"},
    {"one that ended before the first call is asked anew", {"h", "haa"}, LEISURE_MS,
     "open\nweb by service\nweb by service\n"},
    {"a byte that nobody asked for costs the connection", {"hi.", "ha"}, LEISURE_MS,
     "open\nweb by service\nweb by service\n"},
    {"pongs may come before the answer", {"hpa"}, LEISURE_MS,
     "open\nweb by service\nweb by service\n"},
    {"its own errors are passed on, and cost nothing", {"hta"}, LEISURE_MS,
     "open\ntimeout: too late\nweb by service\n"},
    {"an error of no call is a refusal", {"hz", "ha"}, LEISURE_MS,
     "open\nno-connect: the service at 'PATH' refuses: too many clients\nweb by service\n"},
    {"silence ends at the deadline, and the connection with it", {"h.", "ha"}, HASTE_MS,
     "open\ntimeout: the service at 'PATH' does not answer in time\nweb by service\n"},
    {"half an answer ends at the deadline", {"hf.", "ha"}, HASTE_MS,
     "open\ntimeout: the service at 'PATH' does not answer in time\nweb by service\n"},
    {"an end within an answer is asked for again", {"hf", "ha"}, LEISURE_MS,
     "open\nweb by service\nweb by service\n"},
    {"once", {"hf", "hf", "ha"}, LEISURE_MS,
     "open\nno-connect: the service at 'PATH' has ended\nweb by service\n"},
    {"a damaged answer", {"hm.", "ha"}, LEISURE_MS,
     "open\nno-connect: the service at 'PATH' breaks the protocol: it has more of one thing than is taken\n"
     "web by service\n"},
    {"an answer to another call", {"hw.", "ha"}, LEISURE_MS,
     "open\nno-connect: the service at 'PATH' breaks the protocol: it answers what was not asked\n"
     "web by service\n"},
    {"a message of 2^32-1 bytes", {"hl.", "ha"}, LEISURE_MS,
     "open\nno-connect: the service at 'PATH' breaks the protocol: a message of 4294967295 bytes\n"
     "web by service\n"},
    {"a blind spot is told", {"hba"}, LEISURE_MS,
     "open\nweb by service, it is dark\nweb by service\n"},
    {"a service in another namespace is who was named", {"xaa"}, LEISURE_MS,
     "open\nweb by service\nweb by service\n"},
    {"no hello comes", {"."}, HASTE_MS, "timeout: the service at 'PATH' does not answer in time\n"},
    {"it ends before a hello", {""}, LEISURE_MS, "no-connect: the service at 'PATH' has ended\n"},
    {"it begins with an answer", {"n."}, LEISURE_MS,
     "no-connect: the service at 'PATH' breaks the protocol: its first message is no hello\n"},
    {"another version of the protocol", {"v."}, LEISURE_MS,
     "no-connect: the service at 'PATH' speaks version 2 of its protocol, and this is 1\n"},
};
/* clang-format on */

static const char *
name_of_code(int code)
{
    switch (code) {
    case DOMSTATS_ERROR_NO_CONNECT:
        return "no-connect";
    case DOMSTATS_ERROR_TIMEOUT:
        return "timeout";
    default:
        return "other";
    }
}

static void
describe_error(GString *out, const GError *error, const char *path)
{
    g_autoptr(GString) text = g_string_new(error->message);

    assert_true(error->domain == DOMSTATS_ERROR);
    g_string_replace(text, path, "PATH", 0);
    g_string_append_printf(out, "%s: %s\n", name_of_code(error->code), text->str);
}

static void
describe_call(GString *out, DomstatsConn *conn, const DriverRow *row, const char *path)
{
    g_autoptr(DomstatsRecordList) records = NULL;
    g_autoptr(GError) error = NULL;
    const DomstatsCall call = {.timeout_ms = row->timeout_ms};
    int n = domstats_get_stats(conn, &call, &records, &error);
    const char *blind_spot = domstats_get_blind_spot(conn);

    if (n < 0) {
        describe_error(out, error, path);
        return;
    }
    for (int i = 0; i < n; i++)
        g_string_append_printf(out, "%s by %s", records[i]->name,
                               domstats_answered_by_to_string(records[i]->answered_by));
    g_string_append_printf(out, "%s%s\n", blind_spot ? ", " : "", blind_spot ? blind_spot : "");
}

static void
a_service_is_read(const void *data)
{
    const DriverRow *row = data;
    g_autofree char *folder = testing_make_folder();
    g_autofree char *path = g_strdup_printf("%s/s", folder);
    g_autofree char *source = g_strdup_printf("service:%s", path);
    FakeService *service = fake_service_start(path, row->scripts);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    const DomstatsOptions options = {.timeout_ms = row->timeout_ms};
    DomstatsConn *conn = domstats_open(source, &options, &error);

    if (conn == NULL)
        describe_error(out, error, path);
    else
        g_string_append(out, "open\n");
    for (int i = 0; conn != NULL && i < 2; i++)
        describe_call(out, conn, row, path);
    domstats_close(conn);
    (void)fake_service_stop(service);
    testing_remove_folder(g_steal_pointer(&folder));
    testing_assert_same_text(out->str, row->expected);
}

static void
assert_opens_not(const char *source, DomstatsError code, const char *text)
{
    g_autoptr(GError) error = NULL;

    assert_null(domstats_open(source, NULL, &error));
    assert_true(g_error_matches(error, DOMSTATS_ERROR, (gint)code));
    assert_non_null(strstr(error->message, text));
}

static void
names_the_place_that_cannot_be_used(void **state)
{
    g_autofree char *longest = g_strnfill(200, 'x');
    g_autofree char *source = g_strdup_printf("service:/%s", longest);

    (void)state;
    assert_opens_not("service:/nowhere/s", DOMSTATS_ERROR_NO_CONNECT,
                     "cannot reach a service at '/nowhere/s': No such file");
    assert_opens_not("service:/dev/null", DOMSTATS_ERROR_NO_CONNECT, "at '/dev/null': Connection");
    assert_opens_not("service:", DOMSTATS_ERROR_INVALID_ARG, "expected 'service:PATH'");
    assert_opens_not(source, DOMSTATS_ERROR_INVALID_ARG, "it has at most 107 bytes");
}

/* A connection to a service with @scripts, in a folder that is set. */
static DomstatsConn *
open_scripted(const char *const *scripts, char **ret_folder, FakeService **ret_service)
{
    g_autofree char *path = NULL;
    g_autofree char *source = NULL;

    *ret_folder = testing_make_folder();
    path = g_strdup_printf("%s/s", *ret_folder);
    source = g_strdup_printf("service:%s", path);
    *ret_service = fake_service_start(path, scripts);
    return domstats_open(source, NULL, NULL);
}

static void
says_what_a_service_cannot_do(void **state)
{
    static const char *const scripts[] = {"h.", NULL};
    static const char *const none[] = {NULL};
    FakeService *service = NULL;
    char *folder = NULL;
    DomstatsConn *conn = open_scripted(scripts, &folder, &service);
    DomstatsRecord **records = NULL;
    g_autoptr(GError) errors = NULL;

    (void)state;
    assert_int_equal(domstats_get_fd(conn, &errors), -1);
    assert_true(g_error_matches(errors, DOMSTATS_ERROR, DOMSTATS_ERROR_UNSUPPORTED));
    g_clear_error(&errors);
    assert_int_equal(domstats_dispatch(conn, NULL), 0);
    assert_int_equal(domstats_save_recording(conn, folder, 0, &records, &errors), -1);
    assert_true(g_error_matches(errors, DOMSTATS_ERROR, DOMSTATS_ERROR_UNSUPPORTED));
    g_clear_error(&errors);
    assert_int_equal(domstats_domain_list_get_stats(conn, none, 0, 0, 0, &records, &errors), -1);
    assert_true(g_error_matches(errors, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG));
    g_clear_error(&errors);
    assert_int_equal(
        domstats_get_stats(conn, &(DomstatsCall){.extras = 1U << 31}, &records, &errors), -1);
    assert_true(g_error_matches(errors, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG));
    domstats_close(conn);
    (void)fake_service_stop(service);
    testing_remove_folder(folder);
}

enum { N_THREADS = 8, N_CALLS = 25 };

static gpointer
call_often(gpointer conn)
{
    for (int i = 0; i < N_CALLS; i++) {
        DomstatsRecord **records = NULL;

        if (domstats_get_all_domain_stats(conn, 0, 0, LEISURE_MS, &records, NULL) != 1)
            return NULL;
        domstats_record_list_free(records);
    }
    return conn;
}

/* Each call has a connection for itself, and few are kept. */
static void
calls_come_from_several_threads(void **state)
{
    static const char *const scripts[] = {"hA", NULL};
    FakeService *service = NULL;
    char *folder = NULL;
    DomstatsConn *conn = open_scripted(scripts, &folder, &service);
    GThread *threads[N_THREADS] = {NULL};
    unsigned int n_clients = 0;

    (void)state;
    for (size_t i = 0; i < N_THREADS; i++)
        threads[i] = g_thread_new("caller", call_often, conn);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_ptr_equal(g_thread_join(threads[i]), conn);
    domstats_close(conn);
    n_clients = fake_service_stop(service);
    assert_true(n_clients >= 1 && n_clients <= N_THREADS * N_CALLS);
    testing_remove_folder(folder);
}

static int
run_plain_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_place_that_cannot_be_used),
        cmocka_unit_test(says_what_a_service_cannot_do),
        cmocka_unit_test(calls_come_from_several_threads),
    };

    return cmocka_run_group_tests_name("service_driver", tests, NULL, NULL);
}

int
main(void)
{
    int n_failed = run_plain_tests();

    return n_failed + TESTING_RUN_TABLE("service_driver answers", driver_rows, a_service_is_read);
}
