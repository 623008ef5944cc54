/* Numbers and tables in the forms the tools print, which are Haskell's printf and show. */
#ifndef GANTRY_HTOOLS_CORE_PRINT_H
#define GANTRY_HTOOLS_CORE_PRINT_H

#include "htools/core/cluster.h"

/* printf "%.*f": decimals from the shortest digits, half to even; negative decimals: all digits. */
void ht_append_fixed(GString *out, int decimals, double value);
/* printf "%.*g" of the reference's runtime. */
void ht_append_general(GString *out, int decimals, double value);
/* show :: Double */
void ht_append_show_double(GString *out, double value);
/* show :: String, with quotes and escapes */
void ht_append_show_string(GString *out, const char *text);
/* Right-justified in width, counted in characters. */
void ht_append_padded(GString *out, int width, const char *text);
/* The number of characters (not bytes). */
unsigned ht_text_width(const char *text);

/* Rows of n_columns strings (owned by the table), columns as wide as needed. */
struct ht_table;
struct ht_table *ht_table_new(unsigned n_columns);
void ht_table_free(struct ht_table *table);
DEFINE_CLEANUP(struct ht_table *, ht_table_free)
void ht_table_cell(struct ht_table *table, char *text); /* takes over text */
/* numeric: per column, right-justified. Every line starts with prefix and a blank. */
void ht_table_print(const struct ht_table *table, const bool *numeric, const char *prefix,
                    GString *out);

/* --print-nodes: fields NULL or empty for the default ones; a first field "+" adds to them. */
void ht_print_nodes(const struct ht_cluster *cluster, const struct ht_view *view,
                    const char *const *fields, GString *out);
/* --print-instances */
void ht_print_instances(const struct ht_cluster *cluster, const struct ht_view *view, GString *out);

/* Totals over nodes (the reference's CStats). */
struct ht_totals {
    int64_t f_mem, f_dsk, f_spindles;
    int64_t a_mem, a_dsk, a_cpu;
    int64_t max_mem, max_dsk, max_cpu;
    int64_t i_mem, i_dsk, i_spindles, i_cpu;
    double t_mem, t_dsk, t_spindles, t_cpu;
    int64_t v_cpu;
    double n_cpu;
    int64_t x_mem, n_mem;
    double score;
    int n_instances;
};
struct ht_totals ht_totals_compute(const struct ht_cluster *cluster, const struct ht_view *view);

#endif
