/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_view: see service_view.h.
 */
#include "service_view.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const paths[] = {"/proc/self/ns/pid", "/proc/self/ns/net", "/", "/run"};

/* The bits of @rights, in their order. */
static const unsigned int rights[] = {CAP_SYS_PTRACE, CAP_DAC_OVERRIDE};

enum { ALL_RIGHTS = (1 << G_N_ELEMENTS(rights)) - 1 };

static uint32_t
own_rights(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
    uint32_t found = 0;

    if (syscall(SYS_capget, &head, sets) < 0)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rights); i++)
        if (sets[CAP_TO_INDEX(rights[i])].effective & CAP_TO_MASK(rights[i]))
            found |= 1U << i;
    return found;
}

void
service_view_tell(ServiceCodecHello *hello)
{
    hello->user = geteuid();
    hello->rights = own_rights();
    hello->n_places = G_N_ELEMENTS(paths);
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        struct stat about = {0};

        if (stat(paths[i], &about) == 0)
            hello->places[i] = (ServiceCodecPlace){about.st_dev, about.st_ino};
        else
            hello->places[i] = (ServiceCodecPlace){0};
    }
}

bool
service_view_is_here(const ServiceCodecHello *hello)
{
    ServiceCodecHello own = {0};

    service_view_tell(&own);
    for (size_t i = 0; i < own.n_places; i++)
        if (own.places[i].inode == 0)
            return false;
    return hello->n_places == own.n_places &&
           memcmp(hello->places, own.places, own.n_places * sizeof(own.places[0])) == 0;
}

bool
service_view_sees_enough(const ServiceCodecHello *hello)
{
    bool sees_all = (hello->rights & ALL_RIGHTS) == ALL_RIGHTS;

    return sees_all || (hello->user == geteuid() && (own_rights() & ~hello->rights) == 0);
}
