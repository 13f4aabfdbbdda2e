use std::collections::BTreeSet;

use super::cell::{AXES, Cell, Point};
use super::{Cells, Entry, Relation, Role};
use crate::spread::spread;
use crate::{Effort, Exhausted, Region, Rule, Set};

/// Questions about the rules of one chain: what takes a point, and whether anything escapes them all.
pub(crate) struct Search<'c, 'e> {
    cells: &'c Cells,
    rules: &'c [Rule],
    effort: &'c Effort<'e>,
}

/// Packets of one family that a region has.
#[derive(Clone, Debug)]
pub(crate) struct Part<'r> {
    family: usize,
    /// The smallest cell around them.
    pub cell: Cell,
    /// The packets themselves, where they are not all of the cell.
    holed: Option<Region>,
    /// Says what else is known of them: interfaces and conditions.
    around: &'r Region,
}

/// Which rules are there, as far as a question goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Among<'s> {
    /// Only those that come before this place.
    pub before: u32,
    /// Not the one at this place.
    pub without: u32,
    pub only: Option<&'s BTreeSet<u32>>,
}

impl<'s> Among<'s> {
    pub fn before(place: u32) -> Self {
        Among { before: place, without: place, only: None }
    }

    pub fn all_without(place: u32) -> Self {
        Among { before: u32::MAX, without: place, only: None }
    }

    pub fn only(places: &'s BTreeSet<u32>) -> Self {
        Among { before: u32::MAX, without: u32::MAX, only: Some(places) }
    }

    fn admits(&self, entry: &Entry) -> bool {
        entry.place != self.without && self.only.is_none_or(|only| only.contains(&entry.place))
    }
}

/// Whether some packet is taken by no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    No,
    /// It hangs on what a cell cannot say: a condition, an interface, a chain that is led to.
    Perhaps,
    Yes(Point),
}

/// What a rule has at a point.
pub(crate) struct Hit {
    pub place: u32,
    pub role: Role,
    /// Whether the rule takes all packets that the question has there, whatever their surroundings.
    pub sure: bool,
    /// A part of the rule's region that has the point.
    pub cell: Cell,
    pub entry: Entry,
}

impl<'c, 'e> Search<'c, 'e> {
    pub fn new(cells: &'c Cells, rules: &'c [Rule], effort: &'c Effort<'e>) -> Self {
        Search { cells, rules, effort }
    }

