/* What the tests of calls share: a node that is a folder (a virtual cluster), and questions to it.
 */
#ifndef GANTRY_NODED_SERVER_TESTS_VIRTUAL_NODE_H
#define GANTRY_NODED_SERVER_TESTS_VIRTUAL_NODE_H

#include "facts/paths.h"
#include "facts/rpccalls.h"

/* A fresh node1.lab.example with these folders; the list ends with PATH_COUNT. For a checked
 * fixture. */
void node_make(const enum path_id *folders);
/* Removes it. */
void node_remove(void);

/* Makes the folders above it. */
void node_write(const char *path, const char *text);
/* Content of a file of at most 1 MiB, NULL if it cannot be read; owned by the caller. */
char *node_read(const char *path);

/* The answer to a request, as text; owned by the caller. */
char *node_call(enum rpc_id id, const char *text);
/* The answer is this text. */
void node_expect(enum rpc_id id, const char *text, const char *expected);
/* The call fails, and says this. */
void node_refuse(enum rpc_id id, const char *text, const char *part);

#endif
