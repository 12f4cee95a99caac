/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_connection: see libvirt_connection.h. A domain's handle stays valid when the domain ends
 * and starts again, since libvirt finds it by its UUID.
 */
#include "libvirt_connection.h"

#include <libvirt/virterror.h>
#include <pthread.h>
#include <string.h>

#include "libvirt_uuid.h"
#include "util/util_deadline.h"

/* What is to be done before it closes. */
typedef struct {
    void (*run)(void *data);
    void *data;
} Hook;

struct LibvirtConnection {
    virConnectPtr conn;
    int64_t opened_us;
    pthread_mutex_t *turn; /* borrowed */
    bool has_learned;
    pthread_mutex_t lock;
    GHashTable *domains; /* UUID -> virDomainPtr, owned */
    GArray *hooks;       /* Hook */
};

static void
free_domain(gpointer data)
{
    virDomainFree(data);
}

/* Without it, libvirt's library writes each error to stderr. */
static void
ignore_error(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

/* A copy of @uri by which no ssh asks its user for anything, on the terminal of this process. The
 * caller frees. */
static char *
make_quiet(const char *uri)
{
    const char *scheme_end = strstr(uri, "://");
    const char *ssh = strstr(uri, "+ssh:");

    if (ssh == NULL || scheme_end == NULL || ssh > scheme_end || strstr(uri, "no_tty=") != NULL)
        return g_strdup(uri);
    return g_strconcat(uri, strchr(uri, '?') ? "&" : "?", "no_tty=1", NULL);
}

LibvirtConnection *
libvirt_connection_open(const char *uri, pthread_mutex_t *turn, LibvirtOutcome *ret_outcome)
{
    g_autofree char *quiet = make_quiet(uri);
    virConnectPtr conn = virConnectOpenReadOnly(quiet);
    LibvirtConnection *self = NULL;

    if (conn == NULL) {
        libvirt_outcome_take_last(ret_outcome);
        return NULL;
    }
    virConnSetErrorFunc(conn, NULL, ignore_error);
    self = g_new0(LibvirtConnection, 1);
    self->conn = conn;
    self->turn = turn;
    self->has_learned = !g_str_has_prefix(uri, "qemu"); /* other drivers learn nothing late */
    self->opened_us = util_deadline_now_us();
    pthread_mutex_init(&self->lock, NULL);
    self->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_domain);
    self->hooks = g_array_new(FALSE, FALSE, sizeof(Hook));
    return self;
}

void
libvirt_connection_at_close(LibvirtConnection *self, void (*run)(void *data), void *data)
{
    Hook hook = {run, data};

    pthread_mutex_lock(&self->lock);
    g_array_append_val(self->hooks, hook);
    pthread_mutex_unlock(&self->lock);
}

static void
run_hooks(const GArray *hooks)
{
    for (guint i = 0; i < hooks->len; i++) {
        const Hook *hook = &g_array_index(hooks, Hook, i);

        hook->run(hook->data);
    }
}

void
libvirt_connection_free(LibvirtConnection *self)
{
    if (self == NULL)
        return;
    run_hooks(self->hooks);
    g_array_unref(self->hooks);
    g_hash_table_unref(self->domains);
    virConnectClose(self->conn);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

virConnectPtr
libvirt_connection_get(const LibvirtConnection *self)
{
    return self->conn;
}

bool
libvirt_connection_is_alive(const LibvirtConnection *self)
{
    return virConnectIsAlive(self->conn) == 1;
}

void
libvirt_connection_ping(const LibvirtConnection *self, LibvirtOutcome *ret_outcome)
{
    unsigned long version = 0;

    if (virConnectGetLibVersion(self->conn, &version) < 0)
        libvirt_outcome_take_last(ret_outcome);
}

int64_t
libvirt_connection_opened_us(const LibvirtConnection *self)
{
    return self->opened_us;
}

/* Any answer will do, so the quickest question that needs what it learns. */
void
libvirt_connection_learn(LibvirtConnection *self)
{
    virSecurityModel model;

    if (self->has_learned)
        return;
    pthread_mutex_lock(self->turn);
    (void)virNodeGetSecurityModel(self->conn, &model);
    pthread_mutex_unlock(self->turn);
    self->has_learned = true;
}

static virDomainPtr
find_kept(LibvirtConnection *self, const char *uuid)
{
    virDomainPtr domain = NULL;

    pthread_mutex_lock(&self->lock);
    domain = g_hash_table_lookup(self->domains, uuid);
    pthread_mutex_unlock(&self->lock);
    return domain;
}

virDomainPtr
libvirt_connection_find(LibvirtConnection *self, const char *uuid, LibvirtOutcome *ret_outcome)
{
    virDomainPtr domain = find_kept(self, uuid);

    if (domain != NULL)
        return domain;
    domain = virDomainLookupByUUIDString(self->conn, uuid);
    if (domain == NULL) {
        libvirt_outcome_take_last(ret_outcome);
        return NULL;
    }
    pthread_mutex_lock(&self->lock);
    g_hash_table_replace(self->domains, g_strdup(uuid), domain);
    pthread_mutex_unlock(&self->lock);
    return domain;
}

/* Adds those of @domains that are not in @kept; gives how many of them are in it now. */
static guint
add_new(GHashTable *kept, virDomainPtr *domains, int n_domains)
{
    guint n = 0;

    for (int i = 0; i < n_domains; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";

        if (!libvirt_uuid_of(domains[i], uuid))
            continue;
        n++;
        if (g_hash_table_contains(kept, uuid))
            continue;
        virDomainRef(domains[i]);
        g_hash_table_insert(kept, g_strdup(uuid), domains[i]);
    }
    return n;
}

/* In most lists are the domains of the one before. */
void
libvirt_connection_keep(LibvirtConnection *self, virDomainPtr *domains, int n_domains)
{
    pthread_mutex_lock(&self->lock);
    if (add_new(self->domains, domains, n_domains) < g_hash_table_size(self->domains)) {
        g_hash_table_remove_all(self->domains);
        (void)add_new(self->domains, domains, n_domains);
    }
    pthread_mutex_unlock(&self->lock);
}
