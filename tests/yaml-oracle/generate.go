package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Scalars that readers of YAML see differently, and nodes that only look like scalars.
var scalars = []string{
	"y", "Y", "yes", "Yes", "YES", "yEs", "true", "True", "TRUE", "tRUE", "on", "On", "ON", "oN",
	"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "null", "Null",
	"NULL", "nULL", "~", "~~", "0", "00", "01", "07", "08", "0777", "0o777", "0O17", "0o8",
	"0x1F", "0X1f", "0xg", "0x", "0b", "0b101", "0B11", "0b2", "-0b11", "+0b11", "0b-1", "0b+1",
	"-0b-1", "1_000", "_1", "1_", "-_1", "+_1", "+_", "1__0", "0x_1f", "0_7", "-0", "+0", "-0.0",
	"+1", "-1", "+-1", "--1", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "-9223372036854775809", "18446744073709551615",
	"18446744073709551616", "+18446744073709551615", "0xffffffffffffffff", "0xfffffffffffffffff",
	"-0xffffffffffffffff", "0777777777777777777777", "01777777777777777777777",
	"02777777777777777777777", "0777777777777777777777777777777", ".5", "-.5", "+.5", ".", "..",
	".e5", ".5e3", ".5E+3", ".5_0", "1.", "1.e5", "1.5", "1e3", "1E3", "1e+3", "1e-3", "1e",
	"1e+", "1_0.5", "0.1_1", "1e1_0", "1e999", "-1e999", ".1e999", "1e-999", "1e21", "1e20",
	"1e22", "123456789012345678901234567890", "1e-6", "1e-7", "1.5e-7", "0.000001", "0.0000001",
	"1.0", "10.0", "3.14", "2.2250738585072014e-308", "5e-324", "1.7976931348623157e308", "1e308",
	"9007199254740993.0", "9007199254740992.5", "0.1", "0.30000000000000004", ".inf", ".Inf",
	".INF", "-.inf", "+.inf", "+.Inf", "-.INF", ".iNF", ".nan", ".NaN", ".NAN", ".nAN", "nan",
	"NaN", "inf", "Infinity", "-.nan", "+.nan", "0x1p-2", "0x1.8p1", "1:30", "12:30:45",
	"190:20:30", "1:2.5", "2001-01-01", "2001-1-1", "2001-12-14t21:59:43.10-05:00",
	"2001-12-14T21:59:43Z", "2001-12-15", "2:59:43.10", "1.2.3", "1-2", "1/2", "0.0.0.0", "1,000",
	"1,5", "0xdeadBEEF", "100m", "1Gi", "1e3Mi", "0e0", "0e5", "00.5", "-00.5", "08.5", "0777.5",
	"09e2", "1e05", "<<", "=", "!", "!!", "-", "?", ":", "::", "a:b", "a#b", "ab#", "%", "@x",
	"`x", "*x", "&x", "|x", ">x", "'x'", "\"x\"", "[x]", "{x}", "{}", "[]", "\"\"", "''", "'0'",
	"\"0\"", "x,y", "@", "`", "-x", "?x", ":x", "--", "---", "...", "---x", "...x", "!x", "%x",
	"#x", "<<:", "=:", "!!str", "", "2001-12-15 2:59:43.10", "2001-12-14 21:59:43.10 -5", "- a",
	"a b", "a: b", "! 12", "! \"12\"", "! '1'", "!!str 12", "!!str \"\"", "!!str null",
	"!!int 12", "!!int \"12\"", "!!int foo", "!!int 1.0", "!!int 0x10", "!!int \"\"", "!!int",
	"!!int null", "!!float 1", "!!float 1.5", "!!float \"1\"", "!!float 18446744073709551615",
	"!!float 9223372036854775807", "!!float foo", "!!float", "!!float .inf", "!!float 1e400",
	"!!bool yes", "!!bool \"y\"", "!!bool 1", "!!bool", "!!null null", "!!null \"\"", "!!null",
	"!!null ~", "!!null foo", "!!null \"null\"", "!!binary aGVsbG8=", "!!binary aGVsbG8",
	"!!binary \"aGVs\\nbG8=\"", "!!binary gICA", "!!binary \"\"", "!!binary",
	"!!binary \"a GVs\"", "!!binary AA==", "!!binary \"YQ==\"", "!!binary \"YQ=\"",
	"!!binary \"YR==\"", "!!binary \"YQ==YQ==\"", "!!binary \"====\"", "!!timestamp 2001-01-01",
	"!!timestamp \"2001-01-01\"", "!!timestamp 2001-02-30", "!!timestamp foo",
	"!!timestamp 2001-1-1", "!!timestamp 2001-12-14t21:59:43.10-05:00",
	"!!timestamp \"2001-12-15 2:59:43.10\"", "!!timestamp 2001-12-14T21:59:43Z",
	"!!timestamp 2000-2-29", "!!timestamp 1900-2-29", "!!timestamp", "!foo", "!foo 12",
	"!foo \"12\"", "!foo [1,2]", "!foo {a: 1}", "!!foo 12", "!!set {a, b}", "!!omap [a: 1]",
	"!!seq [a]", "!!map {a: 1}", "!!seq foo", "!!map foo", "!!str [a]", "!!str {a: 1}",
	"!!int {a: 1}", "!!merge <<", "!!merge foo", "!<tag:yaml.org,2002:int> 12",
	"!<tag:yaml.org,2002:str> 12", "!<!foo> 12", "!<foo> 1", "!e!x 1", "!<> 1", "! ", "&a",
	"&a 12", "&a !!str 12", "!!str &a 12", "&a ! 12", "! &a 12", "*a", "&a *a",
	"\"\\x41\\u00e9\\U0001F600\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"\\0\"", "\"\\/\"",
	"\"\\'\"", "\"\\e\\a\\b\\v\\f\\N\\_\\L\\P\\t\\n\\r\\ \"", "\"\\q\"", "\"a\\\n  b\"",
	"\"a\n\n  b\"", "'a\n  b'", "'it''s'", "a\n  b\n\n  c", "|\n  a\n  b", "|-\n  a\n",
	"|+\n  a\n\n", ">\n  a\n  b\n\n  c\n", ">-\n  a\n   b\n  c\n", "|2\n   a\n", "|1\n a\n",
	"|0\n a", "|10\n a", "|-2\n  a", "|2-\n  a", "|+-\n a", "| # c\n  a", "|#c\n  a",
	">\n\n\n  a", "|\n\t a", "|\n  a\n\tb", "\"a\tb\"", "a\tb", "\ta", "a \tb", "\"\u0085\"",
	"\"\u2028\"", "a\u0085  b", "a\u2028  b", "é", "\"\ufeff\"", "a\ufeffb", "\ufeffa",
	"\"\x7f\"", "\x01", "\"\x1b\"", "\"\"",
}

