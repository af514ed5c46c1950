/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/metrics.h"

#include "agent/api_visit.h"
#include "agent/doctor.h"
#include "base/text.h"
#include "certs/trust.h"

/* A metric whose lines are the rows of a query: two texts for its labels, and a number. */
struct metric {
    const char *name, *type, *help;
    const char *label[2]; /* NULL: it has no such label */
    const char *sql;
};

/* The details of a record, whatever somebody has made of them. */
#define DETAILS "CASE WHEN json_valid(details) THEN details ELSE '{}' END"
#define OF_RECORD " FROM audit WHERE seq > ?1 AND seq <= ?2"

/* Over the records between ?1 and ?2 alone; what they give is added up here. */
static const struct metric counters[METRICS_COUNTERS] = {
    {"pairgate_pairings_total",
     "counter",
     "Attempts to pair with another appliance.",
     {"outcome", "role"},
     "SELECT event, json_extract(" DETAILS ", '$.role'), count(*)" OF_RECORD
     " AND kind = 'pairing' GROUP BY 1, 2"},
    {"pairgate_pairing_findings_total",
     "counter",
     "Rules broken in attempts to pair.",
     {"rule", "severity"},
     "SELECT coalesce(json_extract(f.value, '$.rule'), json_extract(f.value, '$.id')),"
     " json_extract(f.value, '$.severity'), count(*)"
     " FROM audit, json_each(" DETAILS ", '$.findings') f"
     " WHERE seq > ?1 AND seq <= ?2 AND audit.kind = 'pairing' GROUP BY 1, 2"},
    {"pairgate_authorizations_total",
     "counter",
     "Codes, passwords and approvals.",
     {"outcome", "method"},
     "SELECT event, json_extract(" DETAILS ", '$.method'), count(*)" OF_RECORD
     " AND kind = 'authorization' GROUP BY 1, 2"},
    {"pairgate_connections_refused_total",
     "counter",
     "Connections that came to nothing.",
     {NULL, NULL},
     "SELECT '', '', sum(json_extract(" DETAILS ", '$.count'))" OF_RECORD
     " AND kind = 'refused'"},
    {"pairgate_records_total",
     "counter",
     "Records of what was done to this appliance.",
     {"kind", NULL},
     "SELECT kind, '', count(*)" OF_RECORD " GROUP BY 1"},
};

/* Asked for each time. */
static const struct metric gauges[] = {
    {"pairgate_migrations",
     "gauge",
     "Migrations of this appliance.",
     {"side", "state"},
     "SELECT side, state, count(*) FROM migration GROUP BY 1, 2"},
    {"pairgate_migrated_bytes_total",
     "counter",
     "Bytes of the migrations that have a receipt.",
     {"side", NULL},
     "SELECT side, '', sum(json_extract(CAST(body AS TEXT), '$.bytes'))"
     " FROM statement JOIN migration ON migration.id = statement.migration"
     " WHERE kind = 'receipt' AND json_valid(CAST(body AS TEXT)) GROUP BY 1"},
    {"pairgate_migration_segments",
     "gauge",
     "Segments that a migration under way has received.",
     {"migration", NULL},
     "SELECT migration, '', sum(last - first + 1) FROM segment"
     " JOIN migration m ON m.id = segment.migration"
     " WHERE m.state NOT IN ('committed', 'aborted') GROUP BY 1"},
    {"pairgate_pairings_waiting",
     "gauge",
     "Sources that wait for an approval.",
     {NULL, NULL},
     "SELECT '', '', count(*) FROM pairing WHERE state = 'pending'"},
    {"pairgate_jobs",
     "gauge",
     "Commands that the management API has started.",
     {"command", "state"},
     "SELECT command, state, count(*) FROM job GROUP BY 1, 2"},
    {"pairgate_job_bytes",
     "gauge",
     "Bytes that a running job has sent.",
     {"job", "migration"},
     "SELECT id, migration, bytes FROM job WHERE state = 'running' AND bytes >= 0"},
    {"pairgate_job_bytes_total",
     "gauge",
     "Bytes that it has to send.",
     {"job", "migration"},
     "SELECT id, migration, total FROM job WHERE state = 'running' AND bytes >= 0"},
    {"pairgate_job_rate",
     "gauge",
     "Bytes a second that it sends.",
     {"job", "migration"},
     "SELECT id, migration, rate FROM job WHERE state = 'running' AND bytes >= 0"},
};

/* The exposition format: backslash, double quote and line feed are escaped. */
static bool put_value(struct buf *out, const char *value, struct error *err)
{
    for (; *value != '\0'; value++) {
        if (*value == '\n') {
            if (!buf_add_text(out, "\\n", err))
                return false;
            continue;
        }
        if ((*value == '\\' || *value == '"') && !buf_add_byte(out, '\\', err))
            return false;
        if (!buf_add_byte(out, (unsigned char)*value, err))
            return false;
    }
    return true;
}

static bool put_label(struct buf *out, const char *name, const char *value, bool first,
                      struct error *err)
{
    return buf_print(out, err, "%s%s=\"", first ? "" : ",", name) &&
           put_value(out, value, err) && buf_add_byte(out, '"', err);
}

static bool put_labels(struct buf *out, const struct metric *metric,
                       const struct metrics_series *series, struct error *err)
{
    if (metric->label[0] == NULL)
        return true;
    if (!buf_add_byte(out, '{', err))
        return false;
    for (size_t i = 0; i < 2 && metric->label[i] != NULL; i++)
        if (!put_label(out, metric->label[i], series->value[i], i == 0, err))
            return false;
    return buf_add_byte(out, '}', err);
}

