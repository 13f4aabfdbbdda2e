use super::config::{Config, Kind};
use super::findings::Findings;
use super::marks::Marks;
use super::resolve::Resolver;
use super::tree::{Shape, Tree};
use super::{import, url};
use crate::{NamePattern, ObjectEntry, Status};

/// The objects of the file with their uses, and the names and wildcards in them.
pub fn objects(
    tree: &Tree<'_>,
    config: &Config,
    findings: &mut Findings,
    marks: &mut Marks,
) -> (Vec<ObjectEntry>, Vec<NamePattern>) {
    let mut contents: Vec<Option<String>> = vec![None; config.definitions.len()];
    let mut order: Vec<usize> = (0..config.definitions.len()).collect();
    order.sort_by_key(|at| config.definitions.get(*at).map(|definition| definition.scope));
    let mut references: Vec<_> = config.references.clone();
    references.sort_by_key(|(scope, _)| *scope);
    let (mut definitions, mut references) = (order.iter().peekable(), references.iter().peekable());
    // One resolver for each scope that has anything: a lookup depends on who asks.
    for scope in 0..config.scopes.len() {
        let mut resolver = Resolver::new(tree, config, findings, scope);
        while let Some(at) = definitions
            .next_if(|at| config.definitions.get(**at).is_some_and(|definition| definition.scope == scope))
        {
            let Some(definition) = config.definitions.get(*at) else { continue };
            resolver.count_members(definition);
            if let Some(slot) = contents.get_mut(*at) {
                *slot = resolver.content(definition);
            }
        }
        while let Some((_, node)) = references.next_if(|(at, _)| *at == scope) {
            resolver.count(*node);
        }
    }
    let mut objects = Vec::with_capacity(config.definitions.len());
    let mut patterns = Vec::new();
    for (at, definition) in config.definitions.iter().enumerate() {
        let node = definition.node;
        let open = match definition.kind {
            Kind::ExternalList => Some("what is on the list is known to the firewall only"),
            Kind::AddressGroup if tree.child(node, "dynamic").is_some() => {
                Some("which addresses have its tags is known to the firewall only")
            }
            Kind::ApplicationFilter => Some("which applications it picks is known to the firewall only"),
            _ => None,
        };
        if let Some(reason) = open {
            marks.mark(node, Status::Approximated, reason);
        }
        names(tree, definition.kind, node, &mut patterns);
        objects.push(ObjectEntry {
            kind: definition.kind.noun(),
            name: tree.word(node).to_owned(),
            place: match tree.shape {
                Shape::Set => import::place(tree, node),
                _ => tree.place(node),
            },
            head: tree.name(node),
            uses: findings.uses.get(at).copied().unwrap_or(0),
            content: contents.get_mut(at).and_then(Option::take),
        });
    }
    objects.sort_by_key(|object| object.place);
    patterns.sort_by_key(|pattern: &NamePattern| pattern.place);
    (objects, patterns)
}

fn names(tree: &Tree<'_>, kind: Kind, node: super::tree::NodeId, patterns: &mut Vec<NamePattern>) {
    match kind {
        Kind::Address => {
            let Some(leaf) = tree.child(node, "fqdn").and_then(|key| tree.last(key)) else { return };
            let written = tree.word(leaf).to_owned();
            let covers = if super::values::is_host_name(&written) {
                vec![written.trim_end_matches('.').to_ascii_lowercase()]
            } else {
                Vec::new()
            };
            patterns.push(NamePattern { written, place: tree.name(leaf), covers });
        }
        Kind::UrlCategory => {
            let list = tree.child(node, "list");
            for leaf in list.into_iter().flat_map(|list| tree.children(list)) {
                let written = tree.word(leaf).to_owned();
                let covers = url::entry(&written).host.into_iter().collect();
                patterns.push(NamePattern { written, place: tree.name(leaf), covers });
            }
        }
        _ => {}
    }
}
