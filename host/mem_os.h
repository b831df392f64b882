/* tb_mem over malloc. */
#ifndef TB_HOST_MEM_OS_H
#define TB_HOST_MEM_OS_H

#include "base/mem.h"

/* used_bytes_max: the ceiling; SIZE_MAX for none.  Needs no end: it owns nothing but the count. */
void host_mem_init(struct tb_mem *mem, size_t used_bytes_max);

#endif
