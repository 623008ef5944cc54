#include "config.h"

#include "htools/backends/reader/document.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

enum {
    BLOCK_SIZE = 64 * 1024,
    /* Of texts from this size on, values come in blocks of one huge page each: with small pages, a
     * third of the time would go into making them. */
    LARGE_TEXT = 1024 * 1024,
    LARGE_BLOCK_SIZE = 2 * 1024 * 1024,
    ALIGNMENT = _Alignof(max_align_t),
    PADDING = 8,
};

struct block {
    struct block *next;
    size_t used, size;
    max_align_t memory[];
};

struct document {
    struct block *blocks;
    bool large;
    GPtrArray *texts; /* strings of the values stand in them */
    struct doc_value root;
};

struct parser {
    struct document *document;
    char *text, *at;
    size_t len;
    struct doc_member *stack; /* what is read of the containers that are open */
    size_t n, cap;
    int depth;
    const char *problem;
    bool limit;
};

static void *take(struct document *document, size_t size)
{
    struct block *block = document->blocks;
    char *memory;

    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (block == NULL || block->size - block->used < size) {
        size_t least = document->large ? LARGE_BLOCK_SIZE : BLOCK_SIZE;
        size_t wanted = MAX(size + sizeof(*block), least);

        block = g_aligned_alloc(1, wanted, document->large ? LARGE_BLOCK_SIZE : ALIGNMENT);
        if (document->large) {
            /* Only advice: without huge pages it takes small ones. */
            (void)madvise(block, wanted, MADV_HUGEPAGE);
        }
        *block = (struct block){.next = document->blocks, .size = wanted - sizeof(*block)};
        document->blocks = block;
    }
    memory = (char *)block->memory + block->used;
    block->used += size;
    return memory;
}

static struct document *document_new(void)
{
    struct document *document = g_new0(struct document, 1);

    document->texts = g_ptr_array_new_with_free_func(g_free);
    return document;
}

void document_free(struct document *document)
{
    if (document == NULL) {
        return;
    }
    while (document->blocks != NULL) {
        struct block *next = document->blocks->next;

        g_aligned_free(document->blocks);
        document->blocks = next;
    }
    g_ptr_array_unref(document->texts);
    g_free(document);
}

const struct doc_value *document_root(const struct document *document)
{
    return &document->root;
}

/* Closes a container: moves what was read since `from` from the stack to where it stays. */
static void close_array(struct parser *p, size_t from, struct doc_value *ret)
{
    size_t n = p->n - from;
    struct doc_value *elements = take(p->document, n * sizeof(*elements));

    for (size_t i = 0; i < n; i++) {
        elements[i] = p->stack[from + i].value;
    }
    p->n = from;
    *ret = (struct doc_value){.kind = JSON_ARRAY, .n = (uint32_t)n, .elements = elements};
}

static void close_object(struct parser *p, size_t from, struct doc_value *ret)
{
    size_t n = p->n - from;
    struct doc_member *members = take(p->document, n * sizeof(*members));

    if (n > 0) {
        memcpy(members, p->stack + from, n * sizeof(*members));
    }
    p->n = from;
    *ret = (struct doc_value){.kind = JSON_OBJECT, .n = (uint32_t)n, .members = members};
}

static void push(struct parser *p, const struct doc_member *member)
{
    if (p->n == p->cap) {
        p->cap = MAX(64, p->cap * 2);
        p->stack = g_renew(struct doc_member, p->stack, p->cap);
    }
    p->stack[p->n++] = *member;
}

static bool fail(struct parser *p, const char *problem)
{
    p->problem = problem;
    return false;
}

static bool fail_limit(struct parser *p, const char *problem)
{
    p->limit = true;
    return fail(p, problem);
}

static void skip_blanks(struct parser *p)
{
    /* Nearly everything else is above the blank. */
    while (*p->at <= ' ' && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')) {
        p->at++;
    }
}

static bool read_hex(struct parser *p, const char *digits, gunichar *ret)
{
    *ret = 0;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(digits[i]);

        if (digit < 0) {
            return fail(p, "four hexadecimal digits must follow \\u");
        }
        *ret = *ret * 16 + (gunichar)digit;
    }
    return true;
}

static bool is_high(gunichar c)
{
    return c >= 0xD800 && c <= 0xDBFF;
}

static bool is_low(gunichar c)
{
    return c >= 0xDC00 && c <= 0xDFFF;
}

