/* Asking an allocator by way of the nodes: what they say goes into the question, and the program
 * runs on the master (reference: lib/masterd/iallocator.py IAllocator). */
#ifndef GANTRY_JOBS_LU_ALLOCATE_H
#define GANTRY_JOBS_LU_ALLOCATE_H

#include "jobs/iallocator/iallocator.h"
#include "jobs/lu/lu.h"

/* The question, owned by the caller; NULL on error. */
struct json *lu_allocator_input(struct lu *lu, const struct ia_request *request, GError **errp);
/* What the program says to it, unread; owned by the caller. */
char *lu_allocator_run(struct lu *lu, const struct ia_request *request, const char *allocator,
                       const struct json *input, GError **errp);
/* Both, and the check of the answer; ia_answer_clear(). An answer without success is an error of
 * class OpPrereqError (ECODE_NORES) that tells what the allocator said. */
bool lu_allocate(struct lu *lu, const struct ia_request *request, const char *allocator,
                 struct ia_answer *ret, GError **errp);

/* The cluster's allocator where none is named or "." is (common.py GetDefaultIAllocator).
 * *allocator is an opcode's member, has its mark. */
bool lu_allocator(struct lu *lu, char **allocator, bool *has, GError **errp);
/* An allocator or a node (NULL: none), not both; the cluster's allocator where none is named or "."
 * is (common.py CheckIAllocatorOrNode). *allocator is an opcode's member, has its mark. */
bool lu_allocator_or_node(struct lu *lu, char **allocator, bool *has, const char *node,
                          GError **errp);

#endif
