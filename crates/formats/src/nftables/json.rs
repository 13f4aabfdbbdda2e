//! What `nft -j list ruleset` prints, and the commands that `nft -j -f` takes.

use std::borrow::Cow;

use diagnostics::{TextRange, printable};

use super::builder::{At, Builder};
use super::json_rule;
use super::model::{Base, Family, Hook, Policy, Rule, Set};
use super::names;
use crate::json::{Json, Kind, Value as Node};
use crate::{ImportError, Status};

pub(super) fn read<'a>(json: &'a Json<'a>) -> Result<Builder<'a>, ImportError> {
    let root = json.root();
    let list = match (root.kind(), root.get("nftables")) {
        (Kind::Object, Some(list)) if list.kind() == Kind::Array => list,
        _ => {
            return Err(ImportError::new(
                TextRange::new(0, 0),
                "the file has no list `nftables`",
                "export with `nft -j list ruleset`",
            ));
        }
    };
    let mut build = Builder::default();
    for entry in list.elements() {
        let Some(member) = entry.members().next() else {
            build.coverage.push(entry.place(), Status::NotUnderstood, "not an object");
            continue;
        };
        command(&mut build, &member.name, member.value, entry.place(), member.name_place);
    }
    Ok(build)
}

fn command<'a>(build: &mut Builder<'a>, name: &str, body: Node<'a>, place: TextRange, head: TextRange) {
    let verb = match name {
        "add" | "create" | "insert" | "replace" | "delete" | "destroy" | "flush" | "list" | "reset"
        | "rename" => name,
        _ => return object(build, "add", name, body, place, head),
    };
    match body.members().next() {
        Some(member) => object(build, verb, &member.name, member.value, place, member.name_place),
        None => unknown(build, verb, place),
    }
}

fn unknown(build: &mut Builder<'_>, what: &str, place: TextRange) {
    let help = "load the file, and export the outcome with `nft list ruleset`";
    build.obscure(place, fitting(what), "it is not known what it does", help);
}

fn fitting(what: &str) -> String {
    what.chars().take(80).collect()
}

fn object<'a>(
    build: &mut Builder<'a>,
    verb: &str,
    kind: &str,
    body: Node<'a>,
    place: TextRange,
    head: TextRange,
) {
    let adds = matches!(verb, "add" | "create" | "insert" | "replace");
    match (verb, kind) {
        ("add", "metainfo") => build.irrelevant(place, "the version of nft"),
        ("list" | "reset", _) => build.irrelevant(place, "it shows something, and changes nothing"),
        ("flush", "ruleset") => {
            let family = body.get("family").and_then(|family| Family::find(&family.string()?));
            build.flush_ruleset(family);
            build.understood(place);
        }
        (_, "table") => {
            let Some((family, name)) = named(body, "name") else { return unknown(build, kind, place) };
            if adds {
                let table = build.table(family, name, head);
                if let Some(table) = build.model.tables.get_mut(table) {
                    let dormant = |flags: Node<'_>| {
                        flags.string().is_some_and(|flag| flag == "dormant")
                            || flags
                                .elements()
                                .any(|flag| flag.string().is_some_and(|flag| flag == "dormant"))
                    };
                    table.dormant |= body.get("flags").is_some_and(dormant);
                }
            } else if verb == "flush" {
                if let Some(table) = build.find_table(family, &name) {
                    build.empty_table(table, false);
                }
            } else {
                build.delete_table(family, name);
            }
            if family == Family::Arp {
                build.irrelevant(place, "ARP is no traffic of IP");
            } else {
                build.understood(place);
            }
        }
        (_, "chain") => chain(build, verb, body, place, head),
        (_, "rule") => rule(build, verb, body, place, head),
        (_, "set" | "map") if adds => set(build, kind == "map", body, place, head),
        ("add" | "create", "element") => {
            let Some((table, name)) = target(build, body, "name", head) else {
                return unknown(build, kind, place);
            };
            let elements = json_rule::elements(build, body.get("elem"));
            if let Some(set) = build.find_set(table, &name) {
                set.elements.push(elements);
                return build.understood(place);
            }
            let is_map = elements.iter().any(|element| element.data.is_some());
            let set = Set {
                name: name.clone(),
                is_map,
                place,
                head,
                changing: true,
                constant: false,
                elements: vec![elements],
            };
            build.set(table, name, set);
            let why = "the set is not in the file: what else is in it is kept as an unknown";
            build.coverage.push(place, Status::Approximated, why);
        }
        ("flush" | "delete" | "destroy", "set" | "map" | "element") => {
            if let Some((table, name)) = target(build, body, "name", head)
                && let Some(set) = build.find_set(table, &name)
            {
                set.changing = true;
                set.elements.clear();
            }
            build.coverage.push(place, Status::Approximated, "what is left of the set is kept as an unknown");
        }
        (
            _,
            "counter" | "quota" | "limit" | "ct helper" | "ct timeout" | "ct expectation" | "secmark"
            | "synproxy" | "flowtable" | "tunnel",
        ) => build.irrelevant(place, "an object that decides nothing by itself"),
        _ => unknown(build, kind, place),
    }
}

/// The family and the name of a table.
fn named<'a>(body: Node<'a>, name: &str) -> Option<(Family, Cow<'a, str>)> {
    let family = match body.get("family") {
        Some(family) => Family::find(&family.string()?)?,
        None => Family::Ip,
    };
    Some((family, body.get(name)?.string()?))
}

/// The table and the thing in it that an object names.
fn target<'a>(
    build: &mut Builder<'a>,
    body: Node<'a>,
    name: &str,
    head: TextRange,
) -> Option<(usize, Cow<'a, str>)> {
    let (family, table) = named(body, "table")?;
    let name = body.get(name)?.string()?;
    let table = match build.find_table(family, &table) {
        Some(table) => table,
        None => build.table(family, table, head),
    };
    Some((table, name))
}

