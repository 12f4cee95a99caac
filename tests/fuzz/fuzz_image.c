/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_image: the header of any image, as any format, gives a capacity or none, and none crash.
 *
 * The first byte chooses format and encryption, the next eight are the physical size.
 */
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "qemu/host/qemu_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"raw", "qcow2", "",    "luks", "vmdk",
                                          "qed", NULL,    "vdi", "vpc",  "qcow"};
    uint64_t physical = 0;
    g_autofree uint8_t *header = NULL;
    const char *format = NULL;
    bool is_encrypted = false;
    UtilCount capacity = {0};

    if (size < 9)
        return 0;
    format = formats[(data[0] >> 1) % G_N_ELEMENTS(formats)];
    is_encrypted = (data[0] & 1) != 0;
    memcpy(&physical, data + 1, sizeof(physical));
    /* A copy of just that size, so that a read past its end is seen. */
    header = g_memdup2(data + 9, size - 9);
    capacity = qemu_image_parse_capacity(format, is_encrypted, header, size - 9, physical);
    if (!capacity.is_present && capacity.value != 0)
        abort();
    if (g_strcmp0(format, "raw") == 0 && capacity.is_present && capacity.value > physical)
        abort();
    return 0;
}
