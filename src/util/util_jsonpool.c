/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonpool: see util_jsonpool.h. Owns shapes, and of each shape trees of values; knows
 * neither what they mean nor who said them.
 *
 * How it works
 *
 * A shape is a text and the places of its holes: each integer, and each string that is not empty
 * and no member's name. (json-c 0.16 loses the memory of a string that grew and becomes empty.)
 * A tree is what json-c made of a text of that shape, and for each hole the
 * value that fills it, in the order of the text. json-c keeps members in that order, too; that
 * a hole and a value belong together is nevertheless proved when a shape is learned: the value
 * must be what stands in the text. A member that occurs twice fails that proof.
 *
 * To fill a tree, what stands between two holes is compared in one piece, and what stands in a
 * hole is looked at by itself: an integer as JSON writes it that 64 bits hold, a string of
 * ASCII without escapes. Anything else, a fraction, true in place of false, is another shape
 * or none, and left to the parser.
 *
 * A tree is lent: it counts who holds it, the pool itself as one. With one holder it is free.
 * The shape that came after another is tried first after it the next time.
 *
 * Bounded: by the number of shapes, by the holes of each, and by the text of all trees, since
 * a tree takes some twenty times the memory of its text. When there is no room, the shape that
 * was used longest ago goes; and what was said once goes when its time is over (trim).
 */
#include "util_jsonpool.h"

#include <json-c/json.h>
#include <string.h>

enum {
    MAX_SHAPES = 64,
    MAX_HOLES = 8192,
    MAX_TREE_BYTES = 1 << 18, /* of the text of all trees */
};

typedef enum { HOLE_INTEGER, HOLE_STRING } HoleKind;

typedef struct {
    uint32_t begin; /* in the shape's text */
    uint32_t end;
    HoleKind kind;
} Hole;

/* A tree of values; a loan first, so that one is the other. */
typedef struct {
    UtilJsonLoan loan;
    UtilJson *root;
    UtilJson **values; /* one a hole */
} Tree;

typedef struct Shape Shape;
struct Shape {
    char *text;
    size_t size;
    GArray *holes;
    GPtrArray *trees;
    Shape *next;  /* what came after it, borrowed; NULL: not known */
    uint64_t use; /* when it came last */
    guint n_busy; /* trees of it that were held at once since it was trimmed */
};

struct UtilJsonPool {
    GPtrArray *shapes;
    size_t n_tree_bytes;
    Shape *last; /* what came last, borrowed; NULL: nothing yet */
    uint64_t n_uses;
    uint64_t n_uses_trimmed; /* when it was last trimmed */
};

static void
free_tree(UtilJsonLoan *loan)
{
    Tree *tree = (Tree *)loan;

    json_object_put(tree->root);
    g_free(tree->values);
    g_free(tree);
}

static void
give_back_tree(gpointer data)
{
    util_json_loan_end(data);
}

static void
free_shape(gpointer data)
{
    Shape *shape = data;

    g_free(shape->text);
    g_array_unref(shape->holes);
    g_ptr_array_unref(shape->trees);
    g_free(shape);
}

UtilJsonPool *
util_jsonpool_new(void)
{
    UtilJsonPool *self = g_new0(UtilJsonPool, 1);

    self->shapes = g_ptr_array_new_with_free_func(free_shape);
    return self;
}

void
util_jsonpool_free(UtilJsonPool *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->shapes);
    g_free(self);
}

/* An integer as it stands in a text. */
typedef struct {
    bool is_negative;
    uint64_t magnitude;
} Integer;

/* Reads one at @at; gives where it ends, or NULL if there is none that 64 bits hold. What
 * follows is not looked at: a fraction does not fit what the shape has there. */
static const char *
read_integer(const char *at, const char *end, Integer *ret_integer)
{
    const uint64_t most_negative = UINT64_C(1) << 63;
    Integer integer = {.is_negative = at < end && *at == '-'};
    const char *first = at + integer.is_negative;

    for (at = first; at < end && g_ascii_isdigit(*at); at++)
        if (__builtin_mul_overflow(integer.magnitude, 10, &integer.magnitude) ||
            __builtin_add_overflow(integer.magnitude, (uint64_t)(*at - '0'), &integer.magnitude))
            return NULL;
    if (at == first || (*first == '0' && at - first > 1))
        return NULL;
    if (integer.is_negative && integer.magnitude > most_negative)
        return NULL;
    *ret_integer = integer;
    return at;
}

