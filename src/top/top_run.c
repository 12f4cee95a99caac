/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_run: see top_run.h.
 */
#include "top_run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli_escape.h"
#include "top_csv.h"
#include "top_json.h"
#include "top_options.h"
#include "top_plain.h"
#include "top_rounds.h"
#include "top_screen.h"
#include "top_virttop.h"

enum { END_MS = 200 };

/* What the rounds of a run without a screen were like. */
typedef struct {
    bool has_round;   /* one at least gave domains, or that there are none */
    bool has_trouble; /* one failed, or a domain was not ok in one */
} Tally;

static void
append_head(GString *out, const TopOptions *options)
{
    if (options->output == TOP_OPTIONS_OUTPUT_CSV)
        top_csv_append_head(out, options);
    else if (options->output == TOP_OPTIONS_OUTPUT_VIRT_TOP)
        top_virttop_append_head(out);
}

static void
append_round(GString *out, TopModel *model, const TopOptions *options)
{
    switch (options->output) {
    case TOP_OPTIONS_OUTPUT_TEXT:
    case TOP_OPTIONS_OUTPUT_SCREEN:
        top_plain_append(out, model, options);
        return;
    case TOP_OPTIONS_OUTPUT_CSV:
        top_csv_append(out, model, options);
        return;
    case TOP_OPTIONS_OUTPUT_VIRT_TOP:
        top_virttop_append(out, model, options);
        return;
    case TOP_OPTIONS_OUTPUT_JSON:
        top_json_append(out, model, options);
        return;
    }
}

/* Writes a line about what went wrong at once: a run may have no end. */
static void
complain(const char *message)
{
    g_autoptr(GString) line = g_string_new("domstats: ");

    cli_escape_append_text(line, message);
    g_string_append_c(line, '\n');
    (void)fwrite(line->str, 1, line->len, stderr);
}

static void
count_round(Tally *tally, const TopModel *model)
{
    if (model->error != NULL) {
        tally->has_trouble = true;
        complain(model->error);
        return;
    }
    tally->has_round = true;
    for (size_t i = 0; i < model->n_entries; i++)
        if (model->entries[i].seen.now->health != DOMSTATS_HEALTH_OK)
            tally->has_trouble = true;
    if (model->sample->blind_spot != NULL)
        tally->has_trouble = true;
}

/* Waits until a round has ended. False if nobody reads the output any more. */
static bool
wait_for_round(TopRounds *rounds, int output_fd)
{
    struct pollfd entries[] = {{.fd = top_rounds_fd(rounds), .events = POLLIN},
                               {.fd = output_fd, .events = 0}};

    while (!top_rounds_update(rounds)) {
        int n = poll(entries, G_N_ELEMENTS(entries), -1);

        if ((n < 0 && errno != EINTR) ||
            (n > 0 && (entries[1].revents & (POLLERR | POLLHUP | POLLNVAL))))
            return false;
    }
    return true;
}

/* The next round of those that run now, or of the series; false if there is none. */
static bool
go_on(TopRounds *rounds, bool is_first, int output_fd)
{
    if (top_rounds_is_replay(rounds))
        return is_first || top_rounds_step(rounds, 1);
    return wait_for_round(rounds, output_fd);
}

static void
complain_of_recording(TopRounds *rounds, bool *has_complained)
{
    const char *message = top_rounds_recording_error(rounds);

    if (message == NULL || *has_complained)
        return;
    *has_complained = true;
    complain(message);
}

/* What was not written as nobody read the output may have been trouble. */
static void
complain_of_lost(const TopRounds *rounds, Tally *tally)
{
    size_t n = top_rounds_count_lost(rounds);
    g_autofree char *message =
        g_strdup_printf("%zu round%s not written, as the output was not read in time", n,
                        n == 1 ? " was" : "s were");

    if (n == 0)
        return;
    tally->has_trouble = true;
    complain(message);
}

static CliOutcome
write_rounds(TopRounds *rounds, const TopOptions *options, CliOutput *output)
{
    Tally tally = {0};
    bool has_complained = false;

    top_rounds_keep(rounds, 2);
    append_head(output->text, options);
    for (size_t i = 0; options->n_rounds == 0 || i < options->n_rounds; i++) {
        if (!go_on(rounds, i == 0, output->fd))
            break;
        count_round(&tally, top_rounds_model(rounds));
        append_round(output->text, top_rounds_model(rounds), options);
        complain_of_recording(rounds, &has_complained);
        if (!cli_output_flush(output))
            break;
    }
    complain_of_recording(rounds, &has_complained);
    complain_of_lost(rounds, &tally);
    if (!tally.has_round)
        return CLI_OUTCOME_NOTHING;
    return tally.has_trouble || has_complained ? CLI_OUTCOME_INCOMPLETE : CLI_OUTCOME_COMPLETE;
}

static TopRounds *
open_replay(const TopOptions *options, GError **error)
{
    TopSeriesReader *series = top_series_reader_new(options->replay_dir, error);

    return series != NULL ? top_rounds_new_replay(series, error) : NULL;
}

static TopRounds *
open_live(const TopOptions *options, DomstatsConn *conn, GError **error)
{
    TopSeriesWriter *writer = NULL;

    if (options->record_dir != NULL) {
        writer = top_series_writer_new(options->record_dir, error);
        if (writer == NULL)
            return NULL;
    }
    return top_rounds_new_live(conn, &options->call, writer, error);
}

/* A user who wants the end does not wait for a round. */
static CliOutcome
end_screen(TopRounds *rounds)
{
    bool has_ended = top_rounds_end(rounds, END_MS), has_complained = false;
    CliOutcome outcome = CLI_OUTCOME_COMPLETE;

    complain_of_recording(rounds, &has_complained);
    if (has_complained)
        outcome = CLI_OUTCOME_INCOMPLETE;
    if (!has_ended)
        _exit((int)outcome);
    return outcome;
}

static CliOutcome
show_rounds(TopRounds *rounds, const TopOptions *options, const char *source, CliOutput *output,
            GError **error)
{
    if (options->output != TOP_OPTIONS_OUTPUT_SCREEN)
        return write_rounds(rounds, options, output);
    if (!top_screen_run(rounds, options, source, error))
        return CLI_OUTCOME_NOTHING;
    return end_screen(rounds);
}

static bool
check_screen(const TopOptions *options, GError **error)
{
    return options->output != TOP_OPTIONS_OUTPUT_SCREEN || top_screen_check(error);
}

CliOutcome
top_run(const CliOptions *options, TopRunOpen open, CliOutput *output, GError **error)
{
    g_auto(TopOptions) own = {0};
    g_autoptr(DomstatsConn) conn = NULL;
    g_autoptr(TopRounds) rounds = NULL;
    const char *source = options->source != NULL ? options->source : "auto";

    if (!top_options_make(&own, options, error))
        return CLI_OUTCOME_USAGE;
    if (!check_screen(&own, error))
        return CLI_OUTCOME_NOTHING;
    if (own.replay_dir == NULL) {
        conn = open(options, error);
        if (conn == NULL)
            return cli_outcome_of_error(error != NULL ? *error : NULL);
    }
    rounds = conn != NULL ? open_live(&own, conn, error) : open_replay(&own, error);
    if (rounds == NULL)
        return CLI_OUTCOME_NOTHING;
    return show_rounds(rounds, &own, own.replay_dir != NULL ? own.replay_dir : source, output,
                       error);
}
