/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_names: the names of the fields of one answer, each once. Records refer to them by their
 * place in the list: domains have the same fields, so names would be most of the bytes.
 */
#pragma once

#include "service_wire.h"

/* Of an answer that is written. Names are borrowed. */
typedef struct ServiceNames ServiceNames;

ServiceNames *service_names_new(void);
void service_names_free(ServiceNames *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServiceNames, service_names_free)

/* The place of @name, which is added if it is new. Names are asked for in about the same order
 * again and again, which makes this fast. */
uint32_t service_names_find(ServiceNames *self, const char *name);

void service_names_write(const ServiceNames *self, ServiceWireWriter *writer);

/* Reads the list of an answer: ServiceWireText, borrowed from it. Each can be a name of a typed
 * parameter. The caller frees the list. */
GArray *service_names_read(ServiceWireReader *reader);
