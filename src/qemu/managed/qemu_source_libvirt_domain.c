/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_domain: see qemu_source_libvirt_domain.h.
 *
 * Owns the definition that libvirt gave, the request for the next one, and the last endpoint with
 * what that was made of.
 */
#include "qemu_source_libvirt_domain.h"

#include <string.h>

#include "libvirt/libvirt_definition.h"
#include "qemu/words/qemu_xml.h"
#include "util/util_deadline.h"

/* When a definition is read again without an event: libvirt sends none for the start of a copy job,
 * an updated interface and perf events. */
enum {
    MAX_AGE_MS = 10000,
    ABOUT_AGE_MS = 60000, /* of a definition that only says what the domain is made of: without
                             events, its title and the like may change unseen */
    DOUBT_MS = 1000,      /* one that was read anew for a doubt, and was the same, is not read
                             for another doubt sooner */
};

struct QemuSourceLibvirtDomain {
    LibvirtPoolRequest *request; /* for the definition; NULL: none is under way */
    QemuDefinition *definition;  /* NULL: none was read, or it could not be parsed */
    int definition_id;           /* the domain's id when that was asked for */
    char *digest;                /* of its XML; NULL: none was read */
    char *fault;                 /* why it could not be parsed; NULL: it could */
    int64_t asked_us;            /* monotonic: when it was asked for; 0: never */
    int asked_id;                /* the domain's id then */
    bool is_same;                /* the last reply was that of before */
    bool is_late;                /* @request was asked by an earlier scan */
    bool has_gone;               /* libvirt says so */
    UtilCount autostart;         /* as it was told last */

    QemuEndpoint *endpoint; /* the last one; NULL: none was made */
    /* What @endpoint was made of: references. */
    QemuEndpoint *process;
    QemuDefinition *used_definition;
    LibvirtPool *libvirt;
    unsigned int n_lost;
};

QemuSourceLibvirtDomain *
qemu_source_libvirt_domain_new(void)
{
    return g_new0(QemuSourceLibvirtDomain, 1);
}

static void
drop_endpoint(QemuSourceLibvirtDomain *self)
{
    g_clear_pointer(&self->endpoint, qemu_endpoint_unref);
    g_clear_pointer(&self->process, qemu_endpoint_unref);
    g_clear_pointer(&self->used_definition, qemu_definition_free);
    g_clear_pointer(&self->libvirt, libvirt_pool_unref);
}

static void
drop_request(QemuSourceLibvirtDomain *self)
{
    if (self->request != NULL)
        libvirt_pool_request_cancel(self->request);
    g_clear_pointer(&self->request, libvirt_pool_request_unref);
}

void
qemu_source_libvirt_domain_free(QemuSourceLibvirtDomain *self)
{
    if (self == NULL)
        return;
    drop_endpoint(self);
    drop_request(self);
    qemu_definition_free(self->definition);
    g_free(self->digest);
    g_free(self->fault);
    g_free(self);
}

pid_t
qemu_source_libvirt_domain_pid(const QemuSourceLibvirtDomain *self)
{
    return self->endpoint ? self->endpoint->pid : 0;
}

LibvirtPoolRequest *
qemu_source_libvirt_domain_request(const QemuSourceLibvirtDomain *self)
{
    return self->request;
}

static bool
is_older_than(const QemuSourceLibvirtDomain *self, int64_t age_ms)
{
    return util_deadline_now_us() - self->asked_us > age_ms * 1000;
}

/* True if there is no definition, or it is of another run or an earlier name. */
static bool
is_other(const QemuSourceLibvirtDomain *self, const LibvirtListDomain *listed)
{
    return self->asked_us == 0 || self->asked_id != listed->id ||
           (self->endpoint != NULL && strcmp(self->endpoint->name, listed->name) != 0);
}

bool
qemu_source_libvirt_domain_is_due(QemuSourceLibvirtDomain *self, const LibvirtListDomain *listed,
                                  bool has_changed)
{
    if (self->request != NULL && !libvirt_pool_request_has_ended(self->request))
        return false;
    drop_request(self); /* what came after the last scan may be older than a change since */
    return has_changed || is_other(self, listed) || is_older_than(self, MAX_AGE_MS);
}

