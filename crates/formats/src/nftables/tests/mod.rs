//! Rulesets of our own making that a careless reader would misread.

mod chains;
mod editing;
mod hostile;
mod json;
mod matching;
mod reading;
mod writing;

use std::net::IpAddr;

use space::{Decider, Effort, Endpoint, Packet, Verdict, judge};

use super::Nftables;
use crate::{Export, Format, RuleSetExport, Status};

/// A table with a chain for forwarding that drops what these lines do not let through.
pub(super) fn forward(lines: &str) -> String {
    format!(
        "table inet filter {{\n\tchain forward {{\n\t\ttype filter hook forward priority filter; policy drop;\n{lines}\n\t}}\n}}\n"
    )
}

pub(super) fn import(text: &str) -> Export {
    Nftables.import(text).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

pub(super) fn set<'a>(export: &'a Export, name: &str) -> &'a RuleSetExport {
    let names = || export.rule_sets.iter().map(|set| &set.name).collect::<Vec<_>>();
    export.rule_sets.iter().find(|set| set.name == name).unwrap_or_else(|| panic!("no {name}: {:?}", names()))
}

/// `10.0.0.1 -> 192.0.2.1 tcp/443`, `... icmp/8`, `... tcp/443 from 53`, `... gre`; then ` in eth0`, ` out eth1`.
pub(super) fn packet(text: &str) -> Packet {
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

/// `permit`, `deny` or `either`, with the names of those that decide: `deny by inet filter forward 3`.
pub(super) fn ask(text: &str, rule_set: &str, question: &str) -> String {
    let export = import(text);
    let set = set(&export, rule_set);
    set.rules.check().unwrap();
    let judged = judge(&packet(question).question(), &set.rules, &Effort::usual()).unwrap();
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

/// What a forward chain of these lines, dropping the rest, does with a packet: one word.
pub(super) fn decide(lines: &str, question: &str) -> String {
    word(&forward(lines), "forward", question)
}

pub(super) fn word(text: &str, rule_set: &str, question: &str) -> String {
    ask(text, rule_set, question).split(' ').next().unwrap().to_owned()
}

/// What became of the statement that begins so.
pub(super) fn status(text: &str, beginning: &str) -> (Status, String) {
    let export = import(text);
    let found = export.coverage.statements.iter().find(|statement| {
        text[statement.place.start as usize..statement.place.end as usize].starts_with(beginning)
    });
    let found = found.unwrap_or_else(|| panic!("no {beginning}"));
    (found.status, found.reason.to_string())
}

/// Which of the packets `deny`, `permit`, `either` fits.
#[track_caller]
pub(super) fn expect(lines: &str, cases: &[(&str, &str)]) {
    for (question, wanted) in cases {
        assert_eq!(decide(lines, question), *wanted, "{question} by {lines}");
    }
}
