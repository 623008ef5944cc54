#include "config.h"

#include "cli-compat/core/list.h"

#include <string.h>

#include "base/json-scan.h"
#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/filter-text.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/table.h"
#include "cli-compat/core/time-text.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/objects.h"

/* How a type of field is called and shown. */
static const struct {
    const char *name;
    bool align_right;
} types[] = {
    [QF_TYPE_UNKNOWN] = {"Unknown", false},
    [QF_TYPE_TEXT] = {"Text", false},
    [QF_TYPE_BOOL] = {"Boolean", false},
    [QF_TYPE_NUMBER] = {"Number", true},
    [QF_TYPE_FLOAT] = {"Floating-point number", true},
    [QF_TYPE_UNIT] = {"Storage size", true},
    [QF_TYPE_TIMESTAMP] = {"Timestamp", false},
    [QF_TYPE_OTHER] = {"Custom", false},
};

/* What stands in place of a value, by its status. */
static const struct {
    const char *verbose, *brief;
} status_texts[] = {
    [QF_UNKNOWN] = {"(unknown)", "??"},
    [QF_NODATA] = {"(nodata)", "?"},
    [QF_UNAVAIL] = {"(unavail)", "-"},
    [QF_OFFLINE] = {"(offline)", "*"},
};

/* One field of an answer; texts are borrowed from it. */
struct column {
    const char *name, *title, *doc, *kind;
    enum qfield_type type;
    const struct list_format *format; /* NULL: by type */
};

struct view {
    struct column *columns;
    size_t n_columns;
    char unit; /* of text_format_mib() */
    bool verbose;
    bool found_unknown;
};

/* ---- reading answers ---- */

static bool bad_answer(GError **errp, const char *what)
{
    return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the answer to the query %s", what);
}

/* A part of the answer's text. */
struct span {
    const char *text;
    size_t len;
};

/* The names of the two parts of an answer. */
static const char *part_name(size_t i)
{
    return fact_object_query_response.members[i].name;
}

static bool not_json(GError **errp)
{
    err_wrap(errp, ERR_PROTOCOL, ECODE_NONE);
    g_prefix_error(errp, "the answer to the query: ");
    return false;
}

/* The two parts, each found as text. */
static bool split_answer(const struct span *answer, struct span parts[2], GError **errp)
{
    struct json_scan scan;

    parts[0] = parts[1] = (struct span){NULL, 0};
    if (!json_scan_begin(&scan, answer->text, answer->len, errp)) {
        return not_json(errp);
    }
    while (json_scan_next(&scan, errp)) {
        for (size_t i = 0; i < 2; i++) {
            if (strcmp(scan.key, part_name(i)) == 0) {
                parts[i] = (struct span){scan.value, scan.value_len};
            }
        }
    }
    if (!scan.complete) {
        return not_json(errp);
    }
    for (size_t i = 0; i < 2; i++) {
        if (parts[i].text == NULL) {
            return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the answer to the query has no %s",
                            part_name(i));
        }
    }
    return true;
}

static bool parse_part(const char *text, size_t len, struct json **ret_value, GError **errp)
{
    return json_parse(text, (gssize)len, ret_value, errp) || not_json(errp);
}

static const struct json *member(const struct json *object, const char *key, enum json_kind kind)
{
    const struct json *value = json_kind(object) == JSON_OBJECT ? json_get(object, key) : NULL;

    return json_kind(value) == kind ? value : NULL;
}

static enum qfield_type find_type(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(qfield_type_word((enum qfield_type)i), word) == 0) {
            return (enum qfield_type)i;
        }
    }
    /* A newer server: shown as it comes. */
    return QF_TYPE_OTHER;
}

static const struct list_format *find_format(const struct list_format *formats, const char *name)
{
    for (; formats != NULL && formats->field != NULL; formats++) {
        if (strcmp(formats->field, name) == 0) {
            return formats;
        }
    }
    return NULL;
}

static bool read_column(const struct json *field, const struct list_format *formats,
                        struct column *column, GError **errp)
{
    const struct json *name = member(field, "name", JSON_STRING);
    const struct json *title = member(field, "title", JSON_STRING);
    const struct json *kind = member(field, "kind", JSON_STRING);
    const struct json *doc = member(field, "doc", JSON_STRING);

    if (name == NULL || title == NULL || kind == NULL || doc == NULL) {
        return bad_answer(errp, "describes a field incompletely");
    }
    *column = (struct column){.name = json_string(name),
                              .title = json_string(title),
                              .doc = json_string(doc),
                              .kind = json_string(kind),
                              .type = find_type(json_string(kind)),
                              .format = find_format(formats, json_string(name))};
    return true;
}

/* Freed with view->columns; the texts in them are borrowed from the fields. */
static bool read_columns(const struct json *fields, const struct list_format *formats,
                         struct view *view, GError **errp)
{
    if (json_kind(fields) != JSON_ARRAY) {
        return bad_answer(errp, "has no fields");
    }
    view->n_columns = json_len(fields);
    view->columns = g_new0(struct column, MAX(view->n_columns, 1));
    for (size_t i = 0; i < view->n_columns; i++) {
        if (!read_column(json_at(fields, i), formats, &view->columns[i], errp)) {
            return false;
        }
    }
    return true;
}

