/* What the programs of a transfer say. Pure; the texts are foreign. */
#ifndef GANTRY_NODED_IMPEXP_OUTPUT_H
#define GANTRY_NODED_IMPEXP_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

enum socat_event {
    SOCAT_NOTHING,
    SOCAT_LISTENS,   /* on *ret_port */
    SOCAT_TRANSFERS, /* the connection is there */
};

struct socat_line {
    enum socat_event event;
    int port;
    char *shown; /* for people; NULL: not worth showing unless all is shown */
};

/* A line of socat's log: "2026/01/31 08:05:10 socat[12] N text". all: every line is shown. */
void socat_line_parse(const char *line, bool all, struct socat_line *ret);

/* A size in bytes that a command predicts, as whole MiB, rounded to the nearest; false if it is
 * none. */
bool output_parse_size(const char *line, int64_t *ret_mib);

#endif