/* Gives the quote that ends a string of ASCII without escapes; NULL if it is none. */
static const char *
find_plain_end(const char *at, const char *end)
{
    while (at < end && *at >= ' ' && *at != '"' && *at != '\\')
        at++;
    return at < end && *at == '"' ? at : NULL;
}

/* The quote that ends a string, whatever is in it. */
static const char *
find_string_end(const char *at, const char *end)
{
    while (at < end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    return MIN(at, end);
}

static bool
is_name(const char *after, const char *end)
{
    while (after < end && (*after == ' ' || *after == '\t' || *after == '\r' || *after == '\n'))
        after++;
    return after < end && *after == ':';
}

static void
add_hole(GArray *holes, const char *text, const char *begin, const char *end, HoleKind kind)
{
    const Hole hole = {(uint32_t)(begin - text), (uint32_t)(end - text), kind};

    g_array_append_val(holes, hole);
}

/* The holes of a text that is an object; NULL if one of its values cannot fill a hole. */
static GArray *
find_holes(const char *text, size_t size)
{
    g_autoptr(GArray) holes = g_array_new(FALSE, FALSE, sizeof(Hole));
    const char *end = text + size;
    const char *at = text;

    while (at < end && holes->len <= MAX_HOLES) {
        const char *begin = at;
        Integer integer = {0};

        if (*at == '"') {
            begin = at + 1;
            at = find_string_end(begin, end);
            if (!is_name(at + 1, end)) {
                if (find_plain_end(begin, end) != at)
                    return NULL;
                if (at > begin)
                    add_hole(holes, text, begin, at, HOLE_STRING);
            }
            at++;
        } else if (*at == '-' || g_ascii_isdigit(*at)) {
            at = read_integer(begin, end, &integer);
            if (at == NULL || at == end || strchr(".eE", *at) != NULL)
                return NULL;
            add_hole(holes, text, begin, at, HOLE_INTEGER);
        } else {
            at++;
        }
    }
    return holes->len <= MAX_HOLES ? g_steal_pointer(&holes) : NULL;
}

/* The values that can fill holes, in the order of the text. */
static void
collect_values(UtilJson *value, GPtrArray *values)
{
    switch (json_object_get_type(value)) {
    case json_type_int:
        g_ptr_array_add(values, value);
        break;
    case json_type_string:
        if (json_object_get_string_len(value) > 0)
            g_ptr_array_add(values, value);
        break;
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(value); i++)
            collect_values(json_object_array_get_idx(value, i), values);
        break;
    case json_type_object: {
        struct json_object_iterator at = json_object_iter_begin(value);
        struct json_object_iterator end = json_object_iter_end(value);

        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
            collect_values(json_object_iter_peek_value(&at), values);
        break;
    }
    case json_type_null:
    case json_type_boolean:
    case json_type_double:
    default:
        break;
    }
}

static bool
has_string(UtilJson *value, const char *text, size_t size)
{
    return (size_t)json_object_get_string_len(value) == size &&
           memcmp(json_object_get_string(value), text, size) == 0;
}

static bool
has_integer(const UtilJson *value, Integer integer)
{
    int64_t found = json_object_get_int64(value);

    if (integer.is_negative)
        return found <= 0 && 0 - (uint64_t)found == integer.magnitude;
    return found >= 0 && json_object_get_uint64(value) == integer.magnitude;
}

/* Whether @value is what stands in the hole. */
static bool
is_in_hole(UtilJson *value, const char *text, const Hole *hole)
{
    Integer integer = {0};

    if (hole->kind == HOLE_STRING)
        return json_object_is_type(value, json_type_string) &&
               has_string(value, text + hole->begin, hole->end - hole->begin);
    return json_object_is_type(value, json_type_int) &&
           read_integer(text + hole->begin, text + hole->end, &integer) != NULL &&
           has_integer(value, integer);
}

/* The values of @root, one a hole; NULL if they do not belong together. */
static UtilJson **
match_values(UtilJson *root, const char *text, const GArray *holes)
{
    g_autoptr(GPtrArray) values = g_ptr_array_sized_new(holes->len);

    collect_values(root, values);
    if (values->len != holes->len)
        return NULL;
    for (guint i = 0; i < holes->len; i++)
        if (!is_in_hole(g_ptr_array_index(values, i), text, &g_array_index(holes, Hole, i)))
            return NULL;
    g_ptr_array_add(values, NULL); /* so that none is not NULL */
    return (UtilJson **)g_ptr_array_steal(values, NULL);
}

