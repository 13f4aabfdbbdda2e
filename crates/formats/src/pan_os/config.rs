use std::collections::HashMap;

use super::marks::Marks;
pub use super::scope::{Definition, Device, Kind, Loose, ONLY_VSYS, Position, Rulebase, Scope, ScopeKind};
use super::sections::{device_section, section_reason};
use super::tree::{Command, NodeId, ROOT, Tree};
use crate::Status;

/// What a tree says, in the vendor's words: who defines which objects, and where the rules are.
pub struct Config {
    pub scopes: Vec<Scope>,
    pub definitions: Vec<Definition>,
    /// Of each scope and kind, the definition of a name.
    names: HashMap<(usize, Kind), HashMap<String, usize>>,
    pub devices: Vec<Device>,
    pub loose: Vec<Loose>,
    /// Nodes that name objects outside of the security rules, and who says it.
    pub references: Vec<(usize, NodeId)>,
    /// The device group that another one is in, by name.
    parents: HashMap<String, String>,
    by_name: HashMap<(ScopeKind, String), usize>,
    /// Whether Panorama may add to what is in the file.
    pub managed: bool,
}

/// Where in a configuration a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// A whole device; what is not of a device is of its only vsys.
    Device,
    Objects(usize),
    /// What Panorama pushed.
    Pushed,
}

/// How deep device groups may lie in each other; Panorama takes four.
const DEEPEST_GROUP: usize = 64;

/// How deep configurations contain each other: a template has one.
const DEEPEST: usize = 12;

impl Config {
    pub fn of(tree: &Tree<'_>, marks: &mut Marks) -> Self {
        let mut config = Config {
            scopes: Vec::new(),
            definitions: Vec::new(),
            names: HashMap::new(),
            devices: vec![Device::default()],
            loose: Vec::new(),
            references: Vec::new(),
            parents: HashMap::new(),
            by_name: HashMap::new(),
            managed: false,
        };
        config.level(tree, marks, ROOT, At::Device, 0);
        for line in &tree.lines {
            if let Command::Unknown(node) = line.command {
                config.unknown_command(tree, node, line.place.start);
            }
        }
        config
    }

    /// A command that changes something below `node`: what it changes may be anything there.
    fn unknown_command(&mut self, tree: &Tree<'_>, node: NodeId, start: u32) {
        // Text that is no command at all changes nothing on a firewall: it is reported, and that is all.
        if node == ROOT {
            return;
        }
        const HARMLESS: [&str; 4] = ["mgt-config", "deviceconfig", "tag", "log-settings"];
        let path = tree.path(node);
        if path.iter().any(|word| HARMLESS.contains(word)) {
            return;
        }
        let says = format!("command at byte {start}");
        self.loose.push(Loose { node, scope: None, only_v6: false, says });
    }

    /// The definition of `name` among `kinds`, in the first scope of `chain` that has one.
    pub fn find(&self, chain: &[usize], kinds: &[Kind], name: &str) -> Option<usize> {
        chain.iter().find_map(|scope| {
            kinds.iter().find_map(|kind| self.names.get(&(*scope, *kind))?.get(name).copied())
        })
    }

    /// The device groups around a device group, from the inside out, and then `Shared`; what a vsys sees likewise.
    pub fn chain(&self, scope: usize) -> Vec<usize> {
        let mut chain = vec![scope];
        let Some(own) = self.scopes.get(scope) else { return chain };
        match own.kind {
            ScopeKind::DeviceGroup => {
                let mut at = own.name.as_str();
                while let Some(parent) = self.parents.get(at).filter(|_| chain.len() < DEEPEST_GROUP) {
                    match self.index(ScopeKind::DeviceGroup, parent) {
                        Some(found) if !chain.contains(&found) => chain.push(found),
                        _ => break,
                    }
                    at = parent;
                }
            }
            ScopeKind::Vsys => {
                chain.extend(self.index(ScopeKind::Pushed, &own.name));
                chain.extend(self.index(ScopeKind::Pushed, ""));
            }
            ScopeKind::Shared | ScopeKind::Pushed => {}
        }
        chain.extend(self.index(ScopeKind::Shared, "shared").filter(|shared| *shared != scope));
        chain
    }

    pub fn index(&self, kind: ScopeKind, name: &str) -> Option<usize> {
        self.by_name.get(&(kind, name.to_owned())).copied()
    }

