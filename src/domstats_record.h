/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_record: making and freeing the public record, for the driver and the public calls.
 */
#pragma once

#include "domstats/domstats.h"

/* Frees one record and all it holds; NULL is taken. */
void domstats_record_free(DomstatsRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomstatsRecord, domstats_record_free)

/* A record of its own with the same content. */
DomstatsRecord *domstats_record_copy(const DomstatsRecord *self);
