//! Configurations of our own making that a careless reader would misread.

mod editing;
mod hostile;
mod matching;
mod objects;
mod reading;
mod surroundings;
mod virtual_ips;
mod writing;

use std::net::IpAddr;

use space::{Decider, Effort, Endpoint, Packet, Verdict, judge};

use super::Fortigate;
use crate::{Export, Format, RuleSetExport, Status};

pub(super) fn import(text: &str) -> Export {
    let export = Fortigate.import(text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    for set in &export.rule_sets {
        set.rules.check().unwrap();
        assert!(set.rules.rules().all(|rule| (rule.id.0 as usize) < set.entries.len()));
        assert!(set.entries.windows(2).all(|pair| pair[0].place.start <= pair[1].place.start));
    }
    export
}

pub(super) fn set<'a>(export: &'a Export, name: &str) -> &'a RuleSetExport {
    export.rule_sets.iter().find(|set| set.name == name).unwrap_or_else(|| panic!("no rule set {name}"))
}

/// A policy from any to any interface that accepts all services from all to all, unless `lines` say otherwise.
pub(super) fn policy(number: u32, lines: &str) -> String {
    let defaults = [
        ("srcintf", "\"any\""),
        ("dstintf", "\"any\""),
        ("srcaddr", "\"all\""),
        ("dstaddr", "\"all\""),
        ("action", "accept"),
        ("schedule", "\"always\""),
        ("service", "\"ALL\""),
    ];
    let said = |key: &str| {
        lines.lines().any(|line| {
            let mut words = line.split_whitespace();
            matches!(words.next(), Some("set" | "unset")) && words.next() == Some(key)
        })
    };
    let mut text = format!("    edit {number}\n");
    for (key, value) in defaults.iter().filter(|(key, _)| !said(key)) {
        text.push_str(&format!("        set {key} {value}\n"));
    }
    for line in lines.lines().filter(|line| !line.trim().starts_with("unset")) {
        text.push_str(&format!("        {}\n", line.trim()));
    }
    text.push_str("    next\n");
    text
}

/// Sections, and then policies.
pub(super) fn with(sections: &str, policies: &[String]) -> String {
    format!("{sections}\nconfig firewall policy\n{}end\n", policies.concat())
}

/// `10.0.0.1 -> 192.0.2.1 tcp/443`, `... icmp/8`, `... tcp/443 from 53`, `... gre`; then ` in port1`, ` out port2`.
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

/// `permit`, `deny` or `either`, with the names of those that decide: `deny by policy 3`.
pub(super) fn ask_in(text: &str, rule_set: &str, question: &str) -> String {
    let export = import(text);
    let set = set(&export, rule_set);
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

pub(super) fn ask(text: &str, question: &str) -> String {
    ask_in(text, "firewall policy", question)
}

/// What became of the statement that begins so.
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
