/* Convolutions with stride 1, straight from the images, without writing their windows as a matrix first.

   Where the stride is 1, neighbouring outputs need neighbouring inputs: a vector of outputs is a sum of vectors
   of inputs, each shifted, times one weight. So the tiles of the matrix product serve here as well: rows are
   output channels, columns are places; only the operand that a matrix product packs is read where it lies, in
   an image with zeros around it. */

struct window {
    long channels, height, width; /* of the images that are read */
    long outputs;                 /* channels that are written */
    long kh, kw, dh, dw, top, left, bottom, right;
    long oh, ow;
};

struct convolution {
    struct window w;
    const float *x, *g, *weight, *bias;
    float *out;
    long n, at_once, depth;
    long *offset; /* of each weight's input in the padded image */
};

INLINE long padded_width(const struct window *w) { return w->width + w->left + w->right; }
INLINE long padded_plane(const struct window *w) { return (w->height + w->top + w->bottom) * padded_width(w); }
/* A vector may reach over the end of the last row. */
INLINE long padded_size(const struct window *w) { return w->channels * padded_plane(w) + WIDE * LANES; }

static void pad_image(const struct window *w, const float *x, float *to) {
    long wide = padded_width(w);
    for (long c = 0; c < w->channels; c++) {
        memset(to, 0, w->top * wide * sizeof(float));
        to += w->top * wide;
        for (long r = 0; r < w->height; r++, x += w->width, to += wide) {
            for (long j = 0; j < w->left; j++) to[j] = 0;
            memcpy(to + w->left, x, w->width * sizeof(float));
            for (long j = w->left + w->width; j < wide; j++) to[j] = 0;
        }
        memset(to, 0, w->bottom * wide * sizeof(float));
        to += w->bottom * wide;
    }
    memset(to, 0, WIDE * LANES * sizeof(float));
}

static void find_offsets(const struct window *w, long *offset) {
    for (long c = 0; c < w->channels; c++)
        for (long i = 0; i < w->kh; i++)
            for (long j = 0; j < w->kw; j++)
                *offset++ = c * padded_plane(w) + i * w->dh * padded_width(w) + j * w->dw;
}

/* Some output channels of WIDE vectors of places, which start at `at` in the padded image. */
INLINE void window_tile(const int rows, const int vectors, long depth, const float *weight, const long *offset,
                        const float *x, const long *at, float *out, long plane, const long *to, const long *valid,
                        const float *bias) {
    vec sums[TALL][WIDE];
    const float *from[WIDE];
    for (int j = 0; j < vectors; j++) from[j] = x + at[j];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++) sums[i][j] = all(bias ? bias[i] : 0);
    for (long p = 0; p < depth; p++) {
        vec in[WIDE];
        for (int j = 0; j < vectors; j++) in[j] = load(from[j] + offset[p]);
        for (int i = 0; i < rows; i++) {
            float w = weight[i * depth + p];
            for (int j = 0; j < vectors; j++) sums[i][j] += w * in[j];
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++) put(out + i * plane + to[j], sums[i][j], valid[j]);
}

#define WINDOW_TILE(r, v) \
    case r * 8 + v:       \
        if (v <= WIDE) window_tile(r, v, depth, weight, offset, x, at, out, plane, to, valid, bias); \
        break;

static void any_window_tile(int rows, int vectors, long depth, const float *weight, const long *offset,
                            const float *x, const long *at, float *out, long plane, const long *to,
                            const long *valid, const float *bias) {
    switch (rows * 8 + vectors) {
        WINDOW_TILE(1, 1) WINDOW_TILE(1, 2) WINDOW_TILE(1, 3) WINDOW_TILE(1, 4)
        WINDOW_TILE(2, 1) WINDOW_TILE(2, 2) WINDOW_TILE(2, 3) WINDOW_TILE(2, 4)
        WINDOW_TILE(3, 1) WINDOW_TILE(3, 2) WINDOW_TILE(3, 3) WINDOW_TILE(3, 4)
        WINDOW_TILE(4, 1) WINDOW_TILE(4, 2) WINDOW_TILE(4, 3) WINDOW_TILE(4, 4)
        WINDOW_TILE(5, 1) WINDOW_TILE(5, 2) WINDOW_TILE(5, 3) WINDOW_TILE(5, 4)
        WINDOW_TILE(6, 1) WINDOW_TILE(6, 2) WINDOW_TILE(6, 3) WINDOW_TILE(6, 4)
    }
}

