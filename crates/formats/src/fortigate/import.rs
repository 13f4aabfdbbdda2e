use std::collections::{HashMap, HashSet};

use diagnostics::TextRange;
use space::{
    Action, Chain, Conditions, NameSet, Region, Rule, RuleId, RuleSet, Side, Stage, Symbol, SymbolKind,
};

use super::coverage::{Statuses, coverage};
use super::domain::Domain;
use super::interface::Interfaces;
use super::matching::{Setting, meaning};
use super::policy::Policy;
use super::sections::Kind;
use super::tree::{Document, Node};
use super::{NAME, inventory, parse, route};
use crate::{
    Direction, Export, ImportError, Inventory, Problem, RuleEntry, RuleSetExport, StageEntry, Status,
};

/// How many regions all policies together may have beyond one for each.
const MOST_REGIONS: usize = 1_000_000;

/// Reads a file, with what an edit needs to know of it.
pub(super) struct Reading<'t> {
    pub document: Document<'t>,
    pub export: Export,
    /// For each rule set the entries of the file behind its entries.
    pub origins: Vec<Vec<Option<Origin>>>,
    /// For each rule set its virtual domain.
    pub scopes: Vec<usize>,
}

/// An entry of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub table: usize,
    pub entry: u32,
}

pub(super) fn import(text: &str) -> Result<Export, ImportError> {
    read(text).map(|reading| reading.export)
}

pub(super) fn read(text: &str) -> Result<Reading<'_>, ImportError> {
    let document = parse::parse(text)?;
    let has_lists =
        document.tables.iter().any(|table| table.kind.has_rules() && table.kind != Kind::Deciding);
    if !has_lists {
        return Err(ImportError::new(
            TextRange::new(0, 0),
            "the file has no policies",
            "export the whole configuration, or at least `show firewall policy` with the objects that it names",
        ));
    }
    let mut importer = Importer {
        document: &document,
        statuses: HashMap::new(),
        rule_sets: Vec::new(),
        origins: Vec::new(),
        scopes: Vec::new(),
        inventory: Inventory::default(),
        problems: Vec::new(),
        left: MOST_REGIONS,
    };
    for scope in 0..document.scopes.len() {
        importer.scope(scope);
    }
    let Importer { statuses, mut rule_sets, mut origins, mut scopes, mut inventory, mut problems, .. } =
        importer;
    // What is for the FortiGate itself comes after what passes through it.
    let mut order: Vec<usize> = (0..rule_sets.len()).collect();
    order.sort_by_key(|&at| rule_sets.get(at).is_some_and(|set| set.direction == Direction::Inbound));
    rule_sets = picked(rule_sets, &order);
    origins = picked(origins, &order);
    scopes = picked(scopes, &order);
    inventory.objects.sort_by_key(|object| object.place);
    inventory.undefined.sort_by_key(|undefined| undefined.place);
    inventory.patterns.sort_by_key(|pattern| pattern.place);
    problems.extend(document.problems.iter().cloned());
    problems.sort_by_key(|problem| problem.place);
    let coverage = coverage(&document, &statuses);
    let export = Export { format: NAME, rule_sets, coverage, problems, inventory, mapping: None };
    Ok(Reading { document, export, origins, scopes })
}

fn picked<T>(all: Vec<T>, order: &[usize]) -> Vec<T> {
    let mut slots: Vec<Option<T>> = all.into_iter().map(Some).collect();
    order.iter().filter_map(|&at| slots.get_mut(at).and_then(Option::take)).collect()
}

struct Importer<'d, 't> {
    document: &'d Document<'t>,
    statuses: Statuses,
    rule_sets: Vec<RuleSetExport>,
    origins: Vec<Vec<Option<Origin>>>,
    scopes: Vec<usize>,
    inventory: Inventory,
    problems: Vec<Problem>,
    left: usize,
}

/// One rule before it has its number.
struct Draft {
    entry: RuleEntry,
    origin: Option<Origin>,
    chain: usize,
    regions: Vec<Region>,
    action: Action,
}

