/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_libvirt_uri: which URIs of libvirt are of this host.
 */
#include "testing.h"

#include "qemu/managed/qemu_source_libvirt_uri.h"

typedef struct {
    const char *name;
    const char *uri;
    bool is_elsewhere;
    QemuLibvirtSignsKind kind;
    const char *socket_path;
} Row;

/* clang-format off */
static const Row rows[] = {
    {"the system's", "qemu:///system", false, QEMU_LIBVIRT_SIGNS_SYSTEM, NULL},
    {"a user's", "qemu:///session", false, QEMU_LIBVIRT_SIGNS_SESSION, NULL},
    {"the transport of this host", "qemu+unix:///system", false, QEMU_LIBVIRT_SIGNS_SYSTEM, NULL},
    {"a socket that the URI names", "qemu+unix:///session?socket=/run/x%20y/s", false,
     QEMU_LIBVIRT_SIGNS_SESSION, "/run/x y/s"},
    {"behind another parameter", "qemu:///system?mode=direct&socket=/s", false,
     QEMU_LIBVIRT_SIGNS_SYSTEM, "/s"},
    {"the remote driver over a socket", "remote+unix:///system?socket=/s", false,
     QEMU_LIBVIRT_SIGNS_SYSTEM, "/s"},
    {"the embedded driver", "qemu:///embed?root=/srv/x", false, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"SSH", "qemu+ssh://root@elsewhere/system", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"SSH by libssh", "qemu+libssh2://elsewhere/system", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"TLS", "qemu+tls://elsewhere/system", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"a host without a transport", "qemu://elsewhere/system", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"TCP", "qemu+tcp://10.0.0.1:16509/system", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"TCP to this host may be a tunnel", "qemu+tcp://localhost/system", true,
     QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"TCP without a host", "qemu+tcp:///system", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"a program", "qemu+ext:///system?command=/usr/bin/x", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"a host with a socket", "qemu+unix://elsewhere/system", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"libvirt's test driver", "test:///default", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"another hypervisor", "xen:///system", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"an alias of libvirt's configuration", "hail", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"parameters that cannot be read", "qemu:///system?%zz", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
    {"nothing", "", true, QEMU_LIBVIRT_SIGNS_OTHER, NULL},
};
/* clang-format on */

static void
is_told(const void *data)
{
    const Row *row = data;
    g_auto(QemuSourceLibvirtUri) uri = {0};

    qemu_source_libvirt_uri_parse(row->uri, &uri);
    assert_int_equal(uri.is_elsewhere, row->is_elsewhere);
    assert_int_equal(uri.kind, row->kind);
    if (row->socket_path == NULL)
        assert_null(uri.socket_path);
    else
        assert_string_equal(uri.socket_path, row->socket_path);
}

int
main(void)
{
    return TESTING_RUN_TABLE("URIs", rows, is_told);
}
