#include "config.h"

#include "htools/core/graph.h"

static unsigned n_vertices(const struct graph *graph)
{
    return (unsigned)(graph->high - graph->low + 1);
}

static const struct ht_ints *neighbours(const struct graph *graph, int vertex)
{
    return &graph->neighbours[vertex - graph->low];
}

struct graph *graph_new(int low, int high, const GArray *edges)
{
    struct graph *graph = g_new0(struct graph, 1);

    graph->low = low;
    graph->high = high;
    graph->neighbours = g_new0(struct ht_ints, n_vertices(graph));
    for (guint i = edges->len; i-- > 0;) {
        const struct graph_edge *edge = &g_array_index(edges, struct graph_edge, i);

        ht_ints_push(&graph->neighbours[edge->from - low], edge->to);
    }
    return graph;
}

void graph_free(struct graph *graph)
{
    for (unsigned i = 0; i < n_vertices(graph); i++) {
        ht_ints_clear(&graph->neighbours[i]);
    }
    g_free(graph->neighbours);
    g_free(graph);
}

enum { UNCOLORED = -1 };

/* A colouring under way. */
struct painter {
    const struct graph *graph;
    int *color_of;  /* by vertex - low */
    unsigned *seen; /* by colour: the mark of the last look at it */
    unsigned mark;
    int n_colors;
};

/* How many of the neighbours have a colour, and how many colours these are, which are marked. */
static void look_around(struct painter *p, int vertex, unsigned *ret_colored, unsigned *ret_colors)
{
    const struct ht_ints *near = neighbours(p->graph, vertex);

    *ret_colored = *ret_colors = 0;
    p->mark++;
    for (unsigned i = 0; i < near->n; i++) {
        int color = p->color_of[near->v[i] - p->graph->low];

        if (color == UNCOLORED) {
            continue;
        }
        ++*ret_colored;
        *ret_colors += p->seen[color] != p->mark;
        p->seen[color] = p->mark;
    }
}

/* The first colour that no neighbour has. */
static void paint(struct painter *p, int vertex)
{
    unsigned colored, colors;
    int color = 0;

    look_around(p, vertex, &colored, &colors);
    while (p->seen[color] == p->mark) {
        color++;
    }
    p->color_of[vertex - p->graph->low] = color;
    p->n_colors = MAX(p->n_colors, color + 1);
}

static int compare_degree(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct graph *graph = data;
    unsigned left = neighbours(graph, *(const int *)a)->n;
    unsigned right = neighbours(graph, *(const int *)b)->n;

    return left < right ? -1 : left > right;
}

static GArray *all_vertices(const struct graph *graph)
{
    GArray *vertices = g_array_new(FALSE, FALSE, sizeof(int));

    for (int v = graph->low; v <= graph->high; v++) {
        g_array_append_val(vertices, v);
    }
    return vertices;
}

/* From the last to the first of the vertices in ascending order of degree. */
static void paint_largest_first(struct painter *p)
{
    g_autoptr(GArray) vertices = all_vertices(p->graph);

    g_array_sort_with_data(vertices, compare_degree, (gpointer)p->graph);
    for (guint i = vertices->len; i-- > 0;) {
        paint(p, g_array_index(vertices, int, i));
    }
}

/* Always the vertex with the most colours or coloured neighbours, of these the one with most
 * neighbours, of these the last. */
static void paint_dynamically(struct painter *p, enum graph_order order)
{
    g_autoptr(GArray) left = all_vertices(p->graph);

    while (left->len > 0) {
        unsigned best_rank = 0, best_degree = 0;
        guint best = 0;

        for (guint i = 0; i < left->len; i++) {
            int vertex = g_array_index(left, int, i);
            unsigned degree = neighbours(p->graph, vertex)->n;
            unsigned colored, colors, rank;

            look_around(p, vertex, &colored, &colors);
            rank = order == GRAPH_SATURATION ? colors : colored;
            if (rank > best_rank || (rank == best_rank && degree >= best_degree)) {
                best = i;
                best_rank = rank;
                best_degree = degree;
            }
        }
        paint(p, g_array_index(left, int, best));
        g_array_remove_index(left, best);
    }
}

struct coloring graph_color(const struct graph *graph, enum graph_order order)
{
    unsigned n = n_vertices(graph);
    struct painter p = {
        .graph = graph,
        .color_of = g_new(int, n),
        .seen = g_new0(unsigned, n + 1),
    };
    struct coloring coloring;

    for (unsigned i = 0; i < n; i++) {
        p.color_of[i] = UNCOLORED;
    }
    if (order == GRAPH_LARGEST_FIRST) {
        paint_largest_first(&p);
    } else {
        paint_dynamically(&p, order);
    }
    coloring.n_colors = (unsigned)p.n_colors;
    coloring.colors = g_new0(struct ht_ints, coloring.n_colors + 1);
    for (unsigned i = 0; i < n; i++) {
        ht_ints_push(&coloring.colors[p.color_of[i]], graph->low + (int)i);
    }
    g_free(p.color_of);
    g_free(p.seen);
    return coloring;
}

void coloring_clear(struct coloring *coloring)
{
    for (unsigned i = 0; i < coloring->n_colors; i++) {
        ht_ints_clear(&coloring->colors[i]);
    }
    g_clear_pointer(&coloring->colors, g_free);
}

void graph_show(const struct graph *graph, GString *out)
{
    g_string_append_printf(out, "array (%d,%d) [", graph->low, graph->high);
    for (int v = graph->low; v <= graph->high; v++) {
        const struct ht_ints *near = neighbours(graph, v);

        g_string_append_printf(out, "%s(%d,[", v > graph->low ? "," : "", v);
        for (unsigned i = 0; i < near->n; i++) {
            g_string_append_printf(out, "%s%d", i > 0 ? "," : "", near->v[i]);
        }
        g_string_append(out, "])");
    }
    g_string_append_c(out, ']');
}
