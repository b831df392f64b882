/*
 * An example under failing memory.  Its main runs once to count allocations; then once for each of
 * them where that one fails (an arena may get by with a smaller block: the run ends well or with
 * an error), and once where that one and all later ones fail (the run must end with an error).  No
 * run may crash or leave anything behind: ASan's leak check ends this program otherwise.  Linked
 * with -Wl,--wrap=malloc, so that the library's own calls fail and not those of the system's.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

int example_main(void);
void *__real_malloc(size_t len);
void *__wrap_malloc(size_t len);

static size_t allocation_count, fail_at;
static bool is_for_good;

void *__wrap_malloc(size_t len)
{
    allocation_count++;
    bool fails = is_for_good ? allocation_count >= fail_at : allocation_count == fail_at;
    return fail_at != 0 && fails ? NULL : __real_malloc(len);
}

/* The runs after the first, with one failure or with many; how many were as they must be. */
static size_t loop(size_t count)
{
    size_t good = 0;
    for (fail_at = 1; fail_at <= count; fail_at++) {
        allocation_count = 0;
        bool is_well = example_main() == 0;
        bool has_failed = allocation_count >= fail_at; /* counts vary a little between runs */
        if (is_well && is_for_good && has_failed) {
            printf("without memory from allocation %zu on, and nobody said so\n", fail_at);
        } else {
            good++;
        }
    }
    return good;
}

int main(void)
{
    if (freopen("/dev/null", "w", stderr) == NULL || example_main() != 0) {
        printf("0 passed, 1 failed\n");
        return 1;
    }
    size_t count = allocation_count, good = loop(count);
    is_for_good = true;
    good += loop(count);
    printf("%zu passed, %zu failed\n", good, 2 * count - good);
    return good == 2 * count && count > 50 ? 0 : 1;
}