    fn scope(&mut self, kind: ScopeKind, name: &str, node: NodeId) -> usize {
        self.index(kind, name).unwrap_or_else(|| {
            self.scopes.push(Scope {
                kind,
                name: name.to_owned(),
                node,
                rulebases: Vec::new(),
                defaults: Vec::new(),
                zones: Vec::new(),
                forwards: false,
            });
            let index = self.scopes.len() - 1;
            self.by_name.insert((kind, name.to_owned()), index);
            index
        })
    }

    /// A scope whose own node says its name.
    fn named_scope(&mut self, kind: ScopeKind, name: &str, node: NodeId) -> usize {
        let index = self.scope(kind, name, node);
        if let Some(scope) = self.scopes.get_mut(index) {
            scope.node = node;
        }
        index
    }

    fn level(&mut self, tree: &Tree<'_>, marks: &mut Marks, node: NodeId, at: At, depth: usize) {
        if depth > DEEPEST {
            marks.mark(node, Status::NotUnderstood, "configurations lie too deep in each other");
            return;
        }
        for child in tree.children(node) {
            match (tree.word(child), at) {
                ("config" | "policy", At::Device) => self.level(tree, marks, child, At::Device, depth + 1),
                ("devices", At::Device) => {
                    for device in tree.children(child) {
                        self.level(tree, marks, device, At::Device, depth + 1);
                    }
                }
                ("entry", At::Device) => self.level(tree, marks, child, At::Device, depth + 1),
                ("vsys", At::Device | At::Pushed) => {
                    for vsys in tree.children(child) {
                        let kind = if at == At::Pushed { ScopeKind::Pushed } else { ScopeKind::Vsys };
                        let scope = self.named_scope(kind, tree.word(vsys), vsys);
                        self.level(tree, marks, vsys, At::Objects(scope), depth + 1);
                    }
                }
                ("device-group", At::Device) => {
                    for group in tree.children(child) {
                        let name = tree.word(group);
                        let scope = self.named_scope(ScopeKind::DeviceGroup, name, group);
                        if let Some(parent) = tree.value_of(group, "parent-dg") {
                            self.parents.insert(name.to_owned(), parent.to_owned());
                        }
                        self.level(tree, marks, group, At::Objects(scope), depth + 1);
                    }
                }
                ("shared", At::Device) => {
                    let scope = self.named_scope(ScopeKind::Shared, "shared", child);
                    self.level(tree, marks, child, At::Objects(scope), depth + 1);
                }
                ("panorama", At::Device) => {
                    self.managed = true;
                    self.level(tree, marks, child, At::Pushed, depth + 1);
                }
                ("readonly", At::Device) => self.readonly(tree, marks, child),
                ("template", At::Device) => {
                    for template in tree.children(child) {
                        self.template(tree, marks, template);
                    }
                }
                ("network", At::Device) => self.network(tree, marks, child, 0),
                ("deviceconfig", At::Device) => self.device_settings(tree, marks, child),
                (word, At::Device) if device_section(word).is_some() => {
                    marks.mark(child, Status::Irrelevant, device_section(word).unwrap_or_default());
                }
                (_, At::Device) => {
                    let scope = self.scope(ScopeKind::Vsys, ONLY_VSYS, child);
                    self.section(tree, marks, child, scope);
                }
                (_, At::Objects(scope)) => self.section(tree, marks, child, scope),
                (_, At::Pushed) => {
                    let scope = self.scope(ScopeKind::Pushed, "", child);
                    self.section(tree, marks, child, scope);
                }
            }
        }
    }

    /// A section of a vsys, of a device group or of `shared`.
    fn section(&mut self, tree: &Tree<'_>, marks: &mut Marks, node: NodeId, scope: usize) {
        match tree.word(node) {
            "profiles" => {
                for profile in tree.children(node) {
                    if tree.word(profile) == "custom-url-category" {
                        self.objects(tree, marks, profile, Kind::UrlCategory, scope);
                    } else {
                        let reason = "a profile: it inspects what the rules let through";
                        marks.mark(profile, Status::Irrelevant, reason);
                    }
                }
            }
            "zone" => {
                for zone in tree.children(node) {
                    marks.mark(zone, Status::Understood, "");
                }
                if let Some(own) = self.scopes.get_mut(scope) {
                    own.zones.push(node);
                    let name = own.name.clone();
                    if own.kind == ScopeKind::Vsys
                        && let Some(device) = self.devices.first_mut()
                    {
                        device.zones.push((name, node));
                    }
                }
            }
            "rulebase" => self.rulebase(tree, marks, node, Position::Local, scope),
            "pre-rulebase" => self.rulebase(tree, marks, node, Position::Pre, scope),
            "post-rulebase" => self.rulebase(tree, marks, node, Position::Post, scope),
            "parent-dg" => marks.mark(node, Status::Understood, ""),
            word => match Kind::of(word) {
                Some(kind) => self.objects(tree, marks, node, kind, scope),
                None => marks.mark(node, Status::Irrelevant, section_reason(word)),
            },
        }
    }

