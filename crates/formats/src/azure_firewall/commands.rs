use diagnostics::printable;

use super::dialect::action;
use super::import::{collection_name, number};
use super::model::{Collection, Group, Holder, Kind, Rule, Set};
use super::template::{Scope, Term};
use super::write::Spec;
use crate::json::Value;

/// The commands of the `az` program for the rules of one firewall or policy.
pub struct Commands<'c, 'j> {
    set: &'c Set<'j>,
    scope: &'c Scope<'j>,
}

impl<'c, 'j> Commands<'c, 'j> {
    /// `None` where the file does not say what firewall it is for.
    pub fn new(set: &'c Set<'j>, scope: &'c Scope<'j>) -> Option<Self> {
        (set.holder != Holder::Parameters).then_some(Commands { set, scope })
    }

    /// Adds a rule to a collection that is there.
    pub fn add(
        &self,
        group: &Group<'_>,
        collection: &str,
        spec: &Spec,
        name: &str,
        description: Option<&str>,
    ) -> String {
        let mut out = self.start("add", spec.kind, group, collection);
        out.push_str(&format!(" --name {}", quoted(name)));
        self.properties(&mut out, spec, "rule-type", description);
        out
    }

    /// Adds the first rule of a new collection, and with it the collection.
    pub fn create(
        &self,
        group: &Group<'_>,
        collection: (&str, i64),
        spec: &Spec,
        name: &str,
        description: Option<&str>,
    ) -> String {
        let (collection, priority) = collection;
        if self.set.holder == Holder::Classic {
            let mut out = self.add(group, collection, spec, name, description);
            out.push_str(&format!(" --priority {priority} --action {}", action(spec.permit)));
            return out;
        }
        let mut out = format!(
            "az network firewall policy rule-collection-group collection add-filter-collection {} --name {} \
             --collection-priority {priority} --action {} --rule-name {}",
            self.policy(group),
            quoted(collection),
            action(spec.permit),
            quoted(name)
        );
        self.properties(&mut out, spec, "rule-type", description);
        out
    }

    pub fn remove(&self, group: &Group<'_>, collection: &str, kind: Kind, name: &str) -> String {
        format!("{} --name {}", self.start("remove", kind, group, collection), quoted(name))
    }

    pub fn remove_collection(&self, group: &Group<'_>, kind: Kind, collection: &str) -> String {
        if self.set.holder == Holder::Classic {
            return format!(
                "az network firewall {} collection delete {} --collection-name {}",
                classic(kind),
                self.firewall(),
                quoted(collection)
            );
        }
        format!(
            "az network firewall policy rule-collection-group collection remove {} --name {}",
            self.policy(group),
            quoted(collection)
        )
    }

    /// Makes a rule of the file again, as it was; with its collection, where that is gone too.
    pub fn add_again(
        &self,
        group: &Group<'_>,
        collection: &Collection<'_>,
        rule: &Rule<'_>,
        with_collection: bool,
    ) -> String {
        let scope = self.scope;
        let kind = rule.kind.unwrap_or(Kind::Network);
        let of = collection_name(collection, scope);
        let rule_name = rule.name.map(|name| scope.name(name).shown).unwrap_or_default();
        let is_classic = self.set.holder == Holder::Classic;
        let priority = number(collection.priority, scope).map_or("<priority>".to_owned(), |n| n.to_string());
        let act = match collection.action.map(|value| scope.term(value)) {
            Some(Term::Text(text)) => quoted(text.trim()),
            _ => "<action>".to_owned(),
        };
        let mut out = if with_collection && !is_classic {
            let which = if kind == Kind::Nat { "add-nat-collection" } else { "add-filter-collection" };
            format!(
                "az network firewall policy rule-collection-group collection {which} {} --name {} \
                 --collection-priority {priority} --action {act} --rule-name {}",
                self.policy(group),
                quoted(&of),
                quoted(&rule_name)
            )
        } else {
            format!("{} --name {}", self.start("add", kind, group, &of), quoted(&rule_name))
        };
        if with_collection && is_classic {
            out.push_str(&format!(" --priority {priority} --action {act}"));
        }
        if !(is_classic || with_collection && kind == Kind::Nat) {
            out.push_str(&format!(" --rule-type {}", rule_type(kind)));
        }
        let mut rest = String::new();
        for (name, value) in [
            ("--source-addresses", rule.source_addresses),
            ("--source-ip-groups", rule.source_ip_groups),
            ("--destination-addresses", rule.destination_addresses),
            ("--destination-ip-groups", rule.destination_ip_groups),
            ("--destination-fqdns", rule.destination_fqdns),
            ("--destination-ports", rule.destination_ports),
            ("--target-fqdns", rule.target_fqdns),
            ("--target-urls", rule.target_urls),
            ("--fqdn-tags", rule.fqdn_tags),
            ("--web-categories", rule.web_categories),
            ("--translated-address", rule.translated_address),
            ("--translated-fqdn", rule.translated_fqdn),
            ("--translated-port", rule.translated_port),
            ("--description", rule.description),
        ] {
            option(&mut rest, name, &texts(value, scope));
        }
        if rule.terminate_tls.is_some_and(|value| value.raw() == "true") {
            rest.push_str(" --enable-tls-inspection true");
        }
        if kind != Kind::Application {
            let ip = if is_classic { "--protocols" } else { "--ip-protocols" };
            option(&mut out, ip, &texts(rule.ip_protocols.or(rule.protocols), scope));
            return out + &rest;
        }
        let list = rule.protocols.into_iter().flat_map(Value::elements);
        let protocols = list.filter_map(|protocol| {
            let part = |key| text(protocol.get(key)?, scope);
            Some((part("protocolType")?, part("port")?))
        });
        let mut rounds: Vec<Vec<(String, String)>> = vec![Vec::new()];
        for (kind, port) in protocols {
            // For a policy, the program keeps the last port of each protocol: another one is a rule of its own.
            let has = |round: &Vec<(String, String)>| {
                !is_classic && round.iter().any(|(known, _)| known.eq_ignore_ascii_case(&kind))
            };
            match rounds.iter_mut().find(|round| !has(round)) {
                Some(round) => round.push((kind, port)),
                None => rounds.push(vec![(kind, port)]),
            }
        }
        let mut all = String::new();
        for (nth, round) in rounds.iter().enumerate() {
            if nth > 0 {
                let name = quoted(&format!("{rule_name}-{}", nth + 1));
                let start = self.start("add", kind, group, &of);
                out = format!("{start} --name {name} --rule-type {}", rule_type(kind));
                all.push_str(" && ");
            }
            let words: Vec<String> = round.iter().map(|(kind, port)| format!("{kind}={port}")).collect();
            option(&mut out, "--protocols", &words);
            all.push_str(&out);
            all.push_str(&rest);
        }
        all
    }

