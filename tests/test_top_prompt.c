/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_prompt: what becomes of a line that a user types.
 */
#include "top/top_prompt.h"

#include "testing.h"
#include "top/top_keys.h"
#include "top/top_limits.h"

typedef struct {
    const char *sentence;
    const char *before;
    int keys[8]; /* ends with 0 */
    TopPromptOutcome outcome;
    const char *text;
} Row;

static const Row rows[] = {
    {"characters are added", "", {'w', 'e', 'b'}, TOP_PROMPT_OUTCOME_GOES_ON, "web"},
    {"any character is", "", {0xf6, 0x65e5}, TOP_PROMPT_OUTCOME_GOES_ON, "ö日"},
    {"Enter ends it", "web", {'\r'}, TOP_PROMPT_OUTCOME_ENTERED, "web"},
    {"Escape leaves it", "web", {27}, TOP_PROMPT_OUTCOME_LEFT, "web"},
    {"one character is taken back, however many bytes it has",
     "wö",
     {127},
     TOP_PROMPT_OUTCOME_GOES_ON,
     "w"},
    {"nothing is taken back of nothing", "", {127, 8}, TOP_PROMPT_OUTCOME_GOES_ON, ""},
    {"Control-U takes back all", "web", {21, 'x'}, TOP_PROMPT_OUTCOME_GOES_ON, "x"},
    {"control characters are none of it", "", {1, 'a', 0x9b}, TOP_PROMPT_OUTCOME_GOES_ON, "a"},
    {"keys without a character are none of it", "", {-258, 'a'}, TOP_PROMPT_OUTCOME_GOES_ON, "a"},
};

static void
takes_keys(const void *data)
{
    const Row *row = data;
    TopPromptOutcome outcome = TOP_PROMPT_OUTCOME_GOES_ON;
    TopPrompt prompt = {0};

    top_prompt_init(&prompt, "filter:", row->before);
    for (const int *key = row->keys; *key != 0; key++)
        outcome = top_prompt_take(&prompt, *key);
    assert_int_equal(outcome, row->outcome);
    testing_assert_same_text(prompt.text->str, row->text);
    top_prompt_clear(&prompt);
}

static void
has_a_limit(void **state)
{
    TopPrompt prompt = {0};

    (void)state;
    top_prompt_init(&prompt, "filter:", "");
    for (int i = 0; i < 2 * TOP_MAX_FILTER; i++)
        (void)top_prompt_take(&prompt, 0x65e5);
    testing_assert_in_range(prompt.text->len, TOP_MAX_FILTER - 3, TOP_MAX_FILTER);
    assert_true(g_utf8_validate(prompt.text->str, -1, NULL));
    top_prompt_clear(&prompt);
}

/* Neither Enter nor Escape nor Control-U nor a key of the keyboard does anything. */
static void
only_characters_are_pasted(void **state)
{
    static const int keys[] = {'q', '\r', 0x65e5, '\n', 27, 21, 127, 8, '\t', -258, 'W'};
    TopPrompt prompt = {0};

    (void)state;
    top_prompt_init(&prompt, "filter:", "a");
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        top_prompt_paste(&prompt, keys[i]);
    testing_assert_same_text(prompt.text->str, "aq\u65e5W");
    top_prompt_clear(&prompt);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_limit),
        cmocka_unit_test(only_characters_are_pasted),
    };

    return TESTING_RUN_TABLE("top_prompt", rows, takes_keys) +
           cmocka_run_group_tests_name("top_prompt", tests, NULL, NULL);
}
