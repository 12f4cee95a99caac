/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source: which sources are refused; "dir" and "socket" on files and on sockets of this
 * test, "replay" on recordings. "auto" has a test of its own.
 */
#include "qemu/source/qemu_source.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "source_case.h"
#include "testing.h"
#include "util/util_error.h"
#include "util/util_fd.h"

typedef struct {
    const char *sentence;
    const char *source; /* %s: the folder */
    UtilError code;
    const char *message; /* its beginning; %s: the folder */
} RefusalRow;

static const RefusalRow refusal_rows[] = {
    {"an unknown kind", "magic:x", UTIL_ERROR_INVALID,
     "unknown source 'magic:x': expected auto, dir:PATH, socket:PATH, libvirt:URI, service:PATH or "
     "replay:PATH"},
    {"nothing at all", "", UTIL_ERROR_INVALID, "unknown source ''"},
    {"a kind's beginning", "aut", UTIL_ERROR_INVALID, "unknown source 'aut'"},
    {"auto with an argument", "auto:x", UTIL_ERROR_INVALID,
     "source 'auto:x': nothing may follow 'auto'"},
    {"auto with an empty argument", "auto:", UTIL_ERROR_INVALID,
     "source 'auto:': nothing may follow 'auto'"},
    {"dir without a path", "dir", UTIL_ERROR_INVALID, "source 'dir': expected 'dir:PATH'"},
    {"socket with an empty path", "socket:", UTIL_ERROR_INVALID,
     "source 'socket:': expected 'socket:PATH'"},
    {"a directory that is not there", "dir:%s/none", UTIL_ERROR_CONNECT,
     "cannot list directory '%s/none': No such file"},
    {"a directory that is a file", "dir:%s/file", UTIL_ERROR_CONNECT,
     "cannot list directory '%s/file': Not a directory"},
    {"a recording that is not there", "replay:%s/none", UTIL_ERROR_CONNECT,
     "'%s/none' is no recording: No such file"},
    {"a recording that is a file", "replay:%s/file", UTIL_ERROR_CONNECT,
     "'%s/file' is no recording: Not a directory"},
    {"a folder that is no recording", "replay:%s", UTIL_ERROR_CONNECT,
     "'%s' is no recording: it has no 'host.json'"},
    {"a host file that is cut", "replay:%s/cut", UTIL_ERROR_BROKEN,
     "damaged recording '%s/cut/host.json': it is no JSON"},
    {"a host file with another format", "replay:%s/noformat", UTIL_ERROR_BROKEN,
     "damaged recording '%s/noformat/host.json': 'format'"},
    {"a host file of the future", "replay:%s/future", UTIL_ERROR_UNSUPPORTED,
     "recording '%s/future' has format 2, newer than 1 in 'host.json'"},
    {"a host file that is a link", "replay:%s/link", UTIL_ERROR_BROKEN,
     "damaged recording '%s/link/host.json': no regular file"},
    {"a host file without ticks", "replay:%s/noticks", UTIL_ERROR_BROKEN,
     "damaged recording '%s/noticks/host.json': 'ticks_per_second'"},
};

static char *
put_folder(const char *text, const char *folder)
{
    g_auto(GStrv) parts = g_strsplit(text, "%s", -1);

    return g_strjoinv(folder, parts);
}

static void
refuses_sources(const void *data)
{
    const RefusalRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *source = put_folder(row->source, folder);
    g_autofree char *message = put_folder(row->message, folder);
    g_autoptr(GError) error = NULL;

    testing_write_file(folder, "file", "");
    testing_write_file(folder, "cut/host.json", "{\"format\":1");
    testing_write_file(folder, "noformat/host.json", "{\"format\":0}");
    testing_write_file(folder, "future/host.json", "{\"format\":2}");
    testing_write_file(folder, "noticks/host.json", "{\"format\":1,\"page_bytes\":4096}");
    source_case_make_link(folder, "link/host.json", "../file");
    assert_null(qemu_source_open(source, &(QemuSourceOptions){.takes_any_listener = true}, &error));
    assert_non_null(error);
    if (!g_str_has_prefix(error->message, message))
        testing_assert_same_text(error->message, message);
    assert_true(g_error_matches(error, UTIL_ERROR, (int)row->code));
    testing_remove_folder(folder);
}