static bool put_head(struct buf *out, const struct metric *metric, struct error *err)
{
    return buf_print(out, err, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
                     metric->name, metric->type);
}

static bool put_line(struct buf *out, const struct metric *metric,
                     const struct metrics_series *series, struct error *err)
{
    return buf_add_text(out, metric->name, err) && put_labels(out, metric, series, err) &&
           buf_print(out, err, " %lld\n", (long long)series->n);
}

/* A null is the empty label. */
static void take_row(struct metrics_series *out, const struct query *row)
{
    for (int i = 0; i < 2; i++)
        text_printable(out->value[i], METRICS_LABEL_MAX, span_text(query_get_text(row, i)));
    out->n = query_get_int(row, 2);
}

/* The last place is for all that find none of their own. */
static void add_series(struct metrics *metrics, size_t i, const struct metrics_series *more)
{
    struct metrics_series *series = metrics->counter[i].series;
    size_t *n = &metrics->counter[i].n, at = 0;

    while (at < *n && (!text_equal(series[at].value[0], more->value[0]) ||
                       !text_equal(series[at].value[1], more->value[1])))
        at++;
    if (at >= METRICS_SERIES_MAX - 1) {
        at = METRICS_SERIES_MAX - 1;
        (void)text_fits(series[at].value[0], "other");
        series[at].value[1][0] = '\0';
    } else if (at == *n) {
        series[at] = *more;
        series[at].n = 0;
    }
    if (at >= *n)
        *n = at + 1;
    series[at].n += more->n;
}

static bool count_new(struct metrics *metrics, struct db *db, int64_t last,
                      struct error *err)
{
    for (size_t i = 0; i < METRICS_COUNTERS; i++) {
        scoped(query_end) struct query row = {0};
        struct metrics_series series = {0};

        if (!query_begin(&row, db, counters[i].sql, err))
            return false;
        query_int(&row, 1, metrics->seq);
        query_int(&row, 2, last);
        while (query_next(&row, err)) {
            take_row(&series, &row);
            if (series.n > 0)
                add_series(metrics, i, &series);
        }
        if (err->msg != E_NONE)
            return false;
    }
    metrics->seq = last;
    return true;
}

static bool last_record(int64_t *out, struct db *db, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT coalesce(max(seq), 0) FROM audit", err) ||
        !query_next(&row, err))
        return false;
    *out = query_get_int(&row, 0);
    return true;
}

static bool put_counters(struct buf *out, const struct metrics *metrics, struct error *err)
{
    for (size_t i = 0; i < METRICS_COUNTERS; i++) {
        if (!put_head(out, &counters[i], err))
            return false;
        for (size_t k = 0; k < metrics->counter[i].n; k++)
            if (!put_line(out, &counters[i], &metrics->counter[i].series[k], err))
                return false;
        if (metrics->counter[i].n == 0 && counters[i].label[0] == NULL &&
            !put_line(out, &counters[i], &(struct metrics_series){0}, err))
            return false;
    }
    return true;
}

static bool put_gauge(struct buf *out, const struct metric *gauge, struct db *db,
                      struct error *err)
{
    scoped(query_end) struct query row = {0};
    struct metrics_series series = {0};

    if (!put_head(out, gauge, err) || !query_begin(&row, db, gauge->sql, err))
        return false;
    while (query_next(&row, err)) {
        take_row(&series, &row);
        if (!put_line(out, gauge, &series, err))
            return false;
    }
    return err->msg == E_NONE;
}

static bool put_rungs(struct buf *out, const struct chain *chain, const char *leaf,
                      time_t now, struct error *err)
{
    for (size_t i = 0; i < chain->n; i++) {
        char name[METRICS_LABEL_MAX];

        text_printable(name, sizeof(name), span_text(cert_issued_to(&chain->cert[i])));
        if (!buf_print(out, err, "pairgate_certificate_days_left{leaf=\"%s\",rung=\"%zu\",",
                       leaf, i) ||
            !put_label(out, "issued_to", name, true, err) ||
            !buf_print(out, err, "} %lld\n",
                       (long long)doctor_days_left(&chain->cert[i], now)))
            return false;
    }
    return true;
}

static bool put_certificates(struct buf *out, int state, time_t now, struct error *err)
{
    static const struct metric days = {
        .name = "pairgate_certificate_days_left",
        .type = "gauge",
        .help = "Days until a certificate of our own chain ends; negative afterwards.",
    };
    scoped(identity_clear) struct identity self = {0};

    if (!put_head(out, &days, err) || !identity_load(&self, state, false, err))
        return false;
    return put_rungs(out, &self.chain, identity_is_split(&self) ? "server" : "both", now,
                     err) &&
           (!identity_is_split(&self) ||
            put_rungs(out, &self.client_chain, "client", now, err));
}

bool metrics_write(struct buf *out, struct metrics *metrics, struct db *db, int state,
                   time_t now, struct error *err)
{
    int64_t last = 0;

    if (!last_record(&last, db, err) || !count_new(metrics, db, last, err) ||
        !put_certificates(out, state, now, err) || !put_counters(out, metrics, err))
        return false;
    for (size_t i = 0; i < COUNT(gauges); i++)
        if (!put_gauge(out, &gauges[i], db, err))
            return false;
    return true;
}

bool metrics_answer(struct api_visit *visit, struct error *err)
{
    return metrics_write(&visit->out, visit->metrics, &visit->state->db, visit->state->fd,
                         visit->now, err);
}
