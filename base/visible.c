/* See visible.h. */
#include "base/visible.h"

#include <string.h>

#include "base/utf8.h"

static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x00, 0x1F },                         /* C0 */
	{ 0x7F, 0x9F },                         /* DEL and C1 */
	{ 0x061C, 0x061C }, { 0x200E, 0x200F }, /* marks of direction */
	{ 0x2028, 0x202E },                     /* separators, embeddings and overrides */
	{ 0x2066, 0x2069 },                     /* isolates */
	{ 0xFEFF, 0xFEFF },                     /* byte order mark */
};

bool visible_is_plain(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return true;
}

void visible_put(struct buf *b, const char *p, size_t n, const char *keep)
{
	size_t plain = 0, step;
	for (size_t i = 0; i < n; i += step) {
		uint32_t code;
		step = utf8_decode(p + i, n - i, &code);
		bool passes = step && (visible_is_plain(code) ||
				       (code && code < 0x80 && strchr(keep, (int)code)));
		step = step ? step : 1;
		if (passes)
			continue;
		buf_put(b, p + plain, i - plain);
		if (step == 1)
			buf_printf(b, "\\x%02x", (unsigned)(unsigned char)p[i]);
		else
			buf_printf(b, "\\u%04x", (unsigned)code);
		plain = i + step;
	}
	buf_put(b, p + plain, n - plain);
}

const char *visible_line(struct arena *a, const char *text)
{
	AUTO(buf_done) struct buf b = { 0 };
	visible_put(&b, text, strlen(text), "");
	return arena_strdup(a, buf_text(&b));
}