/* A socket that is bound and does not listen. */
static int
bind_socket(const char *folder, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, name);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void
make_socket(const char *folder, const char *name)
{
    g_auto(UtilFd) fd = bind_socket(folder, name);

    (void)fd;
}

/* Names and '=' for what is the same as before. */
static char *
scan_names(QemuSource *source, GPtrArray **before)
{
    GPtrArray *endpoints = qemu_source_scan(source, util_deadline_in_ms(1000), NULL);
    GString *text = g_string_new(NULL);

    assert_non_null(endpoints);
    for (guint i = 0; i < endpoints->len; i++) {
        const QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);

        g_string_append_printf(text, "%s%s ", source_case_is_among(*before, endpoint) ? "=" : "",
                               endpoint->name);
    }
    if (*before != NULL)
        g_ptr_array_unref(*before);
    *before = endpoints;
    return g_string_free(text, FALSE);
}

/* What is done to a directory before a scan. */
typedef struct {
    const char *made[4];
    const char *removed[4];
    const char *found;
} DirStep;

typedef struct {
    const char *sentence;
    DirStep steps[3];
} DirRow;

static const DirRow dir_rows[] = {
    {"an empty directory", {{.found = ""}}},
    {"sockets by name, without endings",
     {{{"b.sock", "a.qmp", "c.monitor", "d"}, {NULL}, "a b c d "}}},
    {"by file name, whatever follows it", {{{"a", "a.b", "a-c"}, {NULL}, "a a-c a.b "}}},
    {"other files are none", {{{"a.sock", "file:x", "link:l.sock", "folder:f"}, {NULL}, "a "}}},
    {"two names of one socket", {{{"a", "hard:a.sock"}, {NULL}, "a "}, {{NULL}, {NULL}, "=a "}}},
    {"one comes, one goes",
     {{{"a", "b"}, {NULL}, "a b "}, {{"c"}, {NULL}, "=a =b c "}, {{NULL}, {"b"}, "=a =c "}}},
    {"all go and come back", {{{"a"}, {NULL}, "a "}, {{NULL}, {"a"}, ""}, {{"a"}, {NULL}, "a "}}},
};

