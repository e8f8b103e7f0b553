/* A few threads that wait for work.

   Waking a sleeping thread takes as long as multiplying two small matrices. So a thread that has just worked
   looks for more a little while (it spins) before it goes to sleep: from one operation of a training step to
   the next it stays awake. Each thread has its own range of the tasks, the same one every time, so that it finds
   in its core's cache what it wrote there in the operation before; whoever is done early takes from the others. */

typedef void (*task)(void *job, long i);

#define MOST_THREADS 16
#ifndef SPINS
#define SPINS 4000 /* looks before sleeping: about a tenth of a millisecond */
#endif

#ifndef NO_THREADS
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_long round;    /* counts the jobs; a change of it is the signal */
    atomic_int open;      /* whether tasks of the present job may be taken */
    atomic_int inside;    /* threads that may be looking at the present job */
    atomic_int sleeping;
    atomic_flag busy;
    int helpers, started;
    task work;
    void *job;
    int threads;
    struct {
        atomic_long next; /* of each thread's range */
        long end;
        char apart[48]; /* ranges lie in cache lines of their own */
    } range[MOST_THREADS];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .busy = ATOMIC_FLAG_INIT};

INLINE void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_tasks(int me) {
    for (int k = 0; k < pool.threads; k++) {
        int whose = (me + k) % pool.threads;
        for (;;) {
            long i = atomic_fetch_add(&pool.range[whose].next, 1);
            if (i >= pool.range[whose].end) break;
            pool.work(pool.job, i);
        }
    }
}

static void *help(void *number) {
    int me = (int)(intptr_t)number;
    long seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && atomic_load(&pool.round) == seen; i++) relax();
        if (atomic_load(&pool.round) == seen) {
            pthread_mutex_lock(&pool.lock);
            atomic_fetch_add(&pool.sleeping, 1);
            while (atomic_load(&pool.round) == seen) pthread_cond_wait(&pool.wake, &pool.lock);
            atomic_fetch_sub(&pool.sleeping, 1);
            pthread_mutex_unlock(&pool.lock);
        }
        seen = atomic_load(&pool.round);
        /* First say that one is inside, then look whether it is open: so who closes either sees us, or we
           see that it is closed. */
        atomic_fetch_add(&pool.inside, 1);
        if (atomic_load(&pool.open) && me < pool.threads) take_tasks(me);
        atomic_fetch_sub(&pool.inside, 1);
    }
    return NULL;
}

/* A forked process has none of its parent's threads. */
static void forget_helpers(void) {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
    pool.lock = lock;
    pool.wake = wake;
    pool.started = 0;
    atomic_store(&pool.open, 0);
    atomic_store(&pool.inside, 0);
    atomic_store(&pool.sleeping, 0);
    atomic_flag_clear(&pool.busy);
}

static void start_helpers(void) {
    static int registered = 0;
#if !defined(_WIN32)
    if (!registered) pthread_atfork(NULL, NULL, forget_helpers);
#endif
    registered = 1;
    while (pool.started < pool.helpers) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, help, (void *)(intptr_t)(pool.started + 1))) {
            pool.helpers = pool.started;
            break;
        }
        pthread_detach(thread);
        pool.started++;
    }
}

/* Call work(job, i) for each i below `tasks`, on all threads; return when all are done. */
static void share(task work, void *job, long tasks) {
    if (tasks <= 1 || !pool.helpers || atomic_flag_test_and_set(&pool.busy)) {
        /* Somebody else's job is being done: this thread works alone. */
        for (long i = 0; i < tasks; i++) work(job, i);
        return;
    }
    if (pool.started < pool.helpers) start_helpers();
    int threads = (int)least(pool.helpers + 1, tasks);
    pool.work = work;
    pool.job = job;
    pool.threads = threads;
    for (int t = 0; t < threads; t++) {
        atomic_store(&pool.range[t].next, tasks * t / threads);
        pool.range[t].end = tasks * (t + 1) / threads;
    }
    atomic_store(&pool.open, 1);
    atomic_fetch_add(&pool.round, 1);
    if (atomic_load(&pool.sleeping)) {
        pthread_mutex_lock(&pool.lock);
        pthread_cond_broadcast(&pool.wake);
        pthread_mutex_unlock(&pool.lock);
    }
    take_tasks(0);
    atomic_store(&pool.open, 0);
    for (long i = 0; atomic_load(&pool.inside); i++) {
        if (i < SPINS) relax();
        else sched_yield(); /* a helper has lost its core: let it finish */
    }
    atomic_flag_clear(&pool.busy);
}

EXPORT void set_threads(long n) {
    if (atomic_flag_test_and_set(&pool.busy)) return;
    pool.helpers = (int)most(0, least(n, MOST_THREADS) - 1);
    atomic_flag_clear(&pool.busy);
}

static int threads_now(void) { return pool.helpers + 1; }

#else /* a compiler without threads */

static void share(task work, void *job, long tasks) {
    for (long i = 0; i < tasks; i++) work(job, i);
}
EXPORT void set_threads(long n) { (void)n; }
static int threads_now(void) { return 1; }

#endif

/* Memory to work in, for each thread its own, kept for the next time. Aligned for vectors. */
#define ROOMS 4
#ifndef NO_THREADS
static pthread_key_t room_key;
static pthread_once_t room_once = PTHREAD_ONCE_INIT;
#endif
struct rooms {
    void *memory[ROOMS];
    size_t size[ROOMS];
};
static void free_rooms(void *all_of_them) {
    struct rooms *rooms = all_of_them;
    for (int i = 0; i < ROOMS; i++) free(rooms->memory[i]);
    free(rooms);
}
#ifndef NO_THREADS
static void make_room_key(void) { pthread_key_create(&room_key, free_rooms); }
#endif
static float *room(int which, size_t count) {
    static _Thread_local struct rooms *mine;
    if (!mine) {
        mine = calloc(1, sizeof *mine);
        if (!mine) abort();
#ifndef NO_THREADS
        pthread_once(&room_once, make_room_key);
        pthread_setspecific(room_key, mine);
#endif
    }
    size_t size = (count + 4 * LANES) * sizeof(float); /* a little more, for reading over the end */
    if (mine->size[which] < size) {
        free(mine->memory[which]);
        mine->memory[which] = malloc(size + 64);
        if (!mine->memory[which]) abort();
        mine->size[which] = size;
    }
    return (float *)(((uintptr_t)mine->memory[which] + 63) & ~(uintptr_t)63);
}
