//! Whether a rule with interfaces can stand in a list.

use diagnostics::printable;
use space::{AddressSet, NameSet, Region, Set, Side, SymbolKind};

use super::config::{Bound, Config, List};
use crate::{Export, NewRule, Refusal};

/// An entry has no interface: it is for those where its list is bound, and others follow from where routes lead.
/// `false` where the rule denies what this list is never asked about: there is nothing to write.
pub(super) fn check(
    config: &Config<'_>,
    export: &Export,
    list: &List<'_>,
    rule: &NewRule,
) -> Result<bool, Refusal> {
    let region = &rule.region;
    let bound: Vec<Bound<'_>> = config
        .bindings
        .iter()
        .filter(|binding| binding.list == list.name)
        .map(|binding| binding.at)
        .collect();
    for (names, side) in [(&region.in_interface, Side::Source), (&region.out_interface, Side::Destination)] {
        if names.is_any() {
            continue;
        }
        let mine: Vec<&str> = bound
            .iter()
            .filter_map(|at| match (at, side) {
                (Bound::In(name), Side::Source) | (Bound::Out(name), Side::Destination) => Some(*name),
                _ => None,
            })
            .collect();
        let elsewhere = mine.len() == bound.len() && !mine.iter().any(|name| names.contains(name));
        if elsewhere && !bound.is_empty() {
            if !rule.permit {
                return Ok(false);
            }
            return Err(Refusal::new(
                format!(
                    "the list `{}` is bound to another interface than the rule is for",
                    printable(list.name)
                ),
                "put the rule into the list of its interface",
            ));
        }
        let all_mine = mine.len() == bound.len() && mine.iter().all(|name| names.contains(name));
        let (addresses, named) = match side {
            Side::Source => (&region.source, is_named(region, side)),
            _ => (&region.destination, is_named(region, side)),
        };
        if !all_mine && !routes_say(export, names, addresses, named) {
            return Err(Refusal::new(
                "an entry of an access list cannot say the interface, and the routes do not show it",
                "leave the interface out of the flow",
            ));
        }
    }
    Ok(true)
}

/// Whether packets from (or to) these addresses are surely at one of these interfaces.
fn routes_say(export: &Export, names: &NameSet, addresses: &AddressSet, named: bool) -> bool {
    let known = &export.inventory.interfaces;
    if named {
        return !known.is_empty() && known.iter().all(|interface| names.contains(&interface.name));
    }
    let behind = known.iter().filter(|interface| names.contains(&interface.name));
    addresses.is_subset_of(&AddressSet::union_of(behind.map(|interface| &interface.behind)))
}

fn is_named(region: &Region, side: Side) -> bool {
    let mut all = region.conditions.iter();
    all.any(|(symbol, held)| *held && symbol.side == side && symbol.kind == SymbolKind::Name)
}
