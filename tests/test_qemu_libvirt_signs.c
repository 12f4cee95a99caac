/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_libvirt_signs: which libvirt started a QEMU, by the paths that it tells.
 */
#include "testing.h"

#include "qemu/managed/qemu_libvirt_signs.h"
#include "qemu/words/qemu_cmdline.h"

typedef struct {
    const char *name;
    const char *path;
    const char *folder; /* NULL: no sign */
    const char *short_name;
    int id;
    QemuLibvirtSignsKind kind;
} PathRow;

/* clang-format off */
static const PathRow path_rows[] = {
    {"system libvirt's monitor", "/var/lib/libvirt/qemu/domain-3-web/monitor.sock",
     "/var/lib/libvirt/qemu", "web", 3, QEMU_LIBVIRT_SIGNS_SYSTEM},
    {"system libvirt's key", "/var/lib/libvirt/qemu/domain-12-web-1/master-key.aes",
     "/var/lib/libvirt/qemu", "web-1", 12, QEMU_LIBVIRT_SIGNS_SYSTEM},
    {"session libvirt's monitor", "/home/u/.config/libvirt/qemu/lib/domain-1-a/monitor.sock",
     "/home/u/.config/libvirt/qemu/lib", "a", 1, QEMU_LIBVIRT_SIGNS_SESSION},
    {"the embedded driver", "/srv/root/lib/qemu/domain-1-a/monitor.sock",
     "/srv/root/lib/qemu", "a", 1, QEMU_LIBVIRT_SIGNS_OTHER},
    {"an old libvirt without the id", "/var/lib/libvirt/qemu/domain-web/monitor.sock",
     "/var/lib/libvirt/qemu", "web", -1, QEMU_LIBVIRT_SIGNS_SYSTEM},
    {"a number alone is a name", "/var/lib/libvirt/qemu/domain-7/monitor.sock",
     "/var/lib/libvirt/qemu", "7", -1, QEMU_LIBVIRT_SIGNS_SYSTEM},
    {"a number that is no id", "/var/lib/libvirt/qemu/domain-99999999999-a/monitor.sock",
     "/var/lib/libvirt/qemu", "99999999999-a", -1, QEMU_LIBVIRT_SIGNS_SYSTEM},
    {"an id of 0 is none", "/var/lib/libvirt/qemu/domain-0-a/monitor.sock",
     "/var/lib/libvirt/qemu", "0-a", -1, QEMU_LIBVIRT_SIGNS_SYSTEM},
    {"no name", "/var/lib/libvirt/qemu/domain-/monitor.sock", NULL},
    {"the socket of libvirt's probe", "/var/lib/libvirt/qemu/qmp-A1B2C3/qmp.monitor", NULL},
    {"no folder above it", "/domain-1-a/monitor.sock", NULL},
    {"a relative path", "x/domain-1-a/monitor.sock", NULL},
    {"an abstract name", "@/x/domain-1-a/monitor.sock", NULL},
    {"nothing", "", NULL},
};
/* clang-format on */

static void
reads_a_path(const void *data)
{
    const PathRow *row = data;
    g_auto(QemuLibvirtSigns) signs = {0};
    bool is_sign = qemu_libvirt_signs_parse(row->path, &signs);

    assert_int_equal(is_sign, row->folder != NULL);
    if (!is_sign)
        return;
    assert_string_equal(signs.folder, row->folder);
    assert_string_equal(signs.short_name, row->short_name);
    assert_int_equal(signs.id, row->id);
    assert_int_equal(qemu_libvirt_signs_kind(&signs), row->kind);
}

typedef struct {
    const char *name;
    QemuLibvirtSigns signs;
    const char *domain;
    int id;
    bool fits;
} FitRow;

#define TWENTY "a-very-long-name-of-"

static const FitRow fit_rows[] = {
    {"the same", {NULL, (char *)"web", 3}, "web", 3, true},
    {"another run", {NULL, (char *)"web", 3}, "web", 4, false},
    {"another name", {NULL, (char *)"web", 3}, "web2", 3, false},
    {"no id told", {NULL, (char *)"web", -1}, "web", 4, true},
    {"a long name, cut", {NULL, (char *)TWENTY, 1}, TWENTY "a-domain", 1, true},
    {"another long name", {NULL, (char *)TWENTY, 1}, "x-very-long-name-of-a-domain", 1, false},
    {"a name cut to characters",
     {NULL, (char *)"ééééééééééaaaaaaaaaa", 1},
     "ééééééééééaaaaaaaaaabc",
     1,
     true},
    {"a name cut to bytes", {NULL, (char *)"éééééééééé", 1}, "ééééééééééaaaa", 1, true},
    {"cut elsewhere", {NULL, (char *)"a-very", 1}, "a-very-long-name-of-a-domain", 1, false},
};

static void
fits_a_domain(const void *data)
{
    const FitRow *row = data;

    assert_int_equal(qemu_libvirt_signs_fit(&row->signs, row->domain, row->id), row->fits);
}

typedef struct {
    const char *name;
    const char *monitor;  /* where the monitor with the chardev below is bound; NULL: no place */
    const char *words[3]; /* behind the program */
    int id;               /* 0: no sign */
} ReadRow;

#define KEY(id)                                                                                    \
    "{\"qom-type\":\"secret\",\"id\":\"masterKey0\",\"format\":\"raw\","                           \
    "\"file\":\"/var/lib/libvirt/qemu/domain-" id "-vm/master-key.aes\"}"

static const ReadRow read_rows[] = {
    {"a plain QEMU", "/run/vm.sock", {"-S"}, 0},
    {"the socket of libvirt's monitor",
     "/var/lib/libvirt/qemu/domain-1-vm/monitor.sock",
     {"-S"},
     1},
    {"the key alone", NULL, {"-object", KEY("2")}, 2},
    {"the key in the old form of words",
     NULL,
     {"-object", "secret,id=masterKey0,format=raw,file=/x/libvirt/qemu/domain-4-vm/master-key.aes"},
     4},
    {"the kernel's table before the words",
     "/var/lib/libvirt/qemu/domain-1-vm/monitor.sock",
     {"-object", KEY("2")},
     1},
    {"another secret", NULL, {"-object", "secret,id=s0,file=/x/libvirt/qemu/domain-4-vm/a"}, 0},
    {"another object", NULL, {"-object", "rng-random,id=masterKey0,file=/x/y/domain-4-vm/a"}, 0},
};

static void
reads_a_process(const void *data)
{
    const ReadRow *row = data;
    const char *words[] = {"qemu", row->words[0], row->words[1], NULL};
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse(words);
    g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new("key", "vm");
    g_auto(QemuLibvirtSigns) signs = {0};
    bool is_sign = false;

    endpoint->definition = qemu_definition_ref(cmdline->definition);
    if (row->monitor != NULL)
        qemu_endpoint_add_place(endpoint, row->monitor, row->monitor);
    is_sign = qemu_libvirt_signs_read(endpoint, &signs);
    assert_int_equal(is_sign, row->id != 0);
    assert_int_equal(signs.id, row->id);
}

int
main(void)
{
    return TESTING_RUN_TABLE("paths", path_rows, reads_a_path) +
           TESTING_RUN_TABLE("domains", fit_rows, fits_a_domain) +
           TESTING_RUN_TABLE("processes", read_rows, reads_a_process);
}
