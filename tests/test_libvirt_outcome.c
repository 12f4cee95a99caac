/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_libvirt_outcome: libvirt's errors, as callers treat them. The errors were seen with libvirt
 * 9.0.
 */
#include <errno.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "libvirt/libvirt_connection.h"
#include "testing.h"

typedef struct {
    const char *name;
    int code, domain, int1;
    LibvirtOutcomeKind kind;
} Row;

static const Row rows[] = {
    {"no socket is there", VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, ENOENT, LIBVIRT_OUTCOME_REFUSED},
    {"nobody listens", VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, ECONNREFUSED, LIBVIRT_OUTCOME_REFUSED},
    {"the name of the host is not known", VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, -1,
     LIBVIRT_OUTCOME_REFUSED},
    {"the mode of the socket", VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, EACCES, LIBVIRT_OUTCOME_DENIED},
    {"a mode that the daemon met itself", VIR_ERR_SYSTEM_ERROR, VIR_FROM_QEMU, EACCES,
     LIBVIRT_OUTCOME_FAILED},
    {"it disconnected", VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, EIO, LIBVIRT_OUTCOME_LOST},
    {"it had disconnected", VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, EPIPE, LIBVIRT_OUTCOME_LOST},
    {"it was killed", VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, ECONNRESET, LIBVIRT_OUTCOME_LOST},
    {"no driver has this scheme", VIR_ERR_NO_CONNECT, VIR_FROM_NONE, -1, LIBVIRT_OUTCOME_REFUSED},
    {"polkit does not allow it", VIR_ERR_AUTH_UNAVAILABLE, VIR_FROM_POLKIT, -1,
     LIBVIRT_OUTCOME_DENIED},
    {"a wrong password, or none", VIR_ERR_AUTH_FAILED, VIR_FROM_RPC, -1, LIBVIRT_OUTCOME_DENIED},
    {"access control", VIR_ERR_ACCESS_DENIED, VIR_FROM_ACCESS, -1, LIBVIRT_OUTCOME_DENIED},
    {"it has no such domain", VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, -1, LIBVIRT_OUTCOME_NO_DOMAIN},
    {"the domain does not run", VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, -1,
     LIBVIRT_OUTCOME_NOT_RUNNING},
    {"a group that it cannot serve", VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_QEMU, -1,
     LIBVIRT_OUTCOME_UNSUPPORTED},
    {"any other", VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, -1, LIBVIRT_OUTCOME_FAILED},
};

static void
has_the_kind(const void *data)
{
    const Row *row = data;

    assert_int_equal(libvirt_outcome_find_kind(row->code, row->domain, row->int1), row->kind);
}

static void
ignore_error(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static void
libvirts_own_error(void **state)
{
    g_auto(LibvirtOutcome) outcome = {LIBVIRT_OUTCOME_WELL, NULL};

    (void)state;
    assert_null(
        libvirt_connection_open("qemu+unix:///system?socket=/nowhere/at/all", NULL, &outcome));
    assert_int_equal(outcome.kind, LIBVIRT_OUTCOME_REFUSED);
    assert_non_null(strstr(outcome.message, "/nowhere/at/all"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"libvirt's own error", libvirts_own_error, NULL, NULL, NULL},
    };

    virInitialize();
    virSetErrorFunc(NULL, ignore_error);
    return TESTING_RUN_TABLE("libvirt_outcome", rows, has_the_kind) +
           cmocka_run_group_tests_name("libvirt_outcome_more", tests, NULL, NULL);
}
