//! Figures in Prometheus' text format, version 0.0.4.
//!
//! A family is announced once with its help and type, then its samples follow.
//! Names carry their unit (`_seconds`, `_bytes`, `_total`), as Prometheus asks.

use std::fmt::Write;

use super::Histogram;
use super::histogram::BOUNDS_NS;

/// A text in the making.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
}

/// Labels of a sample: names and values.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

impl Exposition {
    /// Announces a family; `kind` is counter, gauge or histogram.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ =
            writeln!(self.text, "# HELP {name} {}", help.replace('\\', "\\\\").replace('\n', " "));
        let _ = writeln!(self.text, "# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: Labels, value: f64) {
        self.text.push_str(name);
        for (i, (label, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{}{label}=\"{value}\"", if i == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.text, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// A counter with one sample for each set of labels.
    pub fn counters(&mut self, name: &str, help: &str, samples: &[(Labels, f64)]) {
        self.family(name, "counter", help);
        samples.iter().for_each(|(labels, value)| self.sample(name, labels, *value));
    }

    /// A counter.
    pub fn counter(&mut self, name: &str, help: &str, value: f64) {
        self.counters(name, help, &[(&[], value)]);
    }

    /// A gauge with one sample for each set of labels.
    pub fn gauges(&mut self, name: &str, help: &str, samples: &[(Labels, f64)]) {
        self.family(name, "gauge", help);
        samples.iter().for_each(|(labels, value)| self.sample(name, labels, *value));
    }

    /// A gauge; left out while it has not been measured.
    pub fn gauge(&mut self, name: &str, help: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.gauges(name, help, &[(&[], value)]);
        }
    }

    /// A histogram of times, in seconds.
    pub fn histogram(&mut self, name: &str, help: &str, times: &Histogram) {
        self.family(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        for (bound, count) in BOUNDS_NS.iter().zip(times.cumulative()) {
            let seconds = *bound as f64 / 1e9;
            self.sample(&bucket, &[("le", &seconds.to_string())], count as f64);
        }
        let count = times.count() as f64;
        self.sample(&bucket, &[("le", "+Inf")], count);
        self.sample(&format!("{name}_sum"), &[], times.sum_ns() as f64 / 1e9);
        self.sample(&format!("{name}_count"), &[], count);
    }

    /// Adds those of `options` that are thresholds of alerts: 1 for each that is crossed.
    pub fn thresholds(
        &mut self,
        name: &str,
        options: impl Iterator<Item = &'static str>,
        raised: &[&str],
    ) {
        let all = options.filter(|option| option.starts_with("alert_"));
        let all: Vec<_> = all
            .map(|option| ([("threshold", option)], f64::from(raised.contains(&option))))
            .collect();
        let samples: Vec<(Labels, f64)> = all.iter().map(|(label, n)| (&label[..], *n)).collect();
        self.gauges(name, "1 for each threshold that is crossed, 0 for the others.", &samples);
    }

    /// The finished text.
    pub fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_announced_once_and_labels_are_escaped() {
        let mut text = Exposition::default();
        text.counters("a_total", "Help.", &[(&[("b", "c\"\\")], 1.0), (&[("b", "d")], 2.5)]);
        text.gauge("never", "Not measured.", None);
        assert_eq!(
            text.finish(),
            "# HELP a_total Help.\n# TYPE a_total counter\na_total{b=\"c\\\"\\\\\"} 1\na_total{b=\"d\"} 2.5\n"
        );
    }

    #[test]
    fn a_histogram_is_cumulative_and_ends_with_infinity() {
        let times = Histogram::default();
        [500, 2_000_000, u64::MAX / 4].iter().for_each(|ns| times.record(*ns));
        let mut text = Exposition::default();
        text.histogram("t_seconds", "Times.", &times);
        let text = text.finish();
        assert!(text.contains("t_seconds_bucket{le=\"0.000001\"} 1\n"), "{text}");
        assert!(text.contains("t_seconds_bucket{le=\"0.005\"} 2\n"), "{text}");
        assert!(text.contains("t_seconds_bucket{le=\"+Inf\"} 3\n"), "{text}");
        assert!(text.contains("t_seconds_count 3\n"), "{text}");
    }
}
