#include "config.h"

#include "jobs/lu/draft.h"

#include "facts/codec.h"

void lu_draft_begin(struct lu_draft *draft, const struct fact_object *object, const void *value)
{
    draft->object = object;
    draft->base = value != NULL ? fact_object_copy(object, value) : NULL;
    draft->draft = value != NULL ? fact_object_copy(object, value) : fact_object_new(object);
}

void lu_draft_clear(struct lu_draft *draft)
{
    if (draft->base != NULL) {
        fact_object_free(draft->object, draft->base);
    }
    if (draft->draft != NULL) {
        fact_object_free(draft->object, draft->draft);
    }
}

static bool is_same(const struct lu_draft *draft, const struct fact_member *member)
{
    return fact_member_is_set(draft->object, draft->base, member) ==
               fact_member_is_set(draft->object, draft->draft, member) &&
           fact_equal(member->spec->type, (const char *)draft->base + member->offset,
                      (const char *)draft->draft + member->offset);
}

void lu_draft_apply(const struct lu_draft *draft, void *dst)
{
    for (size_t i = 0; i < draft->object->n_members; i++) {
        const struct fact_member *member = &draft->object->members[i];
        if (!fact_member_is_current(member) || is_same(draft, member)) {
            continue;
        }
        fact_clear(member->spec->type, (char *)dst + member->offset);
        fact_copy(member->spec->type, (char *)dst + member->offset,
                  (const char *)draft->draft + member->offset);
        fact_member_mark_set(draft->object, dst, member,
                             fact_member_is_set(draft->object, draft->draft, member));
    }
}
