//! Which lists are bound where: the last one for each place, direction and family.

use std::collections::HashMap;

use space::AddressSet;

use super::config::{Binding, Bound, Config, ListKind};
use super::rule_set::{Outcomes, families_of};
use crate::Status;

/// A binding that counts.
pub(super) struct Effective<'b, 'a> {
    pub binding: &'b Binding<'a>,
    pub list: Option<usize>,
    /// The families that its list decides.
    pub base: AddressSet,
}

/// The bindings that no later one replaces: one for each place, direction and family.
pub(super) fn effective<'c, 'a>(config: &'c Config<'a>, outcomes: &mut Outcomes) -> Vec<Effective<'c, 'a>> {
    let mut seen: HashMap<(Bound<'a>, bool), usize> = HashMap::new();
    let mut out: Vec<Option<Effective<'c, 'a>>> = Vec::new();
    for binding in &config.bindings {
        let found = config.list(binding.list);
        let kind = found.map_or(ListKind::Extended, |(_, list)| list.kind);
        if kind == ListKind::Ethertype {
            let reason = "frames that carry no IP packets".to_owned();
            outcomes.push((binding.statement, Status::Irrelevant, reason));
            continue;
        }
        let here = out.len();
        out.push(Some(Effective {
            binding,
            list: found.map(|(index, _)| index),
            base: families_of(config, kind),
        }));
        if let Some(before) = seen.insert((binding.at, kind == ListKind::V6), here)
            && let Some(replaced) = out.get_mut(before).and_then(Option::take)
        {
            let reason = "another list is bound there further down".to_owned();
            outcomes.push((replaced.binding.statement, Status::Irrelevant, reason));
        }
    }
    out.into_iter().flatten().collect()
}