fn chain<'a>(build: &mut Builder<'a>, verb: &str, body: Node<'a>, place: TextRange, head: TextRange) {
    let Some((table, name)) = target(build, body, "name", head) else {
        return unknown(build, "chain", place);
    };
    match verb {
        "delete" | "destroy" => {
            build.delete_chain(table, &name);
            return build.understood(place);
        }
        "flush" => {
            let chain = build.chain(table, name, head, false);
            build.flush_chain(table, chain);
            return build.understood(place);
        }
        "rename" => return unknown(build, "rename chain", place),
        _ => {}
    }
    let chain = build.chain(table, name, head, true);
    let family = build.model.tables.get(table).map_or(Family::Inet, |table| table.family);
    let Some(hook) = body.get("hook") else { return build.understood(place) };
    let Some(hook) = hook.string().and_then(|hook| Hook::find(&hook)) else {
        return unknown(build, "a chain at a hook that is not known", place);
    };
    let priority = body.get("prio").and_then(|priority| match priority.string() {
        Some(name) => names::priority(&name, family, hook),
        None => priority.raw().parse().ok(),
    });
    let policy = body.get("policy");
    let devices = match body.get("dev") {
        Some(device) => match device.string() {
            Some(device) => vec![device],
            None => device.elements().filter_map(Node::string).collect(),
        },
        None => Vec::new(),
    };
    let base = Base {
        place: head,
        hook,
        priority: priority.unwrap_or(0),
        policy: match policy.and_then(Node::string).as_deref() {
            None if policy.is_none() => Policy::Accept,
            Some("accept") => Policy::Accept,
            Some("drop") => Policy::Drop,
            _ => Policy::Unknown,
        },
        policy_place: policy.map(Node::place),
        devices,
    };
    if base.policy == Policy::Unknown {
        let why = "the policy is neither `accept` nor `drop`";
        build.coverage.push(place, Status::NotUnderstood, why);
        build.problem(head, why, "name the policy that the chain has");
    } else {
        build.understood(place);
    }
    if let Some(chain) = build.model.tables.get_mut(table).and_then(|table| table.chains.get_mut(chain)) {
        chain.base = Some(base);
    }
}

fn number(body: Node<'_>, name: &str) -> Option<u64> {
    body.get(name)?.raw().parse().ok()
}

fn rule<'a>(build: &mut Builder<'a>, verb: &str, body: Node<'a>, place: TextRange, head: TextRange) {
    let Some((table, chain)) = target(build, body, "chain", head) else {
        return unknown(build, "rule", place);
    };
    let chain = build.chain(table, chain, head, false);
    let handle = number(body, "handle");
    if matches!(verb, "delete" | "destroy") {
        if handle.is_some_and(|handle| build.delete_rule(table, handle)) {
            return build.understood(place);
        }
        return unknown(build, "delete rule", place);
    }
    let is_list = verb == "add" && body.get("index").is_none();
    let at = match (verb, number(body, "index"), handle) {
        ("insert", Some(index), _) => At::BeforeIndex(index),
        ("insert", None, Some(handle)) => At::BeforeHandle(handle),
        ("insert", None, None) => At::Start,
        ("replace", _, Some(handle)) => At::InsteadOfHandle(handle),
        (_, Some(index), _) => At::AfterIndex(index),
        // In a listing the handle is the rule's own.
        _ => At::End,
    };
    let covered = build.next_statement();
    build.understood(place);
    let mut rule = Rule {
        statements: Vec::new(),
        comment: body.get("comment").and_then(Node::string),
        place,
        head,
        covered,
        handle: handle.filter(|_| is_list || verb == "replace"),
        malformed: None,
        command: !is_list,
    };
    match body.get("expr") {
        Some(list) if list.kind() == Kind::Array => {
            for statement in list.elements() {
                match json_rule::statements(build, table, statement, &mut rule.statements) {
                    Ok(()) => {}
                    Err(message) => {
                        let shown = printable(&message).into_owned();
                        let help = "export with `nft list ruleset`, without `-j`";
                        build.problem(statement.place(), format!("the rule cannot be read: {shown}"), help);
                        rule.malformed = Some(message);
                        rule.statements.clear();
                        break;
                    }
                }
            }
        }
        _ => rule.malformed = Some("it has no list `expr`".to_owned()),
    }
    build.rule(table, chain, at, rule);
}

fn set<'a>(build: &mut Builder<'a>, is_map: bool, body: Node<'a>, place: TextRange, head: TextRange) {
    let Some((table, name)) = target(build, body, "name", head) else { return unknown(build, "set", place) };
    let flags: Vec<Cow<'_, str>> = match body.get("flags") {
        Some(flags) if flags.kind() == Kind::String => flags.string().into_iter().collect(),
        Some(flags) => flags.elements().filter_map(Node::string).collect(),
        None => Vec::new(),
    };
    let mut elements = json_rule::elements(build, body.get("elem"));
    let expiring = body.get("timeout").is_some();
    if expiring {
        for element in std::rc::Rc::make_mut(&mut elements) {
            element.expires = true;
        }
    }
    let set = Set {
        name: name.clone(),
        is_map,
        place,
        head,
        changing: expiring || flags.iter().any(|flag| matches!(&**flag, "dynamic" | "timeout")),
        constant: flags.iter().any(|flag| flag == "constant"),
        elements: if elements.is_empty() { Vec::new() } else { vec![elements] },
    };
    build.set(table, name, set);
    build.understood(place);
}
