/* Matrix products.

   A tile of the result, 6 rows by 64 columns with AVX-512, stays in registers while the whole sum is made:
   24 vectors of sums, and each step of the sum takes 4 vectors of B and 6 numbers of A for 24 multiplications.
   B is first written as panels as wide as a tile, so that what comes next is always what lies next; A is read as
   it lies. Long sums are made in pieces, so that the panels stay in the cache.

   This is the scheme of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008. */

#define TALL 6
#define PANEL (WIDE * LANES)
#define DEEP 256        /* steps of a sum at a time, at least */
#define PACKED 160000   /* numbers of B at a time, if that leaves more: for the second cache */
#define BROAD 2048 /* columns of B that are packed at a time */

/* Element (i, p) of A is a[i * down + p * right]; B's panel is `width` vectors wide, of which the first are used.
   Tiles are compiled for each size, and for either step 1. */
INLINE void tile(const int rows, const int vectors, long width, long depth, const float *a, long down, long right,
                 const float *b, float *c, long pitch, long columns, int add, const float *bias) {
    vec sums[TALL][WIDE];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++) {
            sums[i][j] = (vec){0};
            __builtin_prefetch(c + i * pitch + j * LANES, 1); /* on its way while the sum is made */
        }
    for (long p = 0; p < depth; p++) {
        vec w[WIDE];
        for (int j = 0; j < vectors; j++) w[j] = *(const vec *)(b + (p * width + j) * LANES);
        for (int i = 0; i < rows; i++) {
            float x = a[i * down + p * right];
            for (int j = 0; j < vectors; j++) sums[i][j] += x * w[j];
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++) {
            float *to = c + i * pitch + j * LANES;
            long n = least(LANES, columns - j * LANES);
            vec sum = sums[i][j];
            if (n == LANES) {
                if (add) sum += load(to);
                if (bias) sum += load(bias + j * LANES);
                store(to, sum);
            } else if (n > 0) {
                if (add) sum += load_some(to, n);
                if (bias) sum += load_some(bias + j * LANES, n);
                store_some(to, sum, n);
            }
        }
}

#define TILE(r, v)                                                                                  \
    case r * 8 + v:                                                                                 \
        if (v <= WIDE) {                                                                            \
            if (width != v) tile(r, v, width, depth, a, down, 1, b, c, pitch, columns, add, bias);  \
            else if (right == 1) tile(r, v, v, depth, a, down, 1, b, c, pitch, columns, add, bias); \
            else tile(r, v, v, depth, a, 1, right, b, c, pitch, columns, add, bias);                \
        }                                                                                           \
        break;

/* Only a part of a panel is wanted of attention alone, where `right` is 1. */
static void any_tile(int rows, long width, long depth, const float *a, long down, long right, const float *b,
                     float *c, long pitch, long columns, int add, const float *bias) {
    int vectors = (int)((columns + LANES - 1) / LANES);
    switch (rows * 8 + vectors) {
        TILE(1, 1) TILE(1, 2) TILE(1, 3) TILE(1, 4)
        TILE(2, 1) TILE(2, 2) TILE(2, 3) TILE(2, 4)
        TILE(3, 1) TILE(3, 2) TILE(3, 3) TILE(3, 4)
        TILE(4, 1) TILE(4, 2) TILE(4, 3) TILE(4, 4)
        TILE(5, 1) TILE(5, 2) TILE(5, 3) TILE(5, 4)
        TILE(6, 1) TILE(6, 2) TILE(6, 3) TILE(6, 4)
    }
}

