//! Numbers, what all literals share, and guesses at what was meant by a malformed one.

use diagnostics::TextRange;

use super::{address, date};
use crate::error::{SyntaxError, quoted};

/// What is wrong with a literal, wherever it stands.
pub(super) struct Problem {
    message: String,
    label: String,
    help: String,
}

impl Problem {
    pub fn new(message: impl Into<String>, label: impl Into<String>, help: impl Into<String>) -> Self {
        Problem { message: message.into(), label: label.into(), help: help.into() }
    }

    pub fn at(self, range: TextRange) -> SyntaxError {
        SyntaxError::new(range, self.message, self.label).with_help(self.help)
    }
}

/// Digits alone, without a sign.
pub(super) fn number(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| {
        Problem::new(
            format!("{} is too large a number", quoted(text)),
            "too large",
            format!("the largest is {}; write anything longer as a text in double quotes", u64::MAX),
        )
    })
}

/// Why `text`, which begins like a literal, is none.
pub(super) fn misread(text: &str) -> Problem {
    if let Some(problem) = date::misread(text).or_else(|| address::misread(text)) {
        return problem;
    }
    let shown = quoted(text);
    if let Some((ports, protocol)) = text.split_once('/')
        && is_ports(ports)
        && protocol.starts_with(|first: char| first.is_ascii_alphabetic())
    {
        return Problem::new(
            format!("{shown} is not a service"),
            "not a service",
            format!("the protocol comes first: {}", quoted(&format!("{protocol}/{ports}"))),
        );
    }
    if is_ports(text) {
        return Problem::new(
            format!("the range {shown} has no protocol"),
            "no protocol",
            format!("write the protocol before the ports: {}", quoted(&format!("tcp/{text}"))),
        );
    }
    if !text.contains(['.', ':', '/', '-']) {
        return Problem::new(
            format!("{shown} is neither a number nor a name"),
            "neither number nor name",
            "a name begins with a letter; write any other word as a text in double quotes",
        );
    }
    Problem::new(
        format!("{shown} is not an address, a date or a number"),
        "not a literal",
        format!("write a host name or any other text in double quotes: `\"{}\"`", clipped(text)),
    )
}

/// A port or a range of them.
fn is_ports(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('-') {
        Some((first, last)) => digits(first) && digits(last),
        None => digits(text),
    }
}

fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}
