/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonparse: see util_jsonparse.h. Implements the grammar of RFC 8259.
 *
 * How it works
 *
 * The text is copied once, behind the array of values, and is parsed in the copy: a string stays
 * where it is, a NUL replaces its closing quote, and its escapes are replaced by what they stand
 * for, which is shorter. The copy ends with a NUL, which the grammar allows nowhere, so that no
 * position is compared with the end.
 *
 * The children of one container are neighbours in the array. The children of containers that are
 * still open form a stack at the front of the array. When a container is closed, its children move
 * from that stack to the back of the array, in front of all that moved there before. So the array
 * needs no more room than there are values, and each value moves once.
 *
 * Of a member that occurs twice both are kept; util_json looks up the last.
 */
#include "util_jsonparse.h"

#include <string.h>

typedef struct {
    uint8_t *at;      /* the next byte */
    UtilJson *open;   /* the end of the stack at the front */
    UtilJson *closed; /* the first value at the back */
    int depth_left;
    const char *fault;
    bool has_nul; /* the string that is parsed has an escaped NUL */
} Parser;

/* clang-format off */
/* Bytes that stand for themselves in a string: ASCII without control bytes, quote and backslash. */
static const bool is_plain[256] = {
    [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0x7F] = true,
};

/* Unicode, table 3-7: the range of the first byte of a character, how many bytes follow, and the
 * range of the second byte. All later bytes are 80..BF. */
