/* UTF-16 with a byte order mark, as some editors and PowerShell write it; kubectl reads it too. */
#include "base/utf8.h"
#include "base/yaml_internal.h"

enum { HIGH = 0xD800, LOW = 0xDC00, LAST = 0xDFFF, PAIR_BASE = 0x10000 };

bool yaml_is_utf16(const char *text, size_t n)
{
	unsigned char a = n >= 2 ? (unsigned char)text[0] : 0,
		      b = n >= 2 ? (unsigned char)text[1] : 0;
	return (a == 0xFF && b == 0xFE) || (a == 0xFE && b == 0xFF);
}

static uint32_t unit(const char *p, bool big)
{
	uint32_t first = (unsigned char)p[0], second = (unsigned char)p[1];
	return big ? first << 8 | second : second << 8 | first;
}

int yaml_from_utf16(struct yaml_run *run, const char **text, size_t *n)
{
	const char *p = *text + 2, *end = *text + *n;
	bool big = (unsigned char)**text == 0xFE;
	char *out = arena_alloc(run->a, *n / 2 * 3 + 1);
	size_t len = 0;
	struct srcpos at = { run->name, 1, 1 };
	for (; end - p >= 2; p += 2) {
		uint32_t code = unit(p, big);
		if (code >= HIGH && code <= LAST) {
			uint32_t low = code < LOW && end - p >= 4 ? unit(p + 2, big) : 0;
			if (low < LOW || low > LAST)
				break;
			code = PAIR_BASE + ((code - HIGH) << 10) + (low - LOW);
			p += 2;
		}
		len += utf8_encode(out + len, code);
		at.col++;
		if (code == '\n') {
			at.line++;
			at.col = 1;
		}
	}
	if (p != end)
		return err_at(run->err, ERR_INPUT, at, "invalid UTF-16; save the file as UTF-8");
	*text = out;
	*n = len;
	return 0;
}
