#include "config.h"

#include "facts/cvcodes.h"

static const struct {
    enum cv_kind kind;
    const char *doc;
} rows[] = {
#define CV_CODE(word, kind_, doc_) [CV_##word] = {.kind = CV_KIND_##kind_, .doc = doc_},
#include "facts/cvcodes.def"
#undef CV_CODE
};

static const char *const kind_words[] = {
    [CV_KIND_CLUSTER] = "cluster",
    [CV_KIND_GROUP] = "group",
    [CV_KIND_INSTANCE] = "instance",
    [CV_KIND_NODE] = "node",
};

enum cv_kind cv_code_kind(enum cv_code code)
{
    return rows[code].kind;
}

const char *cv_kind_word(enum cv_kind kind)
{
    return kind_words[kind];
}

const char *cv_code_doc(enum cv_code code)
{
    return rows[code].doc;
}
