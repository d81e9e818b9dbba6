//! Which numbers of a chat's wishes the model takes.

use super::super::Chat;
use super::super::models::Range;
use super::Wanted;
use crate::error::Result;

impl Wanted {
    /// A number as the model takes it: refused, left out or clamped, as its range and
    /// the caller's wish have it.
    pub(super) fn number(
        &mut self,
        chat: &Chat,
        key: &str,
        value: Option<f64>,
        range: Range,
    ) -> Result<Option<f64>> {
        let Some(value) = value else { return Ok(None) };
        let explicit = chat.is_explicit(key);
        let (low, high) = match range {
            Range::From(low, high) => (low, high),
            Range::Idle(low, high) => {
                if Some(value) != neutral(key) && self.thinks(chat) {
                    self.note(key, "without effect: the model thinks");
                }
                (low, high)
            }
            Range::Ignored(low, high) => {
                if Some(value) != neutral(key) {
                    self.note(key, "without effect: the model ignores it");
                }
                (low, high)
            }
            Range::Unthinking(low, high) if self.is_unthinking() => (low, high),
            // Who asks for nothing else than the model does anyway is granted it.
            Range::Unthinking(..) | Range::No if explicit && Some(value) != neutral(key) => {
                let why = match range {
                    Range::No => "does not take it",
                    _ => "takes it only with reasoning_effort none",
                };
                self.refuse(key, why)?;
                return Ok(None);
            }
            _ => {
                self.note(key, "left out: the model does not take it");
                return Ok(None);
            }
        };
        if (low..=high).contains(&value) {
            return Ok(Some(value));
        }
        if explicit {
            self.refuse(key, &format!("takes {low} to {high}"))?;
            return Ok(None);
        }
        let clamped = value.clamp(low, high);
        self.note(key, &format!("clamped from {value} to {clamped}"));
        Ok(Some(clamped))
    }

    /// Settles how tokens are drawn, how many answers there are and what ends them.
    pub(super) fn sampling(&mut self, chat: &Chat) -> Result<()> {
        let (options, takes) = (&chat.options.values, self.takes);
        let top_p = options.top_p.filter(|p| *p != 1.0 || chat.is_explicit("top_p"));
        let temperature =
            self.number(chat, "temperature", options.temperature, takes.temperature)?;
        let top_p = self.number(chat, "top_p", top_p, takes.top_p)?;
        (self.temperature, self.top_p) = match takes.both {
            true => (temperature, top_p),
            false => self.either(chat, ("temperature", temperature), ("top_p", top_p))?,
        };
        let top_k = self.number(chat, "top_k", options.top_k.map(|k| k as f64), takes.top_k)?;
        self.top_k = top_k.map(|k| k as u64);
        self.penalties(chat)?;
        if options.seed.is_some() && !takes.seed {
            self.refuse("seed", "does not take it")?;
        } else {
            self.seed = options.seed;
        }
        match options.n {
            Some(n) if n > takes.n => {
                self.refuse("n", &format!("gives at most {} answers", takes.n))?;
            }
            n => self.n = n.filter(|_| takes.n > 1),
        }
        self.stops(&options.stop)
    }

    fn penalties(&mut self, chat: &Chat) -> Result<()> {
        let (options, takes) = (&chat.options.values, self.takes);
        let [presence, frequency] = ["presence_penalty", "frequency_penalty"];
        let of_presence = self.number(chat, presence, options.presence_penalty, takes.penalties)?;
        let of_frequency =
            self.number(chat, frequency, options.frequency_penalty, takes.penalties)?;
        (self.presence_penalty, self.frequency_penalty) = match takes.both_penalties {
            true => (of_presence, of_frequency),
            false => self.either(chat, (presence, of_presence), (frequency, of_frequency))?,
        };
        Ok(())
    }

    /// The one of two that is sent where the model does not take both: the one that asks
    /// for something, and that the caller asks for rather than a layer.
    fn either(
        &mut self,
        chat: &Chat,
        first: (&str, Option<f64>),
        second: (&str, Option<f64>),
    ) -> Result<(Option<f64>, Option<f64>)> {
        let ((one, of_one), (other, of_other)) = (first, second);
        if of_one.is_none() || of_other.is_none() {
            return Ok((of_one, of_other));
        }
        let asks_nothing = |key: &str, value| value == neutral(key);
        let wishes = (chat.is_explicit(one), chat.is_explicit(other));
        if asks_nothing(one, of_one) || !asks_nothing(other, of_other) && wishes == (false, true) {
            self.note(one, &format!("left out: the model takes only one of it and {other}"));
            return Ok((None, of_other));
        }
        if !asks_nothing(other, of_other) && wishes == (true, true) {
            self.refuse(other, &format!("takes either {one} or {other}"))?;
        } else {
            self.note(other, &format!("left out: the model takes only one of it and {one}"));
        }
        Ok((of_one, None))
    }

    fn stops(&mut self, asked: &[String]) -> Result<()> {
        let most = self.takes.stop;
        if asked.len() > most {
            let why = match most {
                0 => "does not take it".into(),
                most => format!("takes at most {most} texts"),
            };
            self.refuse("stop", &why)?;
        }
        self.stop = asked.iter().take(most).cloned().collect();
        // Texts beyond the vendor's length would end nothing.
        let most = self.takes.stop_bytes;
        if self.stop.iter().any(|text| text.len() > most) {
            self.refuse("stop", &format!("takes texts of at most {most} bytes"))?;
            self.stop.retain(|text| text.len() <= most);
        }
        Ok(())
    }
}

/// What a model does that is not asked for it: the vendors all say so.
fn neutral(key: &str) -> Option<f64> {
    match key {
        "temperature" | "top_p" => Some(1.0),
        "presence_penalty" | "frequency_penalty" => Some(0.0),
        _ => None,
    }
}
