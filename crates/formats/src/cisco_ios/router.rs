//! The lists bound to the interfaces of a router as one rule set: what comes in, then what goes out.

use std::collections::{BTreeMap, HashMap, HashSet};

use space::{Action, AddressSet, Conditions, NameSet, Region, Set, Side, Symbol, SymbolKind};

use super::build::{Builder, Draft};
use super::inspect;
use super::lines::short;
use super::meaning::{Meaning, Meanings, Verdict, every};
use super::model::{Binding, Config, Family, Interface, Platform, Way};
use super::zones;
use crate::{Problem, RuleSetExport};

/// The lists that are bound to an interface.
pub fn bound(config: &Config<'_>) -> HashSet<usize> {
    let bindings = config.interfaces.iter().flat_map(|interface| &interface.bindings);
    bindings.filter_map(|binding| config.list_by_name.get(&(binding.family, binding.list)).copied()).collect()
}

/// Lists that are bound and not there.
pub fn problems(config: &Config<'_>) -> Vec<Problem> {
    let bindings = config.interfaces.iter().flat_map(|interface| &interface.bindings);
    let missing =
        bindings.filter(|binding| !config.list_by_name.contains_key(&(binding.family, binding.list)));
    let problem = |binding: &Binding<'_>| Problem {
        place: binding.place,
        message: format!("the access list `{}` is not defined", short(binding.list)),
        help: match config.platform {
            Platform::Ios => "IOS permits everything by it: define the list, or take the line away",
            _ => "define the list, or take the line away",
        }
        .to_owned(),
    };
    missing.map(problem).collect()
}

/// The one rule set of the router, named after it.
pub fn rule_set<'a>(
    config: &Config<'a>,
    meanings: &[Vec<Meaning>],
    symbols: &mut Meanings<'_, 'a>,
    bound: &HashSet<usize>,
) -> RuleSetExport {
    let mut builder = Builder::new();
    let (inbound, outbound) = (builder.chain(), builder.chain());
    obscure(config, &mut builder, inbound, symbols);
    inspect::replies(config, &mut builder, [inbound, outbound]);
    translated(config, meanings, &mut builder, [inbound, outbound]);
    let mut chains: HashMap<usize, usize> = HashMap::new();
    // In the order of the file, whichever lists a hash gives first.
    let ordered: BTreeMap<usize, ()> = bound.iter().map(|index| (*index, ())).collect();
    for index in ordered.into_keys() {
        let chain = builder.chain();
        if let (Some(list), Some(meanings)) = (config.lists.get(index), meanings.get(index)) {
            builder.list(chain, config, list, meanings);
        }
        chains.insert(index, chain);
    }
    for interface in &config.interfaces {
        for binding in &interface.bindings {
            let list = config.list_by_name.get(&(binding.family, binding.list));
            let chain = list.and_then(|list| chains.get(list)).copied();
            let stage = if binding.way == Way::In { inbound } else { outbound };
            bind(config, &mut builder, stage, interface, binding, chain);
        }
    }
    builder.stage(inbound, Action::Permit, "interfaces without an inbound access list");
    if !builder.is_empty(outbound) {
        builder.stage(outbound, Action::Permit, "interfaces without an outbound access list");
    }
    zones::stage(config, &mut builder);
    builder.finish(config.hostname.map_or_else(|| "router".to_owned(), short))
}

/// `ip access-group` on an interface: its packets go through the list.
fn bind(
    config: &Config<'_>,
    builder: &mut Builder,
    stage: usize,
    interface: &Interface<'_>,
    binding: &Binding<'_>,
    chain: Option<usize>,
) {
    let name = short(&interface.name);
    let way = if binding.way == Way::In { "in" } else { "out" };
    let draft = Draft {
        name: format!("{name} {way}: {}", short(binding.list)),
        place: binding.place,
        list: format!("interface {name}"),
        implied: false,
    };
    let mut region = every(binding.family);
    if binding.port || interface.switchport {
        // By which port a packet comes is not told by where its addresses are routed.
        let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &format!("switch port {name} {way}"));
        region.conditions = Conditions::holds(symbol);
    } else {
        region = at(region, &interface.name, binding.way);
    }
    // A list that is not defined lets everything pass on IOS ("ip access-group": "if the specified access list does not
    // exist, all packets are passed").
    let action = match (chain, config.platform) {
        (Some(chain), _) => Action::Goto(chain),
        (None, Platform::Ios) => Action::Permit,
        (None, _) => Action::Unknown,
    };
    builder.rule(stage, draft, vec![region], action);
}

/// The packets of a region that come in, or go out, by an interface.
pub fn at(region: Region, interface: &str, way: Way) -> Region {
    let names = NameSet::one(interface);
    match way {
        Way::In => Region { in_interface: names, ..region },
        Way::Out => Region { out_interface: names, ..region },
    }
}

