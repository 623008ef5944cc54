#include "config.h"

#include "noded/proto/ini.h"

#include <string.h>

#include "facts/errors.h"

struct member {
    char *name;
    GString *value;
};

struct section {
    char *name;
    GPtrArray *members;
};

struct ini {
    GPtrArray *sections;
};

static void member_free(void *data)
{
    struct member *member = data;

    g_free(member->name);
    g_string_free(member->value, TRUE);
    g_free(member);
}

static void section_free(void *data)
{
    struct section *section = data;

    g_free(section->name);
    g_ptr_array_unref(section->members);
    g_free(section);
}

void ini_free(struct ini *ini)
{
    if (ini != NULL) {
        g_ptr_array_unref(ini->sections);
        g_free(ini);
    }
}

static struct section *find_section(const struct ini *ini, const char *name)
{
    for (guint i = 0; i < ini->sections->len; i++) {
        struct section *section = g_ptr_array_index(ini->sections, i);

        if (strcmp(section->name, name) == 0) {
            return section;
        }
    }
    return NULL;
}

bool ini_has_section(const struct ini *ini, const char *name)
{
    return find_section(ini, name) != NULL;
}

/* A "%" is written twice. */
static char *unescape(const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, "%%", -1);

    return g_strjoinv("%", parts);
}

char *ini_get(const struct ini *ini, const char *section_name, const char *name)
{
    const struct section *section = find_section(ini, section_name);

    for (guint i = 0; section != NULL && i < section->members->len; i++) {
        const struct member *member = g_ptr_array_index(section->members, i);

        if (g_ascii_strcasecmp(member->name, name) == 0) {
            return unescape(member->value->str);
        }
    }
    return NULL;
}

void ini_each(const struct ini *ini, const char *section_name, ini_fn *fn, void *data)
{
    const struct section *section = find_section(ini, section_name);

    for (guint i = 0; section != NULL && i < section->members->len; i++) {
        const struct member *member = g_ptr_array_index(section->members, i);
        g_autofree char *value = unescape(member->value->str);

        fn(member->name, value, data);
    }
}

/* --- Reading ------------------------------------------------------------------------------------
 */

struct reader {
    struct ini *ini;
    struct section *section; /* NULL: none yet */
    struct member *member;   /* NULL: none that could go on */
    unsigned line, empty;    /* empty lines since the last one that was not */
};

static bool fail(const struct reader *reader, const char *text, GError **errp)
{
    return err_fail(errp, ERR_GENERIC, ECODE_NONE, "line %u: %s", reader->line, text);
}

static bool open_section(struct reader *reader, char *text, GError **errp)
{
    char *end = strrchr(text, ']');

    if (end == NULL) {
        return fail(reader, "the name of a section does not end", errp);
    }
    *end = '\0';
    if (find_section(reader->ini, text + 1) != NULL) {
        return fail(reader, "a section stands there twice", errp);
    }
    reader->section = g_new0(struct section, 1);
    reader->section->name = g_strdup(text + 1);
    reader->section->members = g_ptr_array_new_with_free_func(member_free);
    g_ptr_array_add(reader->ini->sections, reader->section);
    reader->member = NULL;
    return true;
}

static bool add_member(struct reader *reader, char *text, GError **errp)
{
    size_t len = strcspn(text, "=:");
    struct member *member;

    if (reader->section == NULL) {
        return fail(reader, "nothing can stand in front of the first section", errp);
    }
    if (text[len] == '\0' || len == 0) {
        return fail(reader, "expected NAME = VALUE", errp);
    }
    text[len] = '\0';
    member = g_new0(struct member, 1);
    member->name = g_utf8_strdown(g_strchomp(text), -1);
    member->value = g_string_new(g_strstrip(text + len + 1));
    g_ptr_array_add(reader->section->members, member);
    reader->member = member;
    return true;
}

static void go_on(struct reader *reader, char *text)
{
    for (; reader->empty > 0; reader->empty--) {
        g_string_append_c(reader->member->value, '\n');
    }
    g_string_append_printf(reader->member->value, "\n%s", g_strstrip(text));
}

static bool take_line(struct reader *reader, char *text, GError **errp)
{
    bool indented = *text == ' ' || *text == '\t';

    reader->line++;
    g_strchomp(text);
    if (*text == '\0') {
        reader->empty++;
        return true;
    }
    if (text[strspn(text, " \t")] == '#' || text[strspn(text, " \t")] == ';') {
        return true;
    }
    if (indented && reader->member != NULL) {
        go_on(reader, text);
        return true;
    }
    reader->empty = 0;
    g_strchug(text);
    return *text == '[' ? open_section(reader, text, errp) : add_member(reader, text, errp);
}

struct ini *ini_parse(const char *text, GError **errp)
{
    CLEANUP(ini_freep) struct ini *ini = g_new0(struct ini, 1);
    g_auto(GStrv) lines = NULL;
    struct reader reader = {.ini = ini};

    ini->sections = g_ptr_array_new_with_free_func(section_free);
    if (!g_utf8_validate(text, -1, NULL)) {
        err_set(errp, ERR_GENERIC, ECODE_NONE, "the text is not UTF-8");
        return NULL;
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (!take_line(&reader, *line, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&ini);
}

/* --- Writing ------------------------------------------------------------------------------------
 */

static void write_member(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, "%s = ", name);
    for (; *value != '\0'; value++) {
        g_string_append_c(out, *value);
        if (*value == '\n') {
            g_string_append_c(out, '\t');
        }
    }
    g_string_append_c(out, '\n');
}

char *ini_dump(const struct ini *ini)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < ini->sections->len; i++) {
        const struct section *section = g_ptr_array_index(ini->sections, i);

        g_string_append_printf(out, "[%s]\n", section->name);
        for (guint k = 0; k < section->members->len; k++) {
            const struct member *member = g_ptr_array_index(section->members, k);

            write_member(out, member->name, member->value->str);
        }
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

void ini_put_section(GString *out, const char *name)
{
    g_string_append_printf(out, "%s[%s]\n", out->len > 0 ? "\n" : "", name);
}

void ini_put(GString *out, const char *name, const char *value)
{
    g_autofree char *lower = g_utf8_strdown(name, -1);
    g_auto(GStrv) parts = g_strsplit(value, "%", -1);
    g_autofree char *escaped = g_strjoinv("%%", parts);

    write_member(out, lower, escaped);
}