static void
do_step(const char *folder, const DirStep *step)
{
    for (size_t i = 0; i < 4 && step->removed[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(folder, step->removed[i], NULL);

        assert_int_equal(unlink(path), 0);
    }
    for (size_t i = 0; i < 4 && step->made[i] != NULL; i++) {
        const char *colon = strchr(step->made[i], ':');
        g_autofree char *path = colon ? g_build_filename(folder, colon + 1, NULL) : NULL;
        g_autofree char *first = g_build_filename(folder, step->made[0], NULL);

        if (colon == NULL)
            make_socket(folder, step->made[i]);
        else if (g_str_has_prefix(step->made[i], "folder"))
            assert_int_equal(mkdir(path, 0700), 0);
        else if (g_str_has_prefix(step->made[i], "hard"))
            assert_int_equal(link(first, path), 0);
        else if (g_str_has_prefix(step->made[i], "link"))
            source_case_make_link(folder, colon + 1, "a.sock");
        else
            testing_write_file(folder, colon + 1, "");
    }
}

static void
follows_directory(const void *data)
{
    const DirRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *name = g_strconcat("dir:", folder, NULL);
    g_autoptr(QemuSource) source =
        qemu_source_open(name, &(QemuSourceOptions){.takes_any_listener = true}, NULL);
    g_autoptr(GPtrArray) before = NULL;

    assert_non_null(source);
    for (size_t i = 0; i < G_N_ELEMENTS(row->steps) && row->steps[i].found != NULL; i++) {
        g_autofree char *text = NULL;

        do_step(folder, &row->steps[i]);
        text = scan_names(source, &before);
        testing_assert_same_text(text, row->steps[i].found);
    }
    testing_remove_folder(folder);
}

/* Sockets on which this test listens, and dead ones, without the option. */
typedef struct {
    const char *sentence;
    const char *listening[3];
    const char *dead[3];
    const char *found;
} OwnerRow;

static const OwnerRow owner_rows[] = {
    {"a dead socket that was a monitor by its name",
     {NULL},
     {"web.qmp", "a-monitor", "db-qmp.sock"},
     "a-monitor db-qmp web "},
    {"a dead monitor of ours", {NULL}, {"domstats-web"}, "domstats-web "},
    {"a dead socket of another name", {NULL}, {"web.sock", "console", "x.qmpx"}, ""},
    {"a program that is no QEMU, whatever its sockets are called",
     {"web.qmp", "qmp", "monitor.sock"},
     {NULL},
     ""},
    {"both", {"web.qmp"}, {"db.qmp"}, "db "},
};

static void
looks_who_listens(const void *data)
{
    const OwnerRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *name = g_strconcat("dir:", folder, NULL);
    g_autoptr(QemuSource) source = qemu_source_open(name, NULL, NULL);
    g_autoptr(GPtrArray) before = NULL;
    int fds[3] = {-1, -1, -1};

    for (size_t i = 0; i < G_N_ELEMENTS(fds) && row->listening[i] != NULL; i++) {
        fds[i] = bind_socket(folder, row->listening[i]);
        assert_int_equal(listen(fds[i], 1), 0);
    }
    for (size_t i = 0; i < 3 && row->dead[i] != NULL; i++)
        make_socket(folder, row->dead[i]);
    for (size_t scan = 0; scan < 2; scan++) {
        g_autofree char *text = scan_names(source, &before);

        g_strdelimit(text, "=", '-');
        if (scan == 0)
            testing_assert_same_text(text, row->found);
        assert_null(qemu_source_blind_spot(source));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        assert_true(fds[i] < 0 || accept(fds[i], NULL, NULL) < 0);
        util_fd_clear(&fds[i]);
    }
    testing_remove_folder(folder);
}

/* What listens at the address of "socket:" and what is said of it. %s: the folder. */
typedef struct {
    const char *sentence;
    const char *listens; /* a name in the folder, or "@name"; NULL: nothing does */
    const char *source;
    const char *key;
    const char *trouble; /* NULL: none */
    DomstatsReason code;
} ForeignRow;

static const ForeignRow foreign_rows[] = {
    {"a program that is no QEMU", "web.qmp", "socket:%s/web.qmp", "socket:%s/web.qmp",
     ") listens at '%s/web.qmp', which is no QEMU", DOMSTATS_REASON_NOT_QEMU},
    {"the same by another way", "web.qmp", "socket:/proc/self/root%s/web.qmp",
     "socket:/proc/self/root%s/web.qmp", "/proc/self/root%s/web.qmp', which is no QEMU",
     DOMSTATS_REASON_NOT_QEMU},
    {"the same through a link", "web.qmp", "socket:%s/link", "socket:%s/link",
     "%s/link', which is no QEMU", DOMSTATS_REASON_NOT_QEMU},
    {"no file", NULL, "socket:%s/none", "socket:%s/none", NULL, DOMSTATS_REASON_NONE},
    {"no socket", NULL, "socket:%s/file", "socket:%s/file", "'%s/file' is no socket",
     DOMSTATS_REASON_NO_LISTENER},
    {"a folder", NULL, "socket:%s", "socket:%s", "'%s' is no socket", DOMSTATS_REASON_NO_LISTENER},
    {"an abstract name that nobody has", NULL, "socket:@domstats-none", "socket:@domstats-none",
     NULL, DOMSTATS_REASON_NONE},
    {"a port of another host", NULL, "socket:tcp:192.0.2.7:4444", "socket:tcp:192.0.2.7:4444", NULL,
     DOMSTATS_REASON_NONE},
};

static void
looks_at_one_socket(const void *data)
{
    const ForeignRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *name = put_folder(row->source, folder);
    g_autofree char *key = put_folder(row->key, folder);
    g_autofree char *trouble = row->trouble ? put_folder(row->trouble, folder) : NULL;
    g_autoptr(QemuSource) source = qemu_source_open(name, NULL, NULL);
    g_autoptr(GPtrArray) first = NULL;
    g_autoptr(GPtrArray) second = NULL;
    g_auto(UtilFd) fd = row->listens ? bind_socket(folder, row->listens) : -1;
    const QemuEndpoint *endpoint = NULL;

    testing_write_file(folder, "file", "");
    source_case_make_link(folder, "link", "web.qmp");
    if (fd >= 0)
        assert_int_equal(listen(fd, 1), 0);
    first = qemu_source_scan(source, util_deadline_in_ms(60000), NULL);
    second = qemu_source_scan(source, util_deadline_in_ms(60000), NULL);
    endpoint = g_ptr_array_index(first, 0);
    assert_ptr_equal(endpoint, g_ptr_array_index(second, 0));
    assert_string_equal(endpoint->key, key);
    assert_int_equal(endpoint->trouble_code, row->code);
    assert_int_equal(endpoint->trouble, trouble ? DOMSTATS_HEALTH_NO_MONITOR : DOMSTATS_HEALTH_OK);
    if (trouble != NULL && !g_str_has_suffix(endpoint->trouble_reason, trouble))
        testing_assert_same_text(endpoint->trouble_reason, trouble);
    assert_true(fd < 0 || accept(fd, NULL, NULL) < 0);
    testing_remove_folder(folder);
}

static void
tells_that_the_directory_went(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *name = g_strconcat("dir:", folder, NULL);
    g_autoptr(QemuSource) source =
        qemu_source_open(name, &(QemuSourceOptions){.takes_any_listener = true}, NULL);
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    (void)state;
    assert_string_equal(qemu_source_name(source), name);
    assert_false(qemu_source_is_replay(source));
    assert_int_equal(rmdir(folder), 0);
    assert_null(qemu_source_scan(source, util_deadline_in_ms(1000), &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_SYSTEM));
    assert_non_null(strstr(error->message, folder));
    assert_int_equal(mkdir(folder, 0700), 0);
    make_socket(folder, "again");
    text = scan_names(source, &before);
    assert_string_equal(text, "again ");
    testing_remove_folder(folder);
}

typedef struct {
    const char *sentence;
    const char *source; /* %s: the current folder */
    const char *key;
    const char *name;
    const char *place;
} SocketRow;

static const SocketRow socket_rows[] = {
    {"a path that need not be there", "socket:/no/such/web.sock", "socket:/no/such/web.sock", "web",
     "/no/such/web.sock"},
    {"a relative path is kept whole", "socket:x/../web.sock", "socket:%s/web.sock", "web",
     "%s/web.sock"},
    {"an abstract name", "socket:@vm/web.sock", "socket:@vm/web.sock", "web", "@vm/web.sock"},
    {"TCP", "socket:tcp:127.0.0.1:4444", "socket:tcp:127.0.0.1:4444", "tcp:127.0.0.1:4444",
     "tcp:127.0.0.1:4444"},
};

static void
has_one_socket(const void *data)
{
    const SocketRow *row = data;
    g_autofree char *here = g_get_current_dir();
    g_autofree char *key = put_folder(row->key, here);
    g_autofree char *path = put_folder(row->place, here);
    g_autoptr(QemuSource) source =
        qemu_source_open(row->source, &(QemuSourceOptions){.takes_any_listener = true}, NULL);
    g_autoptr(GPtrArray) first = qemu_source_scan(source, util_deadline_in_ms(1000), NULL);
    g_autoptr(GPtrArray) second = qemu_source_scan(source, util_deadline_in_ms(1000), NULL);
    const QemuEndpoint *endpoint = g_ptr_array_index(first, 0);
    const QemuEndpointPlace *place = g_ptr_array_index(endpoint->places, 0);

    assert_int_equal(first->len, 1);
    assert_ptr_equal(endpoint, g_ptr_array_index(second, 0));
    assert_string_equal(endpoint->key, key);
    assert_string_equal(endpoint->name, row->name);
    assert_string_equal(place->connect_path, path);
    assert_true(endpoint->is_active);
    assert_int_equal(endpoint->libvirt_state, -1);
    assert_true(host_root_is_live(qemu_source_root(source)));
}

/* A scan that its deadline cuts short gives what the last one found; before there is one, it must
 * say that it does not know. */
static void
keeps_the_last_scan_past_the_deadline(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *dir = g_strconcat("dir:", folder, NULL);
    const char *const names[] = {dir, "auto"};

    (void)state;
    make_socket(folder, "one");
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(QemuSource) source =
            qemu_source_open(names[i], &(QemuSourceOptions){.takes_any_listener = true}, NULL);
        g_autoptr(GPtrArray) none = NULL;
        g_autoptr(GPtrArray) whole = NULL;
        g_autoptr(GPtrArray) late = NULL;
        g_autoptr(GError) error = NULL;

        none = qemu_source_scan(source, util_deadline_in_ms(0), &error);
        assert_null(none);
        assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_TIMEOUT));
        whole = qemu_source_scan(source, util_deadline_in_ms(60000), NULL);
        assert_non_null(whole);
        late = qemu_source_scan(source, util_deadline_in_ms(0), NULL);
        assert_non_null(late);
        if (i == 0)
            assert_ptr_equal(g_ptr_array_index(late, 0), g_ptr_array_index(whole, 0));
    }
    testing_remove_folder(folder);
}

