/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_image: sizes of the disk images of a domain that does not run, out of the files
 * themselves: there is no QEMU to ask.
 *
 * Storage may be gone, and a process that touches it then sleeps until it comes back. So images
 * are looked at on threads of their own, which are not waited for beyond a deadline.
 */
#pragma once

#include "qemu/facts/qemu_facts.h"
#include "util/util_deadline.h"

/* Enough of an image for all formats that are read. */
enum { QEMU_IMAGE_HEADER_BYTES = 512 };

/* What the guest would see: of an image of @physical bytes that begins with @header. Absent
 * for a format whose header is not read, and where the header is not of that format. Pure. */
UtilCount qemu_image_parse_capacity(const char *format, bool is_encrypted, const uint8_t *header,
                                    size_t size, uint64_t physical);

/* Looks at one image now: regular files and block devices, nothing else is opened. Blocks as
 * long as the storage does. False, with @ret_sizes untouched, where there is nothing to see. */
bool qemu_image_probe(const char *path, const char *format, bool is_encrypted,
                      QemuFactsImage *ret_sizes);

/* Looks at images within deadlines; keeps in mind what is blocked. May be used from several
 * threads at once. */
typedef struct QemuImageProber QemuImageProber;

QemuImageProber *qemu_image_prober_new(void);
/* Threads that are blocked are left to themselves. NULL is taken. */
void qemu_image_prober_free(QemuImageProber *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuImageProber, qemu_image_prober_free)

/* Puts the images of @definition, with @with_backing also those below the top, into
 * @facts->images. All are left out where some are not seen before @deadline, or lie in a folder
 * where an earlier look is still blocked. */
void qemu_image_prober_run(QemuImageProber *self, const QemuDefinition *definition,
                           bool with_backing, UtilDeadline deadline, QemuFacts *facts);