/// A set of many names, put together by halves.
pub fn names(all: &[&str]) -> NameSet {
    match all {
        [] => NameSet::empty(),
        [one] => NameSet::one(one),
        _ => {
            let (left, right) = all.split_at(all.len() / 2);
            names(left).union(&names(right))
        }
    }
}

/// Statements that may decide packets and are not modelled.
fn obscure<'a>(config: &Config<'a>, builder: &mut Builder, chain: usize, symbols: &mut Meanings<'_, 'a>) {
    for obscure in &config.obscure {
        let symbol = symbols.alone(&format!("`{}`", obscure.text));
        let named =
            |index: usize| config.interfaces.get(index).map_or("", |interface| interface.name.as_str());
        let regions = match obscure.interface {
            None => vec![Region::any()],
            Some((index, Some(way))) => vec![at(Region::any(), named(index), way)],
            Some((index, None)) => [Way::In, Way::Out].map(|way| at(Region::any(), named(index), way)).into(),
        };
        let matches =
            regions.into_iter().map(|region| region.when(Conditions::holds(symbol.clone()))).collect();
        let list = match obscure.interface {
            Some((index, _)) => format!("interface {}", short(named(index))),
            None => "global".to_owned(),
        };
        let draft = Draft { name: obscure.text.clone(), place: obscure.place, list, implied: false };
        builder.rule(chain, draft, matches, Action::Unknown);
    }
}

/// Where lists see translated packets, what they see is not known ("NAT Order of Operation"): what comes in from outside
/// has global addresses until its list was asked, and what goes out is translated before.
fn translated(
    config: &Config<'_>,
    meanings: &[Vec<Meaning>],
    builder: &mut Builder,
    [inbound, outbound]: [usize; 2],
) {
    if config.nat.is_empty() {
        return;
    }
    let inside: Vec<&Interface<'_>> =
        config.interfaces.iter().filter(|interface| interface.nat_inside).collect();
    let outside: Vec<&Interface<'_>> =
        config.interfaces.iter().filter(|interface| interface.nat_outside).collect();
    let names = |all: &[&Interface<'_>]| {
        names(&all.iter().map(|interface| interface.name.as_str()).collect::<Vec<_>>())
    };
    let filters = |all: &[&Interface<'_>], way: Way| {
        all.iter()
            .any(|interface| interface.bindings.iter().any(|it| it.way == way && it.family == Family::V4))
    };
    let local = local_addresses(config, meanings);
    let place = inside.first().or(outside.first()).map_or_else(Default::default, |interface| interface.place);
    let symbol = Symbol::new(Side::Packet, SymbolKind::Match, "address translation");
    let rule = |builder: &mut Builder, chain: usize, name: &str, region: Region| {
        let draft =
            Draft { name: name.to_owned(), place, list: "address translation".to_owned(), implied: true };
        builder.rule(chain, draft, vec![region.when(Conditions::holds(symbol.clone()))], Action::Unknown);
    };
    let outward = Region {
        in_interface: names(&inside),
        out_interface: names(&outside),
        ..every(Family::V4).from(local)
    };
    let inward = Region { in_interface: names(&outside), out_interface: names(&inside), ..every(Family::V4) };
    if outward.in_interface.is_empty() || outward.out_interface.is_empty() {
        return;
    }
    if filters(&outside, Way::Out) {
        rule(builder, outbound, "translated on the way out", outward);
    }
    if filters(&outside, Way::In) {
        rule(builder, inbound, "translated after it came in", inward.clone());
    }
    if filters(&inside, Way::Out) {
        rule(builder, outbound, "translated on the way in", inward);
    }
}

/// The addresses that are translated on their way out; all where that is not said by lists alone.
fn local_addresses(config: &Config<'_>, meanings: &[Vec<Meaning>]) -> AddressSet {
    let mut all: Vec<AddressSet> = Vec::new();
    let mut seen = HashSet::new();
    for nat in &config.nat {
        let list = nat.list.and_then(|name| config.list_by_name.get(&(Family::V4, name)));
        match (list.and_then(|list| meanings.get(*list)), &nat.local) {
            (Some(_), _) if !seen.insert(nat.list) => {}
            (Some(meanings), _) => {
                let permits = meanings.iter().filter(|meaning| meaning.verdict != Verdict::Deny);
                all.extend(permits.flat_map(|meaning| &meaning.matches).map(|region| region.source.clone()));
            }
            (None, Some(local)) => all.push(local.clone()),
            (None, None) => return AddressSet::any_v4(),
        }
    }
    AddressSet::union_of(&all)
}
