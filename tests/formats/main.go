// Reads what rhumb writes for other programs, with their own libraries.
//
//	formats sarif SCHEMA FILE...   each is valid against the schema
//	formats junit FILE             prints "SUITES TESTS PASSED SKIPPED FAILED ERRORS"
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/joshdk/go-junit"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

func sarif(schemaFile string, files []string) error {
	schema, err := jsonschema.Compile(schemaFile)
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var document any
		if err := json.Unmarshal(text, &document); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := schema.Validate(document); err != nil {
			return fmt.Errorf("%s: %#v", file, err)
		}
	}
	return nil
}

func junitCounts(file string) error {
	suites, err := junit.IngestFile(file)
	if err != nil {
		return err
	}
	var all junit.Totals
	for _, suite := range suites {
		suite.Aggregate()
		all.Tests += suite.Totals.Tests
		all.Passed += suite.Totals.Passed
		all.Skipped += suite.Totals.Skipped
		all.Failed += suite.Totals.Failed
		all.Error += suite.Totals.Error
	}
	fmt.Println(len(suites), all.Tests, all.Passed, all.Skipped, all.Failed, all.Error)
	return nil
}

func main() {
	var err error
	switch {
	case len(os.Args) > 3 && os.Args[1] == "sarif":
		err = sarif(os.Args[2], os.Args[3:])
	case len(os.Args) == 3 && os.Args[1] == "junit":
		err = junitCounts(os.Args[2])
	default:
		err = fmt.Errorf("usage: formats sarif SCHEMA FILE... | junit FILE")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
