//! Configurations of our own making that a careless reader would misread.

mod editing;
mod entries;
mod groups;
mod hostile;
mod reading;
mod replies;
mod round_trip;
mod router;

use std::net::IpAddr;

use space::{Conditions, Decider, Effort, Endpoint, Packet, Region, Verdict, judge};

use super::CiscoIos;
use crate::{Export, Format, RuleSetExport, Status};

pub(super) fn import(text: &str) -> Export {
    let export = CiscoIos.import(text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    for set in &export.rule_sets {
        set.rules.check().unwrap();
        assert!(!set.stateful);
        assert_eq!(set.rules.stages.len(), set.stages.len());
    }
    export
}

pub(super) fn set<'a>(export: &'a Export, name: &str) -> &'a RuleSetExport {
    let names = || export.rule_sets.iter().map(|set| set.name.clone()).collect::<Vec<_>>();
    export
        .rule_sets
        .iter()
        .find(|set| set.name == name)
        .unwrap_or_else(|| panic!("no {name} in {:?}", names()))
}

/// `10.0.0.1 -> 192.0.2.1 tcp/443`, `... icmp/8`, `... icmp/3.1`, `... gre`; then ` from 53`, ` in eth0`, ` out eth1`, and
/// ` is first` or ` is reply`.
pub(super) fn question(text: &str) -> space::Question {
    let mut words = text.split(' ');
    let endpoint = |word: Option<&str>| Endpoint::Address(word.unwrap().parse::<IpAddr>().unwrap());
    let source = endpoint(words.next());
    assert_eq!(words.next(), Some("->"));
    let destination = endpoint(words.next());
    let service = words.next().unwrap();
    let (protocol, port) = service.split_once('/').map_or((service, None), |(name, port)| (name, Some(port)));
    let protocol = space::protocol::number(protocol).unwrap();
    let destination_port = port.map(|port| match port.split_once('.') {
        Some((kind, code)) => kind.parse::<u16>().unwrap() * 256 + code.parse::<u16>().unwrap(),
        None if space::protocol::is_icmp(protocol) => port.parse::<u16>().unwrap() * 256,
        None => port.parse().unwrap(),
    });
    let (source_port, in_interface, out_interface) = (Some(50000), None, None);
    let mut packet =
        Packet { source, destination, protocol, source_port, destination_port, in_interface, out_interface };
    let mut state = Conditions::none();
    while let Some(word) = words.next() {
        let value = words.next().unwrap();
        match (word, value) {
            ("from", _) => packet.source_port = Some(value.parse().unwrap()),
            ("in", _) => packet.in_interface = Some(value.to_owned()),
            ("out", _) => packet.out_interface = Some(value.to_owned()),
            ("is", "first") => state = Conditions::lacks(crate::established()),
            ("is", "reply") => state = Conditions::holds(crate::established()),
            _ => panic!("{word} {value}"),
        }
    }
    let question = packet.question();
    let region = Region { conditions: state, ..question.region };
    space::Question { region, ..question }
}

/// `permit`, `deny` or `either`, with the names of those that decide: `deny by 101 20`.
pub(super) fn ask(text: &str, rule_set: &str, asked: &str) -> String {
    let export = import(text);
    let set = set(&export, rule_set);
    let judged = judge(&question(asked), &set.rules, &Effort::usual()).unwrap();
    let word = match judged.verdict() {
        Verdict::Met => "permit",
        Verdict::Missing => "deny",
        _ => return "either".to_owned(),
    };
    let by = if word == "permit" { judged.permitting() } else { judged.denying() };
    let name = |decider: &Decider| match decider {
        Decider::Rule(id) => set.entry(*id).unwrap().name.clone(),
        Decider::Default(stage) => set.stages[*stage].name.clone(),
    };
    format!("{word} by {}", by.iter().map(name).collect::<Vec<_>>().join(", "))
}

/// What a list of entries of IOS does with a packet: the verdict alone.
pub(super) fn verdict(entries: &str, asked: &str) -> String {
    let text = format!("ip access-list extended A\n{entries}\n");
    ask(&text, "A", asked).split(' ').next().unwrap().to_owned()
}

/// What became of the line that begins so.
pub(super) fn status(text: &str, beginning: &str) -> (Status, String) {
    let export = import(text);
    let found = export
        .coverage
        .statements
        .iter()
        .find(|statement| text[std::ops::Range::from(statement.place)].starts_with(beginning));
    found
        .map(|statement| (statement.status, statement.reason.to_string()))
        .unwrap_or_else(|| panic!("no {beginning}"))
}

pub(super) fn problems(text: &str) -> Vec<String> {
    import(text).problems.into_iter().map(|problem| problem.message).collect()
}

/// The entries that somebody wrote.
pub(super) fn names(text: &str, rule_set: &str) -> Vec<String> {
    let export = import(text);
    let set = set(&export, rule_set);
    set.entries.iter().filter(|entry| !entry.implied).map(|entry| entry.name.clone()).collect()
}
