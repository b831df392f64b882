/* What mains for WebAssembly share: the one allocator of the module. */
#ifndef TB_CMD_WASM_H
#define TB_CMD_WASM_H

#include "base/mem.h"

enum { WASM_BYTES_MAX = 448 << 20 }; /* below --max-memory, which also holds stack and data */

struct tb_mem *wasm_mem(void);
void *wasm_take(size_t len);
void wasm_give(void *data, size_t len);

#endif
