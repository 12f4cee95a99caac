/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_about: see host_about.h. Owns nothing.
 */
#include "host_about.h"

#include <sys/utsname.h>

#include "util/util_deadline.h"
#include "util/util_error.h"
#include "util/util_json.h"
#include "util/util_jsonout.h"

#define FORMAT         1
#define MAX_DEPTH      4
#define MAX_TICKS      1000000
#define MAX_PAGE_BYTES (1L << 30)

char *
host_about_make_text(const HostAbout *self)
{
    g_autoptr(UtilJsonOut) host = util_jsonout_new_object();
    int64_t now_s = util_deadline_wall_us() / G_USEC_PER_SEC;
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_utc(self->recorded_s > 0 ? self->recorded_s : now_s);
    g_autofree char *created = g_date_time_format_iso8601(time);
    struct utsname kernel = {0};

    uname(&kernel);
    util_jsonout_set(host, "format", util_jsonout_new_int64(FORMAT));
    util_jsonout_set(host, "domstats", util_jsonout_new_string(DOMSTATS_VERSION));
    util_jsonout_set(host, "created", util_jsonout_new_string(created));
    util_jsonout_set(host, "kernel", util_jsonout_new_string(kernel.release));
    util_jsonout_set(host, "ticks_per_second", util_jsonout_new_int64(self->ticks_per_second));
    util_jsonout_set(host, "page_bytes", util_jsonout_new_int64(self->page_bytes));
    return util_jsonout_to_text(host, true);
}

static bool
fail(const char *dir, const char *fault, GError **error)
{
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "damaged recording '%s/%s': %s", dir,
                HOST_ABOUT_FILE, fault);
    return false;
}

static int64_t
parse_time(const char *text)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, utc) : NULL;

    return time ? g_date_time_to_unix(time) : 0;
}

bool
host_about_parse(const char *dir, const char *text, size_t size, HostAbout *ret_about,
                 GError **error)
{
    g_autoptr(UtilJson) host = util_json_parse(text, size, MAX_DEPTH, NULL);
    int64_t format = 1;
    int64_t ticks = 0;
    int64_t page_bytes = 0;

    if (host == NULL)
        return fail(dir, "it is no JSON", error);
    if (util_json_has(host, "format") &&
        (!util_json_member_int64(host, "format", &format) || format < 1))
        return fail(dir, "'format' is no number of a format", error);
    if (format > FORMAT) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                    "recording '%s' has format %" G_GINT64_FORMAT ", newer than %d in '%s'", dir,
                    format, FORMAT, HOST_ABOUT_FILE);
        return false;
    }
    if (!util_json_member_int64(host, "ticks_per_second", &ticks) || ticks < 1 || ticks > MAX_TICKS)
        return fail(dir, "'ticks_per_second' is no number of ticks", error);
    if (!util_json_member_int64(host, "page_bytes", &page_bytes) || page_bytes < 1 ||
        page_bytes > MAX_PAGE_BYTES)
        return fail(dir, "'page_bytes' is no size of a page", error);
    *ret_about = (HostAbout){.ticks_per_second = (long)ticks,
                             .page_bytes = (long)page_bytes,
                             .recorded_s = parse_time(util_json_member_string(host, "created"))};
    return true;
}
