/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_recording_writer: the files that it writes, and that qemu_recording_reader reads
 * the same from them.
 */
#include "qemu/recording/qemu_recording_writer.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu/recording/qemu_recording_peer.h"
#include "qemu/recording/qemu_recording_reader.h"
#include "qemu/source/qemu_source.h"
#include "testing.h"
#include "util/util_error.h"

static UtilJson *
parse(const char *text)
{
    UtilJson *value = util_json_parse(text, strlen(text), 32, NULL);

    assert_non_null(value);
    return value;
}

static QemuAnswer
make_answer(QemuAnswerStatus status, const char *text)
{
    UtilJson *message = text ? parse(text) : NULL;

    return (QemuAnswer){status, message, util_json_member(message, "return")};
}

typedef struct {
    const char *sentence;
    QemuAnswerStatus status;
    const char *message;
    const char *file; /* what is kept; NULL: no file */
} ReplyRow;

static const ReplyRow reply_rows[] = {
    {"a reply without its id", QEMU_ANSWER_RETURNED, "{\"return\":{\"name\":\"web\"},\"id\":3}",
     "{\"return\":{\"name\":\"web\"}}\n"},
    {"a reply that is null", QEMU_ANSWER_RETURNED, "{\"return\":null,\"id\":3}",
     "{\"return\":null}\n"},
    {"large numbers as they were", QEMU_ANSWER_RETURNED,
     "{\"return\":[18446744073709551615,-9223372036854775808,0.5]}",
     "{\"return\":[18446744073709551615,-9223372036854775808,0.5]}\n"},
    {"a refusal", QEMU_ANSWER_REFUSED,
     "{\"id\":1,\"error\":{\"class\":\"GenericError\",\"desc\":\"no\"}}",
     "{\"error\":{\"class\":\"GenericError\",\"desc\":\"no\"}}\n"},
    {"nothing of what was not asked", QEMU_ANSWER_NONE, NULL, NULL},
    {"nothing of what did not come", QEMU_ANSWER_WAITING, NULL, NULL},
    {"nothing of what was lost", QEMU_ANSWER_LOST, NULL, NULL},
};

/* One file of @folder, or NULL. */
static char *
read_text(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static void
keeps_replies(const void *data)
{
    const ReplyRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(QemuRecordingWriter) recording = qemu_recording_writer_create(folder, root, NULL);
    const QemuRecordingWriterDomain domain = {.name = "web", .health = DOMSTATS_HEALTH_OK};
    QemuAnswer answers[QEMU_N_COMMANDS] = {0};
    g_autofree char *text = NULL;

    answers[QEMU_COMMAND_QUERY_NAME] = make_answer(row->status, row->message);
    qemu_recording_writer_add_domain(recording, &domain, answers);
    assert_true(qemu_recording_writer_finish(recording, NULL));
    text = read_text(folder, "web/query-name.json");
    testing_assert_same_text(text, row->file);
    qemu_answer_clear(&answers[QEMU_COMMAND_QUERY_NAME]);
    testing_remove_folder(folder);
}

typedef struct {
    const char *sentence;
    const char *names[3]; /* of domains, in the order they are recorded */
    const char *folders;  /* ascending */
} FolderRow;

static const FolderRow folder_rows[] = {
    {"by the domain's name", {"web-1.example_x"}, "web-1.example_x "},
    {"two of one name", {"web", "web", "web"}, "web web-2 web-3 "},
    {"a name taken by such a number", {"web", "web-2", "web"}, "web web-2 web-3 "},
    {"no slash, no blank, no dots up", {"../a b", "a/b"}, "_._a_b a_b "},
    {"not hidden", {".web"}, "_web "},
    {"not among the host's files", {"proc", "sys", "host.json"}, "host.json-2 proc-2 sys-2 "},
    {"nothing but dots", {".", ".."}, "_ _. "},
    {"a name that is no UTF-8", {"w\xff"}, "w_ "},
    {"a name of no length", {""}, "domain "},
    {"a name too long for a file",
     {"0123456789012345678901234567890123456789012345678901234567890123456789"},
     "0123456789012345678901234567890123456789012345678901234567890123 "},
};

static void
names_folders(const void *data)
{
    const FolderRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(QemuRecordingWriter) recording = qemu_recording_writer_create(folder, root, NULL);
    const QemuAnswer answers[QEMU_N_COMMANDS] = {0};
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) names = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(row->names) && row->names[i] != NULL; i++) {
        const QemuRecordingWriterDomain domain = {.name = row->names[i]};

        qemu_recording_writer_add_domain(recording, &domain, answers);
    }
    assert_true(qemu_recording_writer_finish(recording, NULL));
    names = qemu_recording_reader_list_domains(folder, NULL);
    for (size_t i = 0; names[i] != NULL; i++)
        g_string_append_printf(text, "%s ", names[i]);
    testing_assert_same_text(text->str, row->folders);
    testing_remove_folder(folder);
}

