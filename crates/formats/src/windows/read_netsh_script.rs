use std::borrow::Cow;

use diagnostics::{TextRange, printable};

use super::model::{Hidden, Reading, Rule, Shape, Slot};
use super::property::Property;
use super::read_netsh::security;
use crate::ImportError;

const COMMAND: &str = "advfirewall firewall add rule";

/// A command behind another one: `if exist x netsh …`, `for %p in (…) do netsh …`, `echo netsh …`.
const BEHIND: Hidden =
    Hidden { reason: "whether the script runs the command, and how often, is not known", symbol: "command" };

/// Whether a line adds a rule with `netsh`.
pub fn is_add(line: &str) -> bool {
    find(line).is_some()
}

/// Where the options of an `add rule` command begin.
fn find(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    let at = lower.find(COMMAND)? + COMMAND.len();
    let before = lower[..at - COMMAND.len()].trim_end();
    (!is_comment(&lower) && (before.ends_with("netsh") || before.ends_with("netsh.exe") || before.is_empty()))
        .then_some(at)
}

/// Whether a line in lower case runs nothing; an `@` before a command only keeps it from being shown.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim_start().trim_start_matches('@').trim_start();
    line == "rem" || ["rem ", "rem\t", ":", "#"].iter().any(|mark| line.starts_with(mark))
}

/// Whether the program is the first word of the line, with or without its path.
fn is_first(before: &str) -> bool {
    let before = before.trim_start_matches('\u{feff}').trim_start().trim_start_matches('@').trim_start();
    let bare = before.trim_end().trim_end_matches(".exe").strip_suffix("netsh");
    before.is_empty() || bare.is_some_and(|path| !path.contains([' ', '\t', '(', '&', '|']))
}

/// Reads a script of `netsh advfirewall firewall add rule` commands.
pub fn read(text: &str) -> Result<Reading<'_>, ImportError> {
    let mut reading = Reading::new(Shape::NetshScript);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        let place = TextRange::new(start, start + line.len());
        let lower = line.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
        if lower.is_empty() || is_comment(&lower) {
            continue;
        }
        match find(line) {
            Some(options) => add(&mut reading, line, place, options),
            // After `advfirewall firewall` on a line of its own, `netsh` takes what follows without it.
            None if lower.contains("firewall") || lower.starts_with("add rule ") => {
                let what = format!("the command `{}` is not known", printable(line.trim()));
                reading.gap(place, what);
            }
            None => reading.irrelevant(place, "no command for the firewall"),
        }
    }
    if reading.rules.is_empty() {
        return Err(ImportError::new(
            TextRange::new(0, 0),
            "no firewall rule in it",
            "export the rules with `collect.ps1`",
        ));
    }
    Ok(reading)
}

fn add<'t>(reading: &mut Reading<'t>, line: &'t str, place: TextRange, options: usize) {
    let start = place.start as usize;
    let mut rule = Rule::new(place, place);
    let command = line.get(..options - COMMAND.len()).unwrap_or_default().to_ascii_lowercase();
    if !is_first(&command) {
        rule.hidden = Some(BEHIND);
    }
    for (offset, word) in words(line, options) {
        let Some((name, value)) = word.split_once('=') else {
            rule.strange = Some((format!("`{}` is no option with a value", printable(word)), place));
            continue;
        };
        let offset = offset + name.len() + 1;
        let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
        let (value, offset) = if quoted { (&value[1..value.len() - 1], offset + 1) } else { (value, offset) };
        let place = TextRange::new(start + offset, start + offset + value.len());
        option(&mut rule, &name.to_ascii_lowercase(), value, place);
    }
    // Both have to be given ("netsh advfirewall firewall add rule").
    if !rule.has(Property::Direction) || !rule.has(Property::Action) {
        rule.strange = Some(("a rule without `dir=` or `action=`".to_owned(), place));
    }
    rule.assume_present(u64::MAX);
    reading.rules.push(rule);
}

/// The words of a command line, with where each begins; blanks in quotes are no ends.
fn words(line: &str, from: usize) -> impl Iterator<Item = (usize, &str)> {
    let bytes = line.as_bytes();
    let mut at = from;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let start = at;
        let mut quoted = false;
        while let Some(byte) = bytes.get(at) {
            if *byte == b'"' {
                quoted = !quoted;
            } else if byte.is_ascii_whitespace() && !quoted {
                break;
            }
            at += 1;
        }
        (at > start).then(|| (start, &line[start..at]))
    })
}

fn option<'t>(rule: &mut Rule<'t>, name: &str, value: &'t str, place: TextRange) {
    let slot = || Slot::Text(Cow::Borrowed(value), place);
    let property = match name {
        "name" => {
            rule.head = place;
            Property::DisplayName
        }
        "description" => Property::Description,
        "dir" => Property::Direction,
        "action" => Property::Action,
        "enable" => Property::Enabled,
        "profile" => Property::Profile,
        "program" => Property::Program,
        "service" => Property::Service,
        "localip" => Property::LocalAddress,
        "remoteip" => Property::RemoteAddress,
        "localport" => Property::LocalPort,
        "remoteport" => Property::RemotePort,
        "interfacetype" => Property::InterfaceType,
        "rmtcomputergrp" => Property::RemoteMachine,
        "rmtusrgrp" => Property::RemoteUser,
        "edge" => Property::EdgeTraversalPolicy,
        "security" => return security(rule, value, place),
        // `icmpv4:8,any` is a protocol with a type and a code.
        "protocol" => {
            match value.split_once(':') {
                Some((protocol, types)) => {
                    rule.set(Property::Protocol, Slot::Text(Cow::Borrowed(protocol), place));
                    let (kind, code) = types.split_once(',').unwrap_or((types, "any"));
                    let is_any = kind.trim().eq_ignore_ascii_case("any");
                    let word =
                        if is_any { "Any".to_owned() } else { format!("{}:{}", kind.trim(), code.trim()) };
                    rule.set(Property::IcmpType, Slot::Text(Cow::Owned(word), place));
                }
                None => rule.set(Property::Protocol, slot()),
            }
            return;
        }
        _ => {
            rule.strange = Some((format!("option `{}` is not known", printable(name)), place));
            return;
        }
    };
    if rule.has(property) {
        rule.strange = Some((format!("option `{}` is there twice", printable(name)), place));
    }
    rule.set(property, slot());
}
