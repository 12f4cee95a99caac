/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_stats: see libvirt_stats.h. Owns the question and the answer of a request.
 *
 * libvirt leaves out of an answer about several domains those that it does not have, and says
 * nothing of it. Records are joined with domains by their UUIDs. Of an answer about several with
 * trouble, with a record of a domain that was not asked for, or with two of one, nothing is taken:
 * each domain is asked by itself then, and so is one without a record. That answer decides.
 */
#include "libvirt_stats.h"

#include <string.h>

#include "libvirt_uuid.h"

typedef struct {
    char *uuid;
    unsigned int stats, flags;
} Question;

static void
free_question(void *data)
{
    Question *self = data;

    g_free(self->uuid);
    g_free(self);
}

static void
free_answer(void *data)
{
    LibvirtStatsAnswer *self = data;

    g_free(self->name);
    virTypedParamsFree(self->params, self->n_params);
    g_free(self);
}

static bool
may_join(const void *data, const void *other)
{
    const Question *left = data;
    const Question *right = other;

    return left->stats == right->stats && left->flags == right->flags;
}

/* One call of libvirt. */
typedef struct {
    LibvirtConnection *connection;
    LibvirtPoolRequestPart *parts;
    unsigned int n_parts;
    GPtrArray *domains; /* virDomainPtr, the connection's, and NULL at the end */
    int64_t took_us;
} Call;

static const Question *
question_of(const LibvirtPoolRequestPart *part)
{
    return part->data;
}

/* Finds the domains; the parts of those that libvirt does not have get the outcome. */
static void
find_domains(Call *self)
{
    for (unsigned int i = 0; i < self->n_parts; i++) {
        LibvirtPoolRequestPart *part = &self->parts[i];
        virDomainPtr domain =
            libvirt_connection_find(self->connection, question_of(part)->uuid, &part->outcome);

        if (domain != NULL)
            g_ptr_array_add(self->domains, domain);
    }
    g_ptr_array_add(self->domains, NULL);
}

/* The part about the domain with @uuid that has no answer yet, near @place first: libvirt keeps the
 * order. NULL: there is none. */
static LibvirtPoolRequestPart *
find_part(const Call *self, unsigned int place, const char *uuid)
{
    for (unsigned int i = 0; i < self->n_parts; i++) {
        LibvirtPoolRequestPart *part = &self->parts[(place + i) % self->n_parts];

        if (part->answer == NULL && part->outcome.kind == LIBVIRT_OUTCOME_WELL &&
            strcmp(question_of(part)->uuid, uuid) == 0)
            return part;
    }
    return NULL;
}

static LibvirtStatsAnswer *
make_answer(const Call *self, virDomainStatsRecord *record)
{
    LibvirtStatsAnswer *answer = g_new0(LibvirtStatsAnswer, 1);
    const char *name = virDomainGetName(record->dom);

    answer->name = g_utf8_make_valid(name ? name : "", -1);
    answer->id = (int)virDomainGetID(record->dom);
    answer->params = record->params;
    answer->n_params = record->nparams;
    answer->connected_us = libvirt_connection_opened_us(self->connection);
    answer->took_us = self->took_us / MAX(self->n_parts, 1);
    record->params = NULL;
    record->nparams = 0;
    return answer;
}

/* Gives each part its record. False if a record is none that was asked for. */
static bool
take_records(Call *self, virDomainStatsRecordPtr *records, int n)
{
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        LibvirtPoolRequestPart *part = NULL;

        if (libvirt_uuid_of(records[i]->dom, uuid))
            part = find_part(self, (unsigned int)i, uuid);
        if (part == NULL)
            return false;
        part->answer = make_answer(self, records[i]);
    }
    return true;
}

/* Says of all parts that were asked that libvirt's answer is of no use. */
static void
refuse(Call *self, const LibvirtOutcome *outcome)
{
    for (unsigned int i = 0; i < self->n_parts; i++) {
        LibvirtPoolRequestPart *part = &self->parts[i];

        if (part->outcome.kind != LIBVIRT_OUTCOME_WELL)
            continue;
        if (part->answer != NULL)
            free_answer(g_steal_pointer(&part->answer));
        libvirt_outcome_set(&part->outcome, outcome->kind, outcome->message);
        part->is_open = self->n_parts > 1;
    }
}

/* Says of the parts without an answer that libvirt has their domains no longer: they have ended,
 * and were transient. */
static void
end_others(Call *self)
{
    for (unsigned int i = 0; i < self->n_parts; i++) {
        LibvirtPoolRequestPart *part = &self->parts[i];

        if (part->answer != NULL || part->outcome.kind != LIBVIRT_OUTCOME_WELL)
            continue;
        libvirt_outcome_set(&part->outcome, LIBVIRT_OUTCOME_NO_DOMAIN,
                            "libvirt has the domain no longer");
        part->is_open = self->n_parts > 1;
    }
}

static void
get_stats(Call *self)
{
    const Question *first = question_of(&self->parts[0]);
    virDomainStatsRecordPtr *records = NULL;
    int64_t begin_us = util_deadline_now_us();
    int n = virDomainListGetStats((virDomainPtr *)self->domains->pdata, first->stats, &records,
                                  first->flags);
    g_auto(LibvirtOutcome) outcome = {LIBVIRT_OUTCOME_WELL, NULL};

    self->took_us = util_deadline_now_us() - begin_us;
    if (n < 0)
        libvirt_outcome_take_last(&outcome);
    else if (!take_records(self, records, n))
        libvirt_outcome_set(&outcome, LIBVIRT_OUTCOME_FAILED,
                            "libvirt answered for another domain");
    if (outcome.kind != LIBVIRT_OUTCOME_WELL)
        refuse(self, &outcome);
    end_others(self);
    virDomainStatsRecordListFree(records);
}

static void
run_stats(LibvirtConnection *connection, LibvirtPoolRequestPart *parts, unsigned int n_parts)
{
    Call call = {connection, parts, n_parts, g_ptr_array_new(), 0};

    find_domains(&call);
    if (call.domains->len > 1) {
        libvirt_connection_learn(connection);
        get_stats(&call);
    }
    g_ptr_array_unref(call.domains);
}

LibvirtPoolRequest *
libvirt_stats_ask(LibvirtPool *pool, const LibvirtStatsQuestion *question, LibvirtPoolInbox *inbox)
{
    static const LibvirtPoolRequestKind kind = {run_stats, may_join, free_answer};
    Question *self = g_new0(Question, 1);

    self->uuid = g_strdup(question->uuid);
    self->stats = question->stats;
    self->flags = question->flags;
    return libvirt_pool_ask_of_kind(pool,
                                    &(LibvirtPoolKindQuestion){.kind = &kind,
                                                               .take_data = self,
                                                               .free_data = free_question,
                                                               .may_share = question->may_share,
                                                               .deadline = question->deadline,
                                                               .inbox = inbox});
}

const LibvirtStatsAnswer *
libvirt_stats_answer(LibvirtPoolRequest *ended)
{
    return libvirt_pool_request_answer(ended);
}

virTypedParameterPtr
libvirt_stats_steal_params(LibvirtPoolRequest *ended, int *ret_n)
{
    LibvirtStatsAnswer *answer = libvirt_pool_request_answer(ended);

    *ret_n = answer->n_params;
    answer->n_params = 0;
    return g_steal_pointer(&answer->params);
}
