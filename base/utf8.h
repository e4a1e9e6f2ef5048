/* UTF-8, one character at a time. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the character at p, 1 to 4, and its code point; 0 where the first of n bytes do
 * not start a valid one (overlong forms, surrogates and values over U+10FFFF are not valid). */
size_t utf8_decode(const char *p, size_t n, uint32_t *code);

/* Writes up to 4 bytes to out and returns how many.  code must be valid. */
size_t utf8_encode(char *out, uint32_t code);

#endif
