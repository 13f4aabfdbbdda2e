use space::{Action, Region, RuleId};

use super::import::{Order, PRIORITIES, Place, number};
use super::model::{Kind, Reading, Set};
use super::write::Spec;

/// A rule of the set in the order in which Azure asks.
pub struct Asked<'e> {
    pub id: RuleId,
    pub action: Action,
    pub matches: &'e [Region],
    pub order: Option<Order>,
    /// Of a rule that is the set's own: its collection, and its index in it.
    pub at: Option<(Place, usize)>,
    /// It goes, or something else comes in its place.
    pub gone: bool,
}

/// Where a new rule is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// In a collection that is there, before the rule with this index.
    Old(Place, usize),
    /// In a new collection, by its number.
    New(usize),
}

/// A collection that is to be made.
pub struct NewCollection {
    pub group: usize,
    pub kind: Kind,
    pub permit: bool,
    pub priority: i64,
}

/// Finds places for new rules, in which they decide what they would in the place that was asked for.
pub struct Placer<'p, 'j, 'e> {
    pub reading: &'p Reading<'j>,
    pub set: &'p Set<'j>,
    pub asked: Vec<Asked<'e>>,
    pub new: Vec<NewCollection>,
    /// The level of the set's own rules.
    pub level: usize,
}

impl Placer<'_, '_, '_> {
    /// The nearest place for a rule that is wanted at position `wanted` of `asked`, and where in the order it then is.
    pub fn place(&mut self, spec: &Spec, wanted: usize) -> Option<(Target, Order)> {
        let mut best: Option<(usize, Target, Order)> = None;
        for (place, order, first, last) in self.collections(spec) {
            let inside = self.asked.get(wanted).and_then(|asked| asked.at).filter(|(at, _)| *at == place);
            let (position, index) = match inside {
                Some((_, index)) => (wanted, index),
                None if wanted <= first => (first, 0),
                None => (last + 1, usize::MAX),
            };
            let cost = position.abs_diff(wanted);
            if best.as_ref().is_none_or(|(least, ..)| cost < *least) && self.moves(spec, position, wanted) {
                best = Some((cost, Target::Old(place, index), order));
            }
        }
        if let Some((0, target, order)) = best {
            return Some((target, order));
        }
        for (at, new) in self.new.iter().enumerate() {
            if new.kind != spec.kind || new.permit != spec.permit {
                continue;
            }
            let Some(order) = self.order(new.group, new.kind, new.priority) else { continue };
            let position = self.position(order);
            let cost = position.abs_diff(wanted);
            if best.as_ref().is_none_or(|(least, ..)| cost < *least) && self.moves(spec, position, wanted) {
                best = Some((cost, Target::New(at), order));
            }
        }
        let mut made: Option<(usize, usize, i64, Order)> = None;
        for group in 0..self.set.groups.len() {
            for priority in self.priorities(group, spec.kind) {
                let Some(order) = self.order(group, spec.kind, priority) else { continue };
                let position = self.position(order);
                let cost = position.abs_diff(wanted);
                let nearer = best.as_ref().is_none_or(|(least, ..)| cost < *least)
                    && made.as_ref().is_none_or(|(least, ..)| cost <= *least);
                if nearer && self.moves(spec, position, wanted) {
                    made = Some((cost, group, priority, order));
                }
            }
        }
        if let Some((_, group, priority, order)) = made {
            self.new.push(NewCollection { group, kind: spec.kind, permit: spec.permit, priority });
            return Some((Target::New(self.new.len() - 1), order));
        }
        best.map(|(_, target, order)| (target, order))
    }

    /// Whether a rule decides the same at position `to` as at `from`: what lies between has its action, or nothing in
    /// common with it.
    fn moves(&self, spec: &Spec, to: usize, from: usize) -> bool {
        let action = if spec.permit { Action::Permit } else { Action::Deny };
        let between = self.asked.get(to.min(from)..to.max(from)).unwrap_or_default();
        between
            .iter()
            .filter(|asked| !asked.gone && asked.action != action)
            .all(|asked| !asked.matches.iter().any(|region| region.overlaps(&spec.region)))
    }

    /// The collections to which a rule can be added, each with its place in the order and the positions of its rules.
    fn collections(&self, spec: &Spec) -> Vec<(Place, Order, usize, usize)> {
        let wanted = if spec.permit { Action::Permit } else { Action::Deny };
        let mut out: Vec<(Place, Order, usize, usize)> = Vec::new();
        for (position, asked) in self.asked.iter().enumerate() {
            let (Some((place, _)), Some(order)) = (asked.at, asked.order) else { continue };
            if order.kind != spec.kind || asked.action != wanted {
                continue;
            }
            match out.last_mut() {
                Some((last, _, _, end)) if *last == place => *end = position,
                _ => out.push((place, order, position, position)),
            }
        }
        let mut known: Vec<Place> = out.iter().map(|(place, ..)| *place).collect();
        known.sort_unstable();
        // Not a collection that others of its priority are mixed with.
        out.retain(|(place, order, first, last)| {
            let alone = self
                .asked
                .iter()
                .take(last + 1)
                .skip(*first)
                .all(|asked| asked.order == Some(*order) && asked.at.is_some_and(|(at, _)| at == *place));
            alone
                && known.partition_point(|other| other <= place)
                    - known.partition_point(|other| other < place)
                    == 1
        });
        out
    }

    fn order(&self, group: usize, kind: Kind, priority: i64) -> Option<Order> {
        let group = self.set.groups.get(group)?;
        let of_group = match group.name {
            None => 0,
            Some(_) => number(group.priority, &self.reading.scope)?,
        };
        Some(Order { kind, level: self.level, group: of_group, collection: priority })
    }

    /// The position at which a rule with this order would be asked.
    fn position(&self, order: Order) -> usize {
        self.asked.partition_point(|asked| asked.order.is_none_or(|other| other <= order))
    }

    /// Free priorities for a new collection of a group: before, between, and after those of its kind.
    fn priorities(&self, group_at: usize, kind: Kind) -> Vec<i64> {
        let Some(group) = self.set.groups.get(group_at) else { return Vec::new() };
        let scope = &self.reading.scope;
        let list = group.lists.iter().any(|list| list.kind.is_none_or(|of| of == kind));
        let rivals = self.set.groups.iter().filter(|other| {
            other.name.is_some() && number(other.priority, scope) == number(group.priority, scope)
        });
        if !list || group.condition.is_some() || group.name.is_some() && rivals.count() > 1 {
            return Vec::new();
        }
        let mut taken: Vec<i64> = Vec::new();
        let mut of_kind: Vec<i64> = Vec::new();
        for collection in &group.collections {
            let Some(priority) = number(collection.priority, scope) else { return Vec::new() };
            taken.push(priority);
            let first = collection.rules.first().and_then(|rule| rule.kind).or(collection.kind);
            if first.is_none_or(|first| first == kind) {
                of_kind.push(priority);
            }
        }
        for new in self.new.iter().filter(|new| new.group == group_at) {
            taken.push(new.priority);
            if new.kind == kind {
                of_kind.push(new.priority);
            }
        }
        taken.sort_unstable();
        of_kind.sort_unstable();
        of_kind.dedup();
        let (first, last) = (*PRIORITIES.start(), *PRIORITIES.end());
        let mut out = Vec::new();
        let mut low = first - 1;
        for high in of_kind.iter().copied().chain([last + 1]) {
            // After the last one in steps of a hundred, as everybody writes them.
            let middle = if high > last && low + 100 <= last {
                if low < first { first } else { low + 100 }
            } else {
                low + (high - low) / 2
            };
            let free = |number: &i64| taken.binary_search(number).is_err();
            let found = (middle..high).find(free).or_else(|| (low + 1..middle).rev().find(free));
            out.extend(found.filter(|number| PRIORITIES.contains(number)));
            low = high.max(first - 1);
        }
        out
    }
}
