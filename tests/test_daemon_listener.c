/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_listener: what is made at a place, what is replaced, and what is left alone.
 */
#include "testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/daemon_listener.h"
#include "util/util_deadline.h"

static const DaemonListenerRights rights = {.mode = 0640, .group = (gid_t)-1};

typedef struct {
    char *folder;
    char *path;
} Place;

static Place
make_place(void)
{
    Place place = {.folder = testing_make_folder()};

    place.path = g_build_filename(place.folder, "a.sock", NULL);
    return place;
}

static void
clear_place(Place *place)
{
    g_free(place->path);
    testing_remove_folder(place->folder);
}

static bool
can_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_auto(UtilFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static void
makes_and_removes(void **state)
{
    Place place = make_place();
    g_autoptr(DaemonListener) listener =
        daemon_listener_open_unix(DAEMON_LISTENER_LIBVIRT, place.path, &rights, NULL);
    struct stat status = {0};

    (void)state;
    assert_non_null(listener);
    assert_int_equal(lstat(place.path, &status), 0);
    assert_int_equal(status.st_mode, S_IFSOCK | 0640);
    assert_true(can_connect(place.path));
    daemon_listener_remove(listener);
    assert_int_equal(lstat(place.path, &status), -1);
    clear_place(&place);
}

/* A socket file that a killed process has left. */
static void
replaces_a_stale_one(void **state)
{
    Place place = make_place();
    g_autoptr(DaemonListener) first =
        daemon_listener_open_unix(DAEMON_LISTENER_LIBVIRT, place.path, &rights, NULL);
    g_autoptr(DaemonListener) second = NULL;

    (void)state;
    util_fd_clear(&first->fd);
    second = daemon_listener_open_unix(DAEMON_LISTENER_LIBVIRT, place.path, &rights, NULL);
    assert_non_null(second);
    assert_true(can_connect(place.path));
    /* The first one knows that the file is not its own any more. */
    daemon_listener_remove(first);
    assert_true(can_connect(place.path));
    daemon_listener_remove(second);
    clear_place(&place);
}

/* Two instances that begin at once would each take the other's new socket for the old one. A folder
 * that somebody has locked for long is used nevertheless. */
static void
waits_for_another_instance(void **state)
{
    Place place = make_place();
    g_auto(UtilFd) folder = open(place.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(DaemonListener) listener = NULL;
    int64_t begun_us = util_deadline_now_us();

    (void)state;
    assert_int_equal(flock(folder, LOCK_SH), 0);
    listener = daemon_listener_open_unix(DAEMON_LISTENER_LIBVIRT, place.path, &rights, NULL);
    assert_non_null(listener);
    assert_true(util_deadline_now_us() - begun_us >= 1000 * 1000);
    assert_int_equal(flock(folder, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(flock(folder, LOCK_UN), 0);
    daemon_listener_remove(listener);
    clear_place(&place);
}

static void
leaves_a_live_one(void **state)
{
    Place place = make_place();
    g_autoptr(DaemonListener) first =
        daemon_listener_open_unix(DAEMON_LISTENER_SERVICE, place.path, &rights, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *who = g_strdup_printf("(pid %d) listens there", (int)getpid());

    (void)state;
    assert_null(daemon_listener_open_unix(DAEMON_LISTENER_SERVICE, place.path, &rights, &error));
    assert_non_null(strstr(error->message, place.path));
    assert_non_null(strstr(error->message, who));
    assert_true(can_connect(place.path));
    daemon_listener_remove(first);
    clear_place(&place);
}

static void
leaves_other_files(void **state)
{
    Place place = make_place();
    g_autoptr(GError) error = NULL;

    (void)state;
    testing_write_file(place.folder, "a.sock", "precious");
    assert_null(daemon_listener_open_unix(DAEMON_LISTENER_SERVICE, place.path, &rights, &error));
    assert_non_null(strstr(error->message, "no socket"));
    assert_int_equal(unlink(place.path), 0);
    g_clear_error(&error);
    assert_int_equal(symlink("/nowhere", place.path), 0);
    assert_null(daemon_listener_open_unix(DAEMON_LISTENER_SERVICE, place.path, &rights, &error));
    assert_non_null(strstr(error->message, "no socket"));
    clear_place(&place);
}

static void
names_a_folder_that_is_not_there(void **state)
{
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(
        daemon_listener_open_unix(DAEMON_LISTENER_SERVICE, "/nowhere/a.sock", &rights, &error));
    assert_string_equal(error->message, "cannot listen at '/nowhere/a.sock': cannot make its file: "
                                        "No such file or directory");
}

/* A port that the kernel chose, as text. */
static char *
take_port(UtilFd *ret_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*ret_fd, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(*ret_fd, 1), 0);
    assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&address, &size), 0);
    return g_strdup_printf("127.0.0.1:%u", ntohs(address.sin_port));
}

static void
free_listener(gpointer data)
{
    daemon_listener_free(data);
}

static void
says_that_a_port_is_taken(void **state)
{
    g_auto(UtilFd) fd = -1;
    g_autofree char *text = take_port(&fd);
    g_autofree char *expected = g_strdup_printf(
        "cannot listen at '%s': test_daemon_lis (pid %d) listens there", text, (int)getpid());
    g_autoptr(GPtrArray) listeners = g_ptr_array_new_with_free_func(free_listener);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_false(daemon_listener_open_address(text, &rights, listeners, &error));
    assert_string_equal(error->message, expected);
    util_fd_clear(&fd);
    g_clear_error(&error);
    assert_true(daemon_listener_open_address(text, &rights, listeners, &error));
    assert_int_equal(listeners->len, 1);
    assert_true(((DaemonListener *)g_ptr_array_index(listeners, 0))->is_local);
    assert_string_equal(((DaemonListener *)g_ptr_array_index(listeners, 0))->text, text);
}

/* All addresses of the host, one of which is taken: as where systemd has 127.0.0.1. */
static void
refuses_half_of_the_addresses(void **state)
{
    g_auto(UtilFd) fd = -1;
    g_autofree char *text = take_port(&fd);
    g_autofree char *all = g_strdup(strchr(text, ':'));
    g_autoptr(GPtrArray) listeners = g_ptr_array_new_with_free_func(free_listener);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_false(daemon_listener_open_address(all, &rights, listeners, &error));
    assert_non_null(strstr(error->message, "listens there"));
    assert_int_equal(listeners->len, 0);
    util_fd_clear(&fd);
    assert_true(daemon_listener_open_address(all, &rights, listeners, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"a socket has its mode, and goes when it is removed", makes_and_removes, NULL, NULL, NULL},
        {"a socket that nobody listens at is replaced", replaces_a_stale_one, NULL, NULL, NULL},
        {"another instance has the time that it needs", waits_for_another_instance, NULL, NULL,
         NULL},
        {"one that is listened at stays, and it is said by whom", leaves_a_live_one, NULL, NULL,
         NULL},
        {"files that are no socket stay", leaves_other_files, NULL, NULL, NULL},
        {"a folder that is not there", names_a_folder_that_is_not_there, NULL, NULL, NULL},
        {"a port that is taken", says_that_a_port_is_taken, NULL, NULL, NULL},
        {"a port that is taken at one address", refuses_half_of_the_addresses, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