static void image_task(void *job, long i) {
    struct convolution *s = job;
    const struct window *w = &s->w;
    float *x = room(2, padded_size(w)), *out = s->out + i * w->outputs * w->oh * w->ow;
    pad_image(w, s->x + i * w->channels * w->height * w->width, x);
    long blocks = (w->outputs + TALL - 1) / TALL, row = (w->ow + LANES - 1) / LANES, vectors = row * w->oh;
    for (long first = 0; first < vectors; first += WIDE) {
        long at[WIDE], to[WIDE], valid[WIDE];
        int many = (int)least(WIDE, vectors - first);
        for (int j = 0; j < many; j++) {
            long y = (first + j) / row, column = (first + j) % row * LANES;
            at[j] = y * padded_width(w) + column;
            to[j] = y * w->ow + column;
            valid[j] = least(LANES, w->ow - column);
        }
        for (long b = 0; b < blocks; b++) {
            long k = w->outputs * b / blocks, next = w->outputs * (b + 1) / blocks;
            any_window_tile((int)(next - k), many, s->depth, s->weight + k * s->depth, s->offset, x, at,
                            out + k * w->oh * w->ow, w->oh * w->ow, to, valid, s->bias ? s->bias + k : NULL);
        }
    }
}

static struct window window_of(const int64_t *v) {
    return (struct window){v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13]};
}

/* out (n, K, OH, OW) from x (n, C, H, W) and weight (K, C, KH, KW); `sizes` are the fields of struct window. */
static void convolve(float *out, const float *x, const float *weight, const float *bias, struct window w, long n) {
    struct convolution job = {.w = w, .x = x, .weight = weight, .bias = bias, .out = out, .n = n};
    job.depth = w.channels * w.kh * w.kw;
    job.offset = (long *)room(1, 2 * job.depth * sizeof(long) / sizeof(float));
    find_offsets(&w, job.offset);
    share(image_task, &job, n);
}

EXPORT void convolution_forward(array out, array x, array weight, array bias, int biased, const int64_t *sizes,
                                long n) {
    convolve(floats(out), floats(x), floats(weight), biased ? floats(bias) : NULL, window_of(sizes), n);
}

/* The places that one pixel went to form a window, too: the kernel turned round. `sizes` are those of the
   convolution of g (n, K, OH, OW), which is read here, to d (n, C, H, W). */
EXPORT void convolution_input(array d, array g, array weight, const int64_t *sizes, long n) {
    struct window w = window_of(sizes);
    long from = w.channels, to = w.outputs, size = w.kh * w.kw;
    float *turned = room(3, from * to * size);
    for (long k = 0; k < from; k++)
        for (long c = 0; c < to; c++)
            for (long i = 0; i < size; i++)
                turned[(c * from + k) * size + i] = floats(weight)[(k * to + c) * size + size - 1 - i];
    convolve(floats(d), floats(g), turned, NULL, w, n);
}

/* The gradient of the weights is a sum over places: each place's gradients of all output channels, a row of
   vectors, times the inputs that it saw. So it is a matrix product again, whose sum runs along the image's rows. */

#define STRIP 12 /* weights of one output channel whose sums are made at once */

INLINE void strip_tile(const int rows, const int vectors, long count, const float *x, long x_size, long wide,
                       const long *offset, const float *g, long g_size, long oh, long ow, long pitch, float *to) {
    vec sums[STRIP][WIDE];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++) sums[i][j] = (vec){0};
    for (long image = 0; image < count; image++)
        for (long y = 0; y < oh; y++) {
            const float *given = g + image * g_size + y * ow * pitch, *from = x + image * x_size + y * wide;
            const float *in[STRIP];
            for (int i = 0; i < rows; i++) in[i] = from + offset[i];
            for (long p = 0; p < ow; p++, given += pitch) {
                vec one[WIDE];
                for (int j = 0; j < vectors; j++) one[j] = load(given + j * LANES);
                for (int i = 0; i < rows; i++)
                    for (int j = 0; j < vectors; j++) sums[i][j] += in[i][p] * one[j];
            }
        }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++) store(to + i * pitch + j * LANES, sums[i][j]);
}

