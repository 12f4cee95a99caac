/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_column: the columns of all views of `domstats top`: ONE table, and the value of a cell.
 *
 * A value that is not known is none: it is shown as "-", never as 0. A rate is the difference of
 * two answers over the time between them; after a new start (another process, a counter that went
 * back) it is not known for a round. If a domain did not answer, a cell has its last known value
 * and says that it is old.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "top_field.h"
#include "top_model.h"

typedef enum {
    TOP_COLUMN_VIEW_VMS,
    TOP_COLUMN_VIEW_CPU,
    TOP_COLUMN_VIEW_MEMORY,
    TOP_COLUMN_VIEW_DISKS, /* a row a disk */
    TOP_COLUMN_VIEW_NICS,  /* a row an interface */
    TOP_COLUMN_VIEW_VCPUS, /* a row a vCPU: of one expanded domain */
    TOP_COLUMN_N_VIEWS,
} TopColumnView;

/* The name of a view for --view: "vms", ... */
const char *top_column_view_name(TopColumnView view);
bool top_column_view_find(const char *name, TopColumnView *ret_view);
/* What a row of the view is: DOMAIN, or a unit of that kind. */
TopFieldKind top_column_view_kind(TopColumnView view);

typedef enum {
    TOP_COLUMN_UNIT_TEXT,
    TOP_COLUMN_UNIT_COUNT,     /* a whole number */
    TOP_COLUMN_UNIT_PERCENT,   /* 12.3 */
    TOP_COLUMN_UNIT_BYTES,     /* 1.5G */
    TOP_COLUMN_UNIT_BYTE_RATE, /* a second, as BYTES */
    TOP_COLUMN_UNIT_RATE,      /* a second: 0.3, 12, 1.5k */
    TOP_COLUMN_UNIT_MS,        /* 0.42, 12.3 */
    TOP_COLUMN_UNIT_AGE,       /* seconds, shown as 0.3, 12, 5m, 3h, 2d */
    TOP_COLUMN_UNIT_TIME,      /* seconds, shown as 1:23:45 */
} TopColumnUnit;

/* Which of two columns a view shows: they count the same as bytes or as requests and packets. */
typedef enum {
    TOP_COLUMN_WHEN_ALWAYS,
    TOP_COLUMN_WHEN_BYTES,
    TOP_COLUMN_WHEN_REQUESTS,
    TOP_COLUMN_WHEN_ASKED, /* only if it is named: -o, or the fields of the screen */
} TopColumnWhen;

/* How cells are computed. */
typedef struct {
    bool is_of_host; /* CPU in percent of all processors of the host; else 100 is one of them */
    UtilCount n_processors; /* of the host */
} TopColumnMode;

typedef enum {
    TOP_COLUMN_LOOK_PLAIN,
    TOP_COLUMN_LOOK_BAD,     /* what somebody should look at: errors, drops, no answer */
    TOP_COLUMN_LOOK_WARNING, /* likewise, less so: age beyond two rounds, %RDY above 10 */
} TopColumnLook;

typedef struct {
    bool is_known;    /* else shown as "-" */
    bool is_old;      /* not of this round */
    bool is_estimate; /* shown with "~" */
    TopColumnLook look;
    double number;    /* of all units but TEXT */
    const char *text; /* of TEXT only; borrowed from the entry; may have any characters */
} TopColumnCell;

typedef struct TopColumn TopColumn;

typedef void (*TopColumnCompute)(const TopColumn *column, const TopModelPair *pair,
                                 const TopSampleUnit *unit, const TopModelEntry *entry,
                                 TopColumnCell *ret_cell);

enum {
    TOP_COLUMN_MOST_FIELDS = 4,
};

struct TopColumn {
    const char *key;    /* for -o and -s, and in CSV and JSON */
    const char *header; /* on the screen */
    unsigned int views; /* 1 << TopColumnView: those that show it */
    TopColumnWhen when;
    unsigned int width;     /* in characters; of the first column the least */
    unsigned int sacrifice; /* the highest is left out first where there is no room; 0: never */
    bool is_left;           /* aligned left */
    bool sorts_up;          /* by default the smallest comes first */
    bool is_cpu_share;      /* is_of_host applies */
    TopColumnUnit unit;
    TopColumnCompute compute;
    TopField added[TOP_COLUMN_MOST_FIELDS]; /* what @compute reads; ends with TOP_N_FIELDS */
    TopField divisor[TOP_COLUMN_MOST_FIELDS];
    double scale;     /* from the unit of the fields to that of the column */
    const char *help; /* a sentence */
    TopBinsKind bins; /* of quantiles: whose, and which */
    double part;
};

size_t top_column_count(void);
const TopColumn *top_column_at(size_t i);
/* The column with that key, if @view or another view with rows of that kind shows it; NULL: there
 * is none. top_column_parse() sets an error then, which names those that there are. */
const TopColumn *top_column_find(const char *key, TopColumnView view);
const TopColumn *top_column_parse(const char *key, TopColumnView view, GError **error);
/* By which a view is sorted by default. */
const TopColumn *top_column_view_order(TopColumnView view);

/* The columns that @view shows: const TopColumn *, in order. */
GPtrArray *top_column_list(TopColumnView view, bool counts_requests);
/* Those that "key,key,..." names; NULL with an error if one is not known or not of the view. */
GPtrArray *top_column_parse_list(const char *keys, TopColumnView view, GError **error);

/* The cell of @column for a row: @entry, and a unit of its view's kind (NULL in views of domains,
 * and if no unit is known). */
TopColumnCell top_column_cell(const TopColumn *self, const TopModelEntry *entry,
                              const TopSampleUnit *unit, const TopColumnMode *mode);

/* -1, 0 or 1 as @a stands before @b in ascending order; what is not known stands last either way,
 * so it is not turned by a reversed order: the caller asks with @is_descending. */
int top_column_compare(const TopColumnCell *a, const TopColumnCell *b, bool is_descending);
