#include "config.h"

#include "cli-compat/core/table.h"

struct column {
    char *title;
    bool align_right;
};

struct cell {
    char *text;
    glong width;
};

struct table {
    GArray *columns; /* struct column */
    GArray *cells;   /* struct cell, row after row */
};

static void column_clear(gpointer data)
{
    g_free(((struct column *)data)->title);
}

static void cell_clear(gpointer data)
{
    g_free(((struct cell *)data)->text);
}

struct table *table_new(void)
{
    struct table *table = g_new0(struct table, 1);

    table->columns = g_array_new(FALSE, FALSE, sizeof(struct column));
    g_array_set_clear_func(table->columns, column_clear);
    table->cells = g_array_new(FALSE, FALSE, sizeof(struct cell));
    g_array_set_clear_func(table->cells, cell_clear);
    return table;
}

void table_free(struct table *table)
{
    g_array_free(table->columns, TRUE);
    g_array_free(table->cells, TRUE);
    g_free(table);
}

void table_add_column(struct table *table, const char *title, bool align_right)
{
    const struct column column = {.title = g_strdup(title), .align_right = align_right};

    g_assert(table->cells->len == 0);
    g_array_append_val(table->columns, column);
}

void table_add_cell_counted(struct table *table, char *text, glong width)
{
    const struct cell cell = {.text = text, .width = width};

    g_array_append_val(table->cells, cell);
}

void table_add_cell(struct table *table, char *text)
{
    table_add_cell_counted(table, text, g_utf8_strlen(text, -1));
}

static const struct cell *cell_at(const struct table *table, guint i)
{
    return &g_array_index(table->cells, struct cell, i);
}

static const struct column *column_at(const struct table *table, guint i)
{
    return &g_array_index(table->columns, struct column, i);
}

/* Width of each column in characters; the last one gets none if it is aligned left, so that lines
 * end where their text ends. */
static glong *measure(const struct table *table, const struct table_options *options)
{
    guint n = table->columns->len;
    glong *width = g_new0(glong, MAX(n, 1));

    for (guint i = 0; i < n && options->header; i++) {
        width[i] = g_utf8_strlen(column_at(table, i)->title, -1);
    }
    for (guint i = 0; i < table->cells->len; i++) {
        width[i % n] = MAX(width[i % n], cell_at(table, i)->width);
    }
    if (n > 0 && !column_at(table, n - 1)->align_right) {
        width[n - 1] = 0;
    }
    return width;
}

static void append_blanks(GString *out, glong n)
{
    for (; n > 0; n--) {
        g_string_append_c(out, ' ');
    }
}

static void append_padded(GString *out, const char *text, glong width, bool align_right)
{
    glong missing = width > 0 ? width - g_utf8_strlen(text, -1) : 0;

    if (align_right) {
        append_blanks(out, missing);
    }
    g_string_append(out, text);
    if (!align_right) {
        append_blanks(out, missing);
    }
}

void table_print(const struct table *table, const struct table_options *options, GString *out)
{
    guint n = table->columns->len;
    g_autofree glong *width =
        options->separator == NULL ? measure(table, options) : g_new0(glong, MAX(n, 1));
    const char *between = options->separator != NULL ? options->separator : " ";

    g_assert(n == 0 || table->cells->len % n == 0);
    for (guint i = 0; i < n && options->header; i++) {
        g_string_append(out, i > 0 ? between : "");
        append_padded(out, column_at(table, i)->title, width[i], column_at(table, i)->align_right);
    }
    if (n > 0 && options->header) {
        g_string_append_c(out, '\n');
    }
    for (guint i = 0; i < table->cells->len; i++) {
        g_string_append(out, i % n > 0 ? between : "");
        append_padded(out, cell_at(table, i)->text, width[i % n],
                      column_at(table, i % n)->align_right);
        if (i % n == n - 1) {
            g_string_append_c(out, '\n');
        }
    }
}
