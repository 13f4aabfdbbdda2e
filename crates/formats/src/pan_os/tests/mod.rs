mod edit;
mod emit;
mod hostile;
mod interfaces;
mod meaning;
mod panorama;
mod shapes;
mod unknown;

use space::{Action, Difference, Effort, Region, Rule, RuleId, RuleSet, difference, protocol};

use super::PanOs;
use crate::{Detection, Export, Format as _, RuleEntry, RuleSetExport, Status};

fn read(text: &str) -> Export {
    assert_eq!(PanOs.detect(text), Detection::Sure, "{text}");
    let export = PanOs.import(text).expect("a configuration that can be read");
    for set in &export.rule_sets {
        assert_eq!(set.rules.check(), Ok(()));
        assert!(set.rules.rules().all(|rule| set.entry(rule.id).is_some()));
        let starts: Vec<_> = set.entries.iter().map(|entry| (entry.implied, entry.place.start)).collect();
        assert!(starts.is_sorted(), "entries are in the order of the file");
    }
    let places: Vec<_> = export.coverage.statements.iter().map(|statement| statement.place).collect();
    assert!(places.windows(2).all(|pair| pair[0].end <= pair[1].start), "{places:?}");
    export
}

/// The lines as commands for rules of the only vsys: each line is the keys of one rule.
fn rules(lines: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, keys) in lines {
        for key in keys.split(';') {
            out.push_str(&format!("set rulebase security rules {name} {}\n", key.trim()));
        }
    }
    out
}

const ANY: &str = "from any; to any; source any; destination any; application any; service any; action allow";

/// [`ANY`] with some keys said otherwise.
fn with(keys: &str) -> String {
    let mut out: Vec<String> = ANY.split(';').map(|key| key.trim().to_owned()).collect();
    for key in keys.split(';').map(str::trim) {
        let word = key.split(' ').next().expect("a key");
        match out.iter_mut().find(|known| known.split(' ').next() == Some(word)) {
            Some(known) => *known = key.to_owned(),
            None => out.push(key.to_owned()),
        }
    }
    out.join("; ")
}

/// A configuration with one rule, and objects before it.
fn one(objects: &str, keys: &str) -> Export {
    read(&format!("{objects}\n{}", rules(&[("r", &with(keys))])))
}

fn entry<'e>(set: &'e RuleSetExport, name: &str) -> (RuleId, &'e RuleEntry) {
    let at = set.entries.iter().position(|entry| entry.name == name).expect("a rule of that name");
    (RuleId(u32::try_from(at).expect("few rules")), &set.entries[at])
}

/// What the rule `name` of the first rule set matches.
fn matches<'e>(export: &'e Export, name: &str) -> &'e [Region] {
    let set = &export.rule_sets[0];
    let (id, _) = entry(set, name);
    &set.rules.rule(id).expect("an enabled rule").matches
}

/// The regions as text: source, destination, service, zones and conditions.
fn shown(regions: &[Region]) -> Vec<String> {
    let zone = |set: &space::NameSet| match set.exact() {
        Some(names) => names.join("+"),
        None if space::Set::is_any(set) => "any".to_owned(),
        None => "others".to_owned(),
    };
    regions
        .iter()
        .map(|region| {
            let conditions: Vec<String> = region
                .conditions
                .essential()
                .iter()
                .map(|(symbol, held)| format!("{}{}", if *held { "" } else { "not " }, symbol.name))
                .collect();
            format!(
                "{}>{} {} > {} {} [{}]",
                zone(&region.in_interface),
                zone(&region.out_interface),
                space::address_set(&region.source),
                space::address_set(&region.destination),
                space::service(region),
                conditions.join(", ")
            )
        })
        .collect()
}

fn one_shown(objects: &str, keys: &str) -> Vec<String> {
    shown(matches(&one(objects, keys), "r"))
}

fn status_of(export: &Export, text: &str, part: &str) -> (Status, String) {
    let statement = export
        .coverage
        .statements
        .iter()
        .find(|statement| text[std::ops::Range::from(statement.place)].contains(part))
        .expect("a statement");
    (statement.status, statement.reason.to_string())
}

fn compare(old: &RuleSet, new: &RuleSet) -> Difference {
    difference(old, new, &Effort::usual()).expect("small rule sets")
}

fn same(old: &RuleSet, new: &RuleSet) {
    let found = compare(old, new);
    assert!(found.is_empty(), "{found:?}");
    assert!(compare(new, old).is_empty());
}

/// Whether packets of `region` are permitted for sure, denied for sure, or neither.
fn decided(set: &RuleSet, region: &Region) -> Vec<space::Outcome> {
    let pieces = space::decide(std::slice::from_ref(region), set, &Effort::usual()).expect("small rule sets");
    let mut outcomes: Vec<_> = pieces.iter().map(|piece| piece.outcome).collect();
    outcomes.dedup();
    outcomes
}

fn tcp(port: u16) -> Region {
    Region::any().service(protocol::TCP, space::IntervalSet::one(port))
}

fn rule(number: u32, permit: bool, region: Region) -> Rule {
    let action = if permit { Action::Permit } else { Action::Deny };
    Rule { id: RuleId(number), matches: vec![region], action }
}
