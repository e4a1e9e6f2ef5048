module rhumb/tests/formats

go 1.19

require (
	github.com/joshdk/go-junit v1.0.0
	github.com/santhosh-tekuri/jsonschema/v5 v5.3.1
)