    fn objects(&mut self, tree: &Tree<'_>, marks: &mut Marks, node: NodeId, kind: Kind, scope: usize) {
        let names = self.names.entry((scope, kind)).or_default();
        for object in tree.children(node) {
            marks.mark(object, Status::Understood, "");
            names.entry(tree.word(object).to_owned()).or_insert_with(|| {
                self.definitions.push(Definition { kind, node: object, scope });
                self.definitions.len() - 1
            });
        }
    }

    fn rulebase(
        &mut self,
        tree: &Tree<'_>,
        marks: &mut Marks,
        node: NodeId,
        position: Position,
        scope: usize,
    ) {
        for kind in tree.children(node) {
            let word = tree.word(kind);
            for rules in tree.children(kind) {
                match (word, tree.word(rules)) {
                    ("security", "rules") => {
                        if let Some(own) = self.scopes.get_mut(scope) {
                            own.rulebases.push(Rulebase { position, rules });
                        }
                        // Marked when they are read; those that no rule set asks for stay so.
                        for rule in tree.children(rules) {
                            marks.mark(rule, Status::Understood, "");
                        }
                    }
                    ("default-security-rules", "rules") => {
                        if let Some(own) = self.scopes.get_mut(scope) {
                            own.defaults.push(rules);
                        }
                        for rule in tree.children(rules) {
                            marks.mark(rule, Status::Understood, "");
                        }
                    }
                    (_, "rules") => {
                        for rule in tree.children(rules) {
                            self.other_rule(tree, marks, word, rule, scope);
                        }
                    }
                    (_, part) => {
                        let says = format!("the section {word} {part}");
                        self.not_understood(marks, rules, Some(scope), says);
                    }
                }
            }
        }
    }

    /// A rule of another rule base than security.
    fn other_rule(&mut self, tree: &Tree<'_>, marks: &mut Marks, word: &str, rule: NodeId, scope: usize) {
        self.references.push((scope, rule));
        let enabled = tree.value_of(rule, "disabled") != Some("yes");
        let name = tree.word(rule);
        let action = tree.child(rule, "action").and_then(|action| tree.value(action));
        match word {
            "nat" => marks.mark(
                rule,
                Status::Irrelevant,
                "it translates addresses: security rules are asked with those before it, and the zones after it",
            ),
            "decryption" => marks.mark(
                rule,
                Status::Irrelevant,
                "it decides which sessions are decrypted for inspection, not which pass",
            ),
            "qos" => marks.mark(rule, Status::Irrelevant, "it sets priorities, and lets nothing through"),
            "pbf" | "dos" if enabled && matches!(action, Some("discard" | "deny")) => {
                let says = format!("the {word} rule `{name}` drops packets");
                self.not_understood(marks, rule, Some(scope), says);
            }
            "pbf" => {
                if let Some(own) = self.scopes.get_mut(scope) {
                    own.forwards |= enabled;
                }
                marks.mark(rule, Status::Irrelevant, "it chooses an interface, and lets nothing through");
            }
            "dos" => marks.mark(rule, Status::Irrelevant, "it limits rates, whatever the rules say"),
            "application-override" => marks.mark(
                rule,
                Status::Approximated,
                "it names the application of packets, which is kept open here",
            ),
            "captive-portal" | "authentication" => {
                marks.mark(rule, Status::Irrelevant, "it asks web users who they are");
            }
            "tunnel-inspect" | "sdwan" | "network-packet-broker" => {
                marks.mark(rule, Status::Irrelevant, "it inspects or steers what the rules let through");
            }
            _ => {
                let says = format!("the {word} rule `{name}`");
                self.not_understood(marks, rule, Some(scope), says);
            }
        }
    }

