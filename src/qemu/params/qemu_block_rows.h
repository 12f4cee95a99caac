/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_block_rows: the list of images that the group block shows, and where the facts of each are.
 * Pure.
 */
#pragma once

#include "qemu_emit.h"

/* One image. Owns its name and borrows the rest from the facts and the definition. */
typedef struct {
    char *name;                   /* of its disk */
    const char *path;             /* NULL: not local, not known, or no medium */
    unsigned int backing_index;   /* libvirt's number of the image; 0: none */
    const QemuFactsDisk *disk;    /* whose counters the row shows; NULL: not the top image */
    const QemuFactsLayer *layer;  /* NULL: the image is not in the chain of query-blockstats */
    const QemuFactsNode *node;    /* the format node; NULL: QEMU tells no sizes */
    const QemuFactsNode *storage; /* the node of its file; @node where QEMU has one for both */
    bool is_top;                  /* the top image of its disk */
    const QemuAboutDisk *about; /* what libvirt's definition or the command line says of that disk;
                                   NULL: nothing */
} QemuBlockRow;

/* The rows, QemuBlockRow, in libvirt's order; the caller unrefs them. Each disk has a row for its
 * top image. With BACKING it also has one for each further layer, for each data file, after its
 * layer, and for the target of a copy job. NULL if neither libvirt's definition nor a reply to
 * query-blockstats is there. Sets @ret_is_cut: whether rows are missing since there would be more
 * than QEMU_LIMIT_NODES. */
GArray *qemu_block_rows_make_all(const QemuEmitInput *input, bool *ret_is_cut);
