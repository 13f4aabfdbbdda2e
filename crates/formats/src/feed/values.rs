use std::net::IpAddr;
use std::sync::Arc;

use diagnostics::printable;
use ipnet::IpNet;
use space::{AddressSet, IntervalSet, Set};

use crate::feed::object::Notes;
use crate::feed::pattern::normal;
use crate::json::{Kind, Value};

/// A prefix or an address. `None`, with a note, for all else.
///
/// A prefix with host bits is the whole prefix, with a note: the larger set is never one that promises too much,
/// since a host is let through only when all of its set is.
pub fn prefix(value: Value<'_>, notes: &mut Notes) -> Option<AddressSet> {
    let place = value.place();
    let Some(text) = value.string() else {
        notes.add(
            place,
            "this is no address prefix",
            "what lists it counts as unknown: download the file again",
        );
        return None;
    };
    let text = text.trim();
    if let Ok(net) = text.parse::<IpNet>() {
        if net.addr() != net.network() {
            let message = format!("`{}` has bits behind its prefix: it is read as `{}`", text, net.trunc());
            notes.add(place, message, "see whether the file was edited: vendors write the prefix alone");
        }
        return Some(net.into());
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.into());
    }
    let message = format!("`{}` is no address prefix", printable(text));
    notes.add(place, message, "what lists it counts as unknown: download the file again");
    None
}

/// The union of a list of prefixes; `None` where the list is empty or one of them is wrong: half a set would be a
/// wrong one.
pub fn prefixes(list: &[Value<'_>], notes: &mut Notes) -> Option<AddressSet> {
    let sets: Vec<Option<AddressSet>> = list.iter().map(|value| prefix(*value, notes)).collect();
    let sets: Option<Vec<AddressSet>> = sets.into_iter().collect();
    sets.filter(|sets| !sets.is_empty()).map(|sets| AddressSet::union_of(&sets))
}

/// The names of a list, each once. One that is none is left out, with a note.
pub fn names(list: &[Value<'_>], notes: &mut Notes) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for value in list {
        match value.string().as_deref().and_then(normal) {
            Some(name) => names.push(name.into()),
            None => {
                let message = format!("`{}` is no DNS name or wildcard", printable(&shortened(value.raw())));
                notes.add(value.place(), message, "it is left out: see whether the file was edited");
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Ports as the web service writes them, `"143, 587, 993"`, or a number; none for an empty text. What is no port is
/// left out, with a note.
pub fn ports(value: Option<Value<'_>>, notes: &mut Notes) -> IntervalSet<u16> {
    let Some(value) = value else { return IntervalSet::empty() };
    let text = match value.kind() {
        Kind::Number => value.raw().into(),
        _ => value.string().unwrap_or(value.raw().into()),
    };
    let mut ranges = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let (low, high) = word.split_once('-').map_or((word, word), |(low, high)| (low.trim(), high.trim()));
        match (low.parse::<u16>(), high.parse::<u16>()) {
            (Ok(low), Ok(high)) if low > 0 && low <= high => ranges.push((low, high)),
            _ => {
                let message = format!("`{}` is no port", printable(&shortened(word)));
                notes.add(value.place(), message, "it is left out: see whether the file was edited");
            }
        }
    }
    IntervalSet::from_ranges(ranges)
}

/// The beginning of a text, for messages.
fn shortened(text: &str) -> String {
    let mut characters = text.trim_matches('"').chars();
    let mut short: String = characters.by_ref().take(60).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
