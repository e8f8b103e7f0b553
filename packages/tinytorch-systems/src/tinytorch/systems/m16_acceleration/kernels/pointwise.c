/* Operations on one number at a time. What costs here is going through memory, so each goes through it once,
   whatever it computes on the way; NumPy goes through it at every step of a formula. */

#define STRETCH 8192 /* numbers of a task: 32 KiB */
#define WORTH 32768  /* numbers from which it pays to wake others */

struct stretch {
    const float *x, *y;
    float *out, *more;
    long size;
    int kind;
};

static void in_stretches(task work, struct stretch *job) {
    long tasks = (job->size + STRETCH - 1) / STRETCH;
    if (job->size < WORTH)
        for (long i = 0; i < tasks; i++) work(job, i);
    else share(work, job, tasks);
}

/* Run `line` with i at each vector of a stretch and with n numbers left in it. */
#define FOR_STRETCH(job, i)                                             \
    for (long from = i * STRETCH, to = least(from + STRETCH, job->size), at = from, n; \
         n = least(LANES, to - at), at < to; at += LANES)

static void relu_task(void *job, long i) {
    struct stretch *s = job;
    FOR_STRETCH(s, i) {
        vec x = get(s->x + at, n);
        put(s->out + at, larger(all(0.0f), x), n); /* nan stays nan */
    }
}

static void relu_back_task(void *job, long i) {
    struct stretch *s = job;
    FOR_STRETCH(s, i)
        put(s->out + at, where_equal(get(s->y + at, n), all(0.0f), all(0.0f), get(s->x + at, n)), n);
}

static void add_task(void *job, long i) {
    struct stretch *s = job;
    FOR_STRETCH(s, i) put(s->out + at, get(s->x + at, n) + get(s->y + at, n), n);
}

static void mul_task(void *job, long i) {
    struct stretch *s = job;
    FOR_STRETCH(s, i) put(s->out + at, get(s->x + at, n) * get(s->y + at, n), n);
}

EXPORT void relu_forward(array out, array x, long size) {
    struct stretch job = {.x = floats(x), .out = floats(out), .size = size};
    in_stretches(relu_task, &job);
}

EXPORT void relu_backward(array d, array g, array out, long size) {
    struct stretch job = {.x = floats(g), .y = floats(out), .out = floats(d), .size = size};
    in_stretches(relu_back_task, &job);
}

EXPORT void add(array out, array x, array y, long size) {
    struct stretch job = {.x = floats(x), .y = floats(y), .out = floats(out), .size = size};
    in_stretches(add_task, &job);
}

EXPORT void mul(array out, array x, array y, long size) {
    struct stretch job = {.x = floats(x), .y = floats(y), .out = floats(out), .size = size};
    in_stretches(mul_task, &job);
}

/* GELU is x * p, where p is the probability of a normal number below x. Both forms of it are of the shape
   (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)): in the approximation u is a cubic, for the exact one a polynomial
   fitted so that tanh(u) is erf(x / sqrt(2)) to the last digit of a float. The slope is p + x * dp/dx. */

#define LINEAR 0.7978845608f /* sqrt(2 / pi) */
#define CUBIC (LINEAR * 0.044715f)

static void gelu_task(void *job, long i) {
    struct stretch *s = job;
    FOR_STRETCH(s, i) {
        vec x = get(s->x + at, n), square = x * x, u, slope;
        if (s->kind) u = (square * CUBIC + LINEAR) * x;
        else {
            u = all(1.47338746e-07f * 0.0110485435f);
            u = u * square + -5.77106228e-06f * 0.0220970869f;
            u = u * square + 8.83145900e-05f * 0.0441941738f;
            u = u * square + -6.21743697e-04f * 0.0883883476f;
            u = u * square + -1.89330322e-04f * 0.1767766953f;
            u = u * square + 1.02767817e-01f * 0.3535533906f;
            u = u * square + 1.12837944e00f * 0.7071067812f;
            u *= x;
        }
        vec p = 1.0f / (1.0f + exponential(-2.0f * u));
        put(s->out + at, x * p, n);
        if (!s->more) continue;
        if (s->kind) {
            vec held = larger(all(-20.0f), smaller(all(20.0f), x)); /* else 0 times infinity */
            slope = p + p * (1.0f - p) * held * (held * held * (6.0f * CUBIC) + 2.0f * LINEAR);
        } else slope = p + x * exponential(square * -0.5f) * 0.3989422804f;
        put(s->more + at, slope, n);
    }
}

EXPORT void gelu_forward(array out, array slopes, int with_slopes, array x, int by_tanh, long size) {
    struct stretch job = {.x = floats(x), .out = floats(out), .more = with_slopes ? floats(slopes) : NULL,
                          .size = size, .kind = by_tanh};
    in_stretches(gelu_task, &job);
}
