/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_block_rows: which rows the group block has, one an image, and what each is about. Pure.
 */
#pragma once

#include "qemu_emit.h"

/* One image; all but the name is borrowed from facts and definition. */
typedef struct {
    char *name;                   /* of its disk; NULL: it has none */
    const char *path;             /* NULL: not local, or no medium */
    unsigned int backing_index;   /* 0: not told */
    const QemuFactsDisk *disk;    /* whose counters it shows; NULL below the top */
    const QemuFactsLayer *layer;  /* NULL: not of the chain that QEMU walks */
    const QemuFactsNode *node;    /* the image as the guest's view of it; NULL: no sizes */
    const QemuFactsNode *storage; /* what holds it; @node where QEMU has one node for both */
} QemuBlockRow;

/* QemuBlockRow elements in libvirt's order: by disk, with BACKING each layer of its chain
 * with the layer's data file after it, and last the target of a copy. NULL when neither
 * libvirt's definition nor QEMU's answer is there. @ret_is_cut is set to true where there are more
 * than QEMU_LIMIT_NODES. */
GArray *qemu_block_rows_make_all(const QemuEmitInput *input, bool *ret_is_cut);
