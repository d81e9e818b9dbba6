/* The figures of a load test: as a table, as JSON, and as a page that needs
 * nothing else, with the distribution of the latencies and the course of the
 * test drawn. */
#ifndef LOADTEST_PAGE_H
#define LOADTEST_PAGE_H

#include <math.h>
#include <stddef.h>
#include <mynah.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How one call went; times in ms. */
struct sample {
    double end, latency, first_token; /* end: since the warm-up; first_token -1: none */
    mynah_status status;
};

enum { BARS = 48, STATUSES = 64 };

/* One second of the test. */
struct second {
    long ok, failed;
    double p50, p99;
};

struct figures {
    const char *provider;
    double rate, seconds;
    long calls, failed;
    long by_status[STATUSES];
    double mean, p50, p90, p99, p999, max, first_p50, first_p99;
    double low, high; /* of the histogram, which is logarithmic */
    long bars[BARS];
    struct second *course;
    int course_len;
};

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The q-quantile of sorted numbers; 0 of none. */
static double quantile(const double *sorted, long count, double q) {
    long at = (long)ceil(q * (double)count) - 1;
    return count ? sorted[at < 0 ? 0 : at] : 0;
}

static int by_end(const void *a, const void *b) {
    return ascending(&((const struct sample *)a)->end, &((const struct sample *)b)->end);
}

/* Sorts the samples by their end. */
static void summarize_course(struct figures *f, struct sample *samples, size_t count, double *room) {
    f->course_len = (int)f->seconds + 1;
    f->course = calloc((size_t)f->course_len, sizeof *f->course);
    if (!f->course) abort();
    qsort(samples, count, sizeof *samples, by_end);
    size_t i = 0;
    for (int s = 0; s < f->course_len; s++) {
        long n = 0;
        for (; i < count && samples[i].end < (s + 1) * 1e3; i++) {
            if (samples[i].status == MYNAH_OK) f->course[s].ok++;
            else f->course[s].failed++;
            room[n++] = samples[i].latency;
        }
        qsort(room, (size_t)n, sizeof *room, ascending);
        f->course[s].p50 = quantile(room, n, 0.5);
        f->course[s].p99 = quantile(room, n, 0.99);
    }
}

static struct figures summarize(struct sample *samples, size_t count, double rate, const char *provider) {
    struct figures f = {.provider = provider, .rate = rate, .calls = (long)count};
    double *sorted = malloc((count + 1) * sizeof *sorted), sum = 0;
    long firsts = 0;
    if (!sorted) abort();
    for (size_t i = 0; i < count; i++) {
        if (samples[i].first_token >= 0) sorted[firsts++] = samples[i].first_token;
        if (samples[i].end / 1e3 > f.seconds) f.seconds = samples[i].end / 1e3;
        if (samples[i].status != MYNAH_OK) f.failed++;
        if (samples[i].status >= 0 && samples[i].status < STATUSES) f.by_status[samples[i].status]++;
        sum += samples[i].latency;
    }
    qsort(sorted, (size_t)firsts, sizeof *sorted, ascending);
    f.first_p50 = quantile(sorted, firsts, 0.5);
    f.first_p99 = quantile(sorted, firsts, 0.99);
    summarize_course(&f, samples, count, sorted);
    for (size_t i = 0; i < count; i++) sorted[i] = samples[i].latency;
    qsort(sorted, count, sizeof *sorted, ascending);
    f.mean = count ? sum / (double)count : 0;
    f.p50 = quantile(sorted, f.calls, 0.5);
    f.p90 = quantile(sorted, f.calls, 0.9);
    f.p99 = quantile(sorted, f.calls, 0.99);
    f.p999 = quantile(sorted, f.calls, 0.999);
    f.max = quantile(sorted, f.calls, 1);
    f.low = count ? fmax(sorted[0], 0.01) : 0.01;
    f.high = fmax(f.max, f.low * 1.1);
    for (size_t i = 0; i < count; i++) {
        double place = log(fmax(sorted[i], f.low) / f.low) / log(f.high / f.low);
        f.bars[(int)fmin(place * BARS, BARS - 1)]++;
    }
    free(sorted);
    return f;
}

static void free_figures(struct figures *f) { free(f->course); }

