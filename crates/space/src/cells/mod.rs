//! The rules of a chain as cells in two dozens of numbers each, and an index that tells which of them have a point.

mod axes;
mod cell;
mod search;
mod tree;

pub(crate) use axes::Axes;
pub(crate) use cell::{Cell, Point};
pub(crate) use search::{Among, Escape, Part, Search};

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::{Action, Conditions, NameSet, Region, Rule, Set};
use cell::{DESTINATION, DESTINATION_PORT, PROTOCOL, SOURCE};
use tree::{Span, Tree, populations, push_spans, sort};

/// What can be asked of the rules of one chain without walking them.
#[derive(Debug)]
pub(crate) struct Cells {
    /// IPv4 and IPv6: between the two there are no packets.
    families: [Family; 2],
    /// What regions demand beside numbers, each once. The first demands nothing.
    surroundings: Vec<Surroundings>,
    /// What was found of each rule, as bits that [`List`](crate::list::List) reads.
    found: Vec<AtomicU8>,
}

/// One region of a rule, in one family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// All that the region has of the family, or (where not `whole`) the smallest cell around that.
    pub cell: Cell,
    /// The rule's place in its chain.
    pub place: u32,
    /// The region's place in the rule.
    pub region: u32,
    surroundings: u32,
    pub role: Role,
    whole: bool,
}

/// What a rule does with the packets that come to it and match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Takes them, so that no later rule of the chain sees them.
    Permits,
    Denies,
    /// Takes them, and what it does is not known.
    Obscure,
    /// Takes them out of the chain.
    Returns,
    /// Leads them to another chain, in which all of this may happen.
    Leads,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Surroundings {
    in_interface: NameSet,
    out_interface: NameSet,
    conditions: Conditions,
}

/// How all packets of a region stand to some [`Surroundings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Within,
    Outside,
    Partly,
}

#[derive(Debug)]
struct Family {
    axes: Axes,
    /// By place.
    entries: Vec<Entry>,
    by_source: Tree,
    by_destination: Tree,
    by_service: Tree,
}

/// A set of more intervals than this is looked up by the one around them.
const MOST_INTERVALS: usize = 16;

impl Cells {
    pub fn new(rules: &[Rule]) -> Self {
        let mut numbers = Numbers::default();
        let families = [Axes::Four, Axes::six(rules)].map(|axes| {
            let mut entries = Vec::new();
            for (place, rule) in (0..).zip(rules) {
                let role = match rule.action {
                    Action::Permit => Role::Permits,
                    Action::Deny => Role::Denies,
                    Action::Unknown => Role::Obscure,
                    Action::Return => Role::Returns,
                    Action::Jump(_) | Action::Goto(_) => Role::Leads,
                    Action::Continue => continue,
                };
                for (number, region) in (0..).zip(&rule.matches) {
                    if let Some(cell) = axes.hull(region) {
                        let surroundings = numbers.of(region);
                        let whole = axes.is_cell(region);
                        entries.push(Entry { cell, place, region: number, surroundings, role, whole });
                    }
                }
            }
            Family::new(axes, entries, rules)
        });
        Cells { families, surroundings: numbers.all, found: rules.iter().map(|_| AtomicU8::new(0)).collect() }
    }

    pub fn found(&self, place: u32) -> u8 {
        self.found.get(place as usize).map_or(0, |found| found.load(Ordering::Relaxed))
    }

    /// Each bit is a fact of its own, so that nothing is lost whoever writes last.
    pub fn note(&self, place: u32, bits: u8) {
        if let Some(found) = self.found.get(place as usize) {
            found.fetch_or(bits, Ordering::Relaxed);
        }
    }

    fn relation(&self, region: &Region, entry: &Entry) -> Relation {
        let Some(theirs) = self.surroundings.get(entry.surroundings as usize) else {
            return Relation::Partly;
        };
        if entry.surroundings == 0 {
            return Relation::Within;
        }
        if region.conditions.contradict(&theirs.conditions)
            || !region.in_interface.overlaps(&theirs.in_interface)
            || !region.out_interface.overlaps(&theirs.out_interface)
        {
            return Relation::Outside;
        }
        let within = theirs.conditions.implied_by(&region.conditions)
            && region.in_interface.is_subset_of(&theirs.in_interface)
            && region.out_interface.is_subset_of(&theirs.out_interface);
        if within { Relation::Within } else { Relation::Partly }
    }
}

