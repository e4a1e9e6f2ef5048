/* Classes of characters in RE2's syntax.  See re2.h. */
#include "policy/cel/re2_internal.h"

#include <string.h>

#include "base/utf8.h"

/* ---- ranges */

/* No surrogates: they are in no valid text, and PCRE2 refuses them as bounds. */
static void put_range(struct buf *out, uint32_t first, uint32_t last)
{
	if (first >= 0xD800 && first <= 0xDFFF)
		first = 0xE000;
	if (last >= 0xD800 && last <= 0xDFFF)
		last = 0xD7FF;
	if (first > last)
		return;
	re2_put_code(out, first);
	if (first == last)
		return;
	buf_putc(out, '-');
	re2_put_code(out, last);
}

/* ---- classes of ASCII */

static const struct ascii_class {
	const char *name;   /* of \d, or of [:digit:] */
	const char *ranges; /* pairs of first and last */
	size_t n;
} ascii_classes[] = {
#define CLASS(name, ranges)                                                                        \
	{                                                                                          \
		name, ranges, sizeof(ranges) - 1                                                   \
	}
	CLASS("d", "09"),           CLASS("s", "\t\n\f\r  "),
	CLASS("w", "09AZ__az"),     CLASS("alnum", "09AZaz"),
	CLASS("alpha", "AZaz"),     CLASS("ascii", "\0\x7f"),
	CLASS("blank", "\t\t  "),   CLASS("cntrl", "\0\x1f\x7f\x7f"),
	CLASS("digit", "09"),       CLASS("graph", "!~"),
	CLASS("lower", "az"),       CLASS("print", " ~"),
	CLASS("punct", "!/:@[`{~"), CLASS("space", "\t\r  "),
	CLASS("upper", "AZ"),       CLASS("word", "09AZ__az"),
	CLASS("xdigit", "09AFaf"),
#undef CLASS
};

static const struct ascii_class *find_ascii(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(ascii_classes); i++)
		if (strlen(ascii_classes[i].name) == n && !memcmp(ascii_classes[i].name, name, n))
			return &ascii_classes[i];
	return NULL;
}

static bool has(const struct ascii_class *c, uint32_t code)
{
	for (size_t i = 0; i < c->n; i += 2)
		if (code >= (unsigned char)c->ranges[i] && code <= (unsigned char)c->ranges[i + 1])
			return true;
	return false;
}

/* Two characters beyond ASCII are letters of it in another case: U+017F of s, U+212A of k. */
static bool has_folded(const struct ascii_class *c, uint32_t code)
{
	uint32_t letter = code == 0x17F ? 's' : code == 0x212A ? 'k' : code | 0x20;
	return has(c, code) ||
	       (letter >= 'a' && letter <= 'z' && (has(c, letter) || has(c, letter ^ 0x20)));
}

static bool lacks(const struct ascii_class *c, uint32_t code, bool fold)
{
	return fold ? !has_folded(c, code) : !has(c, code);
}

/* PCRE2 folds what it is given, so what is not in the class must not be in it folded either. */
static void put_negative(struct buf *out, const struct ascii_class *c, bool fold)
{
	for (uint32_t code = 0; code < 0x80; code++) {
		uint32_t first = code;
		while (code < 0x80 && lacks(c, code, fold))
			code++;
		if (code > first)
			put_range(out, first, code - 1);
	}
	put_range(out, 0x80, 0x17E);
	if (lacks(c, 0x17F, fold))
		put_range(out, 0x17F, 0x17F);
	put_range(out, 0x180, 0x2129);
	if (lacks(c, 0x212A, fold))
		put_range(out, 0x212A, 0x212A);
	put_range(out, 0x212B, 0x10FFFF);
}

static void put_ascii(struct re2_parser *r, struct buf *out, const struct ascii_class *c,
		      bool negative)
{
	if (negative) {
		put_negative(out, c, r->flags & RE2_FOLD);
		return;
	}
	for (size_t i = 0; i < c->n; i += 2)
		put_range(out, (unsigned char)c->ranges[i], (unsigned char)c->ranges[i + 1]);
}