/* The character behind "\u", appended to *out; p->at stands on the u. */
static bool read_escaped_character(struct parser *p, char **out)
{
    gunichar c, low;

    if (!read_hex(p, p->at + 1, &c)) {
        return false;
    }
    p->at += 5;
    if (is_high(c) && p->at[0] == '\\' && p->at[1] == 'u') {
        if (!read_hex(p, p->at + 2, &low)) {
            return false;
        }
        if (is_low(low)) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            p->at += 6;
        }
    }
    if (c == 0) {
        return fail(p, "a text holds a NUL character");
    }
    *out += g_unichar_to_utf8(is_high(c) || is_low(c) ? 0xFFFD : c, *out);
    return true;
}

/* A text with escapes, rewritten in its place: it only gets shorter. */
static bool unescape(struct parser *p, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    while (*p->at != '"') {
        if ((unsigned char)*p->at < ' ') {
            return fail(p, "a text must not hold control characters");
        }
        if (*p->at != '\\') {
            *out++ = *p->at++;
        } else if (p->at[1] == 'u') {
            p->at++;
            if (!read_escaped_character(p, &out)) {
                return false;
            }
        } else {
            const char *known = p->at[1] != '\0' ? strchr(from, p->at[1]) : NULL;

            if (known == NULL) {
                return fail(p, "unknown escape in a text");
            }
            *out++ = to[known - from];
            p->at += 2;
        }
    }
    p->at++;
    *out = '\0';
    return true;
}

#define ALL_BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH_BITS       ALL_BYTES(0x80)

/* The high bit of bytes that are zero, and perhaps of others above the first of them. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - ALL_BYTES(1)) & ~word & HIGH_BITS;
}

/* Goes to the next quotation mark, backslash or control character, eight bytes at a time; *all
 * collects the bits of what is skipped, and of a little more. The text ends with so many NULs. */
static void skip_plain_text(struct parser *p, uint64_t *all)
{
    for (;;) {
        uint64_t word, end;

        memcpy(&word, p->at, sizeof(word));
        word = GUINT64_FROM_LE(word);
        *all |= word;
        /* A control character is one without the bits above 0x1F. */
        end = zero_bytes(word ^ ALL_BYTES('"')) | zero_bytes(word ^ ALL_BYTES('\\')) |
              zero_bytes(word & ALL_BYTES(0xE0));
        if (end != 0) {
            p->at += (size_t)__builtin_ctzll(end) / 8;
            return;
        }
        p->at += sizeof(word);
    }
}

/* p->at stands on the first quotation mark. */
static bool read_text(struct parser *p, const char **ret, uint32_t *ret_len)
{
    char *start = ++p->at;
    uint64_t all = 0;

    skip_plain_text(p, &all);
    if (*p->at == '"') {
        *p->at++ = '\0';
        *ret_len = (uint32_t)(p->at - 1 - start);
    } else {
        all = HIGH_BITS;
        if (!unescape(p, p->at)) {
            return false;
        }
        *ret_len = (uint32_t)strlen(start);
    }
    *ret = start;
    return (all & HIGH_BITS) == 0 || g_utf8_validate(start, *ret_len, NULL) ||
           fail(p, "a text is not UTF-8");
}

static bool read_integer(struct parser *p, const char *start, struct doc_value *ret)
{
    bool negative = *start == '-';
    uint64_t value = 0;

    if (p->at - start > 18) {
        char *end;
        gint64 large;

        errno = 0;
        large = g_ascii_strtoll(start, &end, 10);
        if (errno != 0 || large == INT64_MIN) {
            return fail(p, "a number is too large");
        }
        *ret = (struct doc_value){.kind = JSON_INT, .integer = large};
        return true;
    }
    for (const char *digit = start + negative; digit < p->at; digit++) {
        value = value * 10 + (uint64_t)(*digit - '0');
    }
    *ret = (struct doc_value){.kind = JSON_INT,
                              .integer = negative ? -(int64_t)value : (int64_t)value};
    return true;
}

static bool skip_digits(struct parser *p)
{
    const char *start = p->at;

    while (g_ascii_isdigit(*p->at)) {
        p->at++;
    }
    return p->at > start || fail(p, "a digit is missing");
}

