/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_domain: see qemu_domain.h.
 *
 * Owns the connection and what is known. Does no I/O but closing.
 */
#include "qemu_domain.h"

#include <limits.h>
#include <string.h>

#include "domstats_record.h"

/* query-uuid replies this if QEMU was started without a UUID. */
static const char no_uuid[] = "00000000-0000-0000-0000-000000000000";

/* Sets the UUID that the domain has until QEMU tells one, or if QEMU has none: that of its
 * definition, else one derived from what the source says tells it apart, from the first monitor's
 * path, or from the name where there is no monitor. */
static void
make_uuid(QemuDomain *self)
{
    const QemuDefinition *definition = qemu_domain_definition(self);
    const GPtrArray *places = self->endpoint->places;
    const char *base = self->endpoint->name;

    if (self->endpoint->uuid != NULL) {
        g_strlcpy(self->uuid, self->endpoint->uuid, sizeof(self->uuid));
        return;
    }
    if (definition != NULL && definition->uuid != NULL) {
        g_strlcpy(self->uuid, definition->uuid, sizeof(self->uuid));
        return;
    }
    if (self->endpoint->identity != NULL)
        base = self->endpoint->identity;
    else if (places->len > 0)
        base = ((const QemuEndpointPlace *)g_ptr_array_index(places, 0))->bound_path;
    qemu_endpoint_make_uuid(base, self->uuid);
}

QemuDomain *
qemu_domain_new(QemuEndpoint *endpoint)
{
    QemuDomain *self = g_new0(QemuDomain, 1);

    util_refcount_init(&self->ref_count);
    pthread_mutex_init(&self->identity_lock, NULL);
    self->known = qemu_known_new();
    self->key = g_strdup(endpoint->key);
    self->endpoint = qemu_endpoint_ref(endpoint);
    self->name = g_strdup(endpoint->name);
    self->pid = endpoint->pid;
    self->start_ticks = endpoint->start_ticks;
    self->id = endpoint->id != 0 ? endpoint->id : (endpoint->pid > 0 ? endpoint->pid : -1);
    make_uuid(self);
    return self;
}

