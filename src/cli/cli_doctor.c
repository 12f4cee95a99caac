/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_doctor: see cli_doctor.h.
 *
 * The text of a mend is made of plain characters (doctor_mend) and is not escaped, so that it can
 * be pasted.
 */
#include "cli_doctor.h"

#include "cli_escape.h"
#include "cli_options.h"

enum { MOST_NAMES = 12 }; /* of domains, in text */

/* The missing groups of all domains of @finding. */
static unsigned int
find_missing(const DoctorFinding *finding)
{
    unsigned int missing = 0;

    for (guint i = 0; finding->domains != NULL && i < finding->domains->len; i++)
        missing |= ((const DoctorFactsDomain *)g_ptr_array_index(finding->domains, i))->missing;
    return missing;
}

/* What is missing, with @separator between and @quote around each; false if it is nothing. */
static bool
append_fields(GString *out, const DoctorFinding *finding, const char *separator, const char *quote)
{
    g_auto(GStrv) fields = g_strsplit(finding->row->fields ? finding->row->fields : "", ", ", -1);
    unsigned int missing = finding->row->reason != DOMSTATS_REASON_NONE ? find_missing(finding) : 0;

    for (size_t i = 0; fields[i] != NULL; i++)
        g_string_append_printf(out, "%s%s%s%s", i > 0 ? separator : "", quote, fields[i], quote);
    cli_options_append_group_names(out, missing, separator, quote);
    return fields[0] != NULL || missing != 0;
}

/* A domain with its own sentence, on a line of its own; those without stand in one line. */
static void
append_domains(GString *out, const GPtrArray *domains)
{
    for (guint i = 0; i < domains->len && i < MOST_NAMES; i++) {
        const DoctorFactsDomain *domain = g_ptr_array_index(domains, i);
        bool has_line = domain->why != NULL || i == 0;

        g_string_append(out, has_line ? "\n         " : ", ");
        cli_escape_append_text(out, domain->name);
        if (domain->why != NULL) {
            g_string_append(out, ": ");
            cli_escape_append_text(out, domain->why);
        }
    }
    if (domains->len > MOST_NAMES)
        g_string_append_printf(out, "\n         and %u more", domains->len - MOST_NAMES);
}

static void
append_finding(GString *out, const DoctorFactsHost *host, const DoctorFinding *finding)
{
    size_t before = 0;

    g_string_append_printf(out, "%-7s  %s: %s", doctor_rows_severity_name(finding->row->severity),
                           doctor_rows_code(finding->row), finding->row->meaning);
    if (finding->domains != NULL)
        append_domains(out, finding->domains);
    if (finding->row->is_hiding && host->blind_spot != NULL) {
        g_string_append(out, "\n         ");
        cli_escape_append_text(out, host->blind_spot);
    }
    before = out->len;
    g_string_append(out, "\n         missing: ");
    if (!append_fields(out, finding, ", ", ""))
        g_string_truncate(out, before);
    if (finding->mend != NULL)
        g_string_append_printf(out, "\n         mend: %s", finding->mend);
    g_string_append_c(out, '\n');
}

void
cli_doctor_print(CliOutput *output, const DoctorReport *report)
{
    for (guint i = 0; i < report->findings->len; i++) {
        append_finding(output->text, &report->host, g_ptr_array_index(report->findings, i));
        cli_output_offer(output);
    }
}

static void
append_json_domain(GString *out, const DoctorFactsDomain *domain)
{
    g_string_append(out, "{\"name\":");
    cli_escape_append_json(out, domain->name);
    g_string_append(out, ",\"uuid\":");
    cli_escape_append_json(out, domain->uuid);
    g_string_append(out, ",\"reason\":");
    cli_escape_append_json(out, domain->why);
    g_string_append_c(out, '}');
}

static void
append_json_finding(GString *out, const DoctorFinding *finding)
{
    g_string_append_printf(
        out, "{\"code\":\"%s\",\"severity\":\"%s\",\"meaning\":", doctor_rows_code(finding->row),
        doctor_rows_severity_name(finding->row->severity));
    cli_escape_append_json(out, finding->row->meaning);
    g_string_append(out, ",\"missing\":[");
    (void)append_fields(out, finding, ",", "\"");
    g_string_append(out, "],\"domains\":[");
    for (guint i = 0; finding->domains != NULL && i < finding->domains->len; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        append_json_domain(out, g_ptr_array_index(finding->domains, i));
    }
    g_string_append(out, "],\"mend\":");
    cli_escape_append_json(out, finding->mend);
    g_string_append_c(out, '}');
}

void
cli_doctor_print_json(CliOutput *output, const DoctorReport *report)
{
    g_string_append(output->text, "{\"findings\":[");
    for (guint i = 0; i < report->findings->len; i++) {
        g_string_append(output->text, i > 0 ? ",\n" : "\n");
        append_json_finding(output->text, g_ptr_array_index(report->findings, i));
        cli_output_offer(output);
    }
    g_string_append(output->text, "\n],\"blind_spot\":");
    cli_escape_append_json(output->text, report->host.blind_spot);
    g_string_append(output->text, "}\n");
}

CliOutcome
cli_doctor_outcome(const DoctorReport *report)
{
    static const CliOutcome outcomes[] = {
        [DOCTOR_FINDINGS_WHOLE] = CLI_OUTCOME_COMPLETE,
        [DOCTOR_FINDINGS_PARTLY] = CLI_OUTCOME_INCOMPLETE,
        [DOCTOR_FINDINGS_NOTHING] = CLI_OUTCOME_NOTHING,
    };

    return outcomes[doctor_findings_outcome(report->findings, &report->host, report->domains->len)];
}