    fn start(&self, verb: &str, kind: Kind, group: &Group<'_>, collection: &str) -> String {
        if self.set.holder == Holder::Classic {
            let verb = if verb == "add" { "create" } else { "delete" };
            return format!(
                "az network firewall {} {verb} {} --collection-name {}",
                classic(kind),
                self.firewall(),
                quoted(collection)
            );
        }
        format!(
            "az network firewall policy rule-collection-group collection rule {verb} {} --collection-name {}",
            self.policy(group),
            quoted(collection)
        )
    }

    fn properties(&self, out: &mut String, spec: &Spec, rule_type_option: &str, description: Option<&str>) {
        let is_classic = self.set.holder == Holder::Classic;
        if !is_classic {
            out.push_str(&format!(" --{rule_type_option} {}", rule_type(spec.kind)));
        }
        let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        option(out, "--source-addresses", &spec.sources);
        // What a template points with is to be filled in.
        let filled = |ids: &[String]| -> Vec<String> {
            ids.iter()
                .map(|id| match id.strip_prefix('[').and_then(|id| id.strip_suffix(']')) {
                    Some(expression) => format!("<{expression}>"),
                    None => id.clone(),
                })
                .collect()
        };
        option(out, "--source-ip-groups", &filled(&spec.source_groups));
        if spec.kind == Kind::Application {
            let protocols: Vec<String> =
                spec.protocols.iter().zip(&spec.ports).map(|(word, port)| format!("{word}={port}")).collect();
            option(out, "--protocols", &protocols);
            option(out, "--target-fqdns", &spec.names);
        } else {
            let key = if is_classic { "--protocols" } else { "--ip-protocols" };
            option(out, key, &texts(&spec.protocols));
            option(out, "--destination-addresses", &spec.destinations);
            option(out, "--destination-ip-groups", &filled(&spec.destination_groups));
            option(out, "--destination-fqdns", &spec.names);
            option(out, "--destination-ports", &spec.ports);
        }
        if let Some(description) = description {
            out.push_str(&format!(" --description {}", quoted(description)));
        }
    }

    fn policy(&self, group: &Group<'_>) -> String {
        let group = match &group.name {
            Some(name) if name.literal => quoted(&name.shown),
            _ => "<rule-collection-group>".to_owned(),
        };
        let policy = self.named("<firewall-policy>");
        format!("--resource-group {} --policy-name {policy} --rcg-name {group}", self.resource_group())
    }

    fn firewall(&self) -> String {
        format!("--resource-group {} --firewall-name {}", self.resource_group(), self.named("<firewall>"))
    }

    fn named(&self, otherwise: &str) -> String {
        if self.set.name.literal { quoted(&self.set.name.shown) } else { otherwise.to_owned() }
    }

    fn resource_group(&self) -> String {
        self.set.resource_group.as_deref().map_or("<resource-group>".to_owned(), quoted)
    }
}

fn classic(kind: Kind) -> &'static str {
    match kind {
        Kind::Nat => "nat-rule",
        Kind::Network => "network-rule",
        Kind::Application => "application-rule",
    }
}

fn rule_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Nat => "NatRule",
        Kind::Network => "NetworkRule",
        Kind::Application => "ApplicationRule",
    }
}

fn option(out: &mut String, name: &str, values: &[String]) {
    if !values.is_empty() {
        out.push(' ');
        out.push_str(name);
        for value in values {
            out.push(' ');
            out.push_str(&quoted(value));
        }
    }
}

fn texts(value: Option<Value<'_>>, scope: &Scope<'_>) -> Vec<String> {
    let Some(value) = value.map(|value| scope.resolve(value)) else { return Vec::new() };
    let own = value.elements().next().is_none().then_some(value);
    value.elements().chain(own).filter_map(|value| text(value, scope)).collect()
}

/// What a value says; an expression as something to fill in.
fn text(value: Value<'_>, scope: &Scope<'_>) -> Option<String> {
    match scope.term(value) {
        Term::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Term::Expression(expression) => Some(format!("<{expression}>")),
        Term::Other => None,
    }
}

/// An argument as a POSIX shell takes it. Names come from files that strangers wrote: nothing in one is obeyed.
fn quoted(text: &str) -> String {
    let text = printable(text);
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b':' | b',' | b'=')
    };
    if !text.is_empty() && text.bytes().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