typedef struct {
    const char *sentence;
    const char *domain; /* domain.json; NULL: none */
    const char *cmdline;
    const char *found; /* %s: the recording */
} ReplayRow;

#define QEMU "/usr/bin/qemu-system-x86_64"
#define UUID "7c6f1b2e-0d3a-4d0c-8b2f-5b0c6a1e9f00"

static const ReplayRow replay_rows[] = {
    {"a domain that was well",
     "{\"name\":\"web\",\"uuid\":\"7C6F1B2E-0d3a-4d0c-8b2f-5b0c6a1e9f00\",\"id\":3,\"pid\":30,"
     "\"start_ticks\":500,\"health\":\"ok\",\"persistent\":true}\n",
     QEMU "|-netdev|tap,id=n0,ifname=vnet0|-device|e1000,netdev=n0|",
     "replay:d web " UUID " id=3 pid=30:500 active persistent nics=1 [%s/d] ok\n"},
    {"as little as can be said", "{\"name\":\"web\",\"health\":\"ok\"}", NULL,
     "replay:d web (null) id=0 pid=0:0 active [%s/d] ok\n"},
    {"one that was not well", "{\"name\":\"web\",\"health\":\"stopped\",\"reason\":\"a sentence\"}",
     NULL, "replay:d web (null) id=0 pid=0:0 active [%s/d] stopped: a sentence\n"},
    {"one that had no monitor", "{\"name\":\"web\",\"health\":\"no-monitor\",\"reason\":\"why\"}",
     NULL, "replay:d web (null) id=0 pid=0:0 active [] no-monitor: why\n"},
    {"one that did not run", "{\"name\":\"web\",\"id\":-1,\"health\":\"ok\"}", NULL,
     "replay:d web (null) id=-1 pid=0:0 [%s/d] ok\n"},
    {"a process that is no QEMU tells nothing", "{\"name\":\"web\",\"pid\":30,\"health\":\"ok\"}",
     "sh|", "replay:d web (null) id=0 pid=30:0 active [%s/d] ok\n"},
    {"a folder without the file is no domain", NULL, NULL, ""},
    {"cut", "{\"name\":\"web\"", NULL,
     "replay:d d (null) id=0 pid=0:0 active [%s/d] broken: damaged recording '%s/d/domain.json': "
     "it ends too early\n"},
    {"two objects", "{\"name\":\"web\",\"health\":\"ok\"}{}", NULL,
     "replay:d d (null) id=0 pid=0:0 active [%s/d] broken: damaged recording '%s/d/domain.json': "
     "something follows its object\n"},
    {"no name", "{\"name\":7,\"health\":\"ok\"}", NULL,
     "replay:d d (null) id=0 pid=0:0 active [%s/d] broken: damaged recording '%s/d/domain.json': "
     "'name' is no name\n"},
    {"no verdict", "{\"name\":\"web\",\"health\":\"fine\"}", NULL,
     "replay:d d (null) id=0 pid=0:0 active [%s/d] broken: damaged recording '%s/d/domain.json': "
     "'health' is none of the verdicts\n"},
    {"no UUID", "{\"name\":\"web\",\"uuid\":\"x\",\"health\":\"ok\"}", NULL,
     "replay:d d (null) id=0 pid=0:0 active [%s/d] broken: damaged recording '%s/d/domain.json': "
     "'uuid' is no UUID\n"},
    {"an id past all bounds", "{\"name\":\"web\",\"id\":2147483648,\"health\":\"ok\"}", NULL,
     "replay:d d (null) id=0 pid=0:0 active [%s/d] broken: damaged recording '%s/d/domain.json': "
     "'id' is no id of a domain\n"},
    {"a pid below zero", "{\"name\":\"web\",\"pid\":-3,\"health\":\"ok\"}", NULL,
     "replay:d d (null) id=0 pid=0:0 active [%s/d] broken: damaged recording '%s/d/domain.json': "
     "'pid' is no number of a process\n"},
};