/* ---- Unicode's properties */

static const struct property {
	const char *name, *pcre; /* pcre NULL: the name */
} categories[] = {
	{ "C", NULL },
	{ "Cc", NULL },
	{ "Cf", NULL },
	{ "Cn", NULL },
	{ "Co", NULL },
	{ "Cs", NULL },
	{ "L", NULL },
	{ "LC", "L&" },
	{ "Ll", NULL },
	{ "Lm", NULL },
	{ "Lo", NULL },
	{ "Lt", NULL },
	{ "Lu", NULL },
	{ "M", NULL },
	{ "Mc", NULL },
	{ "Me", NULL },
	{ "Mn", NULL },
	{ "N", NULL },
	{ "Nd", NULL },
	{ "Nl", NULL },
	{ "No", NULL },
	{ "P", NULL },
	{ "Pc", NULL },
	{ "Pd", NULL },
	{ "Pe", NULL },
	{ "Pf", NULL },
	{ "Pi", NULL },
	{ "Po", NULL },
	{ "Ps", NULL },
	{ "S", NULL },
	{ "Sc", NULL },
	{ "Sk", NULL },
	{ "Sm", NULL },
	{ "So", NULL },
	{ "Z", NULL },
	{ "Zl", NULL },
	{ "Zp", NULL },
	{ "Zs", NULL },
	{ "Cased_Letter", "L&" },
	{ "Close_Punctuation", "Pe" },
	{ "Combining_Mark", "M" },
	{ "Connector_Punctuation", "Pc" },
	{ "Control", "Cc" },
	{ "cntrl", "Cc" },
	{ "Currency_Symbol", "Sc" },
	{ "Dash_Punctuation", "Pd" },
	{ "Decimal_Number", "Nd" },
	{ "digit", "Nd" },
	{ "Enclosing_Mark", "Me" },
	{ "Final_Punctuation", "Pf" },
	{ "Format", "Cf" },
	{ "Initial_Punctuation", "Pi" },
	{ "Letter", "L" },
	{ "Letter_Number", "Nl" },
	{ "Line_Separator", "Zl" },
	{ "Lowercase_Letter", "Ll" },
	{ "Mark", "M" },
	{ "Math_Symbol", "Sm" },
	{ "Modifier_Letter", "Lm" },
	{ "Modifier_Symbol", "Sk" },
	{ "Nonspacing_Mark", "Mn" },
	{ "Number", "N" },
	{ "Open_Punctuation", "Ps" },
	{ "Other", "C" },
	{ "Other_Letter", "Lo" },
	{ "Other_Number", "No" },
	{ "Other_Punctuation", "Po" },
	{ "Other_Symbol", "So" },
	{ "Paragraph_Separator", "Zp" },
	{ "Private_Use", "Co" },
	{ "Punctuation", "P" },
	{ "punct", "P" },
	{ "Separator", "Z" },
	{ "Space_Separator", "Zs" },
	{ "Spacing_Mark", "Mc" },
	{ "Surrogate", "Cs" },
	{ "Symbol", "S" },
	{ "Titlecase_Letter", "Lt" },
	{ "Unassigned", "Cn" },
	{ "Uppercase_Letter", "Lu" },
};

/* The scripts of Unicode 15 by the names that Go gives them. */
static const char scripts[] =
	"Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum "
	"Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid "
	"Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian "
	"Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari "
	"Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic "
	"Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han "
	"Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic "
	"Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada "
	"Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi "
	"Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar "
	"Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek "
	"Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro "
	"Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu "
	"Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic "
	"Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian "
	"Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau "
	"Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada "
	"Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese "
	"Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil "
	"Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic Vai "
	"Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square";

/* What has to be added where case does not count: characters whose other case is in the class,
 * and that are not in it themselves. */
