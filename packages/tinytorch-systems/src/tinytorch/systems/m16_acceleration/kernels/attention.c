/* Attention, one head after the other, without ever holding more than a few queries' scores.

   As in FlashAttention, only the logarithm of each query's sum of exponentials is kept; the backward pass makes the
   weights again from it, which costs less than fetching them from memory. All products are made of tiles, whose
   packed operands - keys, values, and both transposed - are small enough for the cache.

   Source: Dao et al., "FlashAttention", 2022 (arXiv:2205.14135). */

#define SCORES 16384 /* of some queries at a time: they and their gradients fit the second cache */
#define MOST_ROWS 96

struct heads {
    const float *q, *k, *v, *g, *out;
    float *to, *sums, *dq, *dk, *dv;
    /* Steps in numbers: image, head, query head of a group, position. */
    const int64_t *q_step, *k_step, *v_step, *out_step, *g_step, *dq_step, *dk_step, *dv_step;
    long n, heads, group, queries, keys, width, value_width;
    float scale;
    int causal;
};

INLINE long place(const int64_t *step, long n, long k, long g) { return n * step[0] + k * step[1] + g * step[2]; }

/* Pack (rows, columns) as panels. */
static void pack_all(const float *b, long down, long right, long depth, long columns, float *to) {
    for (long j = 0; j < columns; j += PANEL)
        pack_panel(b + j * right, down, right, depth, least(PANEL, columns - j), to + j * depth);
}

/* Three products of which a causal mask hides a part, in which case `first` is the position of the first query,
   else -1: what is hidden is left out, up to the height of a tile. Numbers beyond what a query sees are read up
   to there, so they must be 0. */

/* scores (rows, keys) = a (rows, depth) @ packed */
static void score_tiles(float *scores, long pitch, const float *a, long down, const float *packed, long rows,
                        long depth, long keys, long first) {
    for (long i = 0; i < rows; i += TALL) {
        long n = least(TALL, rows - i), end = first < 0 ? keys : least(keys, first + i + n);
        for (long j = 0; j < end; j += PANEL)
            any_tile((int)n, vectors_of(keys - j), depth, a + i * down, down, 1, packed + j * depth,
                     scores + i * pitch + j, pitch, least(PANEL, panel_width(end - j)), 0, NULL);
    }
}

/* out (rows, columns) = scores (rows, keys) @ packed */
static void mixed_tiles(float *out, long down, const float *scores, long pitch, const float *packed, long rows,
                        long keys, long columns, long first) {
    for (long i = 0; i < rows; i += TALL) {
        long n = least(TALL, rows - i), depth = first < 0 ? keys : least(keys, first + i + n);
        for (long j = 0; j < columns; j += PANEL)
            any_tile((int)n, vectors_of(columns - j), depth, scores + i * pitch, pitch, 1, packed + j * keys,
                     out + i * down + j, down, least(PANEL, columns - j), 0, NULL);
    }
}

/* out (keys, columns) += scores (rows, keys).T @ packed */
static void added_tiles(float *out, long down, const float *scores, long pitch, const float *packed, long rows,
                        long keys, long columns, long first) {
    for (long i = 0; i < (first < 0 ? keys : least(keys, first + rows)); i += TALL) {
        long n = least(TALL, keys - i), from = first < 0 ? 0 : most(0, i - first);
        for (long j = 0; j < columns; j += PANEL) {
            long width = vectors_of(columns - j);
            any_tile((int)n, width, rows - from, scores + i + from * pitch, 1, pitch,
                     packed + j * rows + from * width * LANES, out + i * down + j, down,
                     least(PANEL, columns - j), 1, NULL);
        }
    }
}

/* Store 0 where tiles read on, behind the last vector of what a query sees. */
INLINE void clear_next(float *row, long seen, long pitch) {
    for (long j = panel_width(seen); j < least(pitch, seen + TALL); j += LANES) store(row + j, (vec){0});
}

