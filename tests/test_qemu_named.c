/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_named: the words of a call, and the domains that they name.
 */
#include "qemu/qemu_named.h"
#include "testing.h"

typedef struct {
    pid_t pid;        /* the id too */
    const char *name; /* the source's */
    const char *own;  /* the name that QEMU gave; NULL: none */
    const char *uuid;
    const char *path; /* of its monitor */
} DomainRow;

#define UUID_A "6ba7b811-9dad-11d1-80b4-00c04fd430c8"
#define UUID_B "6ba7b812-9dad-11d1-80b4-00c04fd430c8"

static const DomainRow host[] = {
    {30, "web", NULL, UUID_A, "/run/web.sock"},
    {31, "30", NULL, UUID_B, "/run/30.sock"}, /* called like the pid of the first */
    {32, UUID_A, NULL, NULL, "/run/u.sock"},  /* called like the UUID of the first */
    {33, "same", NULL, NULL, "/run/s1.sock"}, /* two of one name */
    {34, "same", NULL, NULL, "/run/s2.sock"},
    {35, "alpha", "beta", NULL, "@alpha"}, /* QEMU says another name than the source */
    {36, "beta2", NULL, NULL, "tcp:127.0.0.1:4"},
};

typedef struct {
    const char *sentence;
    const char *words; /* parted by blanks */
    const char *pids;  /* of the domains that are named, "-" at the end if a word names none */
} NamedRow;

static const NamedRow named_rows[] = {
    {"by id", "30", "30 "},
    {"by id, not by the name of another", "30 31", "30 31 "},
    {"by UUID, not by the name of another", UUID_A, "30 "},
    {"a UUID in capitals", "6BA7B812-9DAD-11D1-80B4-00C04FD430C8", "31 "},
    {"by name", "web", "30 "},
    {"both of one name", "same", "33 34 "},
    {"one of them by its id", "34", "34 "},
    {"by the name that QEMU gave", "beta", "35 "},
    {"by the name that the source has", "alpha", "35 "},
    {"each once", "same web 33 web", "33 34 30 "},
    {"an id with zeros", "0036", "36 "},
    {"by the path of its monitor", "/run/s2.sock", "34 "},
    {"by its abstract name", "@alpha", "35 "},
    {"by its address", "tcp:127.0.0.1:4", "36 "},
    {"a path of no monitor", "/run/x.sock", "-"},
    {"a name that nothing has", "no web", "30 -"},
    {"an id that nothing has", "99", "-"},
    {"names are not patterns", "we*", "-"},
};

static GPtrArray *
make_host(void)
{
    GPtrArray *domains = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_domain_unref);

    for (size_t i = 0; i < G_N_ELEMENTS(host); i++) {
        g_autofree char *key = g_strdup_printf("%zu", i);
        g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new(key, host[i].name);
        QemuDomain *domain = NULL;

        endpoint->pid = host[i].pid;
        endpoint->uuid = g_strdup(host[i].uuid);
        qemu_endpoint_add_place(endpoint, host[i].path, host[i].path);
        domain = qemu_domain_new(endpoint);
        qemu_domain_identify(domain, host[i].own, NULL);
        g_ptr_array_add(domains, domain);
    }
    return domains;
}

static void
finds_domains(const void *data)
{
    const NamedRow *row = data;
    g_autoptr(GPtrArray) domains = make_host();
    g_auto(GStrv) words = g_strsplit(row->words, " ", -1);
    g_autoptr(QemuNamed) named = qemu_named_find((const char *const *)words, domains);
    g_autoptr(GString) pids = g_string_new(NULL);

    for (guint i = 0; i < qemu_named_domains(named)->len; i++) {
        const QemuDomain *domain = g_ptr_array_index(qemu_named_domains(named), i);

        g_string_append_printf(pids, "%d ", (int)domain->pid);
    }
    if (!qemu_named_has_all(named))
        g_string_append_c(pids, '-');
    assert_string_equal(pids->str, row->pids);
}

int
main(void)
{
    return TESTING_RUN_TABLE("words", named_rows, finds_domains);
}