static void print_table(FILE *out, const struct figures *f) {
    fprintf(out, "%-22s %12ld\n%-22s %12ld\n", "calls", f->calls, "failed", f->failed);
    for (int s = 1; s < STATUSES; s++)
        if (f->by_status[s]) fprintf(out, "  %-20s %12ld\n", mynah_status_name(s), f->by_status[s]);
    double seconds = f->seconds > 0 ? f->seconds : 1;
    fprintf(out, "%-22s %12.1f\n%-22s %12.1f\n", "seconds", f->seconds, "calls a second", (double)f->calls / seconds);
    const struct { const char *name; double ms; } rows[] = {
        {"latency mean, ms", f->mean}, {"latency p50, ms", f->p50}, {"latency p90, ms", f->p90},
        {"latency p99, ms", f->p99}, {"latency p99.9, ms", f->p999}, {"latency max, ms", f->max},
        {"first token p50, ms", f->first_p50}, {"first token p99, ms", f->first_p99}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) fprintf(out, "%-22s %12.2f\n", rows[i].name, rows[i].ms);
}

static void write_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (strchr("<>&\"'\\", *text) || (unsigned char)*text < ' ') fprintf(out, "&#%d;", (unsigned char)*text);
        else fputc(*text, out);
    }
}

static void write_json_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (strchr("\"\\", *text) || (unsigned char)*text < ' ') fprintf(out, "\\u%04x", (unsigned char)*text);
        else fputc(*text, out);
    }
}

/* `metrics` is the client's own JSON. */
static void write_json(FILE *out, const struct figures *f, const char *metrics, size_t metrics_len) {
    fputs("{\"provider\":\"", out);
    write_json_text(out, f->provider);
    fprintf(out, "\",\"rate\":%g,\"seconds\":%.3f,\"calls\":%ld,\"failed\":%ld,\"by_status\":{", f->rate, f->seconds,
            f->calls, f->failed);
    for (int s = 0, some = 0; s < STATUSES; s++)
        if (f->by_status[s]) fprintf(out, "%s\"%s\":%ld", some++ ? "," : "", mynah_status_name(s), f->by_status[s]);
    fprintf(out,
            "},\"latency_ms\":{\"mean\":%.3f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p99_9\":%.3f,\"max\":%.3f},"
            "\"first_token_ms\":{\"p50\":%.3f,\"p99\":%.3f},\"course\":[",
            f->mean, f->p50, f->p90, f->p99, f->p999, f->max, f->first_p50, f->first_p99);
    for (int s = 0; s < f->course_len; s++) {
        const struct second *c = &f->course[s];
        fprintf(out, "%s{\"second\":%d,\"ok\":%ld,\"failed\":%ld,\"p50_ms\":%.3f,\"p99_ms\":%.3f}", s ? "," : "", s,
                c->ok, c->failed, c->p50, c->p99);
    }
    fputs("],\"client\":", out);
    if (metrics_len) fwrite(metrics, 1, metrics_len, out);
    else fputs("null", out);
    fputs("}\n", out);
}

enum { WIDE = 860, HIGH = 240, LEFT = 60 };

/* A grid line with its number, at a share of the height. */
static void grid(FILE *out, double share, const char *format, double value) {
    double y = HIGH - share * HIGH;
    fprintf(out, "<line class=g x1=%d x2=%d y1=%.1f y2=%.1f /><text x=%d y=%.1f text-anchor=end>", LEFT, LEFT + WIDE, y,
            y, LEFT - 6, y + 4);
    fprintf(out, format, value);
    fputs("</text>", out);
}

static void open_drawing(FILE *out, const char *title) {
    fprintf(out, "<h2>%s</h2><svg viewBox='0 -12 %d %d' role=img aria-label='%s'>", title, LEFT + WIDE + 60, HIGH + 50,
            title);
}

/* Where a latency lies on the histogram's axis. */
static double across(const struct figures *f, double ms) {
    return LEFT + WIDE * fmin(fmax(log(fmax(ms, f->low) / f->low) / log(f->high / f->low), 0), 1);
}

static void draw_histogram(FILE *out, const struct figures *f) {
    long most = 1;
    double width = (double)WIDE / BARS, ratio = f->high / f->low;
    for (int i = 0; i < BARS; i++) most = f->bars[i] > most ? f->bars[i] : most;
    open_drawing(out, "Latency: calls by milliseconds");
    for (int i = 0; i <= 4; i++) grid(out, i / 4.0, "%.0f", (double)most * i / 4.0);
    for (int i = 0; i < BARS; i++) {
        double high = (double)f->bars[i] / (double)most * HIGH;
        fprintf(out, "<rect class=ok x=%.1f y=%.1f width=%.1f height=%.1f><title>%.3g to %.3g ms: %ld</title></rect>",
                LEFT + i * width + 0.5, HIGH - high, width - 1, high, f->low * pow(ratio, (double)i / BARS),
                f->low * pow(ratio, (i + 1.0) / BARS), f->bars[i]);
    }
    for (int i = 0; i <= 6; i++) {
        double ms = f->low * pow(ratio, i / 6.0);
        fprintf(out, "<text x=%.1f y=%d text-anchor=middle>%.3g</text>", across(f, ms), HIGH + 18, ms);
    }
    const struct { const char *name; double ms; } marks[] = {{"p50", f->p50}, {"p90", f->p90}, {"p99", f->p99}};
    for (int i = 0; i < 3; i++) {
        double x = across(f, marks[i].ms);
        fprintf(out, "<line class=m x1=%.1f x2=%.1f y1=0 y2=%d /><text x=%.1f y=%d>%s</text>", x, x, HIGH, x + 3,
                10 + 12 * i, marks[i].name);
    }
    fputs("</svg>", out);
}