/// The numbers of the surroundings seen so far.
struct Numbers {
    all: Vec<Surroundings>,
    known: HashMap<Surroundings, u32>,
}

impl Default for Numbers {
    fn default() -> Self {
        let none = Surroundings {
            in_interface: NameSet::any(),
            out_interface: NameSet::any(),
            conditions: Conditions::none(),
        };
        Numbers { all: vec![none], known: HashMap::new() }
    }
}

impl Numbers {
    fn of(&mut self, region: &Region) -> u32 {
        if region.conditions.is_none() && region.in_interface.is_any() && region.out_interface.is_any() {
            return 0;
        }
        let surroundings = Surroundings {
            in_interface: region.in_interface.clone(),
            out_interface: region.out_interface.clone(),
            conditions: region.conditions.clone(),
        };
        *self.known.entry(surroundings).or_insert_with_key(|new| {
            self.all.push(new.clone());
            u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

impl Family {
    fn new(axes: Axes, entries: Vec<Entry>, rules: &[Rule]) -> Self {
        let mut kinds: [Vec<Span>; 3] = Default::default();
        for (number, entry) in (0..).zip(&entries) {
            let region =
                rules.get(entry.place as usize).and_then(|rule| rule.matches.get(entry.region as usize));
            for (kind, axis) in [SOURCE, DESTINATION].into_iter().enumerate() {
                let hull = (entry.cell.low[axis], entry.cell.high[axis]);
                match region {
                    Some(region)
                        if !entry.whole && (2..=MOST_INTERVALS).contains(&axes.pieces(region, axis)) =>
                    {
                        let mut at = Some(hull.0);
                        while let Some(interval) = at.and_then(|at| axes.next_interval(region, axis, at)) {
                            push_spans(interval, number, &mut kinds[kind]);
                            at = interval.1.checked_add(1);
                        }
                    }
                    _ => push_spans(hull, number, &mut kinds[kind]),
                }
            }
            push_spans(services(&entry.cell), number, &mut kinds[2]);
        }
        kinds.iter_mut().for_each(|spans| sort(spans));
        let mut company = vec![[0_u32; 3]; entries.len()];
        for (kind, spans) in kinds.iter().enumerate() {
            for (span, population) in spans.iter().zip(populations(spans)) {
                let known = &mut company[span.entry as usize][kind];
                *known = known.saturating_add(population);
            }
        }
        let best: Vec<u8> = company
            .into_iter()
            .map(|[source, destination, service]| {
                let least = source.min(destination).min(service);
                if destination == least { 1 } else { if source == least { 0 } else { 2 } }
            })
            .collect();
        let tree =
            |kind: u8| Tree::new(&kinds[usize::from(kind)], &entries, |number| best[number as usize] == kind);
        let (by_source, by_destination, by_service) = (tree(0), tree(1), tree(2));
        Family { axes, entries, by_source, by_destination, by_service }
    }

    /// Shows `each` the entries before the place `before` whose cells have `point`, some of them more than once. Returns how
    /// many were looked at.
    fn at(&self, point: &Point, before: u32, mut each: impl FnMut(&Entry)) -> usize {
        let service = point[PROTOCOL] << 16 | point[DESTINATION_PORT];
        self.by_destination.at(point[DESTINATION], point, before, &mut each)
            + self.by_source.at(point[SOURCE], point, before, &mut each)
            + self.by_service.at(service, point, before, &mut each)
    }

    /// Shows `each` the entries whose cells overlap `cell`, some of them more than once, until it returns `false`.
    fn meeting(&self, cell: &Cell, each: impl FnMut(&Entry) -> bool) -> usize {
        let trees = [
            (&self.by_destination, (cell.low[DESTINATION], cell.high[DESTINATION])),
            (&self.by_source, (cell.low[SOURCE], cell.high[SOURCE])),
            (&self.by_service, services(cell)),
        ];
        let meetings = trees.map(|(tree, interval)| (tree, tree.meeting(interval)));
        let Some((tree, meeting)) = meetings.into_iter().min_by_key(|(_, meeting)| meeting.count) else {
            return 0;
        };
        tree.each(meeting, &self.entries, cell, each);
        16 + meeting.count
    }
}

/// An interval of protocols and destination ports that holds all of the cell's.
fn services(cell: &Cell) -> (u32, u32) {
    (
        cell.low[PROTOCOL] << 16 | cell.low[DESTINATION_PORT],
        cell.high[PROTOCOL] << 16 | cell.high[DESTINATION_PORT],
    )
}
