#include "tests/bench/mls_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "tests/bench/bench.h"

/* One task at a time; both threads take the next index until none is left. */
static struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    pthread_t helper;
    bool is_ending, is_busy;
    unsigned long task; /* counts tasks, so that the helper sees a new one */
    size_t count;
    atomic_size_t next;
    void (*work)(void *work_ctx, size_t index);
    void *work_ctx;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER,
           .done = PTHREAD_COND_INITIALIZER };

static void take_all(void)
{
    for (size_t i = atomic_fetch_add(&pool.next, 1); i < pool.count;
         i = atomic_fetch_add(&pool.next, 1)) {
        pool.work(pool.work_ctx, i);
    }
}

static void *helper_main(void *unused)
{
    unsigned long seen = 0;
    (void)unused;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (pool.task == seen && !pool.is_ending) pthread_cond_wait(&pool.wake, &pool.lock);
        if (pool.is_ending) break;
        seen = pool.task;
        pthread_mutex_unlock(&pool.lock);
        take_all();
        pthread_mutex_lock(&pool.lock);
        pool.is_busy = false;
        pthread_cond_signal(&pool.done);
    }
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

static void run(void *ctx, size_t count, void (*work)(void *work_ctx, size_t index),
                void *work_ctx)
{
    (void)ctx;
    pthread_mutex_lock(&pool.lock);
    pool.work = work;
    pool.work_ctx = work_ctx;
    pool.count = count;
    atomic_store(&pool.next, 0);
    pool.is_busy = true;
    pool.task++;
    pthread_cond_signal(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    take_all();
    pthread_mutex_lock(&pool.lock);
    while (pool.is_busy) pthread_cond_wait(&pool.done, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

const struct mls_parallel *mls_pool_start(void)
{
    static const struct mls_parallel parallel = { NULL, run };
    pool.is_ending = false;
    pool.task = 0;
    if (pthread_create(&pool.helper, NULL, helper_main, NULL) != 0) bench_die("no thread");
    return &parallel;
}

void mls_pool_stop(void)
{
    pthread_mutex_lock(&pool.lock);
    pool.is_ending = true;
    pthread_cond_signal(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    pthread_join(pool.helper, NULL);
}
