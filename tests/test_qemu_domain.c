/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_domain: name and UUID of a domain while what its source says of it changes.
 */
#include "qemu/plan/qemu_domain.h"
#include "testing.h"

/* What a source says; all but the name may be NULL. */
typedef struct {
    const char *name;
    const char *identity;
    const char *path; /* of the first place */
    uint64_t exec_mark;
} Said;

typedef struct {
    const char *sentence;
    Said before;
    const char *told; /* the name by QEMU, in between; NULL: none */
    Said after;
    const char *expected;
    bool has_same_uuid;
} DomainRow;

static const DomainRow domain_rows[] = {
    {"nothing changes",
     {"one", "/srv/one/qmp", "/srv/one/qmp"},
     NULL,
     {"one", "/srv/one/qmp", "/srv/one/qmp"},
     "one",
     true},
    {"nor does the name that QEMU told",
     {"one", "/srv/one/qmp", "/srv/one/qmp"},
     "web",
     {"one", "/srv/one/qmp", "/srv/one/qmp"},
     "web",
     true},
    {"a process that had no proof has one",
     {"pid-30", NULL, NULL},
     NULL,
     {"one", "/srv/one/qmp", "/srv/one/qmp"},
     "one",
     false},
    {"another monitor of the process comes first",
     {"one", "/srv/one/a", "/srv/one/a"},
     "web",
     {"one", "/srv/one/a", "/srv/one/b"},
     "web",
     true},
    {"its monitor is no longer there",
     {"one", "/srv/one/a", "/srv/one/a"},
     "web",
     {"one", "/srv/one/a", NULL},
     "web",
     true},
    {"a socket whose process is not known has another name",
     {"a", NULL, "/run/a.sock"},
     "web",
     {"b", NULL, "/run/b.sock"},
     "b",
     false},
    {"and one with another ending",
     {"a", NULL, "/run/a.sock"},
     "web",
     {"a", NULL, "/run/a.qmp"},
     "a",
     false},
    {"its process has executed another QEMU",
     {"one", "/srv/one/qmp", "/srv/one/qmp", 9},
     "web",
     {"one", "/srv/one/qmp", "/srv/one/qmp", 10},
     "one",
     true},
};

static QemuEndpoint *
make_endpoint(const Said *said)
{
    QemuEndpoint *endpoint = qemu_endpoint_new("key", said->name);

    endpoint->identity = g_strdup(said->identity);
    endpoint->exec_mark = said->exec_mark;
    if (said->path != NULL)
        qemu_endpoint_add_place(endpoint, said->path, said->path);
    return endpoint;
}

static void
follows_its_source(const void *data)
{
    const DomainRow *row = data;
    g_autoptr(QemuEndpoint) before = make_endpoint(&row->before);
    g_autoptr(QemuEndpoint) after = make_endpoint(&row->after);
    QemuDomain *domain = qemu_domain_new(before);
    g_autofree char *uuid = g_strdup(domain->uuid);

    qemu_domain_identify(domain, row->told, NULL);
    assert_string_equal(domain->uuid, uuid);
    domain->has_served = true; /* what was learnt of the process */
    qemu_domain_set_endpoint(domain, after);
    assert_int_equal(domain->has_served, row->before.exec_mark == row->after.exec_mark);
    assert_string_equal(domain->name, row->expected);
    assert_int_equal(g_str_equal(domain->uuid, uuid), row->has_same_uuid);
    qemu_domain_unref(domain);
}

int
main(void)
{
    return TESTING_RUN_TABLE("domain", domain_rows, follows_its_source);
}