static void draw_line(FILE *out, const struct figures *f, const char *kind, double top, size_t offset) {
    fprintf(out, "<polyline class=%s points='", kind);
    for (int s = 0; s < f->course_len; s++) {
        const struct second *c = &f->course[s];
        double ms = *(const double *)((const char *)c + offset);
        if (c->ok + c->failed)
            fprintf(out, "%.1f,%.1f ", LEFT + (s + 0.5) * WIDE / f->course_len, HIGH - ms / top * HIGH);
    }
    fputs("'/>", out);
}

static void draw_course(FILE *out, const struct figures *f) {
    double most = 1, slowest = 0.001, width = (double)WIDE / f->course_len;
    for (int s = 0; s < f->course_len; s++) {
        most = fmax(most, (double)(f->course[s].ok + f->course[s].failed));
        slowest = fmax(slowest, f->course[s].p99);
    }
    open_drawing(out, "Course: calls a second (bars, left), p50 and p99 in ms (lines, right)");
    for (int i = 0; i <= 4; i++) {
        grid(out, i / 4.0, "%.0f", most * i / 4.0);
        fprintf(out, "<text x=%d y=%.1f>%.3g</text>", LEFT + WIDE + 6, HIGH - i * HIGH / 4.0 + 4, slowest * i / 4);
    }
    for (int s = 0; s < f->course_len; s++) {
        double ok = (double)f->course[s].ok / most * HIGH, failed = (double)f->course[s].failed / most * HIGH;
        fprintf(out, "<rect class=ok x=%.1f y=%.1f width=%.1f height=%.1f><title>second %d: %ld ok, %ld failed</title></rect>",
                LEFT + s * width + 0.5, HIGH - ok, fmax(width - 1, 0.5), ok, s, f->course[s].ok, f->course[s].failed);
        fprintf(out, "<rect class=bad x=%.1f y=%.1f width=%.1f height=%.1f />", LEFT + s * width + 0.5,
                HIGH - ok - failed, fmax(width - 1, 0.5), failed);
    }
    draw_line(out, f, "p50", slowest, offsetof(struct second, p50));
    draw_line(out, f, "p99", slowest, offsetof(struct second, p99));
    fprintf(out, "<text x=%d y=%d>0 s</text><text x=%d y=%d text-anchor=end>%.0f s</text></svg>", LEFT, HIGH + 18,
            LEFT + WIDE, HIGH + 18, f->seconds);
}

static void write_page(FILE *out, const struct figures *f) {
    fputs("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
          "<title>Load test</title><style>"
          ":root{color-scheme:light dark;--ink:#222;--soft:#8884;--ok:#3b82c4;--bad:#d0453b;--a:#2a9d5c;--b:#e08a1e}"
          "@media(prefers-color-scheme:dark){:root{--ink:#ddd}}"
          "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);max-width:980px;margin:2em auto;padding:0 1em}"
          "h1{font-size:1.5em}h2{font-size:1em;margin:2em 0 .5em}svg{width:100%;height:auto}"
          "text{font-size:11px;fill:var(--ink)}.g{stroke:var(--soft)}.m{stroke:var(--ink);stroke-dasharray:3}"
          ".ok{fill:var(--ok)}.bad{fill:var(--bad)}polyline{fill:none;stroke-width:2}"
          ".p50{stroke:var(--a)}.p99{stroke:var(--b)}pre{background:var(--soft);padding:1em;overflow:auto}"
          "</style><h1>Load test of ", out);
    write_text(out, f->provider);
    fputs("</h1><pre>", out);
    print_table(out, f);
    fputs("</pre>", out);
    draw_histogram(out, f);
    draw_course(out, f);
    fputs("<p>A latency counts from the moment when its call was due.</p></html>\n", out);
}

#endif