impl<'d, 't> Importer<'d, 't> {
    fn scope(&mut self, scope: usize) {
        const MAIN: [Kind; 7] = [
            Kind::Deciding,
            Kind::Acl,
            Kind::Acl6,
            Kind::Policy,
            Kind::Policy6,
            Kind::ConsolidatedPolicy,
            Kind::SecurityPolicy,
        ];
        const LOCAL: [Kind; 2] = [Kind::LocalInPolicy, Kind::LocalInPolicy6];
        let mut domain = Domain::of(self.document, scope);
        let present = |kinds: &[Kind]| -> Vec<Kind> {
            kinds.iter().copied().filter(|&kind| self.document.table(scope, kind).is_some()).collect()
        };
        let (main, local) = (present(&MAIN), present(&LOCAL));
        let vdom = self.document.scopes.get(scope).map_or("", |name| &**name).to_owned();
        if main.iter().any(|&kind| kind != Kind::Deciding) {
            let name = if vdom.is_empty() { "firewall policy".to_owned() } else { vdom.clone() };
            self.transit(&mut domain, name, &main);
        }
        if !local.is_empty() {
            let name = if vdom.is_empty() {
                "local-in-policy".to_owned()
            } else {
                format!("{vdom} local-in-policy")
            };
            self.local(&mut domain, name, &local);
        }
        let (objects, fates) = inventory::objects(&mut domain);
        for (kind, name, why) in fates {
            let Some(&table) = self.document.by_kind.get(&(scope, kind)) else { continue };
            let entry = self.document.tables.get(table).and_then(|table| table.by_name.get(&*name));
            if let (Some(&entry), Some(why)) = (entry, why) {
                self.statuses.insert(Origin { table, entry }, (Status::Approximated, why.into()));
            }
        }
        self.inventory.objects.extend(objects);
        if !main.is_empty() || self.document.scopes.len() == 1 {
            self.inventory.interfaces.extend(route::behind(self.document, scope, &domain.interfaces));
        }
        self.inventory.undefined.append(&mut domain.findings.undefined);
        self.inventory.patterns.append(&mut domain.findings.patterns);
        self.problems.append(&mut domain.findings.problems);
    }

    /// What passes through.
    fn transit(&mut self, domain: &mut Domain<'d, 't>, name: String, kinds: &[Kind]) {
        let scope = domain.scope;
        let settings = self.document.table(scope, Kind::Settings);
        let by_policy = settings.is_some_and(|table| {
            self.document.value(&table.whole, "ngfw-mode").is_some_and(|word| word.text == "policy-based")
        });
        let has = |kind: Kind| kinds.contains(&kind);
        let secured = has(Kind::SecurityPolicy)
            && (by_policy || self.document.entries(scope, Kind::SecurityPolicy).next().is_some());
        let firsts = has(Kind::Policy) || has(Kind::ConsolidatedPolicy);
        // In the policy-based mode a flow needs a policy in both lists.
        let staged = secured && firsts;
        let policies = self.policies(scope, kinds);
        // In the policy-based mode central NAT is on by itself.
        let central = domain.has_central_nat() || secured;
        if !central && domain.has_virtual_ips() {
            let read: Vec<Policy<'_, '_>> = policies
                .iter()
                .filter(|(_, kind, _)| !matches!(kind, Kind::SecurityPolicy))
                .map(|(_, kind, node)| Policy::of(self.document, node, *kind))
                .collect();
            domain.note_virtual_ips(&read);
        }
        let mut drafts: Vec<Draft> = self.strange_section(scope).into_iter().collect();
        if central {
            drafts.extend(central_nat(domain));
        }
        let mut names = HashSet::new();
        for (origin, kind, node) in policies {
            let chain = usize::from(staged && kind == Kind::SecurityPolicy);
            let permits_by_default = staged && chain == 0;
            drafts.push(self.policy(
                domain,
                origin,
                kind,
                node,
                chain,
                (permits_by_default, central),
                &mut names,
            ));
        }
        for chain in 0..=usize::from(staged) {
            drafts.extend(within_zones(&domain.interfaces, chain, staged));
        }
        let stages = (0..=usize::from(staged)).map(|chain| (chain, Action::Deny)).collect();
        let default = |_: usize| StageEntry { name: "implicit deny".to_owned(), place: None };
        self.finish(scope, name, Direction::Transit, drafts, stages, &default);
    }

