/* The operators: what the checker needs to know of them.  The evaluator has nodes of its own. */
#include "policy/cel/standard.h"

/* Marks the overloads that cost a tenth of the texts; see cel_eval_binary(). */
static uint64_t by_size(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_tenth(cel_size(args[0]) + cel_size(args[1]));
}

#define ROW(name, id, signature)                                                                   \
	{                                                                                          \
		name, id, signature, .call = NULL                                                  \
	}
#define SIZED(name, id, signature)                                                                 \
	{                                                                                          \
		name, id, signature, .cost = by_size                                               \
	}

#define ORDER(name, prefix)                                                                        \
	ROW(name, prefix "_bool", "(bool, bool) -> bool"),                                         \
		ROW(name, prefix "_int64", "(int, int) -> bool"),                                  \
		ROW(name, prefix "_int64_double", "(int, double) -> bool"),                        \
		ROW(name, prefix "_int64_uint64", "(int, uint) -> bool"),                          \
		ROW(name, prefix "_uint64", "(uint, uint) -> bool"),                               \
		ROW(name, prefix "_uint64_double", "(uint, double) -> bool"),                      \
		ROW(name, prefix "_uint64_int64", "(uint, int) -> bool"),                          \
		ROW(name, prefix "_double", "(double, double) -> bool"),                           \
		ROW(name, prefix "_double_int64", "(double, int) -> bool"),                        \
		ROW(name, prefix "_double_uint64", "(double, uint) -> bool"),                      \
		SIZED(name, prefix "_string", "(string, string) -> bool"),                         \
		SIZED(name, prefix "_bytes", "(bytes, bytes) -> bool"),                            \
		ROW(name, prefix "_timestamp", "(timestamp, timestamp) -> bool"),                  \
		ROW(name, prefix "_duration", "(duration, duration) -> bool")

#define NUMBERS(name, prefix)                                                                      \
	ROW(name, prefix "_int64", "(int, int) -> int"),                                           \
		ROW(name, prefix "_uint64", "(uint, uint) -> uint"),                               \
		ROW(name, prefix "_double", "(double, double) -> double")

static const struct cel_overload overloads[] = {
	ROW("_?_:_", "conditional", "(bool, T, T) -> T"),
	SIZED("_==_", "equals", "(T, T) -> bool"),
	SIZED("_!=_", "not_equals", "(T, T) -> bool"),
	ORDER("_<_", "less"),
	ORDER("_<=_", "less_equals"),
	ORDER("_>_", "greater"),
	ORDER("_>=_", "greater_equals"),
	ROW("@in", "in_list", "(T, list(T)) -> bool"),
	ROW("@in", "in_map", "(K, map(K,V)) -> bool"),
	ROW("_[_]", "index_list", "(list(T), int) -> T"),
	ROW("_[_]", "index_map", "(map(K,V), K) -> V"),
	NUMBERS("_+_", "add"),
	SIZED("_+_", "add_string", "(string, string) -> string"),
	SIZED("_+_", "add_bytes", "(bytes, bytes) -> bytes"),
	ROW("_+_", "add_list", "(list(T), list(T)) -> list(T)"),
	ROW("_+_", "add_timestamp_duration", "(timestamp, duration) -> timestamp"),
	ROW("_+_", "add_duration_timestamp", "(duration, timestamp) -> timestamp"),
	ROW("_+_", "add_duration_duration", "(duration, duration) -> duration"),
	NUMBERS("_-_", "subtract"),
	ROW("_-_", "subtract_timestamp_timestamp", "(timestamp, timestamp) -> duration"),
	ROW("_-_", "subtract_timestamp_duration", "(timestamp, duration) -> timestamp"),
	ROW("_-_", "subtract_duration_duration", "(duration, duration) -> duration"),
	NUMBERS("_*_", "multiply"),
	NUMBERS("_/_", "divide"),
	ROW("_%_", "modulo_int64", "(int, int) -> int"),
	ROW("_%_", "modulo_uint64", "(uint, uint) -> uint"),
	ROW("-_", "negate_int64", "(int) -> int"),
	ROW("-_", "negate_double", "(double) -> double"),
	ROW("!_", "logical_not", "(bool) -> bool"),
	ROW("cel.@mapInsert", "@mapInsert_map_key_value", "(map(K,V), K, V) -> map(K,V)"),
	ROW("cel.@mapInsert", "@mapInsert_map_map", "(map(K,V), map(K,V)) -> map(K,V)"),
};
const struct cel_library cel_std_operators = { .name = "operators",
					       .overloads = overloads,
					       .n_overloads = ARRAY_LEN(overloads) };