#define STRIP_TILE(r, v)                                                                            \
    case v:                                                                                         \
        if (v <= WIDE) {                                                                            \
            if (rows == r) strip_tile(r, v, count, x, x_size, wide, offset, g, g_size, oh, ow, pitch, to); \
            else                                                                                    \
                for (int i = 0; i < rows; i++)                                                      \
                    strip_tile(1, v, count, x, x_size, wide, offset + i, g, g_size, oh, ow, pitch,  \
                               to + i * pitch);                                                     \
        }                                                                                           \
        break;

static int strip_height(int vectors) { return vectors > 2 ? 6 : LANES == 16 ? 12 : 6; }

static void any_strip_tile(int rows, int vectors, long count, const float *x, long x_size, long wide,
                           const long *offset, const float *g, long g_size, long oh, long ow, long pitch,
                           float *to) {
    switch (vectors) {
#if LANES == 16
        STRIP_TILE(12, 1) STRIP_TILE(12, 2)
#else
        STRIP_TILE(6, 1) STRIP_TILE(6, 2)
#endif
        STRIP_TILE(6, 3) STRIP_TILE(6, 4)
    }
}

static void weight_task(void *job, long i) {
    struct convolution *s = job;
    const struct window *w = &s->w;
    long first = i * s->at_once, count = least(s->at_once, s->n - first), places = w->oh * w->ow;
    long pitch = panel_width(w->outputs), x_size = padded_size(w), g_size = places * pitch;
    float *x = room(2, count * x_size + count * g_size + pitch * s->depth);
    float *g = x + panel_width(count * x_size), *sums = g + count * g_size;
    for (long k = 0; k < count; k++) {
        pad_image(w, s->x + (first + k) * w->channels * w->height * w->width, x + k * x_size);
        pack_panel(s->g + (first + k) * w->outputs * places, 1, places, places, w->outputs, g + k * g_size);
    }
    for (long k = 0; k < w->outputs; k += PANEL) {
        int vectors = (int)(least(PANEL, pitch - k) / LANES), height = strip_height(vectors);
        for (long j = 0; j < s->depth; j += height)
            any_strip_tile((int)least(height, s->depth - j), vectors, count, x, x_size, padded_width(w),
                           s->offset + j, g + k, g_size, w->oh, w->ow, pitch, sums + j * pitch + k);
    }
    float *d = s->out + i * w->outputs * s->depth;
    for (long k = 0; k < w->outputs; k++)
        for (long j = 0; j < s->depth; j++) d[k * s->depth + j] = sums[j * pitch + k];
}

struct gathering {
    const float *parts;
    float *out;
    long count, size;
};
static void gather_task(void *job, long i) {
    struct gathering *s = job;
    for (long from = i * STRETCH, to = least(s->size, from + STRETCH), at = from; at < to; at++) {
        float sum = 0;
        for (long k = 0; k < s->count; k++) sum += s->parts[k * s->size + at];
        s->out[at] = sum;
    }
}

/* d (K, C, KH, KW) from g (n, K, OH, OW) and x; `parts` has room for the sums of each task. */
EXPORT void convolution_weight(array d, array g, array x, array parts, const int64_t *sizes, long n,
                               long at_once) {
    struct convolution job = {.w = window_of(sizes), .x = floats(x), .g = floats(g), .out = floats(parts),
                              .n = n, .at_once = at_once};
    job.depth = job.w.channels * job.w.kh * job.w.kw;
    job.offset = (long *)room(1, 2 * job.depth * sizeof(long) / sizeof(float));
    find_offsets(&job.w, job.offset);
    long tasks = (n + at_once - 1) / at_once;
    share(weight_task, &job, tasks);
    struct gathering last = {floats(parts), floats(d), tasks, job.w.outputs * job.depth};
    share(gather_task, &last, (last.size + STRETCH - 1) / STRETCH);
}

struct planes {
    const float *g;
    float *out;
    long n, channels, size;
};
static void plane_task(void *job, long c) {
    struct planes *s = job;
    double sum = 0;
    for (long i = 0; i < s->n; i++) sum += row_sum(s->g + (i * s->channels + c) * s->size, s->size);
    s->out[c] = (float)sum;
}

/* The sum of each channel: the gradient of a bias. */
EXPORT void channel_sums(array out, array g, long n, long channels, long size) {
    struct planes job = {floats(g), floats(out), n, channels, size};
    share(plane_task, &job, channels);
}