/* Write a square of LANES rows and columns transposed. */
static void flip(const float *from, long pitch, float *to, long to_pitch) {
    vec r[LANES];
    for (int i = 0; i < LANES; i++) r[i] = load(from + i * pitch);
#pragma GCC unroll 4
    for (int d = 1; d < LANES; d *= 2) { /* swap ever larger squares off the diagonal */
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++)
            if (!(i & d)) {
                vec a = r[i], b = r[i | d];
#if defined(__clang__) || LANES < 4
                for (int x = 0; x < LANES; x++)
                    if (!(x & d)) {
                        float t = a[x | d];
                        a[x | d] = b[x];
                        b[x] = t;
                    }
                r[i] = a;
                r[i | d] = b;
#else
                ints low, high;
                for (int x = 0; x < LANES; x++) {
                    low[x] = x & d ? LANES + (x & ~d) : x;
                    high[x] = x & d ? LANES + x : x | d;
                }
                r[i] = __builtin_shuffle(a, b, low);
                r[i | d] = __builtin_shuffle(a, b, high);
#endif
            }
    }
    for (int i = 0; i < LANES; i++) store(to + i * to_pitch, r[i]);
}

/* How many floats a panel's row takes: whole vectors. */
INLINE long panel_width(long columns) { return (columns + LANES - 1) / LANES * LANES; }

/* Write one panel: `depth` rows of `columns` numbers, element (p, j) being b[p * down + j * right]. */
static void pack_panel(const float *b, long down, long right, long depth, long columns, float *out) {
    long width = panel_width(columns);
    if (right == 1) {
        for (long p = 0; p < depth; p++, out += width, b += down) {
            long j = 0;
            for (; j + LANES <= columns; j += LANES) store(out + j, load(b + j));
            if (j < columns) store(out + j, load_some(b + j, columns - j));
        }
        return;
    }
    if (columns < width)
        for (long p = 0; p < depth; p++) store(out + p * width + width - LANES, (vec){0});
    long whole = down == 1 ? depth / LANES * LANES : 0;
    for (long p = 0; p < whole; p += LANES) {
        long j = 0;
        for (; j + LANES <= columns; j += LANES) flip(b + j * right + p, right, out + p * width + j, width);
        for (; j < columns; j++)
            for (long q = p; q < p + LANES; q++) out[q * width + j] = b[j * right + q];
    }
    for (long p = whole; p < depth; p++)
        for (long j = 0; j < columns; j++) out[p * width + j] = b[p * down + j * right];
}

/* How many vectors wide the panel is that begins `columns` before the end. */
INLINE long vectors_of(long columns) { return (least(PANEL, columns) + LANES - 1) / LANES; }

struct product {
    const float *a, *b, *bias;
    float *c, *packed;
    long a_down, a_right, b_down, b_right, pitch;
    long rows, depth, columns; /* of this piece */
    long blocks, group;
    int add;
};

static void pack_task(void *job, long i) {
    struct product *x = job;
    long j = i * PANEL;
    pack_panel(x->b + j * x->b_right, x->b_down, x->b_right, x->depth, least(PANEL, x->columns - j),
               x->packed + j * x->depth);
}

static void rows_task(void *job, long i) {
    struct product *x = job;
    for (long t = i * x->group; t < least(x->blocks, (i + 1) * x->group); t++) {
        long first = x->rows * t / x->blocks, next = x->rows * (t + 1) / x->blocks;
        for (long j = 0; j < x->columns; j += PANEL)
            any_tile((int)(next - first), vectors_of(x->columns - j), x->depth, x->a + first * x->a_down,
                     x->a_down, x->a_right, x->packed + j * x->depth, x->c + first * x->pitch + j, x->pitch,
                     least(PANEL, x->columns - j), x->add, x->bias ? x->bias + j : NULL);
    }
}