static void
fill_integer(UtilJson *value, Integer integer)
{
    if (integer.is_negative)
        json_object_set_int64(value, (int64_t)(0 - integer.magnitude));
    else if (integer.magnitude <= INT64_MAX)
        json_object_set_int64(value, (int64_t)integer.magnitude);
    else
        json_object_set_uint64(value, integer.magnitude);
}

/* Fills one hole from @at; gives where what fills it ends, or NULL. */
static const char *
fill_hole(UtilJson *value, HoleKind kind, const char *at, const char *end)
{
    Integer integer = {0};
    const char *string_end = NULL;
    size_t size = 0;

    if (kind == HOLE_INTEGER) {
        at = read_integer(at, end, &integer);
        if (at != NULL)
            fill_integer(value, integer);
        return at;
    }
    size = (size_t)json_object_get_string_len(value);
    if ((size_t)(end - at) > size && at[size] == '"' && has_string(value, at, size))
        return at + size;
    string_end = find_plain_end(at, end);
    if (string_end == NULL || string_end == at)
        return NULL;
    json_object_set_string_len(value, at, (int)(string_end - at));
    return string_end;
}

/* Gives how many bytes of @bytes fit, all of them now in the values; 0 if they do not. */
static size_t
fill(const Shape *shape, UtilJson **values, const char *bytes, size_t size)
{
    const char *at = bytes;
    const char *end = bytes + size;
    size_t n_compared = 0;

    for (guint i = 0; i <= shape->holes->len; i++) {
        const Hole *hole = i < shape->holes->len ? &g_array_index(shape->holes, Hole, i) : NULL;
        size_t n_between = (hole ? hole->begin : shape->size) - n_compared;

        if ((size_t)(end - at) < n_between || memcmp(at, shape->text + n_compared, n_between) != 0)
            return 0;
        at += n_between;
        if (hole == NULL)
            break;
        at = fill_hole(values[i], hole->kind, at, end);
        if (at == NULL)
            return 0;
        n_compared = hole->end;
    }
    return (size_t)(at - bytes);
}

/* A tree that only the pool holds: the first, so that those behind the busy ones stay unused. */
static Tree *
find_free_tree(Shape *shape)
{
    for (guint i = 0; i < shape->trees->len; i++) {
        Tree *tree = g_ptr_array_index(shape->trees, i);

        if (util_json_loan_is_free(&tree->loan)) {
            shape->n_busy = MAX(shape->n_busy, i + 1);
            return tree;
        }
    }
    return NULL;
}

/* Whether a text can be of that shape: what stands before the first hole tells most apart. */
static bool
begins_like(const Shape *shape, const char *bytes, size_t size)
{
    size_t n = shape->holes->len > 0 ? g_array_index(shape->holes, Hole, 0).begin : shape->size;

    return size >= n && memcmp(bytes, shape->text, n) == 0;
}

/* Gives how many bytes fit; sets @ret_tree. */
static size_t
try_shape(Shape *shape, const char *bytes, size_t size, Tree **ret_tree)
{
    Tree *tree = begins_like(shape, bytes, size) ? find_free_tree(shape) : NULL;

    *ret_tree = tree;
    return tree ? fill(shape, tree->values, bytes, size) : 0;
}

static void
note_use(UtilJsonPool *self, Shape *shape)
{
    if (self->last != NULL)
        self->last->next = shape;
    self->last = shape;
    shape->use = ++self->n_uses;
}

UtilJson *
util_jsonpool_fill(UtilJsonPool *self, const char *bytes, size_t size, size_t *ret_size)
{
    Shape *likely = self->last ? self->last->next : NULL;
    Shape *shape = likely;
    Tree *tree = NULL;
    size_t n = likely ? try_shape(likely, bytes, size, &tree) : 0;

    for (guint i = 0; n == 0 && i < self->shapes->len; i++) {
        shape = g_ptr_array_index(self->shapes, i);
        if (shape != likely)
            n = try_shape(shape, bytes, size, &tree);
    }
    if (n == 0)
        return NULL;
    note_use(self, shape);
    *ret_size = n;
    return util_json_ref(tree->root);
}

