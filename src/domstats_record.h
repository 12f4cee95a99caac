/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_record: freeing and copying the public record, and the names of what is in it; for the
 * driver and the public calls.
 */
#pragma once

#include "domstats/domstats.h"

/* Frees one record and all it holds; NULL is taken. */
void domstats_record_free(DomstatsRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomstatsRecord, domstats_record_free)

/* Sets the reason to a copy of @text, made UTF-8; NULL for none. */
void domstats_record_set_reason(DomstatsRecord *self, const char *text);

/* The name of @health as it is printed and recorded; NULL for any other number. */
const char *domstats_record_health_name(DomstatsHealth health);
/* The health that has @name; false if none has. */
bool domstats_record_parse_health(const char *name, DomstatsHealth *ret_health);

/* A record of its own with the same content. */
DomstatsRecord *domstats_record_copy(const DomstatsRecord *self);