static const struct {
    uint8_t first, last, n_follow, low, high;
} characters[] = {
    {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF}, {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};
/* clang-format on */

static bool
is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool
set_fault(Parser *self, const char *fault)
{
    self->fault = fault;
    return false;
}

static bool
set_unexpected(Parser *self)
{
    return set_fault(self, *self->at == '\0' ? "it ends too early"
                                             : "a byte that JSON does not have there");
}

/* Moves to the next byte that is not white space, and gives it. */
static uint8_t
skip_blank(Parser *self)
{
    uint8_t *at = self->at;

    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
        at++;
    self->at = at;
    return *at;
}

/* The size of the UTF-8 character at @at; 0 if it is not one. */
static size_t
measure_character(const uint8_t *at)
{
    for (size_t i = 0; i < G_N_ELEMENTS(characters); i++) {
        if (at[0] < characters[i].first || at[0] > characters[i].last)
            continue;
        if (at[1] < characters[i].low || at[1] > characters[i].high)
            return 0;
        for (size_t k = 2; k <= characters[i].n_follow; k++)
            if (at[k] < 0x80 || at[k] > 0xBF)
                return 0;
        return characters[i].n_follow + (size_t)1;
    }
    return 0;
}

/* The value of four hexadecimal digits; -1 if they are not four such digits. */
static int
read_code(const uint8_t *at)
{
    int code = 0;

    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value((char)at[i]);

        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* Parses a \u escape, or the two of a surrogate pair, and appends the character to @to. A single
 * surrogate becomes U+FFFD. */
static bool
parse_code(Parser *self, uint8_t **to)
{
    int code = read_code(self->at + 2);
    int low = -1;

    if (code < 0)
        return set_fault(self, "a malformed code in a string");
    self->at += 6;
    if (code >= 0xD800 && code <= 0xDBFF && self->at[0] == '\\' && self->at[1] == 'u')
        low = read_code(self->at + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        self->at += 6;
    } else if (code >= 0xD800 && code <= 0xDFFF) {
        code = 0xFFFD;
    }
    self->has_nul |= code == 0;
    *to += g_unichar_to_utf8((gunichar)code, (char *)*to);
    return true;
}

static bool
parse_escape(Parser *self, uint8_t **to)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    const char *letter = NULL;

    if (self->at[1] == 'u')
        return parse_code(self, to);
    letter = self->at[1] == '\0' ? NULL : strchr(letters, self->at[1]);
    if (letter == NULL)
        return set_fault(self, "a backslash before what it cannot escape");
    self->at += 2;
    *(*to)++ = (uint8_t)meant[letter - letters];
    return true;
}

/* Parses an escape or a character of several bytes, and appends it to @to. */
static bool
parse_special(Parser *self, uint8_t **to)
{
    size_t size = 0;

    if (*self->at == '\\')
        return parse_escape(self, to);
    if (*self->at < 0x80)
        return set_unexpected(self);
    size = measure_character(self->at);
    if (size == 0)
        return set_fault(self, "a string that is not UTF-8");
    memmove(*to, self->at, size);
    self->at += size;
    *to += size;
    return true;
}

/* Parses the string whose opening quote is the next byte. @ret_text ends with a NUL. */
static bool
parse_string(Parser *self, const char **ret_text, uint32_t *ret_size)
{
    uint8_t *start = self->at + 1;
    uint8_t *to = start;

    while (is_plain[*to])
        to++;
    self->at = to;
    while (*self->at != '"') {
        if (is_plain[*self->at])
            *to++ = *self->at++;
        else if (!parse_special(self, &to))
            return false;
    }
    self->at++;
    *to = '\0';
    *ret_text = (const char *)start;
    *ret_size = (uint32_t)(to - start);
    return true;
}

static void
skip_digits(Parser *self)
{
    while (is_digit(*self->at))
        self->at++;
}

/* Parses the decimals, the exponent or both, which follow the digits of @value. */
static bool
parse_fraction(Parser *self, const uint8_t *start, UtilJson *value)
{
    if (*self->at == '.') {
        self->at++;
        if (!is_digit(*self->at))
            return set_fault(self, "a malformed number");
        skip_digits(self);
    }
    if (*self->at == 'e' || *self->at == 'E') {
        self->at++;
        if (*self->at == '+' || *self->at == '-')
            self->at++;
        if (!is_digit(*self->at))
            return set_fault(self, "a malformed number");
        skip_digits(self);
    }
    value->form = UTIL_JSONPARSE_FORM_FRACTION;
    value->text = (const char *)start;
    value->size = (uint32_t)(self->at - start);
    return true;
}

static bool
parse_number(Parser *self, UtilJson *value)
{
    const uint64_t most_negative = UINT64_C(1) << 63;
    const uint8_t *start = self->at;
    bool is_negative = *start == '-';
    uint8_t *first = self->at + is_negative;
    uint8_t *at = first;
    bool is_overflow = false;
    uint64_t magnitude = 0;

    for (; is_digit(*at); at++)
        is_overflow |= __builtin_mul_overflow(magnitude, 10, &magnitude) ||
                       __builtin_add_overflow(magnitude, *at - '0', &magnitude);
    self->at = at;
    if (at == first || (*first == '0' && at - first > 1))
        return set_fault(self, "a malformed number");
    value->kind = UTIL_JSON_NUMBER;
    if (*at == '.' || *at == 'e' || *at == 'E')
        return parse_fraction(self, start, value);
    if (is_overflow || (is_negative && magnitude > most_negative))
        return set_fault(self, "an integer that 64 bits cannot hold");
    value->form =
        is_negative && magnitude > 0 ? UTIL_JSONPARSE_FORM_NEGATIVE : UTIL_JSONPARSE_FORM_COUNT;
    value->count = is_negative ? 0 - magnitude : magnitude;
    return true;
}

static bool
parse_word(Parser *self, const char *word, UtilJsonKind kind, UtilJson *value)
{
    size_t size = strlen(word);

    if (strncmp((const char *)self->at, word, size) != 0)
        return set_unexpected(self);
    self->at += size;
    value->kind = (uint8_t)kind;
    value->truth = word[0] == 't';
    return true;
}

static bool parse_value(Parser *self, UtilJson *value);

static bool
parse_name(Parser *self, UtilJson *value)
{
    uint32_t size = 0;

    self->has_nul = false;
    if (*self->at != '"')
        return set_unexpected(self);
    if (!parse_string(self, &value->name, &size))
        return false;
    if (self->has_nul)
        return set_fault(self, "a name with NUL inside");
    if (skip_blank(self) != ':')
        return set_unexpected(self);
    self->at++;
    skip_blank(self);
    return true;
}

/* Moves the children from @first on to the back of the array; they become those of @value. */
static void
close_container(Parser *self, UtilJson *first, UtilJson *value)
{
    value->size = (uint32_t)(self->open - first);
    while (self->open > first)
        *--self->closed = *--self->open;
    value->children = self->closed;
}

/* Parses the container whose opening bracket is the next byte; @bracket closes it. */
static bool
parse_container(Parser *self, uint8_t bracket, UtilJson *value)
{
    bool is_object = bracket == '}';
    UtilJson *first = self->open;

    if (self->depth_left-- == 0)
        return set_fault(self, "nested too deep");
    value->kind = is_object ? UTIL_JSON_OBJECT : UTIL_JSON_ARRAY;
    self->at++;
    if (skip_blank(self) != bracket) {
        for (;;) {
            UtilJson *child = self->open++;

            if (child == self->closed)
                return set_fault(self, "too many values");
            *child = (UtilJson){0};
            if ((is_object && !parse_name(self, child)) || !parse_value(self, child))
                return false;
            if (skip_blank(self) != ',')
                break;
            self->at++;
            skip_blank(self);
        }
    }
    if (*self->at != bracket)
        return set_unexpected(self);
    self->at++;
    self->depth_left++;
    close_container(self, first, value);
    return true;
}

static bool
parse_value(Parser *self, UtilJson *value)
{
    switch (*self->at) {
    case '{':
        return parse_container(self, '}', value);
    case '[':
        return parse_container(self, ']', value);
    case '"':
        value->kind = UTIL_JSON_STRING;
        return parse_string(self, &value->text, &value->size);
    case 't':
        return parse_word(self, "true", UTIL_JSON_BOOLEAN, value);
    case 'f':
        return parse_word(self, "false", UTIL_JSON_BOOLEAN, value);
    case 'n':
        return parse_word(self, "null", UTIL_JSON_NULL, value);
    case '-':
    case '0' ... '9':
        return parse_number(self, value);
    default:
        return set_unexpected(self);
    }
}

UtilJson *
util_jsonparse_make(const char *text, size_t size, const UtilJsonParseLimits *limits,
                    size_t *ret_at, const char **ret_fault)
{
    UtilJsonParseDocument *document =
        g_malloc(sizeof(UtilJsonParseDocument) + limits->max_values * sizeof(UtilJson) + size + 1);
    UtilJson *end = document->values + limits->max_values;
    uint8_t *copy = (uint8_t *)end;
    Parser parser = {copy, document->values, end, limits->max_depth, NULL, false};

    memcpy(copy, text, size);
    copy[size] = '\0';
    document->root = (UtilJson){0};
    util_refcount_init(&document->holders);
    skip_blank(&parser);
    if (parse_value(&parser, &document->root) && document->root.kind == UTIL_JSON_NULL)
        set_fault(&parser, "a bare null");
    *ret_at = (size_t)(parser.at - copy);
    if (parser.fault == NULL)
        return &document->root;
    *ret_fault = parser.fault;
    g_free(document);
    return NULL;
}