QemuDomain *
qemu_domain_ref(QemuDomain *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
qemu_domain_unref(QemuDomain *self)
{
    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    qemu_monitor_free(self->monitor);
    libvirt_pool_request_unref(self->owed);
    qemu_known_free(self->known);
    qemu_host_kept_clear(&self->host);
    host_kept_free(self->looks);
    qemu_definition_free(self->definition);
    qemu_endpoint_unref(self->next_endpoint);
    qemu_endpoint_unref(self->endpoint);
    domstats_record_free(self->last);
    g_free(self->reason);
    g_free(self->name);
    g_free(self->key);
    pthread_mutex_destroy(&self->identity_lock);
    g_free(self);
}

bool
qemu_domain_is_held_once(QemuDomain *self)
{
    return util_refcount_is_one(&self->ref_count);
}

const QemuDefinition *
qemu_domain_definition(const QemuDomain *self)
{
    return self->endpoint->definition ? self->endpoint->definition : self->definition;
}

const QemuDefinition *
qemu_domain_about(const QemuDomain *self)
{
    return self->endpoint->about ? self->endpoint->about : qemu_domain_definition(self);
}

static bool
is_mute(const QemuDomain *self, const QemuEndpointPlace *place)
{
    return self->mute_inode != 0 && place->is_added && place->socket_inode == self->mute_inode;
}

bool
qemu_domain_may_dial(const QemuDomain *self, const QemuEndpointPlace *place)
{
    return place->manager->may != QEMU_MANAGER_MAY_NOTHING && !is_mute(self, place);
}

QemuEndpoint *
qemu_domain_ref_endpoint(QemuDomain *self)
{
    QemuEndpoint *endpoint = NULL;

    pthread_mutex_lock(&self->identity_lock);
    endpoint = qemu_endpoint_ref(self->endpoint);
    pthread_mutex_unlock(&self->identity_lock);
    return endpoint;
}

/* True if the monitor that comes first is at another place in @after than in @before. */
static bool
has_moved(const QemuEndpoint *before, const QemuEndpoint *after)
{
    const QemuEndpointPlace *from = NULL;
    const QemuEndpointPlace *to = NULL;

    if (before->places->len == 0 || after->places->len == 0)
        return false;
    from = g_ptr_array_index(before->places, 0);
    to = g_ptr_array_index(after->places, 0);
    return strcmp(from->bound_path, to->bound_path) != 0;
}

/* True if the source tells the domain apart from others by something else than before. If it knows
 * what does that, another place alone changes nothing. */
static bool
is_told_anew(const QemuEndpoint *before, const QemuEndpoint *after)
{
    if (strcmp(before->name, after->name) != 0)
        return true;
    if (before->identity != NULL && after->identity != NULL)
        return strcmp(before->identity, after->identity) != 0;
    return has_moved(before, after);
}

/* Sets name, UUID and history as of a new domain. What is known of the QEMU stays: an open
 * connection leads to the same one, and a new connection shows whether it is another. */
static void
forget_identity(QemuDomain *self)
{
    g_free(self->name);
    self->name = g_strdup(self->endpoint->name);
    make_uuid(self);
    qemu_known_doubt_identity(self->known);
    self->since_us = 0;
    self->n_failures = 0;
    g_clear_pointer(&self->last, domstats_record_free);
}

/* A process keeps its number and its start when it executes another QEMU. */
static bool
has_executed(const QemuEndpoint *before, const QemuEndpoint *after)
{
    return before->exec_mark != 0 && after->exec_mark != 0 && before->exec_mark != after->exec_mark;
}

void
qemu_domain_set_endpoint(QemuDomain *self, QemuEndpoint *endpoint)
{
    QemuEndpoint *before = self->endpoint;

    if (has_executed(before, endpoint)) {
        qemu_domain_forget_process(self);
        self->pid = endpoint->pid;
        self->start_ticks = endpoint->start_ticks;
    }
    pthread_mutex_lock(&self->identity_lock);
    self->endpoint = qemu_endpoint_ref(endpoint);
    if (has_executed(before, endpoint) || is_told_anew(before, endpoint))
        forget_identity(self);
    pthread_mutex_unlock(&self->identity_lock);
    qemu_endpoint_unref(before);
}

void
qemu_domain_end_silence(QemuDomain *self)
{
    self->is_silent = false;
    self->silence = (QemuDomainSilence){.bar = self->silence.bar,
                                        .barred_us = self->silence.barred_us,
                                        .n_looks = self->silence.n_looks};
}

void
qemu_domain_let_go(QemuDomain *self)
{
    g_clear_pointer(&self->monitor, qemu_monitor_free);
    qemu_known_note_connection_lost(self->known);
    g_clear_pointer(&self->host.taps, g_array_unref);
}

void
qemu_domain_disconnect(QemuDomain *self)
{
    qemu_domain_let_go(self);
    qemu_domain_end_silence(self);
}

void
qemu_domain_forget_process(QemuDomain *self)
{
    qemu_domain_disconnect(self);
    qemu_known_forget(self->known);
    qemu_host_kept_clear(&self->host);
    g_clear_pointer(&self->looks, host_kept_free);
    g_clear_pointer(&self->definition, qemu_definition_free);
    self->lacks_definition = false;
    self->has_served = false;
    self->mute_inode = 0;
    self->told_groups = (QemuLibvirtGroupsHistory){0};
    self->told = QEMU_DOMAIN_TOLD_NEVER;
    self->pid = 0;
    self->start_ticks = 0;
    pthread_mutex_lock(&self->identity_lock);
    self->unsupported = 0;
    pthread_mutex_unlock(&self->identity_lock);
}

void
qemu_domain_identify(QemuDomain *self, const char *name, const char *uuid)
{
    pthread_mutex_lock(&self->identity_lock);
    if (name != NULL && name[0] != '\0' && strcmp(name, self->name) != 0) {
        g_free(self->name);
        self->name = g_strdup(name);
    }
    if (uuid != NULL && g_uuid_string_is_valid(uuid) && strcmp(uuid, no_uuid) != 0)
        g_strlcpy(self->uuid, uuid, sizeof(self->uuid));
    else
        make_uuid(self);
    pthread_mutex_unlock(&self->identity_lock);
}

void
qemu_domain_set_process(QemuDomain *self, pid_t pid, uint64_t start_ticks)
{
    self->pid = pid;
    self->start_ticks = start_ticks;
    if (self->endpoint->id != 0)
        return;
    pthread_mutex_lock(&self->identity_lock);
    self->id = pid;
    pthread_mutex_unlock(&self->identity_lock);
}

unsigned int
qemu_domain_describe(QemuDomain *self, DomstatsRecord *record)
{
    unsigned int unsupported = 0;

    pthread_mutex_lock(&self->identity_lock);
    record->name = g_strdup(self->name);
    memcpy(record->uuid, self->uuid, sizeof(record->uuid));
    record->id = self->id;
    if (self->since_us != 0 && self->health == record->health)
        record->since_us = self->since_us;
    unsupported = self->unsupported;
    pthread_mutex_unlock(&self->identity_lock);
    return unsupported;
}

void
qemu_domain_note_unsupported(QemuDomain *self, unsigned int groups)
{
    pthread_mutex_lock(&self->identity_lock);
    self->unsupported |= groups;
    pthread_mutex_unlock(&self->identity_lock);
}

DomstatsRecord *
qemu_domain_copy_last(QemuDomain *self)
{
    DomstatsRecord *last = NULL;

    pthread_mutex_lock(&self->identity_lock);
    last = domstats_record_copy(self->last);
    pthread_mutex_unlock(&self->identity_lock);
    return last;
}

void
qemu_domain_keep_last(QemuDomain *self, const DomstatsRecord *record)
{
    DomstatsRecord *copy = domstats_record_copy(record);

    pthread_mutex_lock(&self->identity_lock);
    domstats_record_free(self->last);
    self->last = copy;
    pthread_mutex_unlock(&self->identity_lock);
}

bool
qemu_domain_was_called(QemuDomain *self)
{
    bool was_called = false;

    pthread_mutex_lock(&self->identity_lock);
    was_called = self->since_us != 0;
    pthread_mutex_unlock(&self->identity_lock);
    return was_called;
}

void
qemu_domain_set_health(QemuDomain *self, DomstatsHealth health, const char *reason, int64_t wall_us)
{
    pthread_mutex_lock(&self->identity_lock);
    if (self->since_us == 0 || self->health != health)
        self->since_us = wall_us;
    self->health = health;
    pthread_mutex_unlock(&self->identity_lock);
    if (g_strcmp0(self->reason, reason) != 0) {
        g_free(self->reason);
        self->reason = g_strdup(reason);
    }
}
