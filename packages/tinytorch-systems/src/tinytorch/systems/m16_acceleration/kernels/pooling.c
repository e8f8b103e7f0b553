/* Max pooling with windows of 2 x 2 side by side, the usual kind: (planes, H, W) to (planes, H / 2, W / 2). */

struct pool2 {
    const float *x, *g, *out;
    float *to;
    long planes, height, width;
};

/* Two rows, as the four vectors of the windows' corners. */
INLINE void corners(const float *a, const float *b, long n, vec *found) {
    vec a0 = get(a, least(LANES, 2 * n)), a1 = get(a + LANES, most(0, 2 * n - LANES));
    vec b0 = get(b, least(LANES, 2 * n)), b1 = get(b + LANES, most(0, 2 * n - LANES));
    found[0] = evens(a0, a1), found[1] = odds(a0, a1), found[2] = evens(b0, b1), found[3] = odds(b0, b1);
}

INLINE void put_pairs(float *to, vec even, vec odd, long n) {
    put(to, zip_low(even, odd), least(LANES, 2 * n));
    put(to + LANES, zip_high(even, odd), most(0, 2 * n - LANES));
}

static void pool_task(void *job, long plane) {
    struct pool2 *s = job;
    long width = s->width / 2;
    for (long r = 0; r < s->height / 2; r++) {
        const float *a = s->x + (plane * s->height + 2 * r) * s->width;
        float *out = s->to + (plane * (s->height / 2) + r) * width;
        FOR_ROW(width) {
            vec c[4];
            corners(a + 2 * at, a + s->width + 2 * at, n, c);
            vec high = larger(c[0], larger(c[1], larger(c[2], c[3]))), sum = c[0] + c[1] + c[2] + c[3];
            /* Where one of them is nan, so is the sum (and that of opposite infinities): look closer there. */
            vec nan = where_equal(sum, sum, high, c[0]);
            for (int i = 1; i < 4; i++) nan = where_equal(nan, nan, larger(nan, c[i]), nan);
            put(out + at, where_equal(sum, sum, high, nan), n);
        }
    }
}

EXPORT void max_pool_forward(array out, array x, long planes, long height, long width) {
    struct pool2 job = {.x = floats(x), .to = floats(out), .planes = planes, .height = height, .width = width};
    if (planes * height * width < WORTH)
        for (long i = 0; i < planes; i++) pool_task(&job, i);
    else share(pool_task, &job, planes);
}

/* The gradient goes to the first that is the largest; among several nan to the last, as PyTorch does. */
static void pool_back_task(void *job, long plane) {
    struct pool2 *s = job;
    long width = s->width / 2, rows = s->height / 2;
    float *d = s->to + plane * s->height * s->width;
    if (s->height % 2 || s->width % 2) memset(d, 0, s->height * s->width * sizeof(float));
    for (long r = 0; r < rows; r++) {
        const float *a = s->x + (plane * s->height + 2 * r) * s->width, *b = a + s->width;
        const float *g = s->g + (plane * rows + r) * width, *out = s->out + (plane * rows + r) * width;
        float *da = d + 2 * r * s->width, *db = da + s->width;
        int any_nan = 0;
        FOR_ROW(width) {
            vec c[4], m = get(out + at, n), left = get(g + at, n), zero = {0};
            corners(a + 2 * at, b + 2 * at, n, c);
            any_nan |= sum_of(where_equal(m, m, zero, all(1))) > 0;
            for (int i = 0; i < 3; i++) { /* who is the largest takes what is left, the last the rest */
                vec taken = where_equal(c[i], m, left, zero);
                left = where_equal(c[i], m, zero, left);
                c[i] = taken;
            }
            put_pairs(da + 2 * at, c[0], c[1], n);
            put_pairs(db + 2 * at, c[2], left, n);
        }
        for (long j = 0; any_nan && j < width; j++)
            if (out[j] != out[j] && b[2 * j + 1] == b[2 * j + 1]) {
                db[2 * j + 1] = 0;
                if (b[2 * j] != b[2 * j]) db[2 * j] = g[j];
                else *(a[2 * j + 1] != a[2 * j + 1] ? da + 2 * j + 1 : da + 2 * j) = g[j];
            }
    }
}

EXPORT void max_pool_backward(array d, array g, array x, array out, long planes, long height, long width) {
    struct pool2 job = {.x = floats(x), .g = floats(g), .out = floats(out), .to = floats(d), .planes = planes,
                        .height = height, .width = width};
    if (planes * height * width < WORTH)
        for (long i = 0; i < planes; i++) pool_back_task(&job, i);
    else share(pool_back_task, &job, planes);
}
