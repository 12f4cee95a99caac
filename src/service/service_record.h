/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_record: one record of an answer, all members of it, to bytes and back. Pure.
 */
#pragma once

#include "domstats_record.h"
#include "service_names.h"

/* The fewest bytes that a record takes. */
extern const size_t service_record_least;

/* Tells @names the names of the record's fields, in the order in which the record is written. */
void service_record_collect_names(const DomstatsRecord *self, ServiceNames *names);

void service_record_write(const DomstatsRecord *self, ServiceNames *names,
                          ServiceWireWriter *writer);

/* @names: as service_names_read() gives them. Gives a record, to be freed with
 * domstats_record_free(); NULL if the reader has a fault. What a record may not have is one. */
DomstatsRecord *service_record_read(ServiceWireReader *reader, const GArray *names);
