/* Locals that free themselves, for types that are not GLib's (those have g_autoptr).
 *
 *     CLEANUP(json_unrefp) struct json *value = NULL;
 *
 * DEFINE_CLEANUP(struct json *, json_unref) defines json_unrefp; the destructor must accept NULL.
 */
#ifndef GANTRY_BASE_CLEANUP_H
#define GANTRY_BASE_CLEANUP_H

#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define DEFINE_CLEANUP(type, fn)                                                                   \
    static inline void fn##p(type *slot)                                                           \
    {                                                                                              \
        if (*slot != NULL) {                                                                       \
            fn(*slot);                                                                             \
        }                                                                                          \
    }

#endif
