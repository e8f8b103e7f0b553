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
INLINE vec choose(ints mask, vec yes, vec no) { return (vec)((mask & (ints)yes) | (~mask & (ints)no)); }
INLINE vec largest(vec a, vec b) { return choose(a > b, a, b); }
INLINE vec smallest(vec a, vec b) { return choose(a < b, a, b); }

INLINE float sum_of(vec v) {
    float s = 0;
    for (int i = 0; i < LANES; i++) s += v[i];
    return s;
}

/* The first n numbers of a vector, and zeros after them; for the end of a row. */
INLINE vec load_some(const float *x, long n) {
    vec v = {0};
    memcpy(&v, x, 4 * n);
    return v;
}

INLINE void store_some(float *x, vec v, long n) { memcpy(x, &v, 4 * n); }

typedef void *array; /* a NumPy array, as Python has it */
INLINE void *address(array x) { return *(void **)((char *)x + OBJECT_HEAD); }
INLINE float *floats(array x) { return address(x); }

INLINE long least(long a, long b) { return a < b ? a : b; }
INLINE long most(long a, long b) { return a > b ? a : b; }

/* exp to within two units in the last place: 2^k * exp(r) with r at most half of log 2, by a polynomial.
   Inputs are brought into the range in which the result is a normal number; nan stays nan. */
INLINE vec exponential(vec x) {
    const float up = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number, found in the low bits */
    vec held = choose(x > 88.7f, all(88.7f), x);
    held = choose(held < -87.3f, all(-87.3f), held);
    vec k = held * 1.44269504f + up;
    ints whole = (ints)k - 0x4B400000; /* the bits of `up` */
    k -= up;
    vec r = held - k * 0.693359375f + k * 2.12194440e-4f;
    vec p = all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    /* In two halves, because 2^128 alone is no float. */
    ints half = whole >> 1;
    p *= (vec)((half + 127) << 23);
    p *= (vec)((whole - half + 127) << 23);
    p = choose(x < -103.9f, all(0.0f), p);
    return choose(x > 88.7228f, all(INFINITY), p);
}
