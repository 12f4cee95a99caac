/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_libvirt: libvirt's own ways to the same statistics.
 *
 * Owns the connection, its event loop and the domains started through it. Knows the shape of
 * the fleet's domains (bench/fleet.py): two disks, and one interface that is named in the XML.
 */
#include "bench_libvirt.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "util/util_error.h"

enum {
    N_STARTERS = 4,
    N_ENDERS = 16, /* libvirt looks only five times a second whether a process has ended */
};

static const char *const disks[] = {"vda", "vdb"};

typedef struct {
    virDomainPtr domain;
    char *interface;
} Guest;

struct BenchLibvirt {
    virConnectPtr connection;
    GThread *loop;
    int wakeup_timer;
    gint is_ending; /* atomic */
    unsigned int start_flags;
    bool has_adopted; /* its domains stay */
    GMutex lock;      /* guards the next two while domains start */
    GPtrArray *guests;
    GError *start_error;
};

static void
be_silent(void *data, virErrorPtr failure)
{
    (void)data;
    (void)failure;
}

static void
set_error(const char *what, GError **error)
{
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "libvirt: %s: %s", what,
                virGetLastErrorMessage());
}

static void
wake_up(int timer, void *data)
{
    (void)timer;
    (void)data;
}

static gpointer
run_loop(gpointer data)
{
    BenchLibvirt *self = data;

    while (!g_atomic_int_get(&self->is_ending))
        virEventRunDefaultImpl();
    return NULL;
}

static void
destroy_one(gpointer data, gpointer user_data)
{
    (void)user_data;
    virDomainDestroy(((Guest *)data)->domain);
}

