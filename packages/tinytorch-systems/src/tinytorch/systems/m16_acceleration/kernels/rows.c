/* Operations on the rows of a matrix: a row is read into the nearest cache and stays there until it is done. */

INLINE vec get_or(const float *x, long n, float rest) { /* the first n numbers, `rest` after them */
    if (n == LANES) return load(x);
    vec first = {0};
    for (int i = 0; i < LANES; i++) first[i] = i;
    return where_less(first, all(n), load_some(x, n), all(rest));
}

#define FOR_ROW(width) for (long at = 0, n; n = least(LANES, (width) - at), at < (width); at += LANES)

static float row_sum(const float *x, long width) {
    vec s = {0};
    FOR_ROW(width) s += get(x + at, n);
    return sum_of(s);
}

static float row_largest(const float *x, long width) {
    vec m = all(-INFINITY);
    FOR_ROW(width) m = larger(get_or(x + at, n, -INFINITY), m);
    return largest_of(m);
}

struct rows {
    const float *x, *g, *weight, *bias, *stored;
    float *out, *means, *scales, *parts;
    const int64_t *targets;
    long rows, width, group, wrong;
    float eps, factor;
    int kind;
};

/* Each task does the same rows whatever the number of threads, so that sums come out the same. */
#define ROWS_AT_ONCE 64
static void in_rows(task work, struct rows *job) {
    job->group = ROWS_AT_ONCE;
    long tasks = (job->rows + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    if (job->rows * job->width < 16384)
        for (long i = 0; i < tasks; i++) work(job, i);
    else share(work, job, tasks);
}
#define FOR_ROWS(job, i) for (long r = i * job->group; r < least(job->rows, (i + 1) * job->group); r++)

/* Layer normalization */

static void norm_task(void *job, long i) {
    struct rows *s = job;
    FOR_ROWS(s, i) {
        const float *x = s->x + r * s->width;
        float *out = s->out + r * s->width;
        float mean = row_sum(x, s->width) / s->width;
        vec squares = {0};
        FOR_ROW(s->width) {
            vec d = get_or(x + at, n, mean) - mean;
            squares += d * d;
        }
        float scale = 1 / sqrtf(sum_of(squares) / s->width + s->eps);
        s->means[r] = mean;
        s->scales[r] = scale;
        FOR_ROW(s->width) {
            vec v = (get(x + at, n) - mean) * scale;
            if (s->weight) v *= get(s->weight + at, n);
            if (s->bias) v += get(s->bias + at, n);
            put(out + at, v, n);
        }
    }
}

EXPORT void layer_norm_forward(array out, array means, array scales, array x, array weight, int weighted,
                               array bias, int biased, long rows, long width, float eps) {
    struct rows job = {.x = floats(x), .weight = weighted ? floats(weight) : NULL,
                       .bias = biased ? floats(bias) : NULL, .out = floats(out), .means = floats(means),
                       .scales = floats(scales), .rows = rows, .width = width, .eps = eps};
    in_rows(norm_task, &job);
}

static void norm_back_task(void *job, long i) {
    struct rows *s = job;
    long width = s->width;
    float *by_weight = s->parts + i * 2 * width, *by_bias = by_weight + width;
    memset(by_weight, 0, 2 * width * sizeof(float));
    FOR_ROWS(s, i) {
        const float *x = s->x + r * width, *g = s->g + r * width;
        float mean = s->means[r], scale = s->scales[r];
        vec plain = {0}, along = {0};
        FOR_ROW(width) {
            vec given = get(g + at, n), normal = (get(x + at, n) - mean) * scale, slope = given * normal;
            put(by_weight + at, get(by_weight + at, n) + slope, n);
            put(by_bias + at, get(by_bias + at, n) + given, n);
            vec h = given;
            if (s->weight) h *= get(s->weight + at, n);
            plain += h;
            along += h * normal;
        }
        /* What all features have in common has no effect, nor what goes along with the normalized ones. */
        float common = sum_of(plain) / width, parallel = sum_of(along) / width;
        FOR_ROW(width) {
            vec normal = (get(x + at, n) - mean) * scale, h = get(g + at, n);
            if (s->weight) h *= get(s->weight + at, n);
            put(s->out + r * width + at, (h - common - normal * parallel) * scale, n);
        }
    }
}

EXPORT void layer_norm_backward(array d, array by_weight, array by_bias, array g, array x, array means,
                                array scales, array weight, int weighted, long rows, long width) {
    long tasks = (rows + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    struct rows job = {.x = floats(x), .g = floats(g), .weight = weighted ? floats(weight) : NULL,
                       .out = floats(d), .means = floats(means), .scales = floats(scales),
                       .parts = room(1, tasks * 2 * width), .rows = rows, .width = width};
    in_rows(norm_back_task, &job);
    memset(floats(by_weight), 0, width * sizeof(float));
    memset(floats(by_bias), 0, width * sizeof(float));
    for (long i = 0; i < tasks; i++)
        for (long j = 0; j < width; j++) {
            floats(by_weight)[j] += job.parts[i * 2 * width + j];
            floats(by_bias)[j] += job.parts[(i * 2 + 1) * width + j];
        }
}

/* Softmax, its logarithm, and the cross-entropy */

static float exponentials(const float *x, float *out, long width, float off) { /* returns their sum */
    vec total = {0};
    FOR_ROW(width) {
        vec e = exponential(get_or(x + at, n, -INFINITY) - off);
        total += e;
        put(out + at, e, n);
    }
    return sum_of(total);
}

static void softmax_task(void *job, long i) {
    struct rows *s = job;
    FOR_ROWS(s, i) {
        const float *x = s->x + r * s->width;
        float *out = s->out + r * s->width, off = row_largest(x, s->width);
        float sum = exponentials(x, out, s->width, off);
        if (s->kind) { /* log_softmax */
            off += logf(sum);
            FOR_ROW(s->width) put(out + at, get(x + at, n) - off, n);
        } else {
            FOR_ROW(s->width) put(out + at, get(out + at, n) / sum, n);
        }
    }
}

static void softmax_back_task(void *job, long i) {
    struct rows *s = job;
    FOR_ROWS(s, i) {
        const float *g = s->g + r * s->width, *y = s->x + r * s->width;
        float *out = s->out + r * s->width;
        vec total = {0};
        FOR_ROW(s->width) total += get(g + at, n) * (s->kind ? all(1) : get(y + at, n));
        float sum = sum_of(total);
        FOR_ROW(s->width) {
            vec v = get(y + at, n), d = get(g + at, n);
            if (s->kind) d -= exponential(v) * sum;
            else d = (d - sum) * v;
            put(out + at, d, n);
        }
    }
}

EXPORT void softmax_forward(array out, array x, long rows, long width, int logarithm) {
    struct rows job = {.x = floats(x), .out = floats(out), .rows = rows, .width = width, .kind = logarithm};
    in_rows(softmax_task, &job);
}

EXPORT void softmax_backward(array d, array g, array out, long rows, long width, int logarithm) {
    struct rows job = {.x = floats(out), .g = floats(g), .out = floats(d), .rows = rows, .width = width,
                       .kind = logarithm};
    in_rows(softmax_back_task, &job);
}

static void entropy_task(void *job, long i) {
    struct rows *s = job;
    FOR_ROWS(s, i) {
        const float *x = s->x + r * s->width;
        float off = row_largest(x, s->width);
        s->scales[r] = exponentials(x, s->out + r * s->width, s->width, off);
        s->means[r] = logf(s->scales[r]) - (x[s->targets[r]] - off); /* the loss */
    }
}

/* Return how many targets are out of range, or to be ignored: then nothing is computed. */
EXPORT long cross_entropy_forward(array losses, array exps, array sums, array x, array targets, long rows,
                                  long width, long ignored) {
    const int64_t *t = address(targets);
    long wrong = 0;
    for (long r = 0; r < rows; r++) wrong += t[r] < 0 || t[r] >= width || t[r] == ignored;
    if (wrong) return wrong;
    struct rows job = {.x = floats(x), .out = floats(exps), .means = floats(losses), .scales = floats(sums),
                       .targets = t, .rows = rows, .width = width};
    in_rows(entropy_task, &job);
    return 0;
}

static void entropy_back_task(void *job, long i) {
    struct rows *s = job;
    FOR_ROWS(s, i) { /* softmax, less 1 at the right class */
        const float *e = s->x + r * s->width;
        float *out = s->out + r * s->width, each = s->g ? s->g[r] : s->factor, share = each / s->scales[r];
        FOR_ROW(s->width) put(out + at, get(e + at, n) * share, n);
        int64_t target = s->targets[r]; /* looked at again: whoever shares that memory may have written to it */
        if (target >= 0 && target < s->width) out[target] -= each;
    }
}

EXPORT void cross_entropy_backward(array d, array exps, array sums, array targets, array each, int many,
                                   float factor, long rows, long width) {
    struct rows job = {.x = floats(exps), .scales = floats(sums), .targets = address(targets),
                       .g = many ? floats(each) : NULL, .factor = factor, .out = floats(d), .rows = rows,
                       .width = width};
    in_rows(entropy_back_task, &job);
}

/* Rows of a table: add the gradient of each place to the row that it was taken from. */
EXPORT void add_rows(array table, array g, array ids, long count, long rows, long width) {
    const int64_t *id = address(ids);
    for (long r = 0; r < count; r++) {
        if (id[r] < 0 || id[r] >= rows) continue; /* as above */
        float *to = floats(table) + id[r] * width;
        const float *from = floats(g) + r * width;
        FOR_ROW(width) put(to + at, get(to + at, n) + get(from + at, n), n);
    }
}
