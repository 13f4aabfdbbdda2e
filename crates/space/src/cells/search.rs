use std::collections::BTreeSet;

use super::cell::{AXES, Cell, Point};
use super::{Cells, Entry, Relation, Role};
use crate::spread::spread;
use crate::{Effort, Exhausted, Region, Rule};

/// Questions about the rules of one chain: what takes a point, and whether anything escapes them all.
pub(crate) struct Search<'c, 'e> {
    cells: &'c Cells,
    rules: &'c [Rule],
    effort: &'c Effort<'e>,
}

/// Packets of one family: those of a rule's region, or what another region has of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'r> {
    family: usize,
    /// A cell around them.
    pub cell: Cell,
    /// Where they are not all of the cell: the regions that have them all.
    holed: [Option<&'r Region>; 2],
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

impl Escape {
    pub fn is_sure(self) -> bool {
        matches!(self, Escape::Yes(_))
    }
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
        let part = |family: usize, around: &'r Region| {
            let axes = &self.cells.families[family].axes;
            let cell = axes.hull(around)?;
            let holed = [if axes.is_cell(around) { None } else { Some(around) }, None];
            Some(Part { family, cell, holed, around })
        };
        rule.matches.iter().flat_map(|region| (0..2).filter_map(move |family| part(family, region))).collect()
    }

    /// What the entry's region has of a rule's part, interfaces and conditions aside; `None` where it has nothing.
    pub fn common(&self, part: &Part<'c>, entry: &Entry) -> Option<Part<'c>> {
        let mut both = Part { cell: part.cell.intersect(&entry.cell), ..*part };
        if !entry.whole {
            both.holed[1] = Some(self.region(entry)?);
        }
        if both.holed != [None, None] {
            for axis in 0..AXES {
                both.cell.low[axis] = self.next(&both, axis, both.cell.low[axis])?.0;
            }
        }
        Some(both)
    }

    /// Of the part's values on an axis, the next interval from `value` on.
    fn next(&self, part: &Part<'_>, axis: usize, mut value: u32) -> Option<(u32, u32)> {
        let axes = &self.cells.families[part.family].axes;
        while value <= part.cell.high[axis] {
            let (mut low, mut high) = (value, part.cell.high[axis]);
            for region in part.holed.iter().flatten() {
                let (first, last) = axes.next_interval(region, axis, low)?;
                (low, high) = (low.max(first), high.min(last));
            }
            if low <= high {
                return Some((low, high));
            }
            value = low;
        }
        None
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
    pub fn meeting(&self, part: &Part<'c>, mut each: impl FnMut(&Entry) -> bool) -> Result<(), Exhausted> {
        let family = &self.cells.families[part.family];
        let looks = family.meeting(&part.cell, |entry| {
            // Where something has holes, the cells alone do not tell.
            let holed = part.holed[0].is_some() || !entry.whole;
            holed && self.common(part, entry).is_none()
                || self.relation(part, entry) == Relation::Outside
                || each(entry)
        });
        self.effort.look(looks)
    }

    /// One of some points of a rule's part that lie apart.
    pub fn probe(&self, part: &Part<'_>, number: usize) -> Point {
        let mut point = part.cell.low;
        for (axis, value) in point.iter_mut().enumerate() {
            let (low, high) = (part.cell.low[axis], part.cell.high[axis]);
            if low < high {
                let width = u64::from(high - low) + 1;
                let drawn = low + u32::try_from(spread(number, axis as u64) % width).unwrap_or(0);
                // In a gap, the next value after it.
                *value = self.next(part, axis, drawn).map_or(high, |(first, _)| first);
            }
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
                // Sets are compared once: they may be long.
                all_of_it |= hit.sure && piece.low == part.cell.low && self.holds(&hit.entry, part);
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
        let axes = &self.cells.families[part.family].axes;
        let theirs = self.region(entry);
        theirs.is_some_and(|theirs| part.holed.iter().flatten().any(|mine| axes.is_within(mine, theirs)))
    }

    /// Around the piece's lowest corner, where the part has no packets.
    fn gap(&self, part: &Part<'_>, piece: &Cell) -> Option<Cell> {
        if part.holed == [None, None] {
            return None;
        }
        for axis in 0..AXES {
            let corner = piece.low[axis];
            let next = self.next(part, axis, corner).map(|(low, _)| low);
            if next != Some(corner) {
                let mut gap = *piece;
                gap.high[axis] = next.map_or(gap.high[axis], |next| gap.high[axis].min(next - 1));
                return Some(gap);
            }
        }
        None
    }
}
