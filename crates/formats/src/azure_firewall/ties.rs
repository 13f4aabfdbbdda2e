use diagnostics::printable;
use space::{Action, Effort, FlowSet, Rule as SpaceRule, Side, Symbol, SymbolKind};

use super::import::{Item, ItemKind, Order, Place, collection_name, restrict};
use super::template::Scope;
use crate::Problem;

/// Of more collections than this at one priority, each only perhaps decides.
const TIES_TOLD_APART: usize = 8;
const TIE_EFFORT: u64 = 4_096;

/// Collections of one kind that have the same priority, or that are in groups that have: in which order Azure asks
/// them is not known. Where it matters, the earlier one in the file perhaps decides.
///
/// Collections of different kinds may well have the same priority: the kind decides between them.
pub fn contested(
    items: &[Item<'_, '_>],
    order: &[usize],
    rules: &mut [Option<SpaceRule>],
    scope: &Scope<'_>,
    problems: &mut Vec<Problem>,
) {
    let numbered = order.iter().position(|at| items[*at].order.is_some()).unwrap_or(order.len());
    let place = |at: usize| match items[at].kind {
        ItemKind::Rule { at, .. } => Some(at),
        ItemKind::Gap(_) => None,
    };
    let same_group = |a: Order, b: Order| (a.kind, a.level, a.group) == (b.kind, b.level, b.group);
    let ordered = order.get(numbered..).unwrap_or_default();
    let groups =
        ordered.chunk_by(|a, b| items[*a].order.zip(items[*b].order).is_some_and(|(a, b)| same_group(a, b)));
    for group in groups {
        let first = group.first().and_then(|at| place(*at));
        let is_shared =
            group.iter().any(|at| place(*at).map(|place| place.group) != first.map(|first| first.group));
        let tied: Vec<&[usize]> = if is_shared {
            vec![group]
        } else {
            group.chunk_by(|a, b| items[*a].order == items[*b].order).collect()
        };
        for tied in tied {
            let mut collections: Vec<Place> = tied.iter().filter_map(|at| place(*at)).collect();
            collections.sort_unstable();
            collections.dedup();
            if collections.len() > 1 {
                one(items, tied, collections.len(), &place, rules, scope, problems, is_shared);
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one step")]
fn one(
    items: &[Item<'_, '_>],
    tied: &[usize],
    count: usize,
    place: &dyn Fn(usize) -> Option<Place>,
    rules: &mut [Option<SpaceRule>],
    scope: &Scope<'_>,
    problems: &mut Vec<Problem>,
    is_shared: bool,
) {
    let actions: Vec<Action> = tied.iter().filter_map(|at| Some(rules[*at].as_ref()?.action)).collect();
    let differ = actions.iter().any(|action| Some(action) != actions.first() || *action == Action::Unknown);
    let other = tied.iter().find(|at| place(**at) != tied.first().and_then(|first| place(*first)));
    if let (Some(other), true) = (other, problems.len() <= super::PROBLEM_LIMIT)
        && let ItemKind::Rule { collection, group, .. } = items[*other].kind
        && items[*other].is_own
    {
        let (place, message) = if is_shared {
            let name = group.name.as_ref().map_or("unnamed", |name| name.shown.as_str());
            (group.place, format!("group `{}` has the priority of another group", printable(name)))
        } else {
            let name = collection_name(collection, scope);
            let place = collection.name.unwrap_or(collection.object).place();
            (place, format!("collection `{}` has the priority of another one of its kind", printable(&name)))
        };
        let help = "give each a priority of its own".to_owned();
        problems.push(Problem { place, message, help });
    }
    if !differ {
        return;
    }
    let many = count > TIES_TOLD_APART || tied.len() > 64 * TIES_TOLD_APART;
    for (index, at) in tied.iter().enumerate() {
        let Some(mut rule) = rules[*at].take() else { continue };
        let rivals = || {
            let later = tied[index + 1..].iter().filter(|other| place(**other) != place(*at));
            let later = later.filter_map(|other| rules[*other].as_ref());
            later.filter(|other| other.action != rule.action || rule.action == Action::Unknown)
        };
        if many || rivals().next().is_some() {
            let what = format!("{} before others of its priority", items[*at].name);
            let mut contested = rule.matches.clone();
            restrict(&mut contested, &Symbol::new(Side::Packet, SymbolKind::Match, &what));
            let contested_by: FlowSet = if many {
                FlowSet::any()
            } else {
                rivals().flat_map(|other| other.matches.clone()).collect()
            };
            let mine: FlowSet = rule.matches.iter().cloned().collect();
            // What is too much work to tell apart is contested.
            let alone = mine.subtract(&contested_by, &Effort::limited(TIE_EFFORT));
            rule.matches = alone.map_or_else(|_| Vec::new(), |alone| alone.regions);
            rule.matches.append(&mut contested);
        }
        rules[*at] = Some(rule);
    }
}