/* As many queries at a time as fit the cache, in equal parts. */
static long rows_for(long queries, long keys) {
    long many = most(TALL, least(MOST_ROWS, SCORES / most(keys, 1) / TALL * TALL));
    long parts = most(1, (queries + many - 1) / many);
    return (queries + parts * TALL - 1) / (parts * TALL) * TALL;
}
static long sized(long depth, long columns) { return panel_width(depth * (columns + PANEL)); } /* aligned */

static void head_task(void *job, long i) {
    struct heads *s = job;
    long g = i % s->group, k = i / s->group % s->heads, n = i / s->group / s->heads;
    const float *q = s->q + place(s->q_step, n, k, g);
    float *to = s->to + place(s->out_step, n, k, g), *sums = s->sums + i * s->queries;
    long at_once = rows_for(s->queries, s->keys), pitch = panel_width(s->keys), down = s->out_step[3];
    float *kt = room(1, sized(s->width, s->keys) + sized(s->keys, s->value_width) + at_once * pitch);
    float *v = kt + sized(s->width, s->keys), *scores = v + sized(s->keys, s->value_width);
    pack_all(s->k + place(s->k_step, n, k, 0), 1, s->k_step[3], s->width, s->keys, kt);
    pack_all(s->v + place(s->v_step, n, k, 0), s->v_step[3], 1, s->keys, s->value_width, v);
    for (long first = 0; first < s->queries; first += at_once) {
        long rows = least(at_once, s->queries - first);
        long hides = s->causal ? first : -1;
        float inverse[MOST_ROWS], *result = to + first * down;
        score_tiles(scores, pitch, q + first * s->q_step[3], s->q_step[3], kt, rows, s->width, s->keys, hides);
        for (long r = 0; r < rows; r++) {
            float *row = scores + r * pitch;
            long seen = s->causal ? least(s->keys, first + r + 1) : s->keys;
            vec total = {0}, scale = all(s->scale);
            for (long j = 0; j < seen; j += LANES) store(row + j, load(row + j) * scale);
            float off = row_largest(row, seen);
            FOR_ROW(seen) {
                vec e = exponential(get_or(row + at, n, -INFINITY) - off);
                total += e;
                store(row + at, e);
            }
            clear_next(row, seen, pitch);
            inverse[r] = 1 / sum_of(total);
            sums[first + r] = off + logf(sum_of(total));
        }
        mixed_tiles(result, down, scores, pitch, v, rows, s->keys, s->value_width, hides);
        for (long r = 0; r < rows; r++)
            FOR_ROW(s->value_width) put(result + r * down + at, get(result + r * down + at, n) * inverse[r], n);
    }
}

EXPORT void attention_forward(array out, array sums, array q, array k, array v, const int64_t *steps, long n,
                              long heads, long group, long queries, long keys, long width, long value_width,
                              float scale, int causal) {
    struct heads job = {.q = floats(q), .k = floats(k), .v = floats(v), .to = floats(out), .sums = floats(sums),
                        .q_step = steps, .k_step = steps + 4, .v_step = steps + 8, .out_step = steps + 12,
                        .n = n, .heads = heads, .group = group, .queries = queries, .keys = keys,
                        .width = width, .value_width = value_width, .scale = scale, .causal = causal};
    share(head_task, &job, n * heads * group);
}