static const struct {
	const char *pcre, *more; /* more NULL: too many to say */
} folded[] = {
	{ "L", "\\x{345}" },
	{ "Ll", NULL },
	{ "Lt", NULL },
	{ "Lu", NULL },
	{ "M", "\\x{399}\\x{3b9}\\x{1fbe}" },
	{ "Mn", "\\x{399}\\x{3b9}\\x{1fbe}" },
	{ "sc:Common", "\\x{39c}\\x{3bc}" },
	{ "sc:Greek", "\\x{b5}\\x{345}" },
	{ "sc:Inherited", "\\x{399}\\x{3b9}\\x{1fbe}" },
};

/* Names are equal where they are without regard to case, blanks, _ and -. */
static bool same_name(const char *a, size_t a_n, const char *b, size_t b_n)
{
	size_t i = 0, j = 0;
	for (;; i++, j++) {
		while (i < a_n && strchr("_- ", a[i] ? a[i] : 'x'))
			i++;
		while (j < b_n && strchr("_- ", b[j] ? b[j] : 'x'))
			j++;
		if (i == a_n || j == b_n)
			return i == a_n && j == b_n;
		int x = (unsigned char)a[i], y = (unsigned char)b[j];
		x = x >= 'A' && x <= 'Z' ? x + 32 : x;
		y = y >= 'A' && y <= 'Z' ? y + 32 : y;
		if (x != y)
			return false;
	}
}

/* The property's name for PCRE2; false if there is none of that name. */
static bool find_property(const char *name, size_t n, struct buf *pcre)
{
	for (size_t i = 0; i < ARRAY_LEN(categories); i++) {
		const struct property *c = &categories[i];
		if (!same_name(name, n, c->name, strlen(c->name)))
			continue;
		buf_puts(pcre, c->pcre ? c->pcre : c->name);
		return true;
	}
	for (const char *s = scripts; *s; s += strcspn(s, " "), s += strspn(s, " ")) {
		size_t length = strcspn(s, " ");
		if (!same_name(name, n, s, length))
			continue;
		buf_puts(pcre, "sc:");
		buf_put(pcre, s, length);
		return true;
	}
	return false;
}

static int put_property(struct re2_parser *r, struct buf *out, const char *pcre, bool negative)
{
	const char *more = "";
	if (r->flags & RE2_FOLD)
		for (size_t i = 0; i < ARRAY_LEN(folded); i++)
			if (!strcmp(folded[i].pcre, pcre))
				more = folded[i].more;
	if (!more || (negative && *more))
		return err_set(r->err, ERR_LIMIT,
			       "a regular expression with (?i) and the class \\%c{%s}",
			       negative ? 'P' : 'p', pcre);
	buf_printf(out, "\\%c{%s}%s", negative ? 'P' : 'p', pcre, more);
	return 0;
}

/* Any, Assigned and ASCII are names of Go's own. */
static int put_named(struct re2_parser *r, struct buf *out, const char *name, size_t n,
		     bool negative)
{
	AUTO(buf_done) struct buf pcre = { 0 };
	if (same_name(name, n, "Any", 3)) {
		if (!negative)
			put_range(out, 0, 0x10FFFF);
		return 1;
	}
	if (same_name(name, n, "ASCII", 5)) {
		put_ascii(r, out, find_ascii("ascii", 5), negative);
		return 1;
	}
	if (same_name(name, n, "Assigned", 8))
		return put_property(r, out, "Cn", !negative) < 0 ? -1 : 1;
	if (!find_property(name, n, &pcre))
		return 0;
	return put_property(r, out, pcre.data, negative) < 0 ? -1 : 1;
}

