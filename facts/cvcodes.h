/* Error codes of cluster verify (cvcodes.def); enum cv_code stands with the other enums. */
#ifndef GANTRY_FACTS_CVCODES_H
#define GANTRY_FACTS_CVCODES_H

#include "facts/objects.h"

enum cv_kind {
    CV_KIND_CLUSTER,
    CV_KIND_GROUP,
    CV_KIND_INSTANCE,
    CV_KIND_NODE,
};

/* Kind of object that a code is about, and its word in the output for programs ("node"). */
enum cv_kind cv_code_kind(enum cv_code code);
const char *cv_kind_word(enum cv_kind kind);
/* What the code means. */
const char *cv_code_doc(enum cv_code code);

#endif