static void head_back_task(void *job, long i) {
    struct heads *s = job;
    long k = i % s->heads, n = i / s->heads, keys = s->keys, E = s->width, V = s->value_width;
    long at_once = rows_for(s->queries, keys), pitch = panel_width(keys);
    const float *k_at = s->k + place(s->k_step, n, k, 0), *v_at = s->v + place(s->v_step, n, k, 0);
    long dk_pitch = panel_width(E), dv_pitch = panel_width(V);
    float *kt = room(1, sized(E, keys) * 2 + sized(V, keys) + sized(at_once, E) + sized(at_once, V) +
                            sized(keys, E) + 2 * at_once * pitch + keys * (dk_pitch + dv_pitch));
    float *vt = kt + sized(E, keys), *k_packed = vt + sized(V, keys), *q_packed = k_packed + sized(keys, E);
    float *g_packed = q_packed + sized(at_once, E), *p = g_packed + sized(at_once, V), *ds = p + at_once * pitch;
    float *dk = ds + at_once * pitch, *dv = dk + keys * dk_pitch; /* near by, while they are added to */
    pack_all(k_at, 1, s->k_step[3], E, keys, kt);
    pack_all(v_at, 1, s->v_step[3], V, keys, vt);
    pack_all(k_at, s->k_step[3], 1, keys, E, k_packed);
    memset(dk, 0, keys * (dk_pitch + dv_pitch) * sizeof(float));
    for (long h = 0; h < s->group; h++) {
        const float *q = s->q + place(s->q_step, n, k, h), *g = s->g + place(s->g_step, n, k, h);
        const float *out = s->out + place(s->out_step, n, k, h);
        const float *sums = s->sums + (i * s->group + h) * s->queries;
        float *dq = s->dq + place(s->dq_step, n, k, h);
        for (long first = 0; first < s->queries; first += at_once) {
            long rows = least(at_once, s->queries - first);
            long hides = s->causal ? first : -1;
            const float *some_q = q + first * s->q_step[3], *some_g = g + first * s->g_step[3];
            score_tiles(p, pitch, some_q, s->q_step[3], kt, rows, E, keys, hides);
            score_tiles(ds, pitch, some_g, s->g_step[3], vt, rows, V, keys, hides);
            for (long r = 0; r < rows; r++) {
                /* With weights P the rule of softmax is ds = P * (g @ v.T - the sum of g * out). */
                float *weights = p + r * pitch, *row = ds + r * pitch, sum = sums[first + r];
                const float *x = some_g + r * s->g_step[3], *y = out + (first + r) * s->out_step[3];
                long seen = s->causal ? least(keys, first + r + 1) : keys;
                vec both = {0};
                FOR_ROW(V) both += get(x + at, n) * get(y + at, n);
                float less = sum_of(both);
                FOR_ROW(seen) {
                    vec e = exponential(load(weights + at) * s->scale - sum);
                    vec d = e * (load(row + at) - less) * s->scale;
                    store(weights + at, n == LANES ? e : load_some((float *)&e, n));
                    store(row + at, n == LANES ? d : load_some((float *)&d, n));
                }
                clear_next(weights, seen, pitch);
                clear_next(row, seen, pitch);
            }
            pack_all(some_q, s->q_step[3], 1, rows, E, q_packed);
            pack_all(some_g, s->g_step[3], 1, rows, V, g_packed);
            mixed_tiles(dq + first * s->dq_step[3], s->dq_step[3], ds, pitch, k_packed, rows, keys, E, hides);
            added_tiles(dk, dk_pitch, ds, pitch, q_packed, rows, keys, E, hides);
            added_tiles(dv, dv_pitch, p, pitch, g_packed, rows, keys, V, hides);
        }
    }
    float *dk_out = s->dk + place(s->dk_step, n, k, 0), *dv_out = s->dv + place(s->dv_step, n, k, 0);
    for (long j = 0; j < keys; j++) {
        memcpy(dk_out + j * s->dk_step[3], dk + j * dk_pitch, E * sizeof(float));
        memcpy(dv_out + j * s->dv_step[3], dv + j * dv_pitch, V * sizeof(float));
    }
}

EXPORT void attention_backward(array dq, array dk, array dv, array g, array out, array sums, array q, array k,
                               array v, const int64_t *steps, long n, long heads, long group, long queries,
                               long keys, long width, long value_width, float scale, int causal) {
    struct heads job = {.q = floats(q), .k = floats(k), .v = floats(v), .g = floats(g), .out = floats(out),
                        .sums = floats(sums), .dq = floats(dq), .dk = floats(dk), .dv = floats(dv),
                        .q_step = steps, .k_step = steps + 4, .v_step = steps + 8, .out_step = steps + 12,
                        .g_step = steps + 16, .dq_step = steps + 20, .dk_step = steps + 24,
                        .dv_step = steps + 28, .n = n, .heads = heads, .group = group, .queries = queries,
                        .keys = keys, .width = width, .value_width = value_width, .scale = scale,
                        .causal = causal};
    share(head_back_task, &job, n * heads);
}
