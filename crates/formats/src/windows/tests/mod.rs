use space::{Effort, Endpoint, Packet, RuleSet, Verdict, difference, judge};

use super::Windows;
use crate::{Direction, Export, Format as _, ImportError, Problem, RuleSetExport, Status};

mod edit;
mod emit;
mod hostile;
mod meaning;
mod shapes;

fn read(text: &str) -> Export {
    let export = Windows.import(text).expect("an export that can be read");
    for set in &export.rule_sets {
        set.rules.check().expect("well formed");
        assert!(set.rules.rules().all(|rule| set.entry(rule.id).is_some()));
        let mut names: Vec<&str> = names(set);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), set.entries.len(), "names are unique");
    }
    let places: Vec<_> = export.coverage.statements.iter().map(|statement| statement.place).collect();
    assert!(places.is_sorted(), "in file order: {places:?}");
    assert!(places.windows(2).all(|pair| pair[0].end <= pair[1].start), "no statement twice: {places:?}");
    export
}

fn error(text: &str) -> ImportError {
    Windows.import(text).expect_err("nothing that can be read")
}

fn inbound(export: &Export) -> &RuleSetExport {
    one(export, Direction::Inbound)
}

fn outbound(export: &Export) -> &RuleSetExport {
    one(export, Direction::Outbound)
}

fn one(export: &Export, direction: Direction) -> &RuleSetExport {
    export.rule_sets.iter().find(|set| set.direction == direction).expect("a rule set of that direction")
}

/// What becomes of a packet: `192.0.2.1 -> 10.0.0.4 tcp/443`, `icmp/2048` for a type times 256 and a code.
fn verdict(set: &RuleSetExport, packet: &str) -> Verdict {
    let mut words = packet.split(' ');
    let mut next = || words.next().expect("SOURCE -> DESTINATION PROTOCOL/PORT");
    let endpoint = |text: &str| match text.parse() {
        Ok(address) => Endpoint::Address(address),
        Err(_) => Endpoint::Name(text.to_owned()),
    };
    let (source, _, destination, service) = (next(), next(), next(), next());
    let (protocol, port) = service.split_once('/').unwrap_or((service, ""));
    let packet = Packet {
        source: endpoint(source),
        destination: endpoint(destination),
        protocol: space::protocol::number(protocol).expect("a protocol"),
        source_port: Some(50_000),
        destination_port: port.parse().ok(),
        in_interface: None,
        out_interface: None,
    };
    judge(&packet.question(), &set.rules, &Effort::usual()).expect("little work").verdict()
}

/// The rule sets decide alike.
fn same(old: &RuleSet, new: &RuleSet) {
    let difference = difference(old, new, &Effort::usual()).expect("little work");
    assert!(difference.is_empty(), "{difference:#?}");
}

fn names(set: &RuleSetExport) -> Vec<&str> {
    set.entries.iter().map(|entry| entry.name.as_str()).collect()
}

fn messages(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.message.as_str()).collect()
}

/// The texts of the statements that ended so, with the reason.
fn statements<'t>(export: &'t Export, text: &'t str, status: Status) -> Vec<(&'t str, &'t str)> {
    let these = export.coverage.statements.iter().filter(|statement| statement.status == status);
    these.map(|statement| (&text[std::ops::Range::from(statement.place)], &*statement.reason)).collect()
}

/// What hangs on something that is not known, in the symbols of the rule set.
fn symbols(set: &RuleSetExport) -> Vec<String> {
    let regions = set.rules.rules().flat_map(|rule| &rule.matches);
    let literals = regions.flat_map(|region| region.conditions.iter());
    let mut out: Vec<String> = literals
        .map(|(symbol, held)| format!("{}{}", if *held { "" } else { "not " }, symbol.name))
        .collect();
    out.sort();
    out.dedup();
    out
}

/// What the collector writes, with these rules; each is members of its object.
fn collected(rules: &[&str]) -> String {
    collected_with(rules, "", "")
}

/// The same, with more members of each profile and of the document.
fn collected_with(rules: &[&str], profile: &str, more: &str) -> String {
    let profiles = ["Domain", "Private", "Public"].map(|name| {
        let settings = if profile.contains(&format!("@{name}")) {
            profile.replace(&format!("@{name}"), "")
        } else if profile.contains('@') {
            String::new()
        } else {
            profile.to_owned()
        };
        format!(
            r#"{{"Name": "{name}", {settings} "Enabled": "True", "DefaultInboundAction": "NotConfigured", "DefaultOutboundAction": "NotConfigured"}}"#
        )
    });
    let rules: Vec<String> = rules.iter().map(|rule| format!("    {}", rule_object(rule))).collect();
    format!(
        r#"{{
  "schema": "flowright.windows-firewall/1",
  "computer": {{"name": "FS01", "windows": "10.0.20348"}},
  "policyStore": "ActiveStore",{more}
  "profiles": [{}],
  "dynamicKeywords": [],
  "rules": [
{}
  ]
}}
"#,
        profiles.join(", "),
        rules.join(",\n")
    )
}

/// A rule as the collector writes it; what `members` does not say is what Windows has without being told.
fn rule_object(members: &str) -> String {
    let defaults = [
        ("Name", "\"{1}\""),
        ("DisplayName", "\"rule\""),
        ("Enabled", "\"True\""),
        ("Profile", "\"Any\""),
        ("Platform", "[]"),
        ("Direction", "\"Inbound\""),
        ("Action", "\"Allow\""),
        ("PolicyStoreSource", "\"PersistentStore\""),
        ("PolicyStoreSourceType", "\"Local\""),
        ("Protocol", "\"Any\""),
        ("LocalPort", "[\"Any\"]"),
        ("RemotePort", "[\"Any\"]"),
        ("IcmpType", "[\"Any\"]"),
        ("DynamicTarget", "\"Any\""),
        ("LocalAddress", "[\"Any\"]"),
        ("RemoteAddress", "[\"Any\"]"),
        ("RemoteDynamicKeywordAddresses", "[]"),
        ("Program", "\"Any\""),
        ("Package", "null"),
        ("Service", "\"Any\""),
        ("InterfaceAlias", "[\"Any\"]"),
        ("InterfaceType", "\"Any\""),
        ("LocalUser", "\"Any\""),
        ("RemoteUser", "\"Any\""),
        ("RemoteMachine", "\"Any\""),
        ("Authentication", "\"NotRequired\""),
        ("Encryption", "\"NotRequired\""),
        ("OverrideBlockRules", "\"False\""),
    ];
    let more = defaults.iter().filter(|(name, _)| !members.contains(&format!("\"{name}\"")));
    let more: Vec<String> = more.map(|(name, value)| format!("\"{name}\": {value}")).collect();
    let members = if members.is_empty() { String::new() } else { format!("{members}, ") };
    format!("{{{members}{}}}", more.join(", "))
}