/* r->p is at \p or \P. */
static int unicode_class(struct re2_parser *r, struct buf *out)
{
	const char *start = r->p, *name = r->p + 2;
	bool negative = start[1] == 'P';
	size_t n;
	r->p += 2;
	if (re2_next(r) == '{') {
		const char *close = memchr(r->p, '}', (size_t)(r->end - r->p));
		if (!close)
			return re2_fail(r, "invalid character class range", start,
					(size_t)(r->end - start));
		name++;
		n = (size_t)(close - name);
		r->p = close + 1;
	} else {
		n = (size_t)(r->p - name);
	}
	if (n && *name == '^') {
		negative = !negative;
		name++;
		n--;
	}
	int rc = put_named(r, out, name, n, negative);
	if (rc == 0)
		return re2_fail(r, "invalid character class range", start, (size_t)(r->p - start));
	return rc;
}

/* ---- in brackets */

/* \d, \pL and so on: 1, 0 if r->p is not at one, -1. */
static int class_escape(struct re2_parser *r, struct buf *out)
{
	if (r->end - r->p < 2 || *r->p != '\\')
		return 0;
	char c = r->p[1];
	if (c == 'p' || c == 'P')
		return unicode_class(r, out);
	char lower = (char)(c | 0x20);
	if (lower != 'd' && lower != 's' && lower != 'w')
		return 0;
	put_ascii(r, out, find_ascii(&lower, 1), c != lower);
	r->p += 2;
	return 1;
}

/* [:alpha:] or [:^alpha:], likewise. */
static int named_class(struct re2_parser *r, struct buf *out)
{
	if (r->end - r->p <= 2 || r->p[0] != '[' || r->p[1] != ':')
		return 0;
	const char *name = r->p + 2;
	const char *close = memmem(name, (size_t)(r->end - name), ":]", 2);
	if (!close)
		return 0;
	bool negative = *name == '^';
	name += negative;
	const struct ascii_class *c =
		name <= close && close - name > 1 ? find_ascii(name, (size_t)(close - name)) : NULL;
	if (!c)
		return re2_fail(r, "invalid character class range", r->p,
				(size_t)(close + 2 - r->p));
	put_ascii(r, out, c, negative);
	r->p = close + 2;
	return 1;
}

static int class_char(struct re2_parser *r, const char *class, uint32_t *code)
{
	if (r->p == r->end)
		return re2_fail(r, "missing closing ]", class, (size_t)(r->end - class));
	if (*r->p == '\\')
		return re2_escape(r, code);
	*code = re2_next(r);
	return 0;
}

static int class_range(struct re2_parser *r, const char *class, struct buf *out)
{
	const char *start = r->p;
	uint32_t first, last;
	if (class_char(r, class, &first) < 0)
		return -1;
	last = first;
	if (r->end - r->p >= 2 && r->p[0] == '-' && r->p[1] != ']') {
		r->p++;
		if (class_char(r, class, &last) < 0)
			return -1;
		if (last < first)
			return re2_fail(r, "invalid character class range", start,
					(size_t)(r->p - start));
	}
	put_range(out, first, last);
	return 0;
}

static void put_class(struct buf *out, const struct buf *items, bool negative)
{
	if (items->len)
		buf_printf(out, "[%s%s]", negative ? "^" : "", items->data);
	else
		buf_puts(out, negative ? "[\\x{0}-\\x{10ffff}]" : "[^\\x{0}-\\x{10ffff}]");
}

int re2_class(struct re2_parser *r, struct buf *out)
{
	AUTO(buf_done) struct buf items = { 0 };
	const char *class = r->p++;
	bool negative = r->p < r->end && *r->p == '^';
	r->p += negative;
	/* A ] right at the start stands for itself. */
	for (bool first = true; first || r->p == r->end || *r->p != ']'; first = false) {
		int rc = named_class(r, &items);
		if (rc == 0)
			rc = class_escape(r, &items);
		if (rc < 0 || (rc == 0 && class_range(r, class, &items) < 0))
			return -1;
	}
	r->p++;
	put_class(out, &items, negative);
	return 0;
}

int re2_class_escape(struct re2_parser *r, struct buf *out)
{
	AUTO(buf_done) struct buf items = { 0 };
	int rc = class_escape(r, &items);
	if (rc > 0)
		put_class(out, &items, false);
	return rc;
}
