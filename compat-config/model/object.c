#include "config.h"

#include "compat-config/model/internal.h"

#include <string.h>

#include "facts/codec.h"

enum { HEAD_SIZE = (sizeof(struct cfg_object) + 15) / 16 * 16 };

struct cfg_object *cfg_object_head(const void *value)
{
    return (struct cfg_object *)(void *)((char *)value - HEAD_SIZE);
}

void *cfg_object_new(const struct fact_object *object)
{
    struct cfg_object *head = g_malloc0(HEAD_SIZE + object->size);

    head->refs = 1;
    return (char *)head + HEAD_SIZE;
}

void *cfg_object_clone(const struct fact_object *object, const void *value)
{
    void *clone = cfg_object_new(object);

    fact_object_copy_at(object, clone, value);
    return clone;
}

void *cfg_object_adopt(const struct fact_object *object, void *plain)
{
    void *value = cfg_object_new(object);

    memcpy(value, plain, object->size);
    g_free(plain);
    return value;
}

const void *cfg_object_ref(const void *value)
{
    cfg_object_head(value)->refs++;
    return value;
}

void cfg_object_unref(const struct fact_object *object, const void *value)
{
    struct cfg_object *head;

    if (value == NULL) {
        return;
    }
    head = cfg_object_head(value);
    if (--head->refs == 0) {
        fact_object_clear(object, (void *)value);
        g_free(head);
    }
}

void *cfg_object_member(const struct fact_object *object, const void *value, const char *name)
{
    const struct fact_member *member = fact_object_find(object, name);

    return member == NULL ? NULL : (char *)value + member->offset;
}
