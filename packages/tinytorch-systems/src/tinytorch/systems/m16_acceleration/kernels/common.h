/* What all kernels share: vectors, and how they are given NumPy's arrays.

   `vec` is a vector of as many floats as the processor works on at once; GCC and Clang turn arithmetic on it
   into single instructions. A kernel takes whole arrays as Python objects: the address of their numbers is
   the first field after the head that all Python objects have (Python tells how long that is, and checks
   that it is so before anything else is called). What else there is to know about an array - that it holds
   float32, without gaps - the Python side has looked at. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif
#define INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)
#define LANES 16 /* floats in a vector */
#define WIDE 4   /* vectors side by side in a tile of a matrix product: 6 x 4 sums stay in registers */
#elif defined(__AVX__)
#define LANES 8
#define WIDE 2
#elif defined(__aarch64__)
#define LANES 4
#define WIDE 4
#else
#define LANES 4
#define WIDE 2
#endif

typedef float vec __attribute__((vector_size(4 * LANES), may_alias));
typedef float vec_anywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * LANES), may_alias));

INLINE vec load(const float *x) { return *(const vec_anywhere *)x; }
INLINE void store(float *x, vec v) { *(vec_anywhere *)x = v; }
INLINE vec all(float x) { return x - (vec){0}; }
INLINE long least(long a, long b) { return a < b ? a : b; }
INLINE long most(long a, long b) { return a > b ? a : b; }

/* Where the language of vectors says something in many instructions for which the processor has one, it is said
   in the processor's own words; the last version is for all others.

   load_some and store_some work on the first n numbers (the rest of the vector is 0), for the end of a row;
   where_less(a, b, x, y) is x where a < b, else y; smaller and larger give b where one of them is nan;
   times_power(x, k) is x * 2^k for whole k; evens and odds take every other number of two vectors, and
   zip_low and zip_high put them back. */

#if defined(__AVX512F__)
#include <immintrin.h>
INLINE __mmask16 first_of(long n) { return (__mmask16)((1u << n) - 1); }
INLINE vec load_some(const float *x, long n) { return (vec)_mm512_maskz_loadu_ps(first_of(n), x); }
INLINE void store_some(float *x, vec v, long n) { _mm512_mask_storeu_ps(x, first_of(n), (__m512)v); }
INLINE vec where_less(vec a, vec b, vec x, vec y) {
    return (vec)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ), (__m512)y, (__m512)x);
}
INLINE vec where_equal(vec a, vec b, vec x, vec y) {
    return (vec)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ), (__m512)y, (__m512)x);
}
INLINE vec smaller(vec a, vec b) { return (vec)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE vec larger(vec a, vec b) { return (vec)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vec root(vec x) { return (vec)_mm512_sqrt_ps((__m512)x); }
INLINE vec times_power(vec x, vec k) { return (vec)_mm512_scalef_ps((__m512)x, (__m512)k); }
INLINE float sum_of(vec v) { return _mm512_reduce_add_ps((__m512)v); }
INLINE float largest_of(vec v) { return _mm512_reduce_max_ps((__m512)v); }
#else
INLINE vec load_some(const float *x, long n) {
    vec v = {0};
    for (long i = 0; i < n; i++) v[i] = x[i];
    return v;
}
INLINE void store_some(float *x, vec v, long n) {
    for (long i = 0; i < n; i++) x[i] = v[i];
}
INLINE vec choose(ints mask, vec yes, vec no) { return (vec)((mask & (ints)yes) | (~mask & (ints)no)); }
INLINE vec where_less(vec a, vec b, vec x, vec y) { return choose(a < b, x, y); }
INLINE vec where_equal(vec a, vec b, vec x, vec y) { return choose(a == b, x, y); }
INLINE vec smaller(vec a, vec b) { return choose(a < b, a, b); }
INLINE vec larger(vec a, vec b) { return choose(a > b, a, b); }
INLINE vec root(vec x) {
    for (int i = 0; i < LANES; i++) x[i] = __builtin_sqrtf(x[i]);
    return x;
}
INLINE vec times_power(vec x, vec k) { /* in two halves, because 2^128 alone is no float */
    ints whole = (ints)(k + 12582912.0f) - 0x4B400000, half = whole >> 1;
    x *= (vec)((half + 127) << 23);
    return x * (vec)((whole - half + 127) << 23);
}
INLINE float sum_of(vec v) {
    for (int width = LANES / 2; width; width /= 2)
        for (int i = 0; i < width; i++) v[i] += v[i + width];
    return v[0];
}
INLINE float largest_of(vec v) {
    for (int width = LANES / 2; width; width /= 2)
        for (int i = 0; i < width; i++) v[i] = v[i] > v[i + width] ? v[i] : v[i + width];
    return v[0];
}
#endif

#if defined(__clang__)
#define SHUFFLE(name, expression)          \
    INLINE vec name(vec a, vec b) {        \
        vec v;                             \
        for (int x = 0; x < LANES; x++) {  \
            int at = expression;           \
            v[x] = at < LANES ? a[at] : b[at - LANES]; \
        }                                  \
        return v;                          \
    }
#else
#define SHUFFLE(name, expression)                             \
    INLINE vec name(vec a, vec b) {                           \
        ints at;                                              \
        for (int x = 0; x < LANES; x++) at[x] = expression;   \
        return __builtin_shuffle(a, b, at);                   \
    }
#endif
SHUFFLE(evens, 2 * x)
SHUFFLE(odds, 2 * x + 1)
SHUFFLE(zip_low, x / 2 + x % 2 * LANES)
SHUFFLE(zip_high, LANES / 2 + x / 2 + x % 2 * LANES)

typedef void *array; /* a NumPy array, as Python has it */
INLINE void *address(array x) { return *(void **)((char *)x + OBJECT_HEAD); }
INLINE float *floats(array x) { return address(x); }

INLINE vec get(const float *x, long n) { return n == LANES ? load(x) : load_some(x, n); }
INLINE void put(float *x, vec v, long n) {
    if (n == LANES) store(x, v);
    else store_some(x, v, n);
}

/* exp to within two units in the last place: 2^k * exp(r) with r at most half of log 2, by a polynomial.
   Beyond the range of a float the power gives 0 and infinity; nan stays nan. */
INLINE vec exponential(vec x) {
    const float up = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    x = larger(all(-104.0f), smaller(all(89.0f), x));
    vec k = (x * 1.44269504f + up) - up;
    vec r = x - k * 0.693359375f + k * 2.12194440e-4f;
    vec p = all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return times_power(p * r * r + r + 1.0f, k);
}
