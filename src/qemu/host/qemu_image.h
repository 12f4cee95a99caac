/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_image: sizes of the disk images of a domain that does not run, read from the files, since
 * there is no QEMU to ask.
 *
 * Storage may be gone, and a thread that touches it then sleeps until it comes back. So images are
 * read on threads of their own, and the caller waits for them until a deadline only.
 */
#pragma once

#include "qemu/facts/qemu_facts.h"
#include "util/util_deadline.h"

/* Enough of an image for all formats that are read. */
enum { QEMU_IMAGE_HEADER_BYTES = 512 };

/* The size of the disk that the guest would see, for an image of @physical bytes that begins with
 * @header. Absent for a format whose header is not read, and if the header is not of that format.
 * Pure. */
UtilCount qemu_image_parse_capacity(const char *format, bool is_encrypted, const uint8_t *header,
                                    size_t size, uint64_t physical);

/* Reads the sizes of one image on this thread: blocks as long as the storage does. Opens only
 * regular files and block devices. False, with @ret_sizes untouched, if the image cannot be read.
 */
bool qemu_image_probe(const char *path, const char *format, bool is_encrypted,
                      QemuFactsImage *ret_sizes);

/* Reads images by deadlines; remembers which folders block. May be used from several threads at
 * once. */
typedef struct QemuImageProber QemuImageProber;

QemuImageProber *qemu_image_prober_new(void);
/* Leaves blocked threads behind: they end when their storage answers. NULL is taken. */
void qemu_image_prober_free(QemuImageProber *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuImageProber, qemu_image_prober_free)

/* Puts the sizes of the images of @definition, with @with_backing also those below the top, into
 * @facts->images. Leaves all of them out if one is not read by @deadline, or is in a folder in
 * which an earlier look is still blocked. */
void qemu_image_prober_run(QemuImageProber *self, const QemuDefinition *definition,
                           bool with_backing, UtilDeadline deadline, QemuFacts *facts);