/* Unknown fields are told on standard error. */
static void warn_unknown(struct cli_run *run, struct view *view)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (size_t i = 0; i < view->n_columns; i++) {
        if (view->columns[i].type == QF_TYPE_UNKNOWN) {
            g_string_append_printf(names, "%s%s", view->found_unknown ? ", " : "",
                                   view->columns[i].name);
            view->found_unknown = true;
        }
    }
    if (view->found_unknown) {
        run_warn(run, "Warning: unknown fields: %s", names->str);
        run->exit_code = C_EXIT_UNKNOWN_FIELD;
    }
}

/* ---- values ---- */

static char *value_text(const struct view *view, const struct column *column,
                        const struct json *value)
{
    bool is_number = json_kind(value) == JSON_INT || json_kind(value) == JSON_FLOAT;

    if (column->format != NULL) {
        return column->format->text(value);
    }
    switch (column->type) {
    case QF_TYPE_BOOL:
        return g_strdup(json_kind(value) == JSON_BOOL && json_boolean(value) ? "Y" : "N");
    case QF_TYPE_TIMESTAMP:
        return time_text(value);
    case QF_TYPE_UNIT:
        return is_number ? text_format_mib(json_double(value), view->unit) : pyrepr_str(value);
    default:
        return pyrepr_str(value);
    }
}

static bool add_cell(struct table *table, const struct view *view, const struct column *column,
                     const struct json *cell, GError **errp)
{
    int64_t status;
    char *text;

    if (json_kind(cell) != JSON_ARRAY || json_len(cell) != 2 ||
        json_kind(json_at(cell, 0)) != JSON_INT) {
        return bad_answer(errp, "has a value without status");
    }
    status = json_int(json_at(cell, 0));
    if (status < QF_NORMAL || status > QF_OFFLINE) {
        return bad_answer(errp, "has a value of an unknown status");
    }
    if (status != QF_NORMAL) {
        table_add_cell(table, g_strdup(view->verbose ? status_texts[status].verbose
                                                     : status_texts[status].brief));
        return true;
    }
    text = value_text(view, column, json_at(cell, 1));
    if (column->format != NULL && column->format->width != NULL) {
        table_add_cell_counted(table, text, column->format->width(json_at(cell, 1)));
    } else {
        table_add_cell(table, text);
    }
    return true;
}

static bool add_row(struct table *table, const struct view *view, const struct json *row,
                    GError **errp)
{
    if (json_kind(row) != JSON_ARRAY || json_len(row) != view->n_columns) {
        return bad_answer(errp, "has a row of another length");
    }
    for (size_t i = 0; i < view->n_columns; i++) {
        if (!add_cell(table, view, &view->columns[i], json_at(row, i), errp)) {
            return false;
        }
    }
    return true;
}

/* One row at a time becomes a tree: tens of thousands of them at once cost more than all the rest
 * of the command. */
static bool fill_table(struct table *table, const struct view *view, const struct span *rows,
                       GError **errp)
{
    struct json_scan scan;

    for (size_t i = 0; i < view->n_columns; i++) {
        const struct column *column = &view->columns[i];

        table_add_column(table, column->title,
                         column->format == NULL && types[column->type].align_right);
    }
    if (!json_scan_begin_array(&scan, rows->text, rows->len, errp)) {
        return not_json(errp);
    }
    while (json_scan_next(&scan, errp)) {
        CLEANUP(json_unrefp) struct json *row = NULL;

        if (!parse_part(scan.value, scan.value_len, &row, errp) ||
            !add_row(table, view, row, errp)) {
            return false;
        }
    }
    return scan.complete || not_json(errp);
}

/* ---- the commands ---- */

char list_unit(const struct cli_run *run)
{
    const char *separator = command_line_text(run->line, CLI_OPT_sep);
    const char *unit = command_line_has(run->line, CLI_OPT_useunits)
                           ? command_line_text(run->line, CLI_OPT_useunits)
                           : NULL;

    if (unit != NULL) {
        return *unit;
    }
    return separator != NULL && *separator != '\0' ? 'm' : 'h';
}

struct json *list_fields(const struct cli_run *run, const char *extra)
{
    const char *output = command_line_text(run->line, CLI_OPT_fields);
    bool add = output == NULL || *output == '+';
    g_autoptr(GString) names = g_string_new(add ? run->command->columns : NULL);
    g_auto(GStrv) usual = NULL;
    g_auto(GStrv) wanted = NULL;
    struct json *fields = json_new_array();
    bool has_extra = false;

    usual = g_strsplit(names->str, " ", -1);
    wanted = output != NULL ? g_strsplit(*output == '+' ? output + 1 : output, ",", -1)
                            : g_new0(char *, 1);
    for (size_t i = 0; usual[i] != NULL; i++) {
        json_append(fields, json_new_string(usual[i]));
    }
    for (size_t i = 0; wanted[i] != NULL; i++) {
        json_append(fields, json_new_string(wanted[i]));
    }
    /* Splitting nothing gives nothing, but an empty list of columns is one column without name. */
    if (output != NULL && wanted[0] == NULL) {
        json_append(fields, json_new_string(""));
    }
    for (size_t i = 0; i < json_len(fields); i++) {
        has_extra |= extra != NULL && strcmp(json_string(json_at(fields, i)), extra) == 0;
    }
    if (extra != NULL && !has_extra) {
        json_append(fields, json_new_string(extra));
    }
    return fields;
}

