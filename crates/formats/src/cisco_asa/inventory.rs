//! What the export defines beside rules, and how often anything names it.

use std::collections::HashMap;

use diagnostics::TextRange;
use space::SymbolKind;

use super::config::{Config, Kind, Member};
use super::resolve::{Resolved, Resolver};
use super::routes;
use super::words::Words;
use crate::{Inventory, NamePattern, ObjectEntry, UndefinedEntry};

/// More elements than this are not written out for comparison.
const MOST_COMPARED: usize = 4096;

pub(super) fn inventory<'a>(text: &'a str, resolver: &mut Resolver<'_, 'a>) -> Inventory {
    let config = resolver.config;
    let mut inventory = Inventory { interfaces: routes::interfaces(config), ..Inventory::default() };
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for (at, definition) in config.definitions.iter().enumerate() {
        let resolved = resolver.resolve(at);
        by_name.insert(definition.name, inventory.objects.len());
        inventory.objects.push(ObjectEntry {
            kind: definition.kind.noun(),
            name: definition.name.to_owned(),
            place: definition.place,
            head: definition.head,
            uses: 0,
            content: content(definition.kind, &resolved),
        });
        for member in &definition.members {
            if let Member::Name(_, name, place) = member {
                inventory.patterns.push(NamePattern {
                    written: (*name).to_owned(),
                    place: *place,
                    covers: vec![(*name).to_owned()],
                });
            }
        }
    }
    let mut aliases: HashMap<&str, usize> = HashMap::new();
    let mut ranges: HashMap<&str, usize> = HashMap::new();
    let mut named: Vec<_> = config.aliases.iter().collect();
    named.sort_by_key(|(_, alias)| alias.place);
    for (name, alias) in named {
        aliases.insert(name, inventory.objects.len());
        inventory.objects.push(ObjectEntry {
            kind: "name",
            name: (*name).to_owned(),
            place: alias.place,
            head: alias.place,
            uses: 0,
            content: alias.address.map(|address| format!("name for {address}")),
        });
    }
    let mut times: Vec<_> = config.time_ranges.iter().collect();
    times.sort_by_key(|(_, range)| range.place);
    for (name, range) in times {
        ranges.insert(name, inventory.objects.len());
        inventory.objects.push(ObjectEntry {
            kind: "time-range",
            name: (*name).to_owned(),
            place: range.place,
            head: range.head,
            uses: 0,
            content: None,
        });
    }
    let maps = Maps { objects: &by_name, aliases: &aliases, ranges: &ranges };
    count(text, config, &maps, &mut inventory);
    inventory.undefined.append(&mut resolver.undefined);
    inventory.undefined.sort_by_key(|undefined| undefined.place);
    inventory.objects.sort_by_key(|object| object.place);
    inventory
}

struct Maps<'m, 'a> {
    objects: &'m HashMap<&'a str, usize>,
    aliases: &'m HashMap<&'a str, usize>,
    ranges: &'m HashMap<&'a str, usize>,
}

/// Looks through the whole text for the names of what is defined: rules, groups, translations and the rest.
fn count(text: &str, config: &Config<'_>, maps: &Maps<'_, '_>, inventory: &mut Inventory) {
    for (line, start) in lines(text) {
        let mut words = Words::new(line, start);
        let Some(first) = words.next() else { continue };
        // A name beside these words is talk, or the definition itself.
        let heads = match first.text {
            "description" | "banner" | "hostname" | "name" | "!" | ":" => continue,
            "object" | "object-group" | "time-range" => continue,
            "access-list" => {
                words.next();
                if words.peek() == Some("remark") {
                    continue;
                }
                false
            }
            _ => true,
        };
        let translation =
            heads && matches!(first.text, "nat" | "crypto" | "match" | "set" | "static" | "global");
        let mut before = first.text;
        for word in words {
            let refers = before.starts_with("object") || before == "group-object";
            let mut at = if refers || translation { maps.objects.get(word.text) } else { None };
            if before == "time-range" {
                at = maps.ranges.get(word.text);
            }
            if at.is_none() && !refers {
                at = maps.aliases.get(word.text);
            }
            match at.and_then(|at| inventory.objects.get_mut(*at)) {
                Some(object) => object.uses = object.uses.saturating_add(1),
                // What `show access-list` names it does not define.
                None if config.shown || matches!(before, "object-group-user" | "object-group-security") => {}
                None if refers => undefined(inventory, before, word.text, word.place()),
                None if before == "time-range" => undefined(inventory, before, word.text, word.place()),
                None => {}
            }
            before = word.text;
        }
    }
    for binding in &config.bindings {
        if config.list(binding.list).is_none() {
            undefined(inventory, "access-list", binding.list, binding.place);
        }
    }
}

fn undefined(inventory: &mut Inventory, word: &str, name: &str, place: TextRange) {
    let kind = match word {
        "group-object" | "object-group" | "object-group-network-service" => "object-group",
        "time-range" => "time-range",
        "access-list" => "access-list",
        _ => "object",
    };
    inventory.undefined.push(UndefinedEntry { kind, name: name.to_owned(), place });
}

fn lines(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    text.split('\n').map(move |line| {
        let start = at;
        at += line.len() + 1;
        (line, start)
    })
}

/// What an object stands for, in one spelling.
fn content(kind: Kind, resolved: &Resolved) -> Option<String> {
    let parts = resolved.addresses.v4.ranges().len()
        + resolved.addresses.v6.ranges().len()
        + resolved.services.len()
        + resolved.numbers.ranges().len();
    let known = resolved.missing.iter().all(|missing| missing.kind == SymbolKind::Name);
    if parts > MOST_COMPARED || !known || matches!(kind, Kind::Users | Kind::SecurityGroups | Kind::Other) {
        return None;
    }
    let mut out = Vec::new();
    for (low, high) in resolved.addresses.ranges() {
        out.push(if low == high { low.to_string() } else { format!("{low}-{high}") });
    }
    let mut names: Vec<String> = resolved
        .missing
        .iter()
        .map(|missing| format!("fqdn {} {:?}", missing.name.to_ascii_lowercase(), missing.families))
        .collect();
    names.sort();
    names.dedup();
    out.extend(names);
    for service in &resolved.services {
        out.push(format!("{:?} from {:?} to {:?}", service.protocols, service.source, service.destination));
    }
    if kind == Kind::IcmpTypes || matches!(kind, Kind::Ports(_)) {
        out.push(format!("{:?} {:?}", kind, resolved.numbers));
    }
    if kind == Kind::Protocols {
        out.push(format!("protocols {:?}", resolved.protocols));
    }
    Some(out.join(", "))
}
