use std::collections::HashSet;
use std::rc::Rc;

use space::{Conditions, IntervalSet, Set, Side, Symbol, SymbolKind, protocol};

use super::applications::{self, Part, Standard};
use super::config::Kind;
use super::resolve::{Application, Category, DEEPEST, Family, Resolver};
use super::resolve_services::merged;
use super::tree::NodeId;
use super::{url, values};

impl<'a> Resolver<'a, '_> {
    /// The applications that the word of `node` stands for.
    pub fn application(&mut self, node: NodeId) -> Rc<Vec<Application>> {
        let name = self.tree.word(node);
        if let Some(definition) = self.find(Family::Applications, name) {
            self.findings.used(node, definition);
        }
        self.application_named(name, 0)
    }

    fn application_named(&mut self, name: &'a str, depth: usize) -> Rc<Vec<Application>> {
        if let Some(known) = self.applications.get(name) {
            return known.clone();
        }
        let found =
            self.find(Family::Applications, name).and_then(|index| Some((index, self.definition(index)?)));
        let one = |symbol: String, standard: Option<Standard>| {
            vec![Application { symbol: symbol.into(), standard: standard.map(Rc::new) }]
        };
        let value = match found {
            None => one(format!("application {name}"), applications::standard(name)),
            Some((_, definition)) if definition.kind == Kind::Application => {
                one(format!("application {name}"), self.custom_standard(definition.node))
            }
            Some((_, definition)) if definition.kind == Kind::ApplicationFilter => {
                one(format!("application filter {name}"), None)
            }
            Some((index, definition)) => {
                let again = self.open.contains(&index);
                if again || depth >= DEEPEST {
                    self.tangled(index, name, again);
                    one(format!("application group {name}"), None)
                } else {
                    self.open.insert(index);
                    let group = self.application_group(definition.node, name, depth);
                    self.open.remove(&index);
                    group
                }
            }
        };
        let value = Rc::new(value);
        self.applications.insert(name, value.clone());
        value
    }

    fn application_group(&mut self, node: NodeId, name: &str, depth: usize) -> Vec<Application> {
        let tree = self.tree;
        let mut out: Vec<Application> = Vec::new();
        let mut seen = HashSet::new();
        if tree.child(node, "members").is_none_or(|members| tree.first(members).is_none()) {
            return vec![Application { symbol: format!("application group {name}").into(), standard: None }];
        }
        for member in tree.child(node, "members").into_iter().flat_map(|members| tree.children(members)) {
            let members = self.application_named(tree.word(member), depth + 1);
            if members.len() > self.ranges_left {
                let symbol = format!("application group {name}").into();
                return vec![Application { symbol, standard: None }];
            }
            self.ranges_left -= members.len();
            out.extend(members.iter().filter(|member| seen.insert(member.symbol.clone())).cloned());
        }
        out
    }

    /// The standard ports that a custom application defines.
    fn custom_standard(&self, node: NodeId) -> Option<Standard> {
        let tree = self.tree;
        let default = tree.child(node, "default")?;
        let mut parts = Vec::new();
        for key in tree.children(default) {
            match tree.word(key) {
                "port" => {
                    for member in tree.children(key) {
                        let (name, ports) = tree.word(member).split_once('/')?;
                        let number = match name {
                            "tcp" => protocol::TCP,
                            "udp" => protocol::UDP,
                            _ => return None,
                        };
                        // `tcp/dynamic`: on any port, and which is not said.
                        parts.push(Part::of(number, values::ports(ports)?));
                    }
                }
                "ident-by-ip-protocol" => {
                    parts.push(Part::of(values::number(tree.value(key)?)?, IntervalSet::any()));
                }
                "ident-by-icmp-type" | "ident-by-icmp6-type" => {
                    let number = if tree.word(key).contains('6') { protocol::ICMPV6 } else { protocol::ICMP };
                    let kind: u8 = values::number(tree.value_of(key, "type")?)?;
                    let codes = match tree.value_of(key, "code") {
                        Some(code) => {
                            let code: u8 = values::number(code)?;
                            (code, code)
                        }
                        None => (0, u8::MAX),
                    };
                    let at = |code: u8| u16::from_be_bytes([kind, code]);
                    parts.push(Part::of(number, IntervalSet::range(at(codes.0), at(codes.1))));
                }
                _ => return None,
            }
        }
        (!parts.is_empty()).then(|| Standard { parts: merged(&parts), secure: Vec::new() })
    }

    /// The alternatives of a URL category.
    pub fn category(&mut self, node: NodeId) -> Rc<Vec<Category>> {
        let name = self.tree.word(node);
        let found = self.find(Family::Categories, name);
        if let Some(definition) = found {
            self.findings.used(node, definition);
        }
        if let Some(known) = self.categories.get(name) {
            return known.clone();
        }
        let opaque = || Category {
            conditions: Conditions::holds(Symbol::new(
                Side::Packet,
                SymbolKind::Match,
                &format!("url category {name}"),
            )),
            host: false,
        };
        let definition = found.and_then(|index| self.definition(index));
        let value = match definition {
            Some(definition) if definition.kind == Kind::UrlCategory => {
                let tree = self.tree;
                let matches_categories = tree.value_of(definition.node, "type") == Some("Category Match");
                let list = tree.child(definition.node, "list");
                let mut out = Vec::new();
                let mut more = matches_categories;
                for entry in list.into_iter().flat_map(|list| tree.children(list)) {
                    let entry = url::entry(tree.word(entry));
                    more |= entry.more;
                    if let Some(host) = entry.host.filter(|_| !matches_categories) {
                        out.push(Category {
                            conditions: Conditions::named(Side::Destination, &host),
                            host: true,
                        });
                    }
                }
                // A list without entries may be filled elsewhere: it is no rule that matches nothing.
                if more || out.is_empty() {
                    out.push(opaque());
                }
                out
            }
            _ => vec![opaque()],
        };
        let value = Rc::new(value);
        self.categories.insert(name, value.clone());
        value
    }
}