// Where a scalar can stand: %s is the scalar.
var frames = []string{
	"%s\n", "a: %s\n", "%s: v\n", "[%s]\n", "{%s: v}\n", "{a: %s}\n", "- %s\n- b\n", "? %s\n: v\n",
	"{%s}\n", "a: %s", "{ \"a\": %s}",
}

// Pieces that are put together blindly.
var pieces = []string{
	"a", "b", "key", "1", "y", "null", "~", "x y", "\"q\"", "'s'", "\"a\\n\"", "- ", "-", ": ",
	":", "? ", "?", "\n", "\n  ", "\n    ", "\n ", " ", "  ", "{", "}", "[", "]", ",", ", ",
	"&a ", "*a", "&b ", "*b", "<<: ", "<<", "!!str ", "!t ", "!", "|\n", ">\n", "|-\n", ">+\n",
	"|2\n", "# c", "#", "\"", "'", "---\n", "--- ", "...\n", "...", "\t", "a: b\n", "a: 1\n",
	"- x\n", "- a: 1\n", "b:\n", "  c: d\n", "\"a\": \"b\"", "\r\n", "\r", "\\", "%", "@", "`",
	"0x1F", "1.5", "é", "\u2028", "\u0085", "text\n", "  text\n", "    more\n", ": |\n", "c: >\n",
	"c: &a {x: 1}\n", "d: *a\n", "<<: *a\n", "<<: [*a, *b]\n", "a:: b", "a:b", "-a", "?a", ":a",
	"[a, b]", "{a: b}", "{a, b: c}", "[a: b]", "\ufeff", "- - ", "- ? ", "? - ",
	"key:\n- a\n- b\n", "  - a\n", "\"x\n y\"", "{\"a\":1}", "{\"a\": [1.0, \"\\u00e9\"]}",
	"\n---\n",
}

func generate(dir, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	number := 0
	write := func(text string) error {
		number++
		return os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d.yaml", number)), []byte(text), 0o644)
	}
	for _, scalar := range scalars {
		for _, frame := range frames {
			if err := write(strings.Replace(frame, "%s", scalar, 1)); err != nil {
				return err
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range n {
		var b strings.Builder
		for range 1 + random.IntN(6+random.IntN(20)) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		if err := write(b.String()); err != nil {
			return err
		}
	}
	return nil
}
