/* See utf8.h. */
#include "base/utf8.h"

/* Lead bytes by what may follow: the second byte has a range of its own, which keeps overlong
 * forms, surrogates and too large values out; the others are 80..BF. */
static const struct lead {
	uint8_t first, last, length, second_min, second_max;
} leads[] = {
	{ 0xC2, 0xDF, 2, 0x80, 0xBF }, { 0xE0, 0xE0, 3, 0xA0, 0xBF }, { 0xE1, 0xEC, 3, 0x80, 0xBF },
	{ 0xED, 0xED, 3, 0x80, 0x9F }, { 0xEE, 0xEF, 3, 0x80, 0xBF }, { 0xF0, 0xF0, 4, 0x90, 0xBF },
	{ 0xF1, 0xF3, 4, 0x80, 0xBF }, { 0xF4, 0xF4, 4, 0x80, 0x8F },
};

static const struct lead *find_lead(uint8_t byte)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (byte >= leads[i].first && byte <= leads[i].last)
			return &leads[i];
	return NULL;
}

size_t utf8_decode(const char *p, size_t n, uint32_t *code)
{
	const uint8_t *u = (const uint8_t *)p;
	if (n && u[0] < 0x80) {
		*code = u[0];
		return 1;
	}
	const struct lead *lead = n ? find_lead(u[0]) : NULL;
	if (!lead || n < lead->length || u[1] < lead->second_min || u[1] > lead->second_max)
		return 0;
	uint32_t c = u[0] & (0x7Fu >> lead->length);
	for (size_t i = 1; i < lead->length; i++) {
		if ((u[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3F);
	}
	*code = c;
	return lead->length;
}

size_t utf8_encode(char *out, uint32_t code)
{
	static const uint8_t marks[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3F));
		code >>= 6;
	}
	out[0] = (char)(marks[length] | code);
	return length;
}
