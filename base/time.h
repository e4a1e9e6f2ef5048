/* Time: RFC 3339 texts as Kubernetes writes them, and a clock that never jumps. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { TIME_TEXT = sizeof("2026-01-02T03:04:05.000000Z") };

/* "2026-01-02T03:04:05Z", with a fraction and an offset or without; false for anything else. */
bool time_parse(const char *text, struct timespec *out);

/* When something that is good until then ends: as above, or "2026-01-02", the end of that day in
 * UTC. */
bool time_parse_end(const char *text, time_t *out);

/* "2026-01-02T03:04:05Z".  The year has to have four digits. */
void time_format(time_t t, char out[TIME_TEXT]);

/* "2026-01-02T03:04:05.000000Z": a Kubernetes MicroTime. */
void time_format_micro(struct timespec t, char out[TIME_TEXT]);

/* "0", "90" (seconds), "30s", "5m", "1h30m"; false for anything else, and past a day. */
bool duration_parse(const char *text, unsigned *seconds);

/* Milliseconds on the monotonic clock, from an unknown start. */
int64_t time_monotonic_ms(void);

/* Shorter where a signal comes in between. */
void time_pause_ms(int64_t ms);

#endif