bool
qemu_source_libvirt_domain_is_due_about(QemuSourceLibvirtDomain *self,
                                        const LibvirtListDomain *listed, bool has_changed,
                                        bool may_renew)
{
    bool is_doubted = self->definition != NULL && qemu_definition_is_doubted(self->definition) &&
                      (!self->is_same || is_older_than(self, DOUBT_MS));

    self->is_late = self->request != NULL;
    if (self->is_late) /* if its reply has come by now, this scan takes it */
        return false;
    return has_changed || is_other(self, listed) || is_doubted ||
           (may_renew && is_older_than(self, ABOUT_AGE_MS));
}

bool
qemu_source_libvirt_domain_ask(QemuSourceLibvirtDomain *self, LibvirtPool *pool,
                               const LibvirtListDomain *listed)
{
    bool is_old = is_older_than(self, ABOUT_AGE_MS);

    self->asked_us = util_deadline_now_us();
    self->asked_id = listed->id;
    self->is_late = false;
    self->request = libvirt_definition_ask(pool, listed->uuid, NULL);
    return is_old;
}

void
qemu_source_libvirt_domain_expire(QemuSourceLibvirtDomain *self)
{
    self->asked_us = 0;
}

bool
qemu_source_libvirt_domain_is_late(const QemuSourceLibvirtDomain *self)
{
    return self->request != NULL && self->is_late;
}

/* Parses the XML, unless it is the same as before. */
static void
take_text(QemuSourceLibvirtDomain *self, const char *text)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_autoptr(GError) error = NULL;
    g_autoptr(QemuXml) xml = NULL;

    self->definition_id = self->asked_id;
    self->is_same = g_strcmp0(digest, self->digest) == 0;
    if (self->is_same) {
        if (self->definition != NULL)
            qemu_definition_trust(self->definition);
        return;
    }
    g_free(self->digest);
    self->digest = g_steal_pointer(&digest);
    g_clear_pointer(&self->fault, g_free);
    g_clear_pointer(&self->definition, qemu_definition_free);
    xml = qemu_xml_parse(text, strlen(text), &error);
    if (xml != NULL)
        self->definition = g_steal_pointer(&xml->definition);
    else
        self->fault = g_strdup(error->message);
}

static void
take_definition(QemuSourceLibvirtDomain *self)
{
    LibvirtOutcomeKind kind = LIBVIRT_OUTCOME_WELL;

    self->has_gone = false;
    if (self->request == NULL || !libvirt_pool_request_has_ended(self->request))
        return;
    kind = libvirt_pool_request_outcome(self->request)->kind;
    if (kind == LIBVIRT_OUTCOME_WELL)
        take_text(self, libvirt_definition_text(self->request));
    else
        self->asked_us = 0;
    self->has_gone = kind == LIBVIRT_OUTCOME_NO_DOMAIN;
    drop_request(self);
}

/* Copies from @endpoint where the monitors are, and why they cannot be used. */
static void
copy_places(QemuEndpoint *copy, const QemuEndpoint *endpoint)
{
    for (guint i = 0; i < endpoint->places->len; i++)
        qemu_endpoint_copy_place(copy, g_ptr_array_index(endpoint->places, i));
    copy->unusable = endpoint->unusable ? g_array_ref(endpoint->unusable) : NULL;
    copy->lacks_options = endpoint->lacks_options;
    copy->trouble = endpoint->trouble;
    copy->trouble_code = endpoint->trouble_code;
    copy->trouble_reason = g_strdup(endpoint->trouble_reason);
}

/* The key has the pid and the start of the process, since another process with the same id is
 * another QEMU. The start alone is not enough: two may start within one tick of the clock. */
static char *
make_key(const QemuSourceLibvirtDomainFacts *facts)
{
    const QemuEndpoint *process = facts->process;

    return g_strdup_printf("libvirt:%s:%d:%d:%" G_GUINT64_FORMAT, facts->listed->uuid,
                           facts->listed->id, process ? (int)process->pid : 0,
                           process ? process->start_ticks : facts->n_lost);
}

static void
set_process(QemuEndpoint *endpoint, const QemuSourceLibvirtDomainFacts *facts)
{
    const QemuEndpoint *process = facts->process;

    if (process != NULL) {
        endpoint->pid = process->pid;
        endpoint->start_ticks = process->start_ticks;
        endpoint->exec_mark = process->exec_mark;
        copy_places(endpoint, process);
    } else if (endpoint->is_active && facts->no_process != NULL) {
        endpoint->trouble = DOMSTATS_HEALTH_NO_MONITOR;
        endpoint->trouble_reason = g_strdup(facts->no_process);
    }
}