    /// What the FortiGate itself answers.
    fn local(&mut self, domain: &mut Domain<'d, 't>, name: String, kinds: &[Kind]) {
        let scope = domain.scope;
        let mut drafts = Vec::new();
        let mut names = HashSet::new();
        for (origin, kind, node) in self.policies(scope, kinds) {
            drafts.push(self.policy(domain, origin, kind, node, 0, (false, true), &mut names));
        }
        // The rest hangs on what each interface is allowed to serve, which is no list of policies.
        let default = |_: usize| StageEntry {
            name: "what its interfaces serve (`allowaccess`)".to_owned(),
            place: None,
        };
        self.finish(scope, name, Direction::Inbound, drafts, vec![(0, Action::Unknown)], &default);
    }

    /// The entries of lists of policies, list by list, in the order in which FortiOS walks them.
    fn policies(&self, scope: usize, kinds: &[Kind]) -> Vec<(Origin, Kind, &'d Node<'t>)> {
        let mut out = Vec::new();
        for &kind in kinds {
            let Some(&table) = self.document.by_kind.get(&(scope, kind)) else { continue };
            let Some(list) = self.document.tables.get(table) else { continue };
            for &entry in &list.order {
                if let Some(node) = list.entries.get(entry as usize) {
                    out.push((Origin { table, entry }, kind, node));
                }
            }
        }
        out
    }

    #[expect(clippy::too_many_arguments, reason = "each is one thing that a policy hangs on")]
    fn policy(
        &mut self,
        domain: &mut Domain<'d, 't>,
        origin: Origin,
        kind: Kind,
        node: &'d Node<'t>,
        chain: usize,
        (permits_by_default, ignores_virtual_ips): (bool, bool),
        names: &mut HashSet<String>,
    ) -> Draft {
        let plain = match kind {
            Kind::Deciding => node.name.to_string(),
            _ => format!("{} {}", kind.word(), node.name),
        };
        // Only the number 0, which stands for the next one that is free, comes twice in a list.
        let name = if node.name == "0" { distinct(plain, names) } else { plain };
        let policy = Policy::of(self.document, node, kind);
        let version = self.document.version;
        let setting = Setting { name: &name, permits_by_default, ignores_virtual_ips, version };
        let meant = meaning(domain, &policy, setting, &mut self.left);
        self.statuses.insert(origin, (meant.status, meant.reason));
        let text = |word: Option<&super::lexer::Word<'_>>| {
            word.map(|word| word.text.to_string()).filter(|text| !text.is_empty())
        };
        let comment = match (text(policy.name), text(policy.comment)) {
            (Some(name), Some(comment)) => Some(format!("{name}: {comment}")),
            (name, comment) => name.or(comment),
        };
        let entry = RuleEntry {
            name,
            place: node.place(),
            head: node.head,
            list: kind.path().to_owned(),
            comment,
            enabled: !policy.disabled,
            logs: policy.logs,
            implied: false,
            expires: meant.expires,
            inactive: meant.inactive,
        };
        Draft { entry, origin: Some(origin), chain, regions: meant.regions, action: meant.action }
    }

    /// A section of the firewall that is not known and has no entries may decide anything.
    fn strange_section(&self, scope: usize) -> Option<Draft> {
        let table = self.document.table(scope, Kind::Deciding)?;
        if table.whole.settings.is_empty() && table.whole.children.is_empty() {
            return None;
        }
        let place = table.sections.first()?.place;
        let name = "sections that are not known".to_owned();
        let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
        Some(Draft {
            entry: implied(name, "firewall", place),
            origin: None,
            chain: 0,
            regions: vec![Region::any().when(Conditions::holds(symbol))],
            action: Action::Unknown,
        })
    }

    fn finish(
        &mut self,
        scope: usize,
        name: String,
        direction: Direction,
        drafts: Vec<Draft>,
        stages: Vec<(usize, Action)>,
        default: &dyn Fn(usize) -> StageEntry,
    ) {
        // Numbers go by the order of the file, rules by the order in which they are asked.
        let mut by_place: Vec<usize> = (0..drafts.len()).collect();
        by_place.sort_by_key(|&at| drafts.get(at).map(|draft| draft.entry.place.start));
        let mut ids = vec![RuleId(0); drafts.len()];
        for (number, at) in (0..).zip(&by_place) {
            if let Some(id) = ids.get_mut(*at) {
                *id = RuleId(number);
            }
        }
        let mut chains: Vec<Vec<Rule>> = stages.iter().map(|_| Vec::new()).collect();
        let mut entries: Vec<Option<RuleEntry>> = drafts.iter().map(|_| None).collect();
        let mut origins: Vec<Option<Origin>> = vec![None; drafts.len()];
        for (draft, id) in drafts.into_iter().zip(ids) {
            let at = id.0 as usize;
            if let (Some(entry), Some(origin)) = (entries.get_mut(at), origins.get_mut(at)) {
                if draft.entry.inactive.is_none()
                    && let Some(chain) = chains.get_mut(draft.chain)
                {
                    chain.push(Rule { id, matches: draft.regions, action: draft.action });
                }
                *entry = Some(draft.entry);
                *origin = draft.origin;
            }
        }
        let rules = RuleSet {
            chains: chains.into_iter().map(Chain::from).collect(),
            stages: stages.iter().map(|&(chain, default)| Stage { chain, default }).collect(),
        };
        self.rule_sets.push(RuleSetExport {
            name,
            direction,
            stateful: true,
            rules,
            entries: entries.into_iter().flatten().collect(),
            stages: (0..stages.len()).map(default).collect(),
        });
        self.origins.push(origins);
        self.scopes.push(scope);
    }
}