/* g_thread_pool_new() cannot fail for a pool that is not exclusive. */
static void
destroy_all(const GPtrArray *guests)
{
    GThreadPool *pool = g_thread_pool_new(destroy_one, NULL, N_ENDERS, FALSE, NULL);

    for (guint i = 0; i < guests->len; i++)
        g_thread_pool_push(pool, g_ptr_array_index(guests, i), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

static void
free_guest(gpointer data)
{
    Guest *guest = data;

    virDomainFree(guest->domain);
    g_free(guest->interface);
    g_free(guest);
}

BenchLibvirt *
bench_libvirt_open(const char *uri, GError **error)
{
    g_autoptr(BenchLibvirt) self = g_new0(BenchLibvirt, 1);

    g_mutex_init(&self->lock);
    self->guests = g_ptr_array_new_with_free_func(free_guest);
    virSetErrorFunc(NULL, be_silent);
    virEventRegisterDefaultImpl();
    self->wakeup_timer = virEventAddTimeout(-1, wake_up, NULL, NULL);
    self->loop = g_thread_new("libvirt-events", run_loop, self);
    self->connection = virConnectOpen(uri);
    if (self->connection == NULL) {
        set_error(uri, error);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
bench_libvirt_free(BenchLibvirt *self)
{
    if (self == NULL)
        return;
    if (!self->has_adopted)
        destroy_all(self->guests);
    g_ptr_array_unref(self->guests);
    if (self->connection != NULL)
        virConnectClose(self->connection);
    g_atomic_int_set(&self->is_ending, 1);
    virEventUpdateTimeout(self->wakeup_timer, 0);
    g_thread_join(self->loop);
    virEventRemoveTimeout(self->wakeup_timer);
    g_clear_error(&self->start_error);
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* The name behind "<target dev='" in the interface of our own XML. */
static char *
find_interface(const char *xml)
{
    static const char mark[] = "<target dev='";
    const char *interface = strstr(xml, "<interface ");
    const char *start = interface ? strstr(interface, mark) : NULL;
    const char *end = start ? strchr(start + strlen(mark), '\'') : NULL;

    return end ? g_strndup(start + strlen(mark), (gsize)(end - start) - strlen(mark)) : NULL;
}

static void
start_one(gpointer data, gpointer user_data)
{
    const char *path = data;
    BenchLibvirt *self = user_data;
    g_autofree char *xml = NULL;
    GError *fault = NULL;
    Guest *guest = NULL;
    virDomainPtr domain = NULL;

    if (g_file_get_contents(path, &xml, NULL, &fault)) {
        domain = virDomainCreateXML(self->connection, xml, self->start_flags);
        if (domain == NULL)
            set_error(path, &fault);
    }
    g_mutex_lock(&self->lock);
    if (fault != NULL && self->start_error == NULL)
        self->start_error = g_steal_pointer(&fault);
    if (domain != NULL) {
        guest = g_new0(Guest, 1);
        guest->domain = domain;
        guest->interface = find_interface(xml);
        g_ptr_array_add(self->guests, guest);
    }
    g_mutex_unlock(&self->lock);
    g_clear_error(&fault);
}

bool
bench_libvirt_start(BenchLibvirt *self, const GPtrArray *paths, bool are_paused, GError **error)
{
    GThreadPool *pool = g_thread_pool_new(start_one, self, N_STARTERS, TRUE, error);

    if (pool == NULL)
        return false;
    self->start_flags = are_paused ? VIR_DOMAIN_START_PAUSED : VIR_DOMAIN_NONE;
    for (guint i = 0; i < paths->len; i++)
        g_thread_pool_push(pool, g_ptr_array_index(paths, i), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    if (self->start_error != NULL) {
        g_propagate_error(error, g_steal_pointer(&self->start_error));
        return false;
    }
    return true;
}

bool
bench_libvirt_adopt(BenchLibvirt *self, GError **error)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(self->connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    if (n < 0) {
        set_error("list of domains", error);
        return false;
    }
    self->has_adopted = true;
    g_ptr_array_set_size(self->guests, 0);
    for (int i = 0; i < n; i++) {
        Guest *guest = g_new0(Guest, 1);

        guest->domain = domains[i];
        g_ptr_array_add(self->guests, guest);
    }
    free(domains); /* word allowed: libvirt made it */
    return true;
}

bool
bench_libvirt_resume(BenchLibvirt *self, GError **error)
{
    for (guint i = 0; i < self->guests->len; i++) {
        virDomainPtr domain = ((Guest *)g_ptr_array_index(self->guests, i))->domain;

        if (virDomainResume(domain) < 0) {
            set_error(virDomainGetName(domain), error);
            return false;
        }
    }
    return true;
}

static bool
take_records(virDomainStatsRecordPtr *records, int n, guint n_expected, size_t *n_values,
             GError **error)
{
    bool is_whole = n >= 0 && (guint)n == n_expected;

    if (n < 0)
        set_error("statistics", error);
    else if (!is_whole)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "libvirt: %d domains in place of %u", n,
                    n_expected);
    for (int i = 0; i < n; i++)
        *n_values += (size_t)records[i]->nparams;
    if (n >= 0)
        virDomainStatsRecordListFree(records);
    return is_whole;
}

bool
bench_libvirt_bulk(BenchLibvirt *self, unsigned int stats, size_t *ret_n_values, GError **error)
{
    virDomainStatsRecordPtr *records = NULL;
    int n = virConnectGetAllDomainStats(self->connection, stats, &records, 0);

    *ret_n_values = 0;
    return take_records(records, n, self->guests->len, ret_n_values, error);
}

bool
bench_libvirt_one_by_one(BenchLibvirt *self, unsigned int stats, size_t *ret_n_values,
                         GError **error)
{
    *ret_n_values = 0;
    for (guint i = 0; i < self->guests->len; i++) {
        virDomainPtr domains[] = {((Guest *)g_ptr_array_index(self->guests, i))->domain, NULL};
        virDomainStatsRecordPtr *records = NULL;
        int n = virDomainListGetStats(domains, stats, &records, 0);

        if (!take_records(records, n, 1, ret_n_values, error))
            return false;
    }
    return true;
}

static bool
ask_classic(const Guest *guest, size_t *n_values)
{
    virDomainInfo info;
    virDomainMemoryStatStruct memory[VIR_DOMAIN_MEMORY_STAT_NR];
    virVcpuInfo vcpus[64];
    virDomainInterfaceStatsStruct interface;
    int n_memory = virDomainMemoryStats(guest->domain, memory, VIR_DOMAIN_MEMORY_STAT_NR, 0);
    int n_vcpus = virDomainGetVcpus(guest->domain, vcpus, G_N_ELEMENTS(vcpus), NULL, 0);
    bool is_good = virDomainGetInfo(guest->domain, &info) == 0 && n_memory >= 0 && n_vcpus > 0;

    for (size_t i = 0; is_good && i < G_N_ELEMENTS(disks); i++) {
        virDomainBlockStatsStruct counters;
        virDomainBlockInfo sizes;

        is_good = virDomainBlockStats(guest->domain, disks[i], &counters, sizeof(counters)) == 0 &&
                  virDomainGetBlockInfo(guest->domain, disks[i], &sizes, 0) == 0;
        *n_values += 5 + 3;
    }
    if (is_good && guest->interface != NULL) {
        is_good = virDomainInterfaceStats(guest->domain, guest->interface, &interface,
                                          sizeof(interface)) == 0;
        *n_values += 8;
    }
    *n_values += 5 + (size_t)MAX(n_memory, 0) + 4 * (size_t)MAX(n_vcpus, 0);
    return is_good;
}

bool
bench_libvirt_classic(BenchLibvirt *self, size_t *ret_n_values, GError **error)
{
    *ret_n_values = 0;
    for (guint i = 0; i < self->guests->len; i++) {
        const Guest *guest = g_ptr_array_index(self->guests, i);

        if (!ask_classic(guest, ret_n_values)) {
            set_error(virDomainGetName(guest->domain), error);
            return false;
        }
    }
    return true;
}

char *
bench_libvirt_version(void)
{
    unsigned long version = 0;

    if (virGetVersion(&version, NULL, NULL) < 0)
        return NULL;
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}
