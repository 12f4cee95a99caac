/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_mend: see doctor_mend.h.
 */
#include "doctor_mend.h"

#include <string.h>

#include "monitor/monitor_apparmor.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

typedef struct {
    const DoctorFactsHost *host;
    const GPtrArray *domains;
    const GPtrArray *all;
    const char *uri;
} Input;

/* True if @text has only letters, digits and @others, and is no option. */
static bool
is_plain(const char *text, const char *others)
{
    size_t size = strlen(text);

    for (size_t i = 0; i < size; i++)
        if (strchr(LETTERS, text[i]) == NULL && strchr(others, text[i]) == NULL)
            return false;
    return size > 0 && text[0] != '-';
}

/* A number alone would be taken for an id. */
static bool
is_number(const char *text)
{
    return strspn(text, "0123456789") == strlen(text);
}

static bool
is_shared(const GPtrArray *all, const DoctorFactsDomain *domain)
{
    for (guint i = 0; i < all->len; i++) {
        const DoctorFactsDomain *other = g_ptr_array_index(all, i);

        if (other != domain && strcmp(other->name, domain->name) == 0)
            return true;
    }
    return false;
}

static void
append_name(GString *out, const Input *input, const DoctorFactsDomain *domain)
{
    bool is_usable = is_plain(domain->name, "_.+-") && !is_number(domain->name) &&
                     !is_shared(input->all, domain);

    g_string_append(out, is_usable ? domain->name : domain->uuid);
}

static void
append_process(GString *out, const Input *input, const DoctorFactsDomain *domain)
{
    (void)input;
    g_string_append_printf(out, "%d", domain->pid);
}

/* Names of scopes have backslashes. */
static void
append_unit(GString *out, const Input *input, const DoctorFactsDomain *domain)
{
    bool is_usable = domain->unit != NULL && is_plain(domain->unit, "_.:@\\-");

    (void)input;
    if (is_usable && strchr(domain->unit, '\\') != NULL)
        g_string_append_printf(out, "'%s'", domain->unit);
    else
        g_string_append(out, is_usable ? domain->unit : "UNIT");
}

/* The words of "echo" that thaw the domains, one command each. */
static void
append_thaws(GString *out, const Input *input)
{
    for (guint i = 0; input->domains != NULL && i < input->domains->len; i++) {
        const DoctorFactsDomain *domain = g_ptr_array_index(input->domains, i);
        const char *file =
            domain->freezer != NULL ? domain->freezer : "/sys/fs/cgroup/GROUP/cgroup.freeze";
        g_autofree char *quoted = g_shell_quote(file);

        g_string_append_printf(out, "%s%s > %s", i > 0 ? " && echo " : "",
                               g_str_has_suffix(file, "/freezer.state") ? "THAWED" : "0",
                               is_plain(file, "/_.:@-") ? file : quoted);
    }
}

static void
append_each(GString *out, const Input *input,
            void (*append)(GString *, const Input *, const DoctorFactsDomain *))
{
    for (guint i = 0; input->domains != NULL && i < input->domains->len; i++) {
        if (i > 0)
            g_string_append_c(out, ' ');
        append(out, input, g_ptr_array_index(input->domains, i));
    }
}

static bool
is_of_session(const GPtrArray *domains)
{
    return domains != NULL && ((const DoctorFactsDomain *)domains->pdata[0])->is_session;
}

static void
append_uri(GString *out, const Input *input)
{
    if (input->uri != NULL) {
        g_autofree char *quoted = g_shell_quote(input->uri);
        bool is_usable = is_plain(input->uri, "_.:/+@-");

        g_string_append(out, is_usable ? input->uri : quoted);
        return;
    }
    g_string_append(out, is_of_session(input->domains) ? "qemu:///session" : "qemu:///system");
}

static void
append_part(GString *out, const Input *input, char letter)
{
    switch (letter) {
    case 'd':
        append_each(out, input, append_name);
        break;
    case 'p':
        append_each(out, input, append_process);
        break;
    case 's':
        append_each(out, input, append_unit);
        break;
    case 'z':
        append_thaws(out, input);
        break;
    case 'c':
        append_uri(out, input);
        break;
    case 'u':
        g_string_append(out, input->host->libvirt != NULL ? input->host->libvirt : "libvirtd");
        break;
    case 'g':
        g_string_append_printf(out, "%u", (unsigned int)input->host->group);
        break;
    case 'a':
        g_string_append(out, MONITOR_APPARMOR_FILE);
        break;
    default:
        g_assert_not_reached();
    }
}

static bool
is_remote(const char *uri)
{
    const char *server = uri != NULL ? strstr(uri, "://") : NULL;

    return server != NULL && server[strlen("://")] != '/';
}

/* Where, or by whom, a command that is made of @mend is to be run; NULL: here. The caller frees. */
static char *
place_of(const char *mend, const Input *input)
{
    const DoctorFactsDomain *first = input->domains != NULL ? input->domains->pdata[0] : NULL;
    bool is_service = strstr(mend, "%u") != NULL;

    if (!is_service && strstr(mend, "%c") == NULL)
        return NULL;
    if (input->uri == NULL && first != NULL && first->pid_namespace != NULL)
        return g_strdup_printf("in the container of process %d: nsenter -t %d -a", first->pid,
                               first->pid);
    if (is_service && is_remote(input->uri))
        return g_strdup("on the host of that libvirt");
    return input->uri == NULL && is_of_session(input->domains)
               ? g_strdup("as the user of that libvirt")
               : NULL;
}

char *
doctor_mend_make(const char *mend, const DoctorFactsHost *host, const GPtrArray *domains,
                 const GPtrArray *all, const char *uri)
{
    const Input input = {.host = host, .domains = domains, .all = all, .uri = uri};
    g_autofree char *place = place_of(mend, &input);
    GString *out = g_string_new(NULL);

    for (size_t i = 0; mend[i] != '\0'; i++) {
        if (mend[i] != '%')
            g_string_append_c(out, mend[i]);
        else
            append_part(out, &input, mend[++i]);
    }
    if (place != NULL)
        g_string_append_printf(out, "%s%s", strchr(mend, '#') != NULL ? "; " : "    # ", place);
    return g_string_free(out, FALSE);
}
