/* A made-up cluster in the forms that htools reads. */
#ifndef GANTRY_QA_HTOOLS_WRITE_H
#define GANTRY_QA_HTOOLS_WRITE_H

#include "qa/htools/model.h"

/* What is asked of hail. */
struct write_request {
    const char *type;          /* a word of the iallocator protocol */
    GArray *instances;         /* allocate, multi-allocate: struct model_instance */
    GPtrArray *names;          /* the others: const char *, instances of the cluster */
    int required_nodes;        /* 0: not said */
    const char *group_name;    /* or NULL */
    GPtrArray *restrict_to;    /* const char *, node names; or NULL */
    const char *relocate_from; /* node name, or NULL */
    const char *evac_mode;     /* or NULL */
    GPtrArray *target_groups;  /* const char *, or NULL */
};

/* The text form (-t). */
char *write_text(const struct model *model);
/* The iallocator form (-I, hail's operand). */
char *write_json(const struct model *model, const struct write_request *request);
/* Present loads (-U): "name cpu mem disk net" for most instances. */
char *write_utilisation(struct model *model);
/* What monitoring daemons would say (--mond-data); xen: per instance instead of per node. */
char *write_mond(struct model *model, bool xen);

/* The four answers of the remote API, in the order groups, nodes, instances, info. */
enum { WRITE_RAPI_PARTS = 4 };
extern const char *const write_rapi_names[WRITE_RAPI_PARTS];
char *write_rapi(const struct model *model, int part);

#endif