    fn not_understood(&mut self, marks: &mut Marks, node: NodeId, scope: Option<usize>, says: String) {
        let reason = format!("{} is not modelled", diagnostics::printable(&says));
        marks.mark(node, Status::NotUnderstood, reason);
        self.loose.push(Loose { node, scope, only_v6: false, says });
    }

    fn network(&mut self, tree: &Tree<'_>, marks: &mut Marks, node: NodeId, device: usize) {
        if let Some(device) = self.devices.get_mut(device) {
            device.networks.push(node);
        }
        for section in tree.children(node) {
            match tree.word(section) {
                "interface" => {
                    for kind in tree.children(section) {
                        marks.mark(kind, Status::Understood, "");
                    }
                }
                "virtual-router" | "logical-router" => {
                    for router in tree.children(section) {
                        marks.mark(router, Status::Understood, "");
                    }
                }
                _ => marks.mark(section, Status::Irrelevant, "it is not about which packets pass"),
            }
        }
    }

    fn device_settings(&mut self, tree: &Tree<'_>, marks: &mut Marks, node: NodeId) {
        marks.mark(node, Status::Irrelevant, "settings of the device, not of its policy");
        let system = tree.child(node, "system");
        let panorama = |word| system.and_then(|system| tree.child(system, word)).is_some();
        self.managed |= panorama("panorama") || panorama("panorama-server");
        if let Some(ipv6) = tree.descend(node, &["setting", "session", "ipv6-firewalling"])
            && tree.value(ipv6) == Some("no")
        {
            let reason = "without IPv6 firewalling, what becomes of IPv6 is not known";
            marks.mark(node, Status::Approximated, reason);
            marks.mark(ipv6, Status::Approximated, reason);
            let says = "ipv6-firewalling is off".to_owned();
            self.loose.push(Loose { node: ipv6, scope: None, only_v6: true, says });
        }
    }

    /// What Panorama keeps for itself; of it, which device group is in which.
    fn readonly(&mut self, tree: &Tree<'_>, marks: &mut Marks, node: NodeId) {
        marks.mark(
            node,
            Status::Irrelevant,
            "numbers that Panorama keeps; the parents of device groups are read",
        );
        let devices = tree.child(node, "devices");
        for device in devices.into_iter().flat_map(|devices| tree.children(devices)) {
            let groups = tree.child(device, "device-group");
            for group in groups.into_iter().flat_map(|groups| tree.children(groups)) {
                if let Some(parent) = tree.child(group, "parent-dg") {
                    marks.mark(parent, Status::Understood, "");
                    let parent = tree.value(parent).unwrap_or_default().to_owned();
                    self.parents.insert(tree.word(group).to_owned(), parent);
                }
            }
        }
    }

    fn template(&mut self, tree: &Tree<'_>, marks: &mut Marks, template: NodeId) {
        self.devices.push(Device { template: Some(tree.word(template).to_owned()), ..Device::default() });
        let index = self.devices.len() - 1;
        for part in tree.children(template) {
            if tree.word(part) != "config" {
                marks.mark(part, Status::Irrelevant, "a setting of the template");
                continue;
            }
            for section in tree.children(part) {
                if tree.word(section) != "devices" {
                    marks.mark(section, Status::Irrelevant, "a template's settings that are not about zones");
                    continue;
                }
                for device in tree.children(section) {
                    self.template_device(tree, marks, device, index);
                }
            }
        }
    }

    fn template_device(&mut self, tree: &Tree<'_>, marks: &mut Marks, node: NodeId, index: usize) {
        for section in tree.children(node) {
            match tree.word(section) {
                "network" => self.network(tree, marks, section, index),
                "vsys" => {
                    for vsys in tree.children(section) {
                        for part in tree.children(vsys) {
                            if tree.word(part) != "zone" {
                                marks.mark(
                                    part,
                                    Status::Irrelevant,
                                    "a template's settings that are not about zones",
                                );
                                continue;
                            }
                            for zone in tree.children(part) {
                                marks.mark(zone, Status::Understood, "");
                            }
                            if let Some(device) = self.devices.get_mut(index) {
                                device.zones.push((tree.word(vsys).to_owned(), part));
                            }
                        }
                    }
                }
                _ => {
                    marks.mark(section, Status::Irrelevant, "a template's settings that are not about zones")
                }
            }
        }
    }
}
