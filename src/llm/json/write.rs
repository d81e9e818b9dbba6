//! JSON written out again.

use serde_json::{Number, Value};

use super::{Json, word};

/// As much text as a usage is.
const SHORT: usize = 384;

impl Json<'_> {
    /// As JSON text without spaces.
    pub fn to_text(&self) -> String {
        let mut out = String::with_capacity(SHORT);
        self.write(&mut out);
        out
    }

    /// As it stands: to copy it into a tree first would cost an allocation for each
    /// name and value.
    fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(number) => write_number(number, out),
            Json::Text(text) => write_text(text, out),
            Json::Array(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (place, (name, value)) in members.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
            Json::Given(text) => out.push_str(text),
        }
    }
}

/// Counts, which nearly all are, without the formatter.
fn write_number(number: &Number, out: &mut String) {
    let Some(mut rest) = number.as_u64() else {
        return out.push_str(&number.to_string());
    };
    let mut digits = ['0'; u64::MAX.ilog10() as usize + 1];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = char::from(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend(&digits[at..]);
}

/// A text in quotation marks, as it is if it needs no escape.
fn write_text(text: &str, out: &mut String) {
    if word(text.as_bytes()).len < text.len() {
        return out.push_str(&Value::from(text).to_string());
    }
    out.push('"');
    out.push_str(text);
    out.push('"');
}
