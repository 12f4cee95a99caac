/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_stats: see libvirt_stats.h. Owns the question and the answer of a request.
 */
#include "libvirt_stats.h"

#include <string.h>

typedef struct {
    char *uuid;
    unsigned int stats, flags;
    LibvirtStatsAnswer answer;
} Exchange;

static void
clear_answer(LibvirtStatsAnswer *self)
{
    g_free(self->name);
    virTypedParamsFree(self->params, self->n_params);
    *self = (LibvirtStatsAnswer){0};
}

static void
free_exchange(void *data)
{
    Exchange *self = data;

    clear_answer(&self->answer);
    g_free(self->uuid);
    g_free(self);
}

/* Takes what @record holds. */
static void
take_record(LibvirtStatsAnswer *answer, virDomainStatsRecord *record)
{
    const char *name = virDomainGetName(record->dom);

    answer->name = g_utf8_make_valid(name ? name : "", -1);
    answer->id = (int)virDomainGetID(record->dom);
    answer->params = record->params;
    answer->n_params = record->nparams;
    record->params = NULL;
    record->nparams = 0;
}

/* True if @records, @n of them, are what was asked for: one of the domain with @uuid. */
static bool
is_right(virDomainStatsRecordPtr *records, int n, const char *uuid)
{
    char said[VIR_UUID_STRING_BUFLEN] = "";

    return n == 1 && virDomainGetUUIDString(records[0]->dom, said) == 0 && strcmp(said, uuid) == 0;
}

static void
run_stats(LibvirtConnection *connection, void *data, LibvirtOutcome *ret_outcome)
{
    Exchange *self = data;
    virDomainPtr domains[2] = {libvirt_connection_find(connection, self->uuid, ret_outcome), NULL};
    virDomainStatsRecordPtr *records = NULL;
    int n = -1;

    if (domains[0] == NULL)
        return;
    clear_answer(&self->answer);
    self->answer.asked_us = util_deadline_now_us();
    n = virDomainListGetStats(domains, self->stats, &records, self->flags);
    self->answer.answered_us = util_deadline_now_us();
    if (n < 0)
        libvirt_outcome_take_last(ret_outcome);
    else if (n == 0) /* it has ended, and was transient */
        libvirt_outcome_set(ret_outcome, LIBVIRT_OUTCOME_NO_DOMAIN,
                            "libvirt has the domain no longer");
    else if (!is_right(records, n, self->uuid))
        libvirt_outcome_set(ret_outcome, LIBVIRT_OUTCOME_FAILED,
                            "libvirt answered for another domain");
    else
        take_record(&self->answer, records[0]);
    virDomainStatsRecordListFree(records);
    virDomainFree(domains[0]);
}

LibvirtPoolRequest *
libvirt_stats_ask(LibvirtPool *pool, const LibvirtStatsQuestion *question, LibvirtPoolInbox *inbox)
{
    Exchange *self = g_new0(Exchange, 1);

    self->uuid = g_strdup(question->uuid);
    self->stats = question->stats;
    self->flags = question->flags;
    return libvirt_pool_ask(pool, run_stats, self, free_exchange, inbox);
}

LibvirtStatsAnswer *
libvirt_stats_answer(LibvirtPoolRequest *ended)
{
    Exchange *self = libvirt_pool_request_data(ended);

    return &self->answer;
}
