//! Reflexive lists: `reflect` remembers a session, and `evaluate` lets its replies through.

use std::collections::HashMap;

use space::{Conditions, Region, Side, Symbol, SymbolKind};

use super::import::{permits, replies};
use super::lines::short;
use super::meaning::{Meaning, mirrored};
use super::model::{Body, Config, Way};
use crate::Status;

/// Entries before a reflecting one that are compared with it.
const MOST_COMPARED: usize = 500;

/// All `evaluate` entries together become no more regions than this.
const MOST_REGIONS: usize = 10_000;

/// Gives each `evaluate` the replies to what `reflect` remembers.
pub fn connect(config: &Config<'_>, meanings: &mut [Vec<Meaning>]) {
    let mut reflected: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
    let mut evaluating = Vec::new();
    for (at, list) in config.lists.iter().enumerate().filter(|(_, list)| !list.gone) {
        for (number, entry) in list.entries.iter().enumerate() {
            match &entry.body {
                Body::Rule(ace) => {
                    if let Some(name) = ace.reflect {
                        reflected.entry(name).or_default().push((at, number));
                    }
                }
                Body::Evaluate(name) => evaluating.push((at, number, *name)),
                _ => {}
            }
        }
    }
    let mut made = 0;
    let mut met: HashMap<(usize, usize), bool> = HashMap::new();
    for (at, number, name) in evaluating {
        let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &format!("evaluate {}", short(name)));
        let sources = reflected.get(name).map_or(&[][..], Vec::as_slice);
        made += sources.len();
        let mut matches = Vec::new();
        let mut sure = true;
        if made > MOST_REGIONS {
            let region = super::meaning::every(config.lists[at].family);
            matches.extend(replies(region.when(Conditions::holds(symbol.clone()))));
            sure = false;
        } else {
            for &(list, entry) in sources {
                let met = *met.entry((at, list)).or_insert_with(|| opposite(config, at, list));
                let is_sure = met && goes_by(meanings, list, entry);
                sure &= is_sure;
                let regions = meanings
                    .get(list)
                    .and_then(|list| list.get(entry))
                    .map_or(&[][..], |meaning| &meaning.matches);
                for turned in regions.iter().flat_map(|region| mirrored(region, &symbol)) {
                    let held = if is_sure {
                        Some(turned.conditions.clone())
                    } else {
                        turned.conditions.and(&Conditions::holds(symbol.clone()))
                    };
                    let turned = held.map(|held| Region { conditions: held, ..turned });
                    matches.extend(turned.and_then(replies));
                }
            }
        }
        let Some(meaning) = meanings.get_mut(at).and_then(|list| list.get_mut(number)) else { continue };
        if sources.is_empty() {
            meaning.inactive = Some("nothing is reflected into it");
        } else if !sure {
            meaning.status = Status::Approximated;
            meaning.reason = "which sessions were remembered is kept as an unknown".into();
        }
        meaning.matches = matches;
    }
}

/// Whether every packet that the list `evaluating` sees is an answer to one that the list `reflecting` saw: the two are
/// bound to the same interfaces, in opposite directions.
fn opposite(config: &Config<'_>, evaluating: usize, reflecting: usize) -> bool {
    let (Some(inner), Some(outer)) = (config.lists.get(evaluating), config.lists.get(reflecting)) else {
        return false;
    };
    let mut bound = 0;
    for interface in &config.interfaces {
        for binding in
            interface.bindings.iter().filter(|it| it.family == inner.family && it.list == inner.name)
        {
            bound += 1;
            let back = if binding.way == Way::In { Way::Out } else { Way::In };
            let met = interface
                .bindings
                .iter()
                .any(|other| other.family == outer.family && other.list == outer.name && other.way == back);
            if !met || binding.port {
                return false;
            }
        }
    }
    bound > 0
}

/// Whether a session that the list permits, where the entry matches it, is surely permitted by that entry.
fn goes_by(meanings: &[Vec<Meaning>], list: usize, entry: usize) -> bool {
    let Some(all) = meanings.get(list) else { return false };
    let Some(own) = all.get(entry) else { return false };
    if entry > MOST_COMPARED || own.matches.iter().any(|region| !region.conditions.is_none()) {
        return false;
    }
    let earlier = all.iter().take(entry).filter(|meaning| permits(meaning));
    let mut others = earlier.flat_map(|meaning| &meaning.matches);
    !others.any(|other| own.matches.iter().any(|region| region.overlaps(other)))
}
