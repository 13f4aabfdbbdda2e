//! Tests of the format as a whole, with exports of our own making.

mod edit_acl;
mod edit_group;
mod emit;
mod hostile;
mod network_acl;
mod security_group;
mod shapes;
mod unknown;

use diagnostics::apply;
use serde_json::{Value as Serde, json};
use space::{
    Action, AddressSet, Conditions, Effort, Endpoint, IntervalSet, Packet, Region, Rule, RuleId, RuleSet,
    Set, Side, Symbol, SymbolKind, Verdict, difference, judge, protocol,
};

use super::Aws;
use crate::{
    Change, Direction, Edited, Export, Format as _, ImportError, NewRule, Problem, Refusal, RuleSetExport,
    Status,
};

fn read(text: &str) -> Export {
    crate::import(text, Some("aws")).expect("an export")
}

fn error(text: &str) -> ImportError {
    crate::import(text, Some("aws")).expect_err("no export")
}

/// A group `web` with these permissions, as the command line gives it.
fn group(inbound: Vec<Serde>, outbound: Vec<Serde>) -> Serde {
    json!({ "SecurityGroups": [{
        "Description": "web servers", "GroupName": "web", "OwnerId": "111122223333", "GroupId": "sg-0a1", "VpcId": "vpc-1",
        "IpPermissions": inbound, "IpPermissionsEgress": outbound,
    }] })
}

/// A permission for tcp/443 from or to one IPv4 prefix, with `changes` made; `null` takes one out.
fn permission(changes: Serde) -> Serde {
    let base = json!({
        "FromPort": 443, "IpProtocol": "tcp", "IpRanges": [{ "CidrIp": "192.0.2.0/24" }], "Ipv6Ranges": [],
        "PrefixListIds": [], "ToPort": 443, "UserIdGroupPairs": [],
    });
    changed_object(base, changes)
}

fn changed_object(mut base: Serde, changes: Serde) -> Serde {
    let members = base.as_object_mut().expect("an object");
    for (key, value) in changes.as_object().expect("an object") {
        match value {
            Serde::Null => drop(members.remove(key)),
            value => drop(members.insert(key.clone(), value.clone())),
        }
    }
    base
}

fn inbound_of(permissions: Vec<Serde>) -> Export {
    read(&group(permissions, vec![]).to_string())
}

/// An entry of a network ACL that allows tcp/443 from 192.0.2.0/24, with `changes` made.
fn entry(number: i64, changes: Serde) -> Serde {
    let base = json!({
        "CidrBlock": "192.0.2.0/24", "Egress": false, "PortRange": { "From": 443, "To": 443 }, "Protocol": "6",
        "RuleAction": "allow", "RuleNumber": number,
    });
    changed_object(base, changes)
}