fn implied(name: String, list: &str, place: TextRange) -> RuleEntry {
    RuleEntry {
        name,
        place,
        head: place,
        list: list.to_owned(),
        comment: None,
        enabled: true,
        logs: false,
        implied: true,
        expires: None,
        inactive: None,
    }
}

/// With central NAT, policies name the mapped address: what becomes of packets to the external ones is not followed.
fn central_nat(domain: &mut Domain<'_, '_>) -> Option<Draft> {
    let translated = domain.all_virtual_ips();
    let table = domain.document.table(domain.scope, Kind::Vip);
    let table = table.or_else(|| domain.document.table(domain.scope, Kind::Vip6))?;
    let place = table.sections.first()?.place;
    if translated.is_empty() {
        return None;
    }
    let name = "central NAT".to_owned();
    Some(Draft {
        entry: implied(name, table.kind.path(), place),
        origin: None,
        chain: 0,
        regions: translated,
        action: Action::Unknown,
    })
}

/// What passes from one interface of a zone to another without a policy: after the policies, before the implicit deny
/// (Technical Tip "Information about policy matching order when the intrazone setting is used").
fn within_zones(interfaces: &Interfaces<'_>, chain: usize, staged: bool) -> Vec<Draft> {
    let zones = interfaces.zones.iter().filter_map(|zone| zone.intrazone.map(|place| (zone, place)));
    let drafts = zones.map(|(zone, place)| {
        let mut region = Region {
            in_interface: NameSet::one(zone.name),
            out_interface: NameSet::one(zone.name),
            ..Region::any()
        };
        // For a zone of one interface it counts from FortiOS 7.4.4 on only (Technical Tip "Block or allow intra-zone
        // traffic").
        if interfaces.members(zone.name).is_none_or(|members| members < 2) {
            let name = format!("intrazone of the one interface in {}", zone.name);
            let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
            region = region.when(Conditions::holds(symbol));
        }
        let of = if staged {
            format!(" ({})", if chain == 0 { "policy" } else { "security-policy" })
        } else {
            String::new()
        };
        Draft {
            entry: implied(format!("zone {} intrazone{of}", zone.name), "system zone", place),
            origin: None,
            chain,
            regions: vec![region],
            action: Action::Permit,
        }
    });
    drafts.collect()
}

/// `name`, or where it was given out before, `name (2)`, `name (3)` and so on.
fn distinct(name: String, names: &mut HashSet<String>) -> String {
    if names.insert(name.clone()) {
        return name;
    }
    let first = names.len();
    let distinct = (first..).map(|number| format!("{name} ({number})")).find(|it| !names.contains(it));
    let distinct = distinct.unwrap_or(name);
    names.insert(distinct.clone());
    distinct
}