/* What the arguments and the command's own filter say together. */
static bool make_filter(const struct cli_run *run, const struct list_spec *spec,
                        struct json **ret_filter, GError **errp)
{
    static const char *const nothing[] = {NULL};
    bool force = command_line_has(run->line, CLI_OPT_force_filter) &&
                 command_line_flag(run->line, CLI_OPT_force_filter);
    struct json *names;

    if (!filter_text_from_args(spec->name_field != NULL ? run->args : nothing, force,
                               spec->name_field, spec->numeric_names, &names, errp)) {
        return false;
    }
    if (spec->filter == NULL) {
        *ret_filter = names;
    } else if (names == NULL) {
        *ret_filter = json_ref(spec->filter);
    } else {
        *ret_filter = run_list(3, json_new_string(fact_enum_query_op.words[QUERY_OP_AND]), names,
                               json_ref(spec->filter));
    }
    return true;
}

static void print_table(struct cli_run *run, const struct table *table)
{
    const struct table_options options = {
        .header = !command_line_flag(run->line, CLI_OPT_nohdr),
        .separator = command_line_text(run->line, CLI_OPT_sep),
    };

    table_print(table, &options, run->out);
}

bool list_run(struct cli_run *run, const struct list_spec *spec, GError **errp)
{
    CLEANUP(table_freep) struct table *table = table_new();
    CLEANUP(json_unrefp) struct json *fields = NULL;
    g_autofree struct column *columns = NULL;
    struct span answer, parts[2];
    struct view view = {.unit = list_unit(run),
                        .verbose = command_line_flag(run->line, CLI_OPT_verbose)};
    struct json *filter, *args;
    bool ok;

    if (!make_filter(run, spec, &filter, errp)) {
        return false;
    }
    args = run_list(3, json_new_string(query_word(spec->kind)), list_fields(run, spec->extra_field),
                    filter);
    ok = run_call_text(run, LUXI_query, args, &answer.text, &answer.len, errp) &&
         split_answer(&answer, parts, errp) &&
         parse_part(parts[0].text, parts[0].len, &fields, errp) &&
         read_columns(fields, spec->formats, &view, errp);
    columns = view.columns;
    if (!ok) {
        return false;
    }
    warn_unknown(run, &view);
    if (!fill_table(table, &view, &parts[1], errp)) {
        return false;
    }
    print_table(run, table);
    return true;
}

bool list_run_fields(struct cli_run *run, enum query_kind kind, GError **errp)
{
    static const char *const titles[] = {"Name", "Type", "Title", "Description"};
    CLEANUP(table_freep) struct table *table = table_new();
    CLEANUP(json_unrefp) struct json *answer = NULL;
    g_autofree struct column *columns = NULL;
    struct json *fields = run->args[0] != NULL ? run_texts(run->args) : NULL;
    struct view view = {0};
    bool ok = run_call(run, LUXI_query_fields,
                       run_list(2, json_new_string(query_word(kind)), fields), &answer, errp) &&
              read_columns(member(answer, part_name(0), JSON_ARRAY), NULL, &view, errp);

    columns = view.columns;
    if (!ok) {
        return false;
    }
    warn_unknown(run, &view);
    for (size_t i = 0; i < G_N_ELEMENTS(titles); i++) {
        table_add_column(table, titles[i], false);
    }
    for (size_t i = 0; i < view.n_columns; i++) {
        table_add_cell(table, g_strdup(columns[i].name));
        table_add_cell(table, g_strdup(types[columns[i].type].name));
        table_add_cell(table, g_strdup(columns[i].title));
        table_add_cell(table, g_strdup(columns[i].doc));
    }
    print_table(run, table);
    return true;
}

struct json *list_any_of(const char *field, const struct json *values)
{
    struct json *filter;

    if (json_kind(values) != JSON_ARRAY || json_len(values) == 0) {
        return NULL;
    }
    filter = run_list(1, json_new_string(fact_enum_query_op.words[QUERY_OP_OR]));
    for (size_t i = 0; i < json_len(values); i++) {
        json_append(filter, run_list(3, json_new_string(fact_enum_query_op.words[QUERY_OP_EQUAL]),
                                     json_new_string(field), json_copy(json_at(values, i))));
    }
    return filter;
}

char *list_text_joined(const struct json *value)
{
    GString *out = g_string_new(NULL);

    if (json_kind(value) != JSON_ARRAY) {
        g_string_free(out, TRUE);
        return pyrepr_str(value);
    }
    for (size_t i = 0; i < json_len(value); i++) {
        g_autofree char *item = pyrepr_str(json_at(value, i));

        g_string_append_printf(out, "%s%s", i > 0 ? "," : "", item);
    }
    return g_string_free(out, FALSE);
}