/// The network ACL `acl-1` with these entries and the last ones of both directions.
fn acl(mut entries: Vec<Serde>) -> Serde {
    for egress in [true, false] {
        let all = json!({ "CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767 });
        entries.push(all);
    }
    json!({ "NetworkAcls": [{
        "Associations": [{ "NetworkAclAssociationId": "aclassoc-1", "NetworkAclId": "acl-1", "SubnetId": "subnet-1" }],
        "Entries": entries, "IsDefault": false, "NetworkAclId": "acl-1", "OwnerId": "111122223333", "Tags": [], "VpcId": "vpc-1",
    }] })
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

/// What becomes of a packet: `192.0.2.1 -> 10.0.0.4 tcp/443`; of ICMP, `icmp/8.0`.
fn verdict(set: &RuleSetExport, packet: &str) -> Verdict {
    let mut words = packet.split(' ');
    let mut next = || words.next().expect("SOURCE -> DESTINATION PROTOCOL/PORT");
    let address = |text: &str| Endpoint::Address(text.parse().expect("an address"));
    let (source, _, destination, service) = (next(), next(), next(), next());
    let (protocol, port) = service.split_once('/').unwrap_or((service, ""));
    let port = match port.split_once('.') {
        Some((kind, code)) => {
            Some(kind.parse::<u16>().expect("a type") * 256 + code.parse::<u16>().expect("a code"))
        }
        None => port.parse().ok(),
    };
    let packet = Packet {
        source: address(source),
        destination: address(destination),
        protocol: protocol::number(protocol).expect("a protocol"),
        source_port: Some(50_000),
        destination_port: port,
        in_interface: None,
        out_interface: None,
    };
    judge(&packet.question(), &set.rules, &Effort::usual()).expect("little work").verdict()
}

/// The rule sets decide alike, for packets that have one family at both ends.
fn same(old: &RuleSet, new: &RuleSet) {
    let difference = difference(&one_family(old), &one_family(new), &Effort::usual()).expect("little work");
    assert!(difference.is_empty(), "{difference:#?}");
}

/// The rule set for packets that exist: those of one family.
fn one_family(set: &RuleSet) -> RuleSet {
    let mut set = set.clone();
    for chain in &mut set.chains {
        let cut = |rule: &Rule| Rule {
            matches: rule.matches.iter().flat_map(Region::families).collect(),
            ..rule.clone()
        };
        *chain = chain.rules.iter().map(cut).collect::<Vec<Rule>>().into();
    }
    if let Some(stage) = set.stages.first_mut()
        && stage.default == Action::Permit
    {
        // What is between the families is then denied in both.
        stage.default = Action::Deny;
        let everything =
            Rule { id: RuleId(u32::MAX), matches: Region::any().families(), action: Action::Permit };
        let chain = set.chains.remove(0);
        set.chains.insert(0, chain.rules.into_iter().chain([everything]).collect::<Vec<Rule>>().into());
    }
    set
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

fn prefix(text: &str) -> AddressSet {
    text.parse::<ipnet::IpNet>().expect("a prefix").into()
}

fn tcp(port: u16) -> Region {
    Region::any().service(protocol::TCP, IntervalSet::one(port))
}

fn listed(side: Side, name: &str) -> Conditions {
    Conditions::holds(Symbol::new(side, SymbolKind::AddressGroup, name))
}

fn new(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

/// The id of the rule with this name.
fn id(set: &RuleSetExport, name: &str) -> RuleId {
    let at = set.entries.iter().position(|entry| entry.name == name).expect("a rule of that name");
    RuleId(u32::try_from(at).expect("few rules"))
}

fn edit(text: &str, direction: Direction, changes: &[Change]) -> Result<(String, Edited), Refusal> {
    let export = read(text);
    let edited = Aws.edit(text, &export, usize::from(direction == Direction::Outbound), changes)?;
    let text = apply(text, &edited.edits).expect("edits that do not overlap");
    Ok((text, edited))
}

/// The rule set that the changes ask for.
fn expected(old: &RuleSetExport, changes: &[Change]) -> RuleSet {
    let implied = |rule: &Rule| old.entry(rule.id).is_some_and(|entry| entry.implied);
    let mut rules: Vec<Rule> = old.rules.rules().cloned().collect();
    let mut next = 10_000;
    let mut written = |rules: &[NewRule]| -> Vec<Rule> {
        let new = rules.iter().map(|rule| {
            next += 1;
            let action = if rule.permit { Action::Permit } else { Action::Deny };
            Rule { id: RuleId(next), matches: vec![rule.region.clone()], action }
        });
        new.collect()
    };
    for change in changes {
        match change {
            Change::Insert { before, rule } => {
                let at = before.and_then(|id| rules.iter().position(|rule| rule.id == id));
                let end = rules.iter().position(implied).unwrap_or(rules.len());
                let at = at.unwrap_or(end).min(end);
                rules.splice(at..at, written(std::slice::from_ref(rule)));
            }
            Change::Remove { rule: id } => rules.retain(|rule| rule.id != *id),
            Change::Replace { rule: id, with } => {
                let at = rules.iter().position(|rule| rule.id == *id).expect("a rule to replace");
                rules.splice(at..=at, written(with));
            }
        }
    }
    RuleSet::flat(rules, Action::Deny)
}

/// Makes the changes, and checks that the text says what was asked for. Returns the new text and the commands.
fn changed(text: &str, direction: Direction, changes: &[Change]) -> (String, Edited) {
    let old = read(text);
    let (new, edited) = edit(text, direction, changes).expect("changes that AWS can make");
    let export = read(&new);
    same(&expected(one(&old, direction), changes), &one(&export, direction).rules);
    let other = if direction == Direction::Inbound { Direction::Outbound } else { Direction::Inbound };
    same(&one(&old, other).rules, &one(&export, other).rules);
    assert_eq!(messages(&old.problems), messages(&export.problems));
    (new, edited)
}
