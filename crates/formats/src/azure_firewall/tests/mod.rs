//! Tests of the format as a whole, with exports of our own making.

mod edit;
mod emit;
mod import;
mod unknown;

use serde_json::{Value as Serde, json};
use space::{Effort, Region, RuleSet, Verdict, difference, judge};

use crate::{Export, ImportError, Problem, RuleSetExport, Status};

fn read(text: &str) -> Export {
    crate::import(text, Some("azure-firewall")).expect("an export")
}

fn error(text: &str) -> ImportError {
    crate::import(text, Some("azure-firewall")).expect_err("no export")
}

/// A network rule for tcp/443 from 10.0.0.0/8 to anywhere, with `changes` made to it; `null` takes a property out.
fn network(name: &str, changes: Serde) -> Serde {
    let rule = json!({
        "ruleType": "NetworkRule", "name": name, "ipProtocols": ["TCP"], "sourceAddresses": ["10.0.0.0/8"],
        "destinationAddresses": ["*"], "destinationPorts": ["443"],
    });
    changed(rule, changes)
}

/// An application rule for HTTPS from 10.0.0.0/8 to `www.example.com`.
fn application(name: &str, changes: Serde) -> Serde {
    let rule = json!({
        "ruleType": "ApplicationRule", "name": name, "protocols": [{"protocolType": "Https", "port": 443}],
        "sourceAddresses": ["10.0.0.0/8"], "targetFqdns": ["www.example.com"],
    });
    changed(rule, changes)
}

fn changed(mut rule: Serde, changes: Serde) -> Serde {
    for (key, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            rule.as_object_mut().expect("an object").remove(key);
        } else {
            rule[key] = value.clone();
        }
    }
    rule
}

fn collection(name: &str, priority: i64, action: &str, rules: Vec<Serde>) -> Serde {
    json!({
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": name, "priority": priority,
        "action": {"type": action}, "rules": rules,
    })
}

/// A rule collection group as `az network firewall policy rule-collection-group list` gives it.
fn group(policy: &str, name: &str, priority: i64, collections: Vec<Serde>) -> Serde {
    json!({
        "id": format!("/subscriptions/0/resourceGroups/hub/providers/Microsoft.Network/firewallPolicies/{policy}/ruleCollectionGroups/{name}"),
        "name": name, "priority": priority, "resourceGroup": "hub", "ruleCollections": collections,
        "type": "Microsoft.Network/FirewallPolicies/RuleCollectionGroups",
    })
}

fn template(resources: Vec<Serde>) -> Serde {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { "clients": { "type": "array" } },
        "variables": { "office": "203.0.113.0/24", "group": "clients" },
        "resources": resources,
    })
}

/// The collections as one group of one policy.
fn read_one(collections: Vec<Serde>) -> Export {
    read(&json!([group("edge", "rules", 200, collections)]).to_string())
}

/// What becomes of `192.0.2.1 -> 10.0.0.4 tcp/443`; a destination may be a name.
fn verdict(set: &RuleSetExport, flow: &str) -> Verdict {
    let mut words = flow.split(' ');
    let mut next = || words.next().expect("SOURCE -> DESTINATION PROTOCOL/PORT");
    let (source, _, destination, service) = (next(), next(), next(), next());
    let (protocol, port) = service.split_once('/').unwrap_or((service, "*"));
    let packet = space::Packet {
        source: space::Endpoint::Address(source.parse().expect("an address")),
        destination: match destination.parse() {
            Ok(address) => space::Endpoint::Address(address),
            Err(_) => space::Endpoint::Name(destination.into()),
        },
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

/// The names of the rules in the order in which they are asked.
fn order(set: &RuleSetExport) -> Vec<&str> {
    set.rules.rules().filter_map(|rule| set.entry(rule.id)).map(|entry| entry.name.as_str()).collect()
}

fn messages(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.message.as_str()).collect()
}

fn statuses(export: &Export, status: Status) -> Vec<&str> {
    let these = export.coverage.statements.iter().filter(|statement| statement.status == status);
    these.map(|statement| &*statement.reason).collect()
}

fn matches<'s>(set: &'s RuleSetExport, name: &str) -> &'s [Region] {
    let of = |rule: &&space::Rule| set.entry(rule.id).is_some_and(|entry| entry.name == name);
    &set.rules.rules().find(of).expect("a rule of that name").matches
}
