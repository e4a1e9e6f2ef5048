// yaml-oracle reads files as kubectl does, with kubectl's own packages.
//
//	yaml-oracle print < PATHS
//	        each document as canonical JSON, a line each, or a line that starts with "error:";
//	        after each file a line "end PATH"
//	yaml-oracle compare TOOL < PATHS
//	        compares that with what TOOL (build/tests/yaml-to-json) reads, and what TOOL -y
//	        writes with what was read; exits 1 where they differ
//	yaml-oracle generate DIR COUNT
//	        writes files with odd YAML, the same ones every time
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "print":
		err = printFiles()
	case len(args) == 2 && args[0] == "compare":
		err = compareFiles(args[1])
	case len(args) == 3 && args[0] == "generate":
		err = generate(args[1], args[2])
	default:
		err = fmt.Errorf("usage: yaml-oracle print | compare TOOL | generate DIR COUNT")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "yaml-oracle:", err)
		os.Exit(1)
	}
}

func printFiles() error {
	out := bufio.NewWriter(os.Stdout)
	paths := bufio.NewScanner(os.Stdin)
	for paths.Scan() {
		data, err := os.ReadFile(paths.Text())
		if err != nil {
			return err
		}
		for _, line := range read(data) {
			fmt.Fprintln(out, line)
		}
		fmt.Fprintf(out, "end %s\n", paths.Text())
		out.Flush()
	}
	return out.Flush()
}

// read gives a line a document, and one for the error that ended it.
func read(data []byte) []string {
	lines, err := readDocuments(data)
	if err != nil {
		lines = append(lines, "error: "+strings.ReplaceAll(err.Error(), "\n", " "))
	}
	return lines
}

// readDocuments does what the FileVisitor and StreamVisitor of k8s.io/cli-runtime do.
func readDocuments(data []byte) (lines []string, err error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(withoutMark(data)), 4096)
	for {
		ext := runtime.RawExtension{}
		if err := decoder.Decode(&ext); err == io.EOF {
			return lines, nil
		} else if err != nil {
			return lines, err
		}
		raw := bytes.TrimSpace(ext.Raw)
		if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			continue
		}
		text, err := canonical(raw)
		if err != nil {
			return lines, err
		}
		lines = append(lines, text)
	}
}

// withoutMark decodes UTF-16 where a byte order mark says so, and drops the mark.
func withoutMark(data []byte) []byte {
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return data[3:]
	}
	big := bytes.HasPrefix(data, []byte("\xfe\xff"))
	if !big && !bytes.HasPrefix(data, []byte("\xff\xfe")) {
		return data
	}
	var units []uint16
	for i := 2; i+1 < len(data); i += 2 {
		if big {
			units = append(units, uint16(data[i])<<8|uint16(data[i+1]))
		} else {
			units = append(units, uint16(data[i+1])<<8|uint16(data[i]))
		}
	}
	return []byte(string(utf16.Decode(units)))
}

func canonical(raw []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return "", err
	}
	var b strings.Builder
	err := write(&b, v)
	return b.String(), err
}

func write(b *strings.Builder, v any) error {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		fmt.Fprintf(b, "%t", v)
	case json.Number:
		return writeNumber(b, string(v))
	case string:
		writeString(b, v)
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := write(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case map[string]any:
		return writeObject(b, v)
	}
	return nil
}

func writeObject(b *strings.Builder, v map[string]any) error {
	keys := make([]string, 0, len(v))
	for key := range v {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool {
		x, y := utf16.Encode([]rune(keys[i])), utf16.Encode([]rune(keys[j]))
		for k := 0; k < len(x) && k < len(y); k++ {
			if x[k] != y[k] {
				return x[k] < y[k]
			}
		}
		return len(x) < len(y)
	})
	b.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		writeString(b, key)
		b.WriteByte(':')
		if err := write(b, v[key]); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// writeNumber prints integers of 64 bits with all their digits; anything else as encoding/json
// would send it.
func writeNumber(b *strings.Builder, text string) error {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		fmt.Fprint(b, n)
		return nil
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		fmt.Fprint(b, n)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return err
	}
	if f == 0 {
		f = 0 // no -0
	}
	sent, err := json.Marshal(f)
	b.Write(sent)
	return err
}

func writeString(b *strings.Builder, s string) {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	b.WriteByte('"')
	for _, c := range s {
		if escaped, ok := short[c]; ok {
			b.WriteString(escaped)
		} else if c < 0x20 {
			fmt.Fprintf(b, `\u%04x`, c)
		} else {
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
}
