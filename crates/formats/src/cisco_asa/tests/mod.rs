//! Configurations of our own making that a careless reader would misread.

mod editing;
mod hostile;
mod levels;
mod lists;
mod objects;
mod reading;
mod writing;

use std::net::IpAddr;

use space::{Decider, Effort, Endpoint, Packet, RuleSet, Verdict, judge};

use super::CiscoAsa;
use crate::{Export, Format, RuleSetExport, Status};

/// A firewall with two interfaces and a list inbound at the outside.
pub(super) fn outside(lines: &str) -> String {
    format!("{INTERFACES}{lines}\naccess-group OUT in interface outside\n")
}

pub(super) const INTERFACES: &str = "\
ASA Version 9.8(2)
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 192.0.2.1 255.255.255.0
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.0.0.1 255.255.255.0
";

pub(super) fn import(text: &str) -> Export {
    CiscoAsa.import(text).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

pub(super) fn firewall(export: &Export) -> &RuleSetExport {
    export.rule_sets.first().unwrap()
}

/// `10.0.0.1 -> 192.0.2.1 tcp/443`, `... icmp/8`, `... tcp/443 from 53`, `... gre`; then ` in outside`, ` out inside`.
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

/// `permit`, `deny` or `either`, with the names of those that decide: `deny by OUT line 3`.
pub(super) fn ask(text: &str, question: &str) -> String {
    let export = import(text);
    let set = firewall(&export);
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

/// What a packet from the outside to the inside meets, with these lines as the list of the outside.
pub(super) fn decide(lines: &str, question: &str) -> String {
    ask(&outside(lines), &format!("{question} in outside out inside"))
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

pub(super) fn problems(text: &str) -> Vec<String> {
    import(text).problems.into_iter().map(|problem| problem.message).collect()
}

pub(super) fn same(old: &RuleSet, new: &RuleSet) -> bool {
    space::difference(old, new, &Effort::usual()).unwrap().is_empty()
}
