/* Steps of optimizers: weights, gradients and what is remembered are read once and written once. */

struct step {
    float *p, *m, *v;
    const float *g;
    long size;
    float lr, beta1, rest1, beta2, rest2, eps, decay, keep, momentum, part; /* rest: 1 - beta, not rounded twice */
    int maximize, nesterov;
};

static void step_in_stretches(task work, struct step *job) {
    long tasks = (job->size + STRETCH - 1) / STRETCH;
    if (job->size < WORTH / 2)
        for (long i = 0; i < tasks; i++) work(job, i);
    else share(work, job, tasks);
}

static void adam_task(void *job, long i) {
    struct step *s = job;
    FOR_STRETCH(s, i) {
        vec p = get(s->p + at, n), g = get(s->g + at, n);
        if (s->maximize) g = -g;
        if (s->decay != 0) g += p * s->decay;
        vec m = get(s->m + at, n) * s->beta1 + g * s->rest1;
        vec v = get(s->v + at, n) * s->beta2 + g * g * s->rest2;
        put(s->m + at, m, n);
        put(s->v + at, v, n);
        put(s->p + at, p * s->keep - m * s->lr / (root(v) + s->eps), n);
    }
}

EXPORT void adam_step(array p, array g, array m, array v, long size, float lr, float beta1, float rest1,
                      float beta2, float rest2, float eps, float decay, float keep, int maximize) {
    struct step job = {.p = floats(p), .m = floats(m), .v = floats(v), .g = floats(g), .size = size, .lr = lr,
                       .beta1 = beta1, .rest1 = rest1, .beta2 = beta2, .rest2 = rest2, .eps = eps, .decay = decay, .keep = keep,
                       .maximize = maximize};
    step_in_stretches(adam_task, &job);
}

static void sgd_task(void *job, long i) {
    struct step *s = job;
    FOR_STRETCH(s, i) {
        vec p = get(s->p + at, n), g = get(s->g + at, n);
        if (s->maximize) g = -g;
        if (s->decay != 0) g += p * s->decay;
        if (s->m) {
            vec m = get(s->m + at, n) * s->momentum + g * s->part;
            put(s->m + at, m, n);
            if (s->nesterov) g += m * s->momentum;
            else g = m;
        }
        put(s->p + at, p - g * s->lr, n);
    }
}

EXPORT void sgd_step(array p, array g, array m, int with_momentum, long size, float lr, float momentum,
                     float part, float decay, int nesterov, int maximize) {
    struct step job = {.p = floats(p), .m = with_momentum ? floats(m) : NULL, .g = floats(g), .size = size,
                       .lr = lr, .momentum = momentum, .part = part, .decay = decay, .nesterov = nesterov,
                       .maximize = maximize};
    step_in_stretches(sgd_task, &job);
}
