/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_descriptors: what one pass over the descriptors of a process tells, in made trees and
 * of this process.
 */
#include "host/process/host_descriptors.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testing.h"
#include "util/util_fd.h"

enum { PID = 42 };

typedef struct {
    const char *name;
    struct {
        const char *fd, *target;
    } links[4];
    const char *expected; /* "sockets; taps; vcpus stats" */
} Row;

static const Row rows[] = {
    {"nothing of all this", {{"0", "/dev/null"}, {"1", "pipe:[7]"}}, ";;"},
    {"sockets by number",
     {{"10", "socket:[11]"}, {"9", "socket:[12]"}, {"x", "socket:[13]"}},
     " 9=12 10=11;;"},
    {"a socket without a number", {{"3", "socket:[]"}, {"4", "socket:[12"}}, ";;"},
    {"network devices", {{"19", "/dev/net/tun"}, {"30", "/dev/tap6"}}, "; 19 30;"},
    {"vCPUs of KVM", {{"18", "anon_inode:kvm-vm"}, {"20", "anon_inode:kvm-vcpu:0"}}, ";; vcpus"},
    {"vCPUs of KVM with their statistics",
     {{"20", "anon_inode:kvm-vcpu:0"}, {"21", "anon_inode:kvm-vcpu-stats:0"}},
     ";; vcpus stats"},
};

static char *
describe(HostDescriptors *descriptors)
{
    const GArray *sockets = host_descriptors_list(descriptors, PID);
    const HostDescriptorsOthers *others = host_descriptors_others(descriptors, PID);
    GString *text = g_string_new(NULL);

    assert_non_null(sockets);
    assert_non_null(others);
    for (guint i = 0; i < sockets->len; i++) {
        const HostDescriptorsSocket *socket = &g_array_index(sockets, HostDescriptorsSocket, i);

        g_string_append_printf(text, " %d=%u", socket->fd, (unsigned int)socket->inode);
    }
    g_string_append_c(text, ';');
    for (guint i = 0; i < others->tap_fds->len; i++)
        g_string_append_printf(text, " %d", g_array_index(others->tap_fds, int, i));
    g_string_append_printf(text, ";%s%s", others->has_kvm_vcpus ? " vcpus" : "",
                           others->has_kvm_stats ? " stats" : "");
    return g_string_free(text, FALSE);
}

static void
lists(const void *data)
{
    const Row *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostDescriptors) descriptors = NULL;
    g_autofree char *text = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/42/fd/.keep", "");
    for (size_t i = 0; i < G_N_ELEMENTS(row->links) && row->links[i].fd != NULL; i++) {
        g_autofree char *link = g_build_filename(folder, "proc/42/fd", row->links[i].fd, NULL);

        assert_int_equal(symlink(row->links[i].target, link), 0);
    }
    root = host_root_new_recorded(folder, NULL);
    descriptors = host_descriptors_new(root);
    text = describe(descriptors);
    testing_remove_folder(folder);
    assert_string_equal(text, row->expected);
}

static void
reads_a_live_process(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostDescriptors) descriptors = host_descriptors_new(root);
    g_auto(UtilFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ino_t inode = host_descriptors_socket(root, getpid(), fd);

    (void)state;
    assert_int_not_equal(inode, 0);
    assert_true(host_descriptors_has_socket(descriptors, getpid(), inode));
    assert_false(host_descriptors_others(descriptors, getpid())->has_kvm_vcpus);
}

static void
tells_why_it_cannot(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostDescriptors) descriptors = host_descriptors_new(root);

    (void)state;
    assert_null(host_descriptors_list(descriptors, G_MAXINT32));
    assert_int_equal(errno, ENOENT);
    assert_null(host_descriptors_others(descriptors, G_MAXINT32));
    assert_int_equal(errno, ENOENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_live_process),
        cmocka_unit_test(tells_why_it_cannot),
    };

    return TESTING_RUN_TABLE("host_descriptors", rows, lists) +
           cmocka_run_group_tests_name("host_descriptors: live", tests, NULL, NULL);
}