/* True if the two texts are alike but for what is in the holes. */
static bool
is_same_shape(const Shape *shape, const char *text, size_t size, const GArray *holes)
{
    uint32_t ours = 0;
    uint32_t theirs = 0;

    if (shape->holes->len != holes->len)
        return false;
    for (guint i = 0; i < holes->len; i++) {
        const Hole *our_hole = &g_array_index(shape->holes, Hole, i);
        const Hole *their_hole = &g_array_index(holes, Hole, i);

        if (our_hole->kind != their_hole->kind ||
            our_hole->begin - ours != their_hole->begin - theirs ||
            memcmp(shape->text + ours, text + theirs, our_hole->begin - ours) != 0)
            return false;
        ours = our_hole->end;
        theirs = their_hole->end;
    }
    return shape->size - ours == size - theirs &&
           memcmp(shape->text + ours, text + theirs, size - theirs) == 0;
}

static Shape *
find_shape(const UtilJsonPool *self, const char *text, size_t size, const GArray *holes)
{
    for (guint i = 0; i < self->shapes->len; i++) {
        Shape *shape = g_ptr_array_index(self->shapes, i);

        if (is_same_shape(shape, text, size, holes))
            return shape;
    }
    return NULL;
}

static Shape *
add_shape(UtilJsonPool *self, const char *text, size_t size, GArray *holes)
{
    Shape *shape = g_new0(Shape, 1);

    shape->text = g_memdup2(text, size);
    shape->size = size;
    shape->holes = g_array_ref(holes);
    shape->trees = g_ptr_array_new_with_free_func(give_back_tree);
    g_ptr_array_add(self->shapes, shape);
    return shape;
}

static void
forget_shape(UtilJsonPool *self, Shape *shape)
{
    for (guint i = 0; i < self->shapes->len; i++) {
        Shape *other = g_ptr_array_index(self->shapes, i);

        if (other->next == shape)
            other->next = NULL;
    }
    if (self->last == shape)
        self->last = NULL;
    self->n_tree_bytes -= shape->size * shape->trees->len;
    g_ptr_array_remove_fast(self->shapes, shape);
}

static void
make_room(UtilJsonPool *self, size_t size)
{
    while (self->shapes->len > 0 &&
           (self->shapes->len == MAX_SHAPES || self->n_tree_bytes + size > MAX_TREE_BYTES)) {
        Shape *oldest = g_ptr_array_index(self->shapes, 0);

        for (guint i = 1; i < self->shapes->len; i++) {
            Shape *shape = g_ptr_array_index(self->shapes, i);

            if (shape->use < oldest->use)
                oldest = shape;
        }
        forget_shape(self, oldest);
    }
}

/* More trees than were held at once. */
static void
forget_trees(UtilJsonPool *self, Shape *shape)
{
    guint n_left = MIN(MAX(shape->n_busy, 1), shape->trees->len);

    self->n_tree_bytes -= shape->size * (shape->trees->len - n_left);
    g_ptr_array_set_size(shape->trees, (int)n_left);
    shape->n_busy = 0;
}

void
util_jsonpool_trim(UtilJsonPool *self)
{
    for (guint i = self->shapes->len; i > 0; i--) {
        Shape *shape = g_ptr_array_index(self->shapes, i - 1);

        if (shape->use <= self->n_uses_trimmed)
            forget_shape(self, shape);
        else
            forget_trees(self, shape);
    }
    self->n_uses_trimmed = self->n_uses;
}

void
util_jsonpool_learn(UtilJsonPool *self, const char *bytes, size_t size, UtilJson *value)
{
    g_autoptr(GArray) holes = size <= MAX_TREE_BYTES ? find_holes(bytes, size) : NULL;
    UtilJson **values = holes ? match_values(value, bytes, holes) : NULL;
    Tree *tree = NULL;
    Shape *shape = NULL;

    if (values == NULL)
        return;
    make_room(self, size);
    shape = find_shape(self, bytes, size, holes);
    if (shape == NULL)
        shape = add_shape(self, bytes, size, holes);
    tree = g_new0(Tree, 1);
    tree->root = value;
    tree->values = values;
    util_json_lend(value, &tree->loan, free_tree);
    g_ptr_array_add(shape->trees, tree);
    shape->n_busy = shape->trees->len; /* the others were not free, or it would not be here */
    self->n_tree_bytes += shape->size;
    note_use(self, shape);
}
