/* The generator's own random numbers: the same seed makes the same cluster on every machine. */
#ifndef GANTRY_QA_HTOOLS_RNG_H
#define GANTRY_QA_HTOOLS_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

/* splitmix64 */
static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From low to high, both included. */
static inline int64_t rng_range(struct rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)(rng_next(rng) % (uint64_t)(high - low + 1));
}

static inline bool rng_percent(struct rng *rng, int percent)
{
    return rng_range(rng, 1, 100) <= percent;
}

#define RNG_PICK(rng, array)                                                                       \
    ((array)[rng_range((rng), 0, (int64_t)(sizeof(array) / sizeof((array)[0])) - 1)])

#endif
