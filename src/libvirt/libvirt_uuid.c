/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_uuid: see libvirt_uuid.h.
 */
#include "libvirt_uuid.h"

#include <string.h>

bool
libvirt_uuid_of(virDomainPtr domain, char ret_text[VIR_UUID_STRING_BUFLEN])
{
    static const char digits[] = "0123456789abcdef";
    static const char form[VIR_UUID_STRING_BUFLEN] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    unsigned char uuid[VIR_UUID_BUFLEN] = {0};
    size_t n = 0;

    if (virDomainGetUUID(domain, uuid) < 0)
        return false;
    memcpy(ret_text, form, sizeof(form));
    for (size_t i = 0; form[i] != '\0'; i++) {
        if (form[i] == '-')
            continue;
        ret_text[i] = digits[n % 2 == 0 ? uuid[n / 2] >> 4 : uuid[n / 2] & 15];
        n++;
    }
    return true;
}