typedef struct {
    const char *sentence;
    QemuRecordingWriterDomain domain;
} DomainRow;

#define UUID "7c6f1b2e-0d3a-4d0c-8b2f-5b0c6a1e9f00"

static char title[] = "Web \"1\"";
static char root_id[] = "r-1";
static const QemuAbout about = {{[QEMU_ABOUT_TITLE] = title, [QEMU_ABOUT_NOVA_ROOT_ID] = root_id}};

static const DomainRow domain_rows[] = {
    {"all that can be told",
     {.name = "web",
      .uuid = UUID,
      .id = 3,
      .pid = 4711,
      .start_ticks = UINT64_MAX,
      .is_persistent = true,
      .health = DOMSTATS_HEALTH_SLOW,
      .reason = "it took its time",
      .monitor_path = "/run/web.sock"}},
    {"the least", {.name = "web"}},
    {"one that does not run", {.name = "web", .uuid = UUID, .id = -1}},
    {"one that runs, and nobody knows its process",
     {.name = "a", .id = -1, .is_active = true, .health = DOMSTATS_HEALTH_WEDGED, .reason = "r"}},
    {"busy", {.name = "a", .health = DOMSTATS_HEALTH_BUSY, .reason = "r"}},
    {"wedged", {.name = "a", .health = DOMSTATS_HEALTH_WEDGED, .reason = "r"}},
    {"stopped", {.name = "a", .health = DOMSTATS_HEALTH_STOPPED, .reason = "r"}},
    {"listed by a libvirt", {.name = "a", .is_listed = true}},
    {"persistent, and what libvirt's definition says",
     {.name = "a",
      .is_listed = true,
      .is_persistent = true,
      .autostart = {true, 1},
      .about = &about}},
    {"gone", {.name = "a", .health = DOMSTATS_HEALTH_GONE, .reason = "r"}},
    {"denied", {.name = "a", .health = DOMSTATS_HEALTH_DENIED, .reason = "r"}},
    {"broken", {.name = "a", .health = DOMSTATS_HEALTH_BROKEN, .reason = "r"}},
    {"without a monitor", {.name = "a", .health = DOMSTATS_HEALTH_NO_MONITOR, .reason = "r"}},
};

static void
reads_back_domains(const void *data)
{
    const DomainRow *row = data;
    const QemuRecordingWriterDomain *domain = &row->domain;
    char *folder = testing_make_folder();
    g_autofree char *source_name = g_strconcat("replay:", folder, NULL);
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(QemuRecordingWriter) recording = qemu_recording_writer_create(folder, root, NULL);
    const QemuAnswer answers[QEMU_N_COMMANDS] = {0};
    g_autoptr(QemuSource) source = NULL;
    g_autoptr(GPtrArray) endpoints = NULL;
    const QemuEndpoint *endpoint = NULL;

    qemu_recording_writer_add_domain(recording, domain, answers);
    assert_true(qemu_recording_writer_finish(recording, NULL));
    source = qemu_source_open(source_name, NULL, NULL);
    assert_non_null(source);
    endpoints = qemu_source_scan(source, util_deadline_in_ms(1000), NULL);
    assert_int_equal(endpoints->len, 1);
    endpoint = g_ptr_array_index(endpoints, 0);
    assert_string_equal(endpoint->name, domain->name);
    assert_int_equal(g_strcmp0(endpoint->uuid, domain->uuid), 0);
    assert_int_equal(endpoint->id, domain->id);
    assert_int_equal(endpoint->pid, domain->pid);
    assert_true(endpoint->start_ticks == domain->start_ticks);
    assert_int_equal(endpoint->is_persistent, domain->is_persistent);
    assert_int_equal(endpoint->is_listed, domain->is_listed || domain->is_persistent);
    assert_int_equal(endpoint->autostart.is_present, domain->autostart.is_present);
    assert_int_equal(endpoint->autostart.value, domain->autostart.value);
    assert_int_equal(endpoint->about != NULL, domain->about != NULL);
    for (size_t i = 0; domain->about != NULL && i < QEMU_ABOUT_N_TEXTS; i++)
        assert_int_equal(g_strcmp0(endpoint->about->about.texts[i], domain->about->texts[i]), 0);
    assert_int_equal(endpoint->is_active, domain->is_active || domain->id >= 0);
    assert_int_equal(endpoint->trouble, domain->health);
    assert_int_equal(g_strcmp0(endpoint->trouble_reason, domain->reason), 0);
    assert_int_equal(host_root_page_bytes(qemu_source_root(source)), host_root_page_bytes(root));
    testing_remove_folder(folder);
}

