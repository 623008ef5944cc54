#include "config.h"

#include "facts/factdump.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/completion.h"
#include "facts/man.h"
#include "facts/system-files.h"
#include "facts/type-text.h"

static const struct {
    const char *name;
    void (*dump)(struct json_writer *w);
} families[] = {
#define DUMP_FAMILY(suffix, name_) {.name = name_, .dump = dump_##suffix},
    DUMP_FAMILIES
#undef DUMP_FAMILY
};

void dump_text(struct json_writer *w, const char *key, const char *text)
{
    json_write_key(w, key);
    if (text == NULL) {
        json_write_null(w);
    } else {
        json_write_string(w, text);
    }
}

void dump_bool(struct json_writer *w, const char *key, bool value)
{
    json_write_key(w, key);
    json_write_bool(w, value);
}

void dump_json(struct json_writer *w, const char *key, const char *text)
{
    CLEANUP(json_unrefp) struct json *value = NULL;
    g_autoptr(GError) error = NULL;

    if (text != NULL && !json_parse(text, -1, &value, &error)) {
        g_error("%s: %s", key, error->message);
    }
    json_write_key(w, key);
    json_write_value(w, value);
}

static const char *const presence_words[] = {
    [FACT_REQUIRED] = "required", [FACT_OPTIONAL] = "optional",     [FACT_NULLABLE] = "nullable",
    [FACT_DEFAULT] = "default",   [FACT_DEFAULT_HIDDEN] = "hidden", [FACT_REAL] = "required",
};

void dump_member(struct json_writer *w, const struct fact_member *member)
{
    g_autofree char *type = fact_spec_text(member->spec);

    json_write_object_begin(w);
    dump_text(w, "name", member->name);
    dump_text(w, "type", type);
    dump_text(w, "presence", presence_words[member->spec->presence]);
    if (member->spec->presence == FACT_REQUIRED && member->spec->default_json == NULL) {
        dump_bool(w, "required", true);
    } else {
        dump_json(w, "default", fact_member_default(member));
    }
    json_write_object_end(w);
}

void dump_words(struct json_writer *w, const struct fact_enum *words)
{
    json_write_array_begin(w);
    for (size_t i = 0; i < words->n; i++) {
        if (fact_word_is_current(words, i)) {
            json_write_string(w, words->words[i]);
        }
    }
    json_write_array_end(w);
}

static bool dump_wanted(const char *wanted, struct json_writer *w)
{
    bool all = strcmp(wanted, "all") == 0;
    bool found = false;

    json_write_object_begin(w);
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (all || strcmp(wanted, families[i].name) == 0) {
            json_write_key(w, families[i].name);
            families[i].dump(w);
            found = true;
        }
    }
    json_write_object_end(w);
    return found;
}

static int usage(void)
{
    fputs("Usage: factdump --json FAMILY    prints {FAMILY: facts}\n"
          "       factdump --man PROGRAM    prints the manual page of a gnt-* program\n"
          "       factdump --completion     prints the tables of the shell completion\n"
          "       factdump --system FILE    prints a unit of systemd, ganeti.cron or "
          "ganeti.logrotate\n\n"
          "Families: all",
          stderr);
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        fprintf(stderr, ", %s", families[i].name);
    }
    fputs("\n", stderr);
    return 2;
}

/* What the arguments ask for; NULL if they ask for nothing that there is. */
static char *print_wanted(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--json") == 0) {
        GString *out = g_string_new(NULL);
        struct json_writer w = json_writer_init(out, JSON_PYTHON);
        bool found = dump_wanted(argv[2], &w);

        g_string_append_c(out, '\n');
        return g_string_free(out, !found);
    }
    if (argc == 3 && strcmp(argv[1], "--man") == 0) {
        const struct cli_program *program = cli_program_find(argv[2]);

        return program != NULL ? man_page(program) : NULL;
    }
    if (argc == 3 && strcmp(argv[1], "--system") == 0) {
        return system_file(argv[2]);
    }
    return argc == 2 && strcmp(argv[1], "--completion") == 0 ? completion_tables() : NULL;
}

int main(int argc, char **argv)
{
    g_autofree char *text = print_wanted(argc, argv);

    if (text == NULL) {
        return usage();
    }
    fputs(text, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
