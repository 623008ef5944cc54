/* The memory of harep: what an instance's tags tell about its automatic repairs.
 *
 * A repair that runs is a tag "...:pending:type:uuid:time:job+job", one that has ended
 * "...:result:type:uuid:time:result:job+job". Matches the reference's Program/Harep.hs. */
#ifndef GANTRY_HTOOLS_CORE_REPAIR_H
#define GANTRY_HTOOLS_CORE_REPAIR_H

#include "htools/core/cluster.h"

struct ht_repair {
    enum ht_repair_type type;
    char *uuid;
    int64_t time; /* seconds since the epoch */
    GArray *jobs; /* int64_t */
    bool ended;
    enum ht_repair_result result; /* if ended */
};
struct ht_repair *ht_repair_new(enum ht_repair_type type, int64_t time);
void ht_repair_free(struct ht_repair *repair);
/* The tag that tells of it; the caller frees it. */
char *ht_repair_tag(const struct ht_repair *repair);
/* NULL if the tag does not tell of a repair. */
struct ht_repair *ht_repair_parse(const char *tag);

enum ht_repair_progress {
    HT_PROGRESS_HEALTHY,
    HT_PROGRESS_FAILED,
    HT_PROGRESS_PENDING,
    HT_PROGRESS_NEEDED,
    HT_PROGRESS_COUNT
};
/* As harep prints it. */
const char *ht_repair_progress_name(enum ht_repair_progress progress);

struct ht_repair_record {
    enum ht_repair_progress progress;
    struct ht_repair *repair; /* the one that counts, or NULL */
    char *tag;                /* its tag as it stands on the instance, or NULL */
    GPtrArray *outdated;      /* tags to take off; owned strings */
};
void ht_repair_record_clear(struct ht_repair_record *record);
/* Goes on to another repair (taken over); its tag replaces what was there. */
void ht_repair_record_move(struct ht_repair_record *record, enum ht_repair_progress progress,
                           struct ht_repair *repair);

/* What the tags of the instance say. Two repairs that have not ended are an error. */
bool ht_repair_read(const struct ht_instance *inst, struct ht_repair_record *ret, GError **errp)
    __attribute__((warn_unused_result));

#endif