static char *
make_replay_text(const GPtrArray *endpoints)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < endpoints->len; i++) {
        const QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);
        g_autofree char *places = source_case_make_places_text(endpoint);

        g_string_append_printf(text, "%s %s %s id=%d pid=%d:%u", endpoint->key, endpoint->name,
                               endpoint->uuid ? endpoint->uuid : "(null)", endpoint->id,
                               endpoint->pid, (unsigned int)endpoint->start_ticks);
        g_string_append(text, endpoint->is_active ? " active" : "");
        g_string_append(text, endpoint->is_persistent ? " persistent" : "");
        if (endpoint->definition != NULL)
            g_string_append_printf(text, " nics=%u", endpoint->definition->nics->len);
        g_string_append_printf(text, " [%s] %s", places,
                               domstats_health_to_string(endpoint->trouble));
        if (endpoint->trouble_reason != NULL)
            g_string_append_printf(text, ": %s", endpoint->trouble_reason);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

static void
replays_host(const void *data)
{
    const ReplayRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *name = g_strconcat("replay:", folder, NULL);
    g_autofree char *expected = put_folder(row->found, folder);
    g_autofree char *text = NULL;
    g_autoptr(QemuSource) source = NULL;
    g_autoptr(GPtrArray) endpoints = NULL;

    testing_write_file(folder, "host.json",
                       "{\"format\":1,\"ticks_per_second\":250,\"page_bytes\":4096}\n");
    testing_write_file(folder, "d/about.txt", "a file that is let be");
    if (row->domain != NULL)
        testing_write_file(folder, "d/domain.json", row->domain);
    if (row->cmdline != NULL)
        source_case_write_words(folder, 30, "cmdline", row->cmdline, '|');
    source = qemu_source_open(name, &(QemuSourceOptions){.takes_any_listener = true}, NULL);
    assert_non_null(source);
    endpoints = qemu_source_scan(source, util_deadline_in_ms(1000), NULL);
    text = make_replay_text(endpoints);
    testing_assert_same_text(text, expected);
    assert_true(qemu_source_is_replay(source));
    assert_int_equal(host_root_ticks_per_second(qemu_source_root(source)), 250);
    testing_remove_folder(folder);
}

static void
derives_uuids(void **state)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    (void)state;
    /* By another implementation of version 5. */
    qemu_endpoint_make_uuid("/run/qemu/web.sock", uuid);
    assert_string_equal(uuid, "916ee0fa-f5ef-57a8-9775-512289c00533");
    assert_true(g_uuid_string_is_valid(uuid));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_that_the_directory_went),
        cmocka_unit_test(keeps_the_last_scan_past_the_deadline),
        cmocka_unit_test(derives_uuids),
    };
    int n_failed = TESTING_RUN_TABLE("source", refusal_rows, refuses_sources);

    n_failed += TESTING_RUN_TABLE("dir", dir_rows, follows_directory);
    n_failed += TESTING_RUN_TABLE("owner", owner_rows, looks_who_listens);
    n_failed += TESTING_RUN_TABLE("foreign", foreign_rows, looks_at_one_socket);
    n_failed += TESTING_RUN_TABLE("socket", socket_rows, has_one_socket);
    n_failed += TESTING_RUN_TABLE("replay", replay_rows, replays_host);
    return n_failed + cmocka_run_group_tests(tests, NULL, NULL);
}