/* C (m, n) = A (m, k) @ B (k, n) + bias (n), on all threads; one step of A must be 1. */
static void multiply(float *c, const float *a, long a_down, long a_right, const float *b, long b_down,
                     long b_right, long m, long k, long n, const float *bias, int add) {
    if (!k)
        for (long i = 0; i < m && !add; i++)
            for (long j = 0; j < n; j++) c[i * n + j] = bias ? bias[j] : 0;
    int alone = (double)m * k * n < 60000; /* waking others would take longer */
    long deep = most(DEEP, PACKED / least(n, BROAD)), pieces = (k + deep - 1) / deep;
    deep = pieces ? (k + pieces - 1) / pieces : 1;
    for (long j0 = 0; j0 < n; j0 += BROAD)
        for (long p0 = 0; p0 < k; p0 += deep) {
            struct product x = {0};
            x.depth = least(deep, k - p0);
            x.columns = least(BROAD, n - j0);
            x.rows = m;
            x.a = a + p0 * a_right, x.a_down = a_down, x.a_right = a_right;
            x.b = b + p0 * b_down + j0 * b_right, x.b_down = b_down, x.b_right = b_right;
            x.c = c + j0, x.pitch = n;
            x.bias = bias && p0 + x.depth == k ? bias + j0 : NULL;
            x.add = add || p0 > 0;
            x.packed = room(0, x.depth * (x.columns + PANEL));
            x.blocks = (m + TALL - 1) / TALL;
            x.group = most(1, x.blocks / (8 * threads_now()));
            long panels = (x.columns + PANEL - 1) / PANEL, groups = (x.blocks + x.group - 1) / x.group;
            if (alone || x.depth * x.columns < 8192)
                for (long i = 0; i < panels; i++) pack_task(&x, i);
            else share(pack_task, &x, panels);
            if (alone)
                for (long i = 0; i < groups; i++) rows_task(&x, i);
            else share(rows_task, &x, groups);
        }
}

/* out (rows, outputs) = input (rows, inputs) @ weight (outputs, inputs).T + bias (outputs) */
EXPORT void linear_forward(array out, array input, array weight, array bias, int biased, long rows,
                           long inputs, long outputs) {
    multiply(floats(out), floats(input), inputs, 1, floats(weight), 1, inputs, rows, inputs, outputs,
             biased ? floats(bias) : NULL, 0);
}

/* out (rows, inputs) = g (rows, outputs) @ weight (outputs, inputs) */
EXPORT void linear_input(array out, array g, array weight, long rows, long inputs, long outputs) {
    multiply(floats(out), floats(g), outputs, 1, floats(weight), inputs, 1, rows, outputs, inputs, NULL, 0);
}

/* out (outputs, inputs) = g (rows, outputs).T @ input (rows, inputs) */
EXPORT void linear_weight(array out, array g, array input, long rows, long inputs, long outputs) {
    multiply(floats(out), floats(g), 1, outputs, floats(input), inputs, 1, outputs, rows, inputs, NULL, 0);
}

/* A batch of products, (m, k) @ (k, n) each; a step of 0 takes the same matrix each time. */
EXPORT void matmul(array out, array a, array b, long count, long a_step, long b_step, long m, long k, long n) {
    for (long i = 0; i < count; i++)
        multiply(floats(out) + i * m * n, floats(a) + i * a_step, k, 1, floats(b) + i * b_step, n, 1, m, k, n,
                 NULL, 0);
}

struct columns {
    const float *x;
    float *parts;
    long rows, width;
};

/* Each task adds up some rows, as they lie; so many that the order of the sum doesn't depend on the threads. */
#define STRIPE 64
static void column_task(void *job, long i) {
    struct columns *x = job;
    float *sums = x->parts + i * x->width;
    memset(sums, 0, 4 * x->width);
    for (long r = i * STRIPE; r < least(x->rows, (i + 1) * STRIPE); r++) {
        const float *row = x->x + r * x->width;
        long j = 0;
        for (; j + LANES <= x->width; j += LANES) store(sums + j, load(sums + j) + load(row + j));
        for (; j < x->width; j++) sums[j] += row[j];
    }
}

EXPORT void column_sums(array out, array x, long rows, long width) {
    long tasks = (rows + STRIPE - 1) / STRIPE;
    struct columns job = {floats(x), room(1, tasks * width), rows, width};
    if (rows * width < 20000)
        for (long i = 0; i < tasks; i++) column_task(&job, i);
    else share(column_task, &job, tasks);
    memset(floats(out), 0, 4 * width);
    for (long i = 0; i < tasks; i++)
        for (long j = 0; j < width; j++) floats(out)[j] += job.parts[i * width + j];
}