/* libvirt's definition of this run; NULL if it is not known. */
static QemuDefinition *
find_about(const QemuSourceLibvirtDomain *self, const QemuSourceLibvirtDomainFacts *facts)
{
    return self->definition_id == facts->listed->id ? self->definition : NULL;
}

static QemuEndpoint *
make_endpoint(const QemuSourceLibvirtDomain *self, const QemuSourceLibvirtDomainFacts *facts,
              QemuDefinition *definition)
{
    const LibvirtListDomain *listed = facts->listed;
    g_autofree char *key = make_key(facts);
    QemuEndpoint *endpoint = qemu_endpoint_new(key, listed->name);
    QemuDefinition *about = find_about(self, facts);

    endpoint->uuid = g_strdup(listed->uuid);
    endpoint->id = listed->id;
    endpoint->is_active = listed->id != -1;
    endpoint->is_persistent = listed->is_persistent;
    endpoint->is_listed = true;
    endpoint->autostart = self->autostart;
    endpoint->libvirt_state = facts->state;
    endpoint->libvirt_reason = facts->reason;
    endpoint->libvirt = facts->libvirt ? libvirt_pool_ref(facts->libvirt) : NULL;
    set_process(endpoint, facts);
    endpoint->definition = definition ? qemu_definition_ref(definition) : NULL;
    endpoint->about = about ? qemu_definition_ref(about) : NULL;
    endpoint->libvirt_trouble = g_strdup(facts->libvirt_trouble);
    if (facts->libvirt_trouble != NULL && !endpoint->is_active) {
        endpoint->trouble = DOMSTATS_HEALTH_SLOW;
        endpoint->trouble_reason = g_strdup(facts->libvirt_trouble);
    }
    if (facts->needs_definition && endpoint->trouble_reason == NULL)
        endpoint->trouble_reason = g_strdup(self->fault);
    return endpoint;
}

/* True if @facts and @definition would make the last endpoint again. */
static bool
is_same(const QemuSourceLibvirtDomain *self, const QemuSourceLibvirtDomainFacts *facts,
        const QemuDefinition *definition)
{
    const QemuEndpoint *endpoint = self->endpoint;
    const LibvirtListDomain *listed = facts->listed;

    return endpoint != NULL && endpoint->id == listed->id &&
           endpoint->is_persistent == listed->is_persistent &&
           endpoint->autostart.is_present == self->autostart.is_present &&
           endpoint->autostart.value == self->autostart.value &&
           endpoint->about == find_about(self, facts) && endpoint->libvirt_state == facts->state &&
           endpoint->libvirt_reason == facts->reason && strcmp(endpoint->name, listed->name) == 0 &&
           self->process == facts->process && self->used_definition == definition &&
           self->libvirt == facts->libvirt &&
           g_strcmp0(endpoint->libvirt_trouble, facts->libvirt_trouble) == 0 &&
           (facts->process != NULL || self->n_lost == facts->n_lost);
}

QemuEndpoint *
qemu_source_libvirt_domain_update(QemuSourceLibvirtDomain *self,
                                  const QemuSourceLibvirtDomainFacts *facts)
{
    QemuDefinition *definition = facts->process ? facts->process->definition : NULL;
    QemuEndpoint *endpoint = NULL;

    take_definition(self);
    if (self->has_gone)
        return NULL;
    if (facts->autostart.is_present)
        self->autostart = facts->autostart;
    if (facts->needs_definition && find_about(self, facts) != NULL)
        definition = self->definition;
    if (is_same(self, facts, definition))
        return qemu_endpoint_ref(self->endpoint);
    endpoint = make_endpoint(self, facts, definition);
    drop_endpoint(self);
    self->endpoint = endpoint;
    self->process = facts->process ? qemu_endpoint_ref(facts->process) : NULL;
    self->used_definition = definition ? qemu_definition_ref(definition) : NULL;
    self->libvirt = facts->libvirt ? libvirt_pool_ref(facts->libvirt) : NULL;
    self->n_lost = facts->n_lost;
    return qemu_endpoint_ref(endpoint);
}
