/*
 * Random values of any table, and small changes to a value: what property tests and fuzz targets
 * need.  Every value made here can be encoded, unless memory or randomness ends.
 */
#ifndef TB_WIRE_TLS_RANDOM_H
#define TB_WIRE_TLS_RANDOM_H

#include "wire/tls.h"

struct wire_random_bounds {
    uint32_t len_max;   /* octets of an opaque value; a row's minimum wins */
    uint32_t count_max; /* elements of one vector */
    uint32_t item_max;  /* structs in vectors and options of the whole value */
};

/*
 * A random value of desc->size octets at out.  What it points to lives in the arena.  Lengths and
 * numbers favour the edges of their encodings.  TB_RANDOM, TB_NO_SPACE.
 */
TB_MUST_USE tb_status wire_random_make(const struct wire_desc *desc, struct tb_rng *rng,
                                       const struct wire_random_bounds *bounds,
                                       struct tb_arena *arena, void *out);

/*
 * Change one row of a value that can be encoded, at any depth: another number, an element more or
 * less, an option taken away, another arm.  The result may happen to equal the old value.  After
 * a refusal the value is undefined.
 */
TB_MUST_USE tb_status wire_random_change(const struct wire_desc *desc, struct tb_rng *rng,
                                         const struct wire_random_bounds *bounds,
                                         struct tb_arena *arena, void *value);

#endif
