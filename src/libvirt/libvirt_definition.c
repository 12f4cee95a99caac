/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_definition: see libvirt_definition.h. Owns the text.
 */
#include "libvirt_definition.h"

#include <stdlib.h>
#include <string.h>

#include "libvirt_limits.h"

typedef struct {
    char *uuid;
    char *text;
} Exchange;

static void
free_exchange(void *data)
{
    Exchange *self = data;

    g_free(self->uuid);
    g_free(self->text);
    g_free(self);
}

static void
take_text(Exchange *self, char *take_libvirts, LibvirtOutcome *ret_outcome)
{
    if (strlen(take_libvirts) <= LIBVIRT_LIMIT_DEFINITION_BYTES) {
        g_free(self->text);
        self->text = g_strdup(take_libvirts);
    } else {
        libvirt_outcome_set(ret_outcome, LIBVIRT_OUTCOME_FAILED, "the definition is too long");
    }
    free(take_libvirts); /* word allowed: libvirt's memory */
}

static void
run_definition(LibvirtConnection *connection, void *data, LibvirtOutcome *ret_outcome)
{
    Exchange *self = data;
    virDomainPtr domain = libvirt_connection_find(connection, self->uuid, ret_outcome);
    char *text = NULL;

    if (domain == NULL)
        return;
    text = virDomainGetXMLDesc(domain, 0);
    if (text == NULL)
        libvirt_outcome_take_last(ret_outcome);
    else
        take_text(self, text, ret_outcome);
}

LibvirtPoolRequest *
libvirt_definition_ask(LibvirtPool *pool, const char *uuid, LibvirtPoolInbox *inbox)
{
    Exchange *self = g_new0(Exchange, 1);

    self->uuid = g_strdup(uuid);
    return libvirt_pool_ask(pool, run_definition, self, free_exchange, inbox);
}

const char *
libvirt_definition_text(LibvirtPoolRequest *ended)
{
    const Exchange *self = libvirt_pool_request_data(ended);

    return self->text;
}