static bool read_number(struct parser *p, struct doc_value *ret)
{
    const char *start = p->at;
    bool whole = true;

    p->at += *p->at == '-';
    if (*p->at == '0' && g_ascii_isdigit(p->at[1])) {
        return fail(p, "a number must not start with 0");
    }
    if (!skip_digits(p)) {
        return false;
    }
    if (*p->at == '.') {
        whole = false;
        p->at++;
        if (!skip_digits(p)) {
            return false;
        }
    }
    if (*p->at == 'e' || *p->at == 'E') {
        whole = false;
        p->at++;
        p->at += *p->at == '+' || *p->at == '-';
        if (!skip_digits(p)) {
            return false;
        }
    }
    if (whole) {
        return read_integer(p, start, ret);
    }
    *ret = (struct doc_value){.kind = JSON_FLOAT, .real = g_ascii_strtod(start, NULL)};
    return isfinite(ret->real) || fail(p, "a number is too large");
}

static bool read_value(struct parser *p, struct doc_value *ret);

/* True behind a comma; false at the closing bracket or, with a problem set, elsewhere. */
static bool goes_on(struct parser *p, char closing)
{
    skip_blanks(p);
    if (*p->at == ',') {
        p->at++;
        skip_blanks(p);
        return true;
    }
    if (*p->at != closing) {
        return fail(p, closing == '}' ? "expected , or }" : "expected , or ]");
    }
    return false;
}

static bool read_array(struct parser *p, struct doc_value *ret)
{
    size_t from = p->n;

    p->at++;
    skip_blanks(p);
    if (*p->at != ']') {
        do {
            struct doc_member element = {.key = NULL};

            if (!read_value(p, &element.value)) {
                return false;
            }
            push(p, &element);
        } while (goes_on(p, ']'));
    }
    if (p->problem != NULL) {
        return false;
    }
    p->at++;
    close_array(p, from, ret);
    return true;
}

static bool read_member(struct parser *p)
{
    struct doc_member member;

    if (*p->at != '"') {
        return fail(p, "expected the name of a member");
    }
    if (!read_text(p, &member.key, &member.key_len)) {
        return false;
    }
    skip_blanks(p);
    if (*p->at != ':') {
        return fail(p, "expected :");
    }
    p->at++;
    skip_blanks(p);
    if (!read_value(p, &member.value)) {
        return false;
    }
    push(p, &member);
    return true;
}

static bool read_object(struct parser *p, struct doc_value *ret)
{
    size_t from = p->n;

    p->at++;
    skip_blanks(p);
    if (*p->at != '}') {
        do {
            if (!read_member(p)) {
                return false;
            }
        } while (goes_on(p, '}'));
    }
    if (p->problem != NULL) {
        return false;
    }
    p->at++;
    close_object(p, from, ret);
    return true;
}

