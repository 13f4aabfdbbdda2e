//! Rules, keys and values in one spelling: names of unknowns, the same from text and from JSON.

use std::fmt::Write as _;

use super::model::{Data, Key, Op, Rule, Statement, Value, Verdict};
use super::names;

/// A text of bounded length that is another one for another text.
pub(super) fn fitting(text: String) -> String {
    const LONGEST: usize = 160;
    if text.len() <= LONGEST {
        return text;
    }
    format!("{}... #{:016x}", &text[..text.floor_char_boundary(LONGEST)], hash(&text))
}

/// FNV-1a: the same on every machine and in every run.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Sets longer than this are cut short: their length and a hash would not be shorter to read.
const LONGEST_SET: usize = 64;

pub(super) fn key(key: &Key<'_>) -> String {
    match key {
        Key::Payload(header, field) => format!("{header} {field}"),
        Key::Raw(base, offset, length) => format!("@{base},{offset},{length}"),
        Key::Meta(field) => format!("meta {field}"),
        Key::Ct(field, None) => format!("ct {field}"),
        Key::Ct(field, Some(direction)) => format!("ct {direction} {field}"),
        Key::Fib(flags, result) => format!("fib {flags} {result}"),
        Key::Other(text) => text.clone(),
        Key::Concat(all) => all.iter().map(self::key).collect::<Vec<_>>().join(" . "),
        Key::Operation(inner, sign, operand) => {
            format!("{} {sign} {}", self::key(inner), value(operand, is_port(inner)))
        }
    }
}

fn is_port(key: &Key<'_>) -> bool {
    matches!(key, Key::Payload(_, field) if matches!(&**field, "sport" | "dport"))
}

/// `port` says that names are those of services.
pub(super) fn value(value: &Value<'_>, port: bool) -> String {
    let mut out = String::new();
    write_value(&mut out, value, port, 0);
    out
}

fn write_value(out: &mut String, value: &Value<'_>, port: bool, depth: usize) {
    let separated = |out: &mut String, all: &[Value<'_>], between: &str| {
        for (at, one) in all.iter().enumerate() {
            if at > 0 {
                out.push_str(between);
            }
            write_value(out, one, port, depth + 1);
        }
    };
    if depth > 64 {
        out.push_str("...");
        return;
    }
    match value {
        Value::Word(word) => out.push_str(&plain(word, port)),
        Value::Reference(name) => _ = write!(out, "@{name}"),
        Value::Range(ends) => {
            write_value(out, &ends.0, port, depth + 1);
            out.push('-');
            write_value(out, &ends.1, port, depth + 1);
        }
        Value::Prefix(inner, length) => {
            write_value(out, inner, port, depth + 1);
            _ = write!(out, "/{length}");
        }
        Value::Concat(all) => separated(out, all, " . "),
        Value::List(all) => separated(out, all, ","),
        Value::Set(elements) => {
            out.push('{');
            for (at, element) in elements.iter().take(LONGEST_SET).enumerate() {
                out.push_str(if at > 0 { ", " } else { " " });
                write_value(out, &element.key, port, depth + 1);
                match &element.data {
                    Some(Data::Verdict(verdict)) => _ = write!(out, " : {}", self::verdict(verdict)),
                    Some(Data::Value(data)) => {
                        out.push_str(" : ");
                        write_value(out, data, false, depth + 1);
                    }
                    None => {}
                }
            }
            if elements.len() > LONGEST_SET {
                _ = write!(out, ", ... {} in all", elements.len());
            }
            out.push_str(" }");
        }
        Value::Shared(inner) => write_value(out, inner, port, depth + 1),
        Value::Rest => out.push('*'),
        Value::Computed(text) => out.push_str(text),
        Value::Unknown { name, .. } => out.push_str(name),
    }
}

/// `0x00000001` and `1` are one number, and so are `https` and `443`; JSON has `true` for `exists`.
fn plain(word: &str, port: bool) -> String {
    match names::number(word) {
        Some(number) => number.to_string(),
        None => match names::service(word).filter(|_| port) {
            Some(number) => number.to_string(),
            None => match word {
                "true" => "exists".to_owned(),
                "false" => "missing".to_owned(),
                _ => word.to_owned(),
            },
        },
    }
}

pub(super) fn op(op: Op) -> &'static str {
    match op {
        Op::Implicit => " ",
        Op::Equal => " == ",
        Op::Unequal => " != ",
        Op::Less => " < ",
        Op::Greater => " > ",
        Op::LessOrEqual => " <= ",
        Op::GreaterOrEqual => " >= ",
        Op::NoneOf => " ! ",
    }
}

/// Text has no operator where JSON has `==`; only for flags do the two differ.
pub(super) fn comparison(key: &Key<'_>, op: Op, value: &Value<'_>) -> String {
    let op = match op {
        Op::Equal if !super::text_rule::is_flags(key) && !matches!(key, Key::Operation(..)) => Op::Implicit,
        Op::Implicit if matches!(key, Key::Operation(..)) => Op::Equal,
        op => op,
    };
    format!("{}{}{}", self::key(key), self::op(op), self::value(value, is_port(key)))
}

pub(super) fn verdict(verdict: &Verdict<'_>) -> String {
    match verdict {
        Verdict::Accept => "accept".to_owned(),
        Verdict::Drop => "drop".to_owned(),
        Verdict::Continue => "continue".to_owned(),
        Verdict::Return => "return".to_owned(),
        Verdict::Jump(chain) => format!("jump {chain}"),
        Verdict::Goto(chain) => format!("goto {chain}"),
        Verdict::Block(_, goto) => (if *goto { "goto { }" } else { "jump { }" }).to_owned(),
        Verdict::Queue => "queue".to_owned(),
    }
}

/// `limit rate over 5/second burst 5 packets`, as every version of nft means it.
pub(super) fn limit(
    over: bool,
    rate: &str,
    unit: Option<&str>,
    per: &str,
    burst: Option<(String, String)>,
) -> String {
    let mut text = format!("limit rate {}{rate}", if over { "over " } else { "" });
    match unit {
        Some(unit) if unit != "packets" => {
            _ = write!(text, " {unit}/{per}");
            if let Some((number, unit)) = burst.filter(|(number, _)| number != "0") {
                _ = write!(text, " burst {number} {unit}");
            }
        }
        _ => {
            let (number, unit) = burst.unwrap_or(("5".to_owned(), "packets".to_owned()));
            _ = write!(text, "/{per} burst {number} {unit}");
        }
    }
    text
}

/// What a rule asks and does; not what it counts or is called.
pub(super) fn rule(rule: &Rule<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for statement in &rule.statements {
        parts.push(match statement {
            Statement::Match { key, op, value, .. } => comparison(key, *op, value),
            Statement::Vmap { key, map, .. } => {
                format!("{} vmap {}", self::key(key), self::value(map, is_port(key)))
            }
            Statement::Verdict(verdict) => self::verdict(verdict),
            Statement::Condition(text) | Statement::Unknown { text, .. } | Statement::Update { text, .. } => {
                text.clone()
            }
            Statement::Change { key, .. } => format!("{} set", self::key(key)),
            Statement::Log | Statement::Nothing => continue,
            Statement::Notrack => "notrack".to_owned(),
            Statement::NewDestination => "dnat".to_owned(),
            Statement::NewSource => "snat".to_owned(),
        });
    }
    if rule.malformed.is_some() {
        parts.push("(not readable)".to_owned());
    }
    parts.join(" ")
}
