use std::collections::HashSet;

use space::SymbolKind;

use super::config::{Definition, Kind};
use super::findings::Findings;
use super::import::Import;
use super::resolve::Resolver;
use super::write::{Existing, key};

/// What the rules of one vsys or device group can use of the file.
pub fn existing(import: &Import<'_>, scope: usize, rule_names: HashSet<String>) -> Existing {
    let mut out = Existing { rule_names, ..Existing::default() };
    let mut findings = Findings::of(&import.config, false);
    let mut resolver = Resolver::new(&import.tree, &import.config, &mut findings, scope);
    let chain = resolver.chain.clone();
    // The nearest scope first, and what it defines hides what is further out.
    for at in chain {
        for definition in import.config.definitions.iter().filter(|definition| definition.scope == at) {
            note(&mut out, &mut resolver, definition);
        }
    }
    out
}

fn note(out: &mut Existing, resolver: &mut Resolver<'_, '_>, definition: &Definition) {
    let name = resolver.tree.word(definition.node).to_owned();
    match definition.kind {
        Kind::Address | Kind::AddressGroup | Kind::ExternalList | Kind::Region => {
            if !out.address_names.insert(name.clone()) {
                return;
            }
            let value = resolver.address_value(definition.node);
            match (&value.known, value.unknown.as_slice()) {
                (Some(set), []) if definition.kind != Kind::Region => {
                    out.addresses.entry(set.clone()).or_insert(name);
                }
                (None, [atom]) if atom.kind == SymbolKind::Name => {
                    out.hosts.entry(atom.name.to_string()).or_insert(name);
                }
                (None, [atom]) => {
                    out.named.entry((atom.kind, atom.name.to_string())).or_insert(name);
                }
                _ => {}
            }
        }
        Kind::Service | Kind::ServiceGroup => {
            if out.service_names.insert(name.clone()) {
                let value = resolver.service_value(definition.node);
                if value.unknown.is_empty() {
                    out.services.entry(value.parts.iter().map(key).collect()).or_insert(name);
                }
            }
        }
        Kind::Application | Kind::ApplicationGroup | Kind::ApplicationFilter => {
            if out.application_names.insert(name.clone()) && definition.kind == Kind::Application {
                out.named.insert((SymbolKind::Match, format!("application {name}")), name);
            }
        }
        Kind::UrlCategory => {
            if out.category_names.insert(name.clone())
                && let [one] = resolver.category(definition.node).as_slice()
                && one.host
                && let [(symbol, true)] = one.conditions.essential().as_slice()
            {
                out.categories.entry(symbol.name.to_string()).or_insert(name);
            }
        }
        Kind::Schedule => {
            out.schedule_names.insert(name);
        }
    }
}
