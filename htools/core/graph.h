/* Graphs of nodes and their colouring, for hroller: nodes of one colour may go down together (the
 * reference's Graph.hs). Vertices are integers from low to high; an edge may be there several
 * times, and that counts, as it does in the reference. */
#ifndef GANTRY_HTOOLS_CORE_GRAPH_H
#define GANTRY_HTOOLS_CORE_GRAPH_H

#include "base/cleanup.h"
#include "htools/core/vec.h"

struct graph {
    int low, high;
    struct ht_ints *neighbours; /* of vertex low + i; the edge added last comes first */
};

struct graph_edge {
    int from, to;
};

/* edges: an array of struct graph_edge whose ends are within the bounds. */
struct graph *graph_new(int low, int high, const GArray *edges);
void graph_free(struct graph *graph);
DEFINE_CLEANUP(struct graph *, graph_free)

/* Ways to choose the next vertex to colour. */
enum graph_order {
    GRAPH_LARGEST_FIRST,
    GRAPH_SATURATION,   /* most colours among the neighbours */
    GRAPH_COLOR_DEGREE, /* most coloured neighbours */
    GRAPH_ORDERS,
};

/* Vertices by colour, ascending. */
struct coloring {
    struct ht_ints *colors;
    unsigned n_colors;
};
struct coloring graph_color(const struct graph *graph, enum graph_order order);
void coloring_clear(struct coloring *coloring);

/* As Haskell shows the adjacency array. */
void graph_show(const struct graph *graph, GString *out);

#endif
