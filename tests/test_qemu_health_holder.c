/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_health_holder: the verdict on a domain whose monitor has another client, or may have
 * one. Who holds a socket is asked of this host's kernel.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "health_case.h"
#include "qemu/exchange/qemu_holder.h"
#include "testing.h"
#include "util/util_fd.h"

/* Who is connected to the socket when it is judged. */
typedef enum { NOBODY, SOMEBODY_QUEUED, SOMEBODY_ACCEPTED, WE_ACCEPTED } Client;

typedef struct {
    const char *sentence;
    Client client;
    bool is_held;
} HolderRow;

static const HolderRow holder_rows[] = {
    {"a socket that nobody is connected to is free", NOBODY, false},
    {"one who only waits in the backlog does not hold it", SOMEBODY_QUEUED, false},
    {"one who was accepted holds it", SOMEBODY_ACCEPTED, true},
    {"our own connection does not", WE_ACCEPTED, false},
};

static int
connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    assert_int_equal(connect(fd, (const void *)&address, sizeof(address)), 0);
    return fd;
}

static void
skip_where_the_kernel_does_not_tell(void)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostSockets) table = host_sockets_read(root, NULL);

    if (table == NULL)
        skip();
}

static void
finds_holder(const void *data)
{
    const HolderRow *row = data;
    g_auto(HealthCase) fixture = {0};
    g_auto(UtilFd) client_fd = -1;
    g_autofree char *path = NULL;
    g_autofree char *reason = NULL;
    QemuDomain *domain = NULL;
    QemuHolderSight sight = {0};

    skip_where_the_kernel_does_not_tell();
    health_case_init(&fixture, NULL, 0, 0);
    domain = fixture.job->domain;
    path = g_build_filename(fixture.folder, "monitor", NULL);
    qemu_endpoint_add_place(domain->endpoint, path, path);
    fixture.fake = fake_qmp_new_listening(&health_case_mute, path);
    if (row->client != NOBODY)
        client_fd = connect_to(path);
    if (row->client >= SOMEBODY_ACCEPTED)
        fake_qmp_settle(fixture.fake);
    if (row->client == WE_ACCEPTED)
        domain->monitor = qemu_monitor_new(qemu_channel_new_fd(util_fd_steal(&client_fd)));
    qemu_holder_look(fixture.host, fixture.job, g_ptr_array_index(domain->endpoint->places, 0), 0,
                     &sight);
    assert_int_equal(sight.kind, row->is_held ? QEMU_HOLDER_OTHER : QEMU_HOLDER_NOBODY);
    assert_int_equal(sight.n_queued, row->client == SOMEBODY_QUEUED);
    if (row->is_held)
        qemu_holder_judge(fixture.host, fixture.job, g_ptr_array_index(domain->endpoint->places, 0),
                          &sight);
    reason = g_strdup_printf("is held by process %d (", (int)getpid());
    if (row->is_held)
        health_case_assert_verdict(fixture.job, DOMSTATS_HEALTH_BUSY, reason);
    else
        assert_null(fixture.job->reason);
}

/* Somebody came in between the look at the table and our dial. */
static void
finds_overtaker(const void *data)
{
    const HolderRow *row = data;
    g_auto(HealthCase) fixture = {0};
    g_auto(UtilFd) client_fd = -1;
    g_autofree char *path = NULL;
    g_autoptr(HostSockets) before = NULL;
    QemuDomain *domain = NULL;

    skip_where_the_kernel_does_not_tell();
    health_case_init(&fixture, NULL, 0, 0);
    domain = fixture.job->domain;
    path = g_build_filename(fixture.folder, "monitor", NULL);
    qemu_endpoint_add_place(domain->endpoint, path, path);
    fixture.fake = fake_qmp_new_listening(&health_case_mute, path);
    /* The table as it was before: what counts is the one that is read late. */
    before = qemu_host_view_ref_sockets(fixture.host, 0);
    assert_non_null(before);
    if (row->client == SOMEBODY_ACCEPTED) {
        client_fd = connect_to(path);
        fake_qmp_settle(fixture.fake);
    }
    domain->monitor = qemu_monitor_new(qemu_channel_new_fd(connect_to(path)));
    domain->dialled_us = util_deadline_now_us();
    if (row->client == WE_ACCEPTED)
        fake_qmp_settle(fixture.fake);
    qemu_health_judge_silence(fixture.host, fixture.job, HEALTH_CASE_FAIR_MS * 1000);
    if (row->is_held)
        health_case_assert_verdict(fixture.job, DOMSTATS_HEALTH_BUSY, "is held by");
    else
        health_case_assert_verdict(fixture.job, DOMSTATS_HEALTH_WEDGED, "does not greet");
}

int
main(void)
{
    return TESTING_RUN_TABLE("health: who holds it", holder_rows, finds_holder) +
           TESTING_RUN_TABLE("health: who overtook us", holder_rows, finds_overtaker);
}
