/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_record: frees and copies the public record, and names its health; for the driver and the
 * public calls.
 */
#pragma once

#include "domstats/domstats.h"

/* Frees a record and all it holds. Takes NULL. */
void domstats_record_free(DomstatsRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomstatsRecord, domstats_record_free)

/* Sets the reason to a copy of @text in which bytes that are not UTF-8 are replaced; NULL: none. */
void domstats_record_set_reason(DomstatsRecord *self, const char *text);

/* The name of @health as it is printed and recorded; NULL for any other number. */
const char *domstats_record_health_name(DomstatsHealth health);
/* The health that has @name; false if none has. */
bool domstats_record_parse_health(const char *name, DomstatsHealth *ret_health);

/* A copy that shares nothing with @self; NULL for NULL. The caller frees it. */
DomstatsRecord *domstats_record_copy(const DomstatsRecord *self);
