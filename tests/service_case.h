/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_case: records for tests of the service, and the text of records to compare.
 */
#pragma once

#include "domstats_record.h"

/* A record that has every member and a parameter of each type; @name is its name. */
DomstatsRecord *service_case_make_record(const char *name);

/* All members of a record, a line each. The caller frees the text. */
char *service_case_describe(const DomstatsRecord *record);
