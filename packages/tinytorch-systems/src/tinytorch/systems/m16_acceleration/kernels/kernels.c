/* All kernels in one library. The file is compiled on the reader's machine when it is first needed. */

#include "common.h"

#include "pool.c"
#include "product.c"
#include "pointwise.c"
#include "rows.c"
#include "attention.c"
#include "convolution.c"
#include "pooling.c"
#include "steps.c"

/* Where Python can see that arrays lie in memory as `address` supposes. */
EXPORT uintptr_t address_of(array x) { return (uintptr_t)address(x); }
EXPORT long lanes(void) { return LANES; }