static void
can_be_replayed(void **state)
{
    static const char requests[] = "{\"execute\":\"qmp_capabilities\",\"id\":11}"
                                   "{\"execute\":\"query-name\",\"id\":1}";
    char *folder = testing_make_folder();
    g_autofree char *domain_folder = g_build_filename(folder, "web", NULL);
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(QemuRecordingWriter) recording = qemu_recording_writer_create(folder, root, NULL);
    g_autoptr(UtilJson) greeting = parse("{\"QMP\":{\"capabilities\":[]}}");
    const QemuRecordingWriterDomain domain = {.name = "web", .greeting = greeting};
    QemuAnswer answers[QEMU_N_COMMANDS] = {0};
    g_autoptr(QemuRecordingPeer) replay = NULL;
    char buffer[4096] = "";

    (void)state;
    answers[QEMU_COMMAND_QUERY_NAME] =
        make_answer(QEMU_ANSWER_RETURNED, "{\"return\":{\"name\":\"web\"},\"id\":7}");
    qemu_recording_writer_add_domain(recording, &domain, answers);
    qemu_answer_clear(&answers[QEMU_COMMAND_QUERY_NAME]);
    replay = qemu_recording_peer_new(domain_folder, NULL);
    assert_non_null(replay);
    qemu_recording_peer_send(replay, requests, strlen(requests));
    assert_true(qemu_recording_peer_receive(replay, buffer, sizeof(buffer) - 1) > 0);
    assert_string_equal(buffer, "{\"QMP\":{\"capabilities\":[]}}\r\n"
                                "{\"return\":{},\"id\":11}\r\n"
                                "{\"return\":{\"name\":\"web\"},\"id\":1}\r\n");
    testing_remove_folder(folder);
}

static void
is_no_recording_until_it_is_finished(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *inside = g_build_filename(folder, "new", "folder", NULL);
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(QemuRecordingWriter) recording = qemu_recording_writer_create(inside, root, NULL);
    g_autofree char *host = NULL;
    struct stat status = {0};

    (void)state;
    assert_non_null(recording);
    assert_null(read_text(inside, "host.json"));
    assert_true(qemu_recording_writer_finish(recording, NULL));
    assert_int_equal(stat(inside, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    host = read_text(inside, "host.json");
    assert_non_null(strstr(host, "\"created\""));
    assert_non_null(strstr(host, "\"kernel\""));
    assert_non_null(strstr(host, "\"domstats\""));
    testing_remove_folder(folder);
}

/* A recording that is not finished leaves no host.json, and another one can be started. */
static void
may_be_made_again(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *first = g_build_filename(folder, "first", NULL);
    g_autofree char *second = g_build_filename(folder, "second", NULL);
    g_autoptr(HostRoot) root = host_root_new_live();
    QemuRecordingWriter *given_up = qemu_recording_writer_create(first, root, NULL);
    g_autoptr(QemuRecordingWriter) recording = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *host = NULL;

    (void)state;
    assert_null(qemu_recording_writer_create(second, root, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_INVALID));
    qemu_recording_writer_free(given_up);
    assert_null(read_text(first, "host.json"));
    recording = qemu_recording_writer_create(second, root, NULL);
    assert_non_null(recording);
    assert_true(qemu_recording_writer_finish(recording, NULL));
    host = read_text(second, "host.json");
    assert_non_null(host);
    testing_remove_folder(folder);
}

static void
refuses_a_folder_in_use(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *file = g_build_filename(folder, "file", NULL);
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) file_error = NULL;

    (void)state;
    testing_write_file(folder, "file", "");
    assert_null(qemu_recording_writer_create(folder, root, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_INVALID));
    assert_non_null(strstr(error->message, folder));
    assert_null(qemu_recording_writer_create(file, root, &file_error));
    assert_true(g_error_matches(file_error, UTIL_ERROR, UTIL_ERROR_CONNECT));
    testing_remove_folder(folder);
}

static void
tells_at_the_end_what_could_not_be_written(void **state)
{
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(QemuRecordingWriter) recording = qemu_recording_writer_create(folder, root, NULL);
    const QemuAnswer answers[QEMU_N_COMMANDS] = {0};
    const QemuRecordingWriterDomain domain = {.name = "web"};
    g_autoptr(GError) error = NULL;

    (void)state;
    testing_write_file(folder, "web", "a file where the folder should be");
    qemu_recording_writer_add_domain(recording, &domain, answers);
    assert_false(qemu_recording_writer_finish(recording, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_SYSTEM));
    assert_null(read_text(folder, "host.json"));
    testing_remove_folder(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(can_be_replayed),
        cmocka_unit_test(is_no_recording_until_it_is_finished),
        cmocka_unit_test(may_be_made_again),
        cmocka_unit_test(refuses_a_folder_in_use),
        cmocka_unit_test(tells_at_the_end_what_could_not_be_written),
    };
    int n_failed = TESTING_RUN_TABLE("recording replies", reply_rows, keeps_replies);

    n_failed += TESTING_RUN_TABLE("recording folders", folder_rows, names_folders);
    n_failed += TESTING_RUN_TABLE("recording domains", domain_rows, reads_back_domains);
    return n_failed + cmocka_run_group_tests(tests, NULL, NULL);
}