static bool read_word(struct parser *p, struct doc_value *ret)
{
    static const struct {
        const char *word;
        struct doc_value value;
    } words[] = {
        {"true", {.kind = JSON_BOOL, .boolean = true}},
        {"false", {.kind = JSON_BOOL, .boolean = false}},
        {"null", {.kind = JSON_NULL}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        size_t n = strlen(words[i].word);

        if (strncmp(p->at, words[i].word, n) == 0) {
            p->at += n;
            *ret = words[i].value;
            return true;
        }
    }
    return fail(p, p->at == p->text + p->len ? "the text ends inside a value" : "expected a value");
}

static bool read_value(struct parser *p, struct doc_value *ret)
{
    bool ok;

    switch (*p->at) {
    case '"':
        *ret = (struct doc_value){.kind = JSON_STRING};
        return read_text(p, &ret->text, &ret->n);
    case '{':
    case '[':
        if (p->depth == JSON_MAX_DEPTH) {
            return fail_limit(p, "too many values inside each other");
        }
        p->depth++;
        ok = *p->at == '{' ? read_object(p, ret) : read_array(p, ret);
        p->depth--;
        return ok;
    default:
        return *p->at == '-' || g_ascii_isdigit(*p->at) ? read_number(p, ret) : read_word(p, ret);
    }
}

/* Reads the whole text, which becomes the document's, as one value. */
static bool read_all(struct document *document, char *text, size_t len, struct doc_value *ret,
                     GError **errp)
{
    struct parser p = {.document = document, .len = len};

    text = g_realloc(text, len + PADDING);
    memset(text + len, 0, PADDING);
    g_ptr_array_add(document->texts, text);
    document->large = document->large || len >= LARGE_TEXT;
    p.text = p.at = text;
    if (len > JSON_MAX_TEXT) {
        g_set_error(errp, JSON_ERROR, JSON_ERROR_LIMIT, "text of %zu bytes is over the limit of %d",
                    len, JSON_MAX_TEXT);
        return false;
    }
    skip_blanks(&p);
    if (read_value(&p, ret)) {
        skip_blanks(&p);
        if (p.at != p.text + len) {
            fail(&p, "more text follows the value");
        }
    }
    g_free(p.stack);
    if (p.problem != NULL) {
        g_set_error(errp, JSON_ERROR, p.limit ? JSON_ERROR_LIMIT : JSON_ERROR_SYNTAX,
                    "not JSON at byte %zu: %s", (size_t)(p.at - p.text), p.problem);
    }
    return p.problem == NULL;
}

struct document *document_take(char *text, size_t len, GError **errp)
{
    CLEANUP(document_freep) struct document *document = document_new();

    return read_all(document, text, len, &document->root, errp) ? g_steal_pointer(&document) : NULL;
}

struct document *document_parse(const char *text, gssize len, GError **errp)
{
    size_t size = len < 0 ? strlen(text) : (size_t)len;

    return document_take(g_strndup(text, size), size, errp);
}

struct document *document_join(const char *const *keys, const char *const *texts, size_t n,
                               GError **errp)
{
    CLEANUP(document_freep) struct document *document = document_new();
    struct doc_member *members = take(document, n * sizeof(*members));

    for (size_t i = 0; i < n; i++) {
        members[i].key = keys[i];
        members[i].key_len = (uint32_t)strlen(keys[i]);
        if (!read_all(document, g_strdup(texts[i]), strlen(texts[i]), &members[i].value, errp)) {
            g_prefix_error(errp, "%s: ", keys[i]);
            return NULL;
        }
    }
    document->root = (struct doc_value){.kind = JSON_OBJECT, .n = (uint32_t)n, .members = members};
    return g_steal_pointer(&document);
}

static const char *copy_text(struct document *document, const char *text, size_t len)
{
    char *copy = take(document, len + 1);

    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static struct doc_value copy_value(struct document *document, const struct json *value)
{
    struct doc_value ret = {.kind = json_kind(value)};

    switch (ret.kind) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        ret.boolean = json_boolean(value);
        break;
    case JSON_INT:
        ret.integer = json_int(value);
        break;
    case JSON_FLOAT:
        ret.real = json_double(value);
        break;
    case JSON_STRING:
        ret.n = (uint32_t)json_string_len(value);
        ret.text = copy_text(document, json_string(value), ret.n);
        break;
    case JSON_ARRAY: {
        struct doc_value *elements = take(document, json_len(value) * sizeof(*elements));

        ret.n = (uint32_t)json_len(value);
        for (uint32_t i = 0; i < ret.n; i++) {
            elements[i] = copy_value(document, json_at(value, i));
        }
        ret.elements = elements;
        break;
    }
    case JSON_OBJECT: {
        struct doc_member *members = take(document, json_len(value) * sizeof(*members));
        struct json_iter it = json_iter_begin(value);

        ret.members = members;
        for (; json_iter_next(&it); ret.n++) {
            members[ret.n].key_len = (uint32_t)strlen(it.key);
            members[ret.n].key = copy_text(document, it.key, members[ret.n].key_len);
            members[ret.n].value = copy_value(document, it.value);
        }
        break;
    }
    }
    return ret;
}

struct document *document_from_json(const struct json *value)
{
    struct document *document = document_new();

    document->root = copy_value(document, value);
    return document;
}

const struct doc_value *doc_get(const struct doc_value *object, const char *key)
{
    size_t len = strlen(key);

    for (uint32_t i = 0; i < object->n; i++) {
        const struct doc_member *member = &object->members[i];

        if (member->key_len == len && member->key[0] == key[0] &&
            memcmp(member->key, key, len) == 0) {
            return member->value.kind != JSON_NULL ? &member->value : NULL;
        }
    }
    return NULL;
}

bool doc_number(const struct doc_value *value, double *ret)
{
    if (value == NULL || (value->kind != JSON_INT && value->kind != JSON_FLOAT)) {
        return false;
    }
    *ret = value->kind == JSON_INT ? (double)value->integer : value->real;
    return true;
}