    /// The packets of a rule, family by family.
    pub fn parts<'r>(&self, rule: &'r Rule) -> Vec<Part<'r>> {
        rule.matches
            .iter()
            .flat_map(|region| (0..2).filter_map(|family| self.part(family, region, region)))
            .collect()
    }

    fn part<'r>(&self, family: usize, region: &Region, around: &'r Region) -> Option<Part<'r>> {
        let axes = &self.cells.families[family].axes;
        let cell = axes.hull(region)?;
        let holed = if axes.is_cell(region) { None } else { Some(of_family(region, family)) };
        Some(Part { family, cell, holed, around })
    }

    /// What the entry's region, which the part overlaps, has of it; `None` where it has nothing.
    pub fn common<'r>(&self, part: &Part<'r>, entry: &Entry) -> Option<Part<'r>> {
        if part.holed.is_none() && entry.whole {
            return Some(Part { cell: part.cell.intersect(&entry.cell), ..part.clone() });
        }
        let theirs = Region { conditions: crate::Conditions::none(), ..self.region(entry)?.packets_only() };
        let mine = part.holed.as_ref().unwrap_or(part.around).packets_only();
        self.part(part.family, &mine.intersect(&theirs)?, part.around)
    }

    pub fn region(&self, entry: &Entry) -> Option<&'c Region> {
        self.rules.get(entry.place as usize)?.matches.get(entry.region as usize)
    }

    pub fn relation(&self, part: &Part<'_>, entry: &Entry) -> Relation {
        self.cells.relation(part.around, entry)
    }

    /// Whether the entry's rule takes all packets of the part that its cell has.
    pub fn is_sure(&self, part: &Part<'_>, entry: &Entry) -> bool {
        entry.role != Role::Leads && self.relation(part, entry) == Relation::Within
    }

    /// The rules that have the point, each perhaps more than once; not those that have it only where other conditions hold.
    pub fn at(
        &self,
        part: &Part<'_>,
        point: &Point,
        among: Among<'_>,
        mut each: impl FnMut(Hit),
    ) -> Result<(), Exhausted> {
        let family = &self.cells.families[part.family];
        let looks = family.at(point, among.before, |entry| {
            if !among.admits(entry) {
                return;
            }
            let relation = self.relation(part, entry);
            if relation == Relation::Outside {
                return;
            }
            let cell = if entry.whole { Some(entry.cell) } else { self.around(part.family, entry, point) };
            let sure = relation == Relation::Within && entry.role != Role::Leads;
            if let Some(cell) = cell {
                each(Hit { place: entry.place, role: entry.role, sure, cell, entry: *entry });
            }
        });
        self.effort.look(looks)
    }

    /// The cell of the entry's region that has the point.
    fn around(&self, family: usize, entry: &Entry, point: &Point) -> Option<Cell> {
        let (axes, region) = (&self.cells.families[family].axes, self.region(entry)?);
        let mut cell = entry.cell;
        for (axis, value) in point.iter().enumerate() {
            let (low, high) = axes.next_interval(region, axis, *value)?;
            if low > *value {
                return None;
            }
            (cell.low[axis], cell.high[axis]) = (low, high);
        }
        Some(cell)
    }

    /// Shows `each` the entries that overlap the part, some of them more than once, until it returns `false`.
    pub fn meeting(&self, part: &Part<'_>, mut each: impl FnMut(&Entry) -> bool) -> Result<(), Exhausted> {
        let family = &self.cells.families[part.family];
        let looks = family.meeting(&part.cell, |entry| {
            // Where something has holes, the cells alone do not tell.
            let apart = (part.holed.is_some() || !entry.whole) && self.common(part, entry).is_none();
            apart || self.relation(part, entry) == Relation::Outside || each(entry)
        });
        self.effort.look(looks)
    }

    /// One of some points of the part that lie apart.
    pub fn probe(&self, part: &Part<'_>, number: usize) -> Point {
        let axes = &self.cells.families[part.family].axes;
        let mut point = part.cell.low;
        for (axis, value) in point.iter_mut().enumerate() {
            let (low, high) = (part.cell.low[axis], part.cell.high[axis]);
            if low == high {
                continue;
            }
            let width = u64::from(high - low) + 1;
            let drawn = low + u32::try_from(spread(number, axis as u64) % width).unwrap_or(0);
            *value = match &part.holed {
                // In a gap, the next value after it.
                Some(region) => axes.next_interval(region, axis, drawn).map_or(high, |(first, _)| first.max(drawn)),
                None => drawn,
            };
        }
        point
    }

    /// Whether some packet of the part is taken by none of the rules.
    pub fn escape(&self, part: &Part<'_>, among: Among<'_>) -> Result<Escape, Exhausted> {
        let mut perhaps = false;
        let corner = self.sweep(part, |piece| {
            // The largest of those that surely take, and of the others.
            let mut best: [Option<(f64, Cell)>; 2] = [None, None];
            let mut all_of_it = false;
            self.at(part, &piece.low, among, |hit| {
                let known = &mut best[usize::from(!hit.sure)];
                if known.is_none_or(|(most, _)| most < 1.0) {
                    let share = piece.share(&hit.cell);
                    if known.is_none_or(|(most, _)| share > most) {
                        *known = Some((share, hit.cell));
                    }
                }
                all_of_it |= hit.sure && self.holds(&hit.entry, part);
            })?;
            perhaps |= best[0].is_none() && best[1].is_some();
            Ok(if all_of_it { Some(part.cell) } else { best[0].or(best[1]).map(|(_, cell)| cell) })
        })?;
        Ok(match corner {
            Some(point) => Escape::Yes(point),
            None if perhaps => Escape::Perhaps,
            None => Escape::No,
        })
    }

    /// Shows `cut` piece after piece of the part, each with a packet of the part in its lowest corner, and takes from it the
    /// cell that `cut` names, which has that corner; ends with the first corner for which it names none.
    ///
    /// What is cut at its lowest corner leaves a piece for each axis at the most. To name the part's own cell ends the sweep.
    pub fn sweep(
        &self,
        part: &Part<'_>,
        mut cut: impl FnMut(&Cell) -> Result<Option<Cell>, Exhausted>,
    ) -> Result<Option<Point>, Exhausted> {
        let mut open = vec![part.cell];
        while let Some(piece) = open.pop() {
            self.effort.look(16)?;
            if let Some(gap) = self.gap(part, &piece) {
                piece.push_beyond(&gap, &mut open);
                continue;
            }
            match cut(&piece)? {
                Some(cell) if cell.contains(&part.cell) => return Ok(None),
                Some(cell) => piece.push_beyond(&cell, &mut open),
                None => return Ok(Some(piece.low)),
            }
        }
        Ok(None)
    }

    /// Whether the entry's region holds all of a part with holes.
    fn holds(&self, entry: &Entry, part: &Part<'_>) -> bool {
        match (&part.holed, self.region(entry)) {
            (Some(mine), Some(theirs)) => mine.packets_only().is_subset_of(&theirs.packets_only()),
            _ => false,
        }
    }

    /// Around the piece's lowest corner, where the part has no packets.
    fn gap(&self, part: &Part<'_>, piece: &Cell) -> Option<Cell> {
        let region = part.holed.as_ref()?;
        let axes = &self.cells.families[part.family].axes;
        let mut gap = *piece;
        for axis in 0..AXES {
            let corner = piece.low[axis];
            match axes.next_interval(region, axis, corner) {
                Some((low, _)) if low <= corner => {}
                Some((low, _)) => {
                    gap.high[axis] = gap.high[axis].min(low - 1);
                    return Some(gap);
                }
                None => return Some(gap),
            }
        }
        None
    }
}

/// What the region has of the family.
fn of_family(region: &Region, family: usize) -> Region {
    let mut part = region.clone();
    for side in [&mut part.source, &mut part.destination] {
        if family == 0 {
            side.v6 = Set::empty();
        } else {
            side.v4 = Set::empty();
        }
    }
    part
}
