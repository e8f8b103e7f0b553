/* Max pooling with windows of 2 x 2 side by side, the usual kind: (planes, H, W) to (planes, H / 2, W / 2). */

struct pool2 {
    const float *x, *g, *out;
    float *to;
    long planes, height, width;
};

static void pool_task(void *job, long plane) {
    struct pool2 *s = job;
    long width = s->width / 2;
    for (long r = 0; r < s->height / 2; r++) {
        const float *restrict a = s->x + (plane * s->height + 2 * r) * s->width, *restrict b = a + s->width;
        float *restrict out = s->to + (plane * (s->height / 2) + r) * width;
        for (long j = 0; j < width; j++) { /* written so that nan is found larger than any number */
            float m = a[2 * j];
            m = a[2 * j + 1] <= m || m != m ? m : a[2 * j + 1];
            m = b[2 * j] <= m || m != m ? m : b[2 * j];
            m = b[2 * j + 1] <= m || m != m ? m : b[2 * j + 1];
            out[j] = m;
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
        const float *restrict a = s->x + (plane * s->height + 2 * r) * s->width, *restrict b = a + s->width;
        const float *restrict g = s->g + (plane * rows + r) * width, *restrict out = s->out + (plane * rows + r) * width;
        float *restrict da = d + 2 * r * s->width, *restrict db = da + s->width;
        int odd = 0;
        for (long j = 0; j < width; j++) {
            float m = out[j], given = g[j];
            int first = a[2 * j] == m, second = a[2 * j + 1] == m, third = b[2 * j] == m;
            second &= !first;
            third &= !first & !second;
            odd |= m != m;
            da[2 * j] = first ? given : 0;
            da[2 * j + 1] = second ? given : 0;
            db[2 * j] = third ? given : 0;
            db[2 * j + 1] = first | second | third ? 0 : given;
        }
        for (long j = 0; odd && j < width; j++)
            if (out[j] != out[j] && b[2 * j + 1] == b[2 * j + 1]) {
                db[2 * j + 1] = 0;
                *(b[2 * j] != b[2 * j] ? db + 2 * j : a[2 * j + 1] != a[2 * j + 1] ? da + 2 * j + 1 : da + 2 * j) = g[j];
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
