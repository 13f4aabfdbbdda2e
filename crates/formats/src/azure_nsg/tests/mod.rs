//! Tests of the format as a whole, with exports of our own making.

mod edit;
mod emit;
mod import;
mod shapes;
mod unknown;

use serde_json::{Value as Serde, json};
use space::{Effort, Endpoint, Packet, RuleSet, Verdict, difference, judge};

use crate::{Direction, Export, ImportError, Problem, RuleSetExport, Status};

fn read(text: &str) -> Export {
    crate::import(text, Some("azure-nsg")).expect("an export")
}

fn error(text: &str) -> ImportError {
    crate::import(text, Some("azure-nsg")).expect_err("no export")
}

/// A rule in the shape of the REST API that allows tcp/443 inbound from and to anywhere, with `changes` made to its
/// properties; `null` takes one out.
fn rule(name: &str, priority: i64, changes: Serde) -> Serde {
    let mut properties = json!({
        "protocol": "Tcp", "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*",
        "destinationPortRange": "443", "access": "Allow", "priority": priority, "direction": "Inbound",
    });
    for (key, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            properties.as_object_mut().expect("an object").remove(key);
        } else {
            properties[key] = value.clone();
        }
    }
    json!({ "name": name, "properties": properties })
}

/// A group named `web` with these rules, as the REST API gives it; the default rules are left out.
fn group(rules: Vec<Serde>) -> Serde {
    json!({
        "name": "web",
        "id": "/subscriptions/0/resourceGroups/shop/providers/Microsoft.Network/networkSecurityGroups/web",
        "type": "Microsoft.Network/networkSecurityGroups",
        "location": "westeurope",
        "properties": { "securityRules": rules },
    })
}

fn template(resources: Vec<Serde>) -> Serde {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { "name": { "type": "string", "defaultValue": "edge" }, "ports": { "type": "array" } },
        "variables": { "office": "203.0.113.0/24", "group": "web", "twice": "[variables('office')]" },
        "resources": resources,
    })
}

fn read_group(rules: Vec<Serde>) -> Export {
    read(&group(rules).to_string())
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

/// What becomes of a packet: `192.0.2.1 -> 10.0.0.4 tcp/443`.
fn verdict(set: &RuleSetExport, packet: &str) -> Verdict {
    let mut words = packet.split(' ');
    let mut next = || words.next().expect("SOURCE -> DESTINATION PROTOCOL/PORT");
    let address = |text: &str| Endpoint::Address(text.parse().expect("an address"));
    let (source, _, destination, service) = (next(), next(), next(), next());
    let (protocol, port) = service.split_once('/').unwrap_or((service, ""));
    let packet = Packet {
        source: address(source),
        destination: address(destination),
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

/// The names of the rules in the order in which they are asked.
fn order(set: &RuleSetExport) -> Vec<&str> {
    set.rules.rules().filter_map(|rule| set.entry(rule.id)).map(|entry| entry.name.as_str()).collect()
}

fn messages(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.message.as_str()).collect()
}

/// The texts of the statements that ended so, with the reason.
fn statements<'t>(export: &'t Export, text: &'t str, status: Status) -> Vec<(&'t str, &'t str)> {
    let these = export.coverage.statements.iter().filter(|statement| statement.status == status);
    these.map(|statement| (&text[std::ops::Range::from(statement.place)], &*statement.reason)).collect()
}
