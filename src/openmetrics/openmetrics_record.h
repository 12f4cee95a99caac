/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_record: the samples of one record.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "domstats/domstats.h"
#include "openmetrics_device.h"
#include "openmetrics_histogram.h"
#include "openmetrics_index.h"
#include "openmetrics_output.h"
#include "openmetrics_self.h"

/* What is made once for all records of an exposition. */
typedef struct {
    const OpenmetricsIndex *index;
    OpenmetricsOutput *output;
    unsigned int set;    /* NATIVE, LIBVIRT or KUMINA: whose shape the labels have */
    unsigned int judged; /* groups whose absence is told */
    int64_t now_us;      /* wall clock, µs since 1970 */
    const char *version;
    OpenmetricsDevices devices;
    OpenmetricsHistogram histogram;
    OpenmetricsBuffer labels; /* of the sample being made */
    OpenmetricsBuffer domain; /* label of the domain, escaped and terminated */
    OpenmetricsBuffer uuid;   /* likewise */
    GArray *hits;             /* the fields that something is made of */
    OpenmetricsIndexHit self[OPENMETRICS_SELF_N_WORDS]; /* no entry: in no family */
} OpenmetricsRecordMaker;

/* Borrows @index, @output and @version. */
void openmetrics_record_init(OpenmetricsRecordMaker *self, const OpenmetricsIndex *index,
                             OpenmetricsOutput *output, unsigned int set, const char *version,
                             int64_t now_us);
void openmetrics_record_clear(OpenmetricsRecordMaker *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OpenmetricsRecordMaker, openmetrics_record_clear)

/* @label: what the label "domain" says, not escaped. */
void openmetrics_record_add(OpenmetricsRecordMaker *self, const DomstatsRecord *record,
                            const char *label);

/* A value of the host in all families that are made of @id. @word: its label, or NULL. */
void openmetrics_record_add_self(OpenmetricsRecordMaker *self, OpenmetricsSelfId id,
                                 const char *word, int64_t value);

/* The info metrics of the host. */
void openmetrics_record_add_host_infos(OpenmetricsRecordMaker *self);

/* Whether only what is in all expositions is told of @record in that of @set: a word that no domain
 * has is no domain, and exporters for libvirt do not know domains that do not run. */
bool openmetrics_record_is_hidden(unsigned int set, const DomstatsRecord *record);
