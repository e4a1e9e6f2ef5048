package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// converse asks a tool for the answers to all paths: what it prints before each "end PATH".
func converse(paths []string, tool string, args ...string) ([][]string, error) {
	cmd := exec.Command(tool, args...)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output() // its status says only that some file could not be read
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no answer: %w", tool, err)
	}
	var answers [][]string
	var answer []string
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if len(answers) < len(paths) && lines.Text() == "end "+paths[len(answers)] {
			answers = append(answers, answer)
			answer = nil
			continue
		}
		answer = append(answer, lines.Text())
	}
	if len(answers) != len(paths) {
		return nil, fmt.Errorf("%s: %d answers to %d paths", tool, len(answers), len(paths))
	}
	return answers, nil
}

func failed(lines []string) bool {
	return len(lines) > 0 && strings.HasPrefix(lines[len(lines)-1], "error: ")
}

// escapedSlash: libyaml knows \/, go-yaml does not, so we read what kubectl refuses.
var escapedSlash = []byte(`\/`)

func compareFiles(tool string) error {
	var paths []string
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		paths = append(paths, scanner.Text())
	}
	ours, err := converse(paths, tool)
	if err != nil {
		return err
	}
	written, err := converse(paths, tool, "-y")
	if err != nil {
		return err
	}
	same, differ, refused := 0, 0, map[string]int{}
	report := func(path, what string, ours, theirs []string) {
		differ++
		fmt.Printf("%s: %s\n  rhumb    %.300q\n  kubectl  %.300q\n", path, what, ours, theirs)
	}
	for i, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		theirs := read(data)
		switch {
		case failed(ours[i]) && failed(theirs):
			same++
		case failed(ours[i]):
			refused[reason(ours[i])]++
		case failed(theirs) && !bytes.Contains(data, escapedSlash):
			report(path, "kubectl refuses", ours[i], theirs)
		case !failed(theirs) && !slices.Equal(ours[i], theirs):
			report(path, "differs", ours[i], theirs)
		default:
			same++
			again := read([]byte(strings.Join(written[i], "\n") + "\n"))
			if !slices.Equal(ours[i], again) {
				report(path, "differs when written as YAML", ours[i], again)
			}
		}
	}
	for _, why := range sortedKeys(refused) {
		fmt.Printf("# only rhumb refuses, %d times: %s\n", refused[why], why)
	}
	fmt.Printf("%d files read the same, %d differ\n", same, differ)
	if differ > 0 {
		return fmt.Errorf("they differ")
	}
	return nil
}

var place = regexp.MustCompile(`^error: \S* |"[^"]*"|&\S+|\d+`)

// reason is the message without what differs from file to file.
func reason(lines []string) string {
	return place.ReplaceAllStringFunc(lines[len(lines)-1], func(s string) string {
		if strings.HasPrefix(s, "error") {
			return ""
		}
		return "_"
	})
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
