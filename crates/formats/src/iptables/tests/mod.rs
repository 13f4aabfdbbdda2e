//! Exports of our own making that a careless reader would misread.

mod chains;
mod editing;
mod hostile;
mod matching;
mod reading;
mod tables;
mod writing;

use std::net::IpAddr;

use space::{Action, Decider, Effort, Endpoint, Packet, RuleSet, Verdict, judge};

use super::Iptables;
use crate::{Export, Format, RuleSetExport, Status};

/// The filter table with a chain FORWARD that drops what these lines do not let through.
pub(super) fn forward(lines: &str) -> String {
    format!("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{lines}\nCOMMIT\n")
}

pub(super) fn import(text: &str) -> Export {
    Iptables.import(text).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

pub(super) fn set<'a>(export: &'a Export, name: &str) -> &'a RuleSetExport {
    export.rule_sets.iter().find(|set| set.name == name).unwrap_or_else(|| panic!("no rule set {name}"))
}

/// `10.0.0.1 -> 192.0.2.1 tcp/443`, `... icmp/8`, `... tcp/443 from 53`, `... gre`; then ` in eth0`, ` out eth1`.
pub(super) fn packet(text: &str) -> Packet {
    let mut words = text.split(' ');
    let endpoint = |word: Option<&str>| {
        let word = word.unwrap();
        word.parse::<IpAddr>().map_or_else(|_| Endpoint::Name(word.to_owned()), Endpoint::Address)
    };
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
    let (source_port, in_interface, out_interface) = (None, None, None);
    let mut packet =
        Packet { source, destination, protocol, source_port, destination_port, in_interface, out_interface };
    while let Some(word) = words.next() {
        let value = words.next().unwrap();
        match word {
            "from" => packet.source_port = Some(value.parse().unwrap()),
            "in" => packet.in_interface = Some(value.to_owned()),
            "out" => packet.out_interface = Some(value.to_owned()),
            _ => panic!("{word}"),
        }
    }
    packet
}

/// `permit`, `deny` or `either`, with the names of those that decide: `deny by FORWARD 3`.
pub(super) fn ask(text: &str, rule_set: &str, question: &str) -> String {
    let export = import(text);
    let set = set(&export, rule_set);
    set.rules.check().unwrap();
    let question = packet(question).question();
    let judged = judge(&question, &set.rules, &Effort::usual()).unwrap();
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

/// What FORWARD, dropping the rest, does with a packet.
pub(super) fn decide(lines: &str, question: &str) -> String {
    ask(&forward(lines), "FORWARD", question)
}

/// What became of the line that begins so.
pub(super) fn status(text: &str, beginning: &str) -> (Status, String) {
    let export = import(text);
    let found = export.coverage.statements.iter().find(|statement| {
        text[statement.place.start as usize..statement.place.end as usize].starts_with(beginning)
    });
    found
        .map(|statement| (statement.status, statement.reason.to_string()))
        .unwrap_or_else(|| panic!("no {beginning}"))
}

/// The rules of a rule set without the one for the other family, as an administrator would list them.
pub(super) fn names(text: &str, rule_set: &str) -> Vec<String> {
    let export = import(text);
    let set = set(&export, rule_set);
    set.entries.iter().filter(|entry| !entry.implied).map(|entry| entry.name.clone()).collect()
}

pub(super) fn inactive(text: &str, rule_set: &str, rule: &str) -> Option<&'static str> {
    let export = import(text);
    let set = set(&export, rule_set);
    set.entries.iter().find(|entry| entry.name == rule).unwrap_or_else(|| panic!("no rule {rule}")).inactive
}

pub(super) fn problems(text: &str) -> Vec<String> {
    import(text).problems.into_iter().map(|problem| problem.message).collect()
}

pub(super) fn defaults(rules: &RuleSet) -> Vec<Action> {
    rules.stages.iter().map(|stage| stage.default).collect()
}
