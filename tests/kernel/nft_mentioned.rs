//! What the lines of a file of nftables mention; as little of an importer as that of `mentioned`.

use std::collections::BTreeMap;

use space::protocol;

use super::mentioned::{Addresses, Mentioned, icmp, links, ports};
use super::topology::Family;

/// One for each line of `text` that mentions anything, and one that mentions nothing. What a set or a map holds, on a
/// line of its own, is mentioned where its name is.
pub fn mentioned(text: &str, family: Family) -> Vec<Mentioned> {
    let mut sets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let mut start = line.split_whitespace();
        if let (Some("set" | "map"), Some(name)) = (start.next(), start.next()) {
            sets.insert(name, words(line));
        }
    }
    let rules = text.lines().filter(|line| line.starts_with("\t\t"));
    let of = |line: &str| {
        let mut all = words(line);
        let named: Vec<String> = all
            .iter()
            .filter_map(|word| sets.get(word.strip_prefix('@')?))
            .flat_map(|words| words.iter().cloned())
            .collect();
        all.extend(named);
        one(&all, family)
    };
    std::iter::once(Mentioned::default()).chain(rules.map(of)).collect()
}

/// The words of a line, without what only separates them.
fn words(line: &str) -> Vec<String> {
    let blanks = line.replace(['{', '}', ',', ';', '"'], " ");
    blanks.split_whitespace().map(|word| word.trim_end_matches(':').to_owned()).collect()
}

/// A value is taken for every key of the line that may have it.
fn one(words: &[String], family: Family) -> Mentioned {
    let has = |key: &str| words.iter().any(|word| word == key);
    let neither = |one: &str, other: &str| !has(one) && !has(other);
    let (source, destination) = (has("saddr"), has("daddr"));
    let (incoming, outgoing) = (has("iifname"), has("oifname"));
    let mut found = Mentioned::default();
    for word in words {
        if let Some(addresses) = Addresses::read(word, family) {
            if source || !destination {
                found.sources.push(addresses);
            }
            if destination || !source {
                found.destinations.push(addresses);
            }
        }
        if let Some(range) = ports(&word.replace('-', ":")) {
            if has("sport") {
                found.source_ports.push(range);
            }
            if has("dport") {
                found.destination_ports.push(range);
            }
        }
        if has("icmp") || has("icmpv6") {
            found.icmp.extend(icmp(word.trim_start_matches("nd-"), family));
        }
        let named = links(&word.replace('*', "+"));
        if incoming || neither("iifname", "oifname") {
            found.from.extend(&named);
        }
        if outgoing {
            found.to.extend(&named);
        }
        // A number is a protocol only where nothing else can have it.
        let number = word.parse::<u8>().is_ok();
        if !number || has("l4proto") || has("protocol") || has("nexthdr") {
            found.protocols.extend(protocol::number(word).filter(|_| word != "ip" && word != "ip6"));
        }
    }
    found
}
