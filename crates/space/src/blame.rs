use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::Exhausted;
use crate::cells::{Among, Entry, Escape, Part, Point, Search};

/// The search for the fewest rules of a list that leave nothing to a later one.
pub(crate) struct Blame<'a, 'c, 'e> {
    place: u32,
    parts: &'a [Part<'c>],
    search: &'a Search<'c, 'e>,
    /// The earlier entries that overlap a part, each once: by place, region and part.
    near: BTreeMap<(u32, u32, usize), Entry>,
    /// Whether some packets of the parts come as far as an earlier rule.
    takes: RefCell<BTreeMap<u32, bool>>,
}

/// Which rules, by place, act otherwise than the one that is shadowed.
type Otherwise<'f> = &'f dyn Fn(u32) -> bool;

/// Fewer than so many rules are sought among all sets of rules; with more, a set will do of which none can be left out.
const LARGEST: usize = 4;

/// So many sets are tried.
const TRIES: usize = 400;

impl<'a, 'c, 'e> Blame<'a, 'c, 'e> {
    /// For the rule at `place`, whose parts are taken by earlier rules; `None` where some of those may match more or less than
    /// their cells show.
    pub fn of(
        place: u32,
        parts: &'a [Part<'c>],
        search: &'a Search<'c, 'e>,
    ) -> Result<Option<Self>, Exhausted> {
        let mut near = BTreeMap::new();
        let mut sure = true;
        for (number, part) in parts.iter().enumerate() {
            search.meeting(part, |entry| {
                if entry.place < place {
                    sure &= search.is_sure(part, entry);
                    near.insert((entry.place, entry.region, number), *entry);
                }
                sure
            })?;
        }
        Ok(sure.then(|| Blame { place, parts, search, near, takes: RefCell::default() }))
    }

    /// Whether one of the rules that `wanted` names takes some of the packets.
    pub fn any_taker(&self, wanted: impl Fn(&Entry) -> bool) -> Result<bool, Exhausted> {
        for entry in self.near.values() {
            if wanted(entry) && self.takes(entry.place)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The places of rules that together take everything, each of which takes something and none of which can be left out;
    /// one of them acts otherwise, if `otherwise` is given and there is one.
    pub fn fewest(&self, otherwise: Option<Otherwise<'_>>) -> Result<Vec<u32>, Exhausted> {
        let other = match otherwise {
            Some(otherwise) => self.largest(otherwise)?,
            None => None,
        };
        // Asked for only where it can be had.
        let otherwise = otherwise.filter(|_| other.is_some());
        let explains =
            |set: &BTreeSet<u32>| otherwise.is_none_or(|otherwise| set.iter().any(|place| otherwise(*place)));
        let mut found = self.irreducible(other, &explains)?;
        if (2..=LARGEST).contains(&found.len()) {
            let mut tries = TRIES;
            for size in 1..found.len() {
                let mut set = BTreeSet::new();
                if self.complete(&mut set, size, other, &explains, &mut tries)? {
                    found = set;
                    break;
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// A set of which no rule can be left out, found by adding the rule that takes most wherever none of the set does.
    fn irreducible(
        &self,
        other: Option<u32>,
        explains: &dyn Fn(&BTreeSet<u32>) -> bool,
    ) -> Result<BTreeSet<u32>, Exhausted> {
        let mut set = BTreeSet::new();
        let mut witnesses: Vec<(u32, usize, Point)> = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            self.search.sweep(part, |piece| {
                let mut best = None;
                self.search.at(part, &piece.low, Among::only(&set), |hit| {
                    let share = piece.share(&hit.cell);
                    if best.is_none_or(|(most, _)| share > most) {
                        best = Some((share, hit.cell));
                    }
                })?;
                if let Some((_, cell)) = best {
                    return Ok(Some(cell));
                }
                let Some(place) = self.takers(number, &piece.low)?.first().copied() else { return Ok(None) };
                set.insert(place);
                witnesses.push((place, number, piece.low));
                let only = BTreeSet::from([place]);
                let mut cell = None;
                self.search.at(part, &piece.low, Among::only(&only), |hit| cell = Some(hit.cell))?;
                Ok(cell)
            })?;
        }
        if !explains(&set) {
            set.extend(other);
            witnesses.extend(other.map(|place| (place, 0, self.parts[0].cell.low)));
        }
        // Small shares are left out first, so that what remains is large.
        witnesses.sort_by(|a, b| self.share(a.0).total_cmp(&self.share(b.0)).then(b.0.cmp(&a.0)));
        for (place, number, point) in witnesses {
            let mut alone = true;
            self.search
                .at(&self.parts[number], &point, Among::only(&set), |hit| alone &= hit.place == place)?;
            if alone && other != Some(place) || set.len() == 1 {
                continue;
            }
            set.remove(&place);
            if !explains(&set) || self.open(&set)?.is_some() {
                set.insert(place);
            }
        }
        Ok(set)
    }

    /// Adds to `set` until it has `size` rules and takes everything; `false` where that cannot be, or was not found in so many
    /// tries.
    fn complete(
        &self,
        set: &mut BTreeSet<u32>,
        size: usize,
        other: Option<u32>,
        explains: &dyn Fn(&BTreeSet<u32>) -> bool,
        tries: &mut usize,
    ) -> Result<bool, Exhausted> {
        let Some(left) = tries.checked_sub(1) else { return Ok(false) };
        *tries = left;
        let Some((number, point)) = self.open(set)? else {
            if !explains(set) && set.len() < size {
                set.extend(other);
            }
            return Ok(explains(set));
        };
        if set.len() == size {
            return Ok(false);
        }
        // One of the rules that take this packet has to be among them. Recursion is as deep as `size`.
        for place in self.takers(number, &point)? {
            set.insert(place);
            if self.complete(set, size, other, explains, tries)? {
                return Ok(true);
            }
            set.remove(&place);
        }
        Ok(false)
    }

    /// A packet that no rule of the set takes.
    fn open(&self, set: &BTreeSet<u32>) -> Result<Option<(usize, Point)>, Exhausted> {
        for (number, part) in self.parts.iter().enumerate() {
            if let Escape::Yes(point) = self.search.escape(part, Among::only(set))? {
                return Ok(Some((number, point)));
            }
        }
        Ok(None)
    }

    /// The earlier rules that have the point and take some packets of the parts, those that have most first.
    fn takers(&self, part: usize, point: &Point) -> Result<Vec<u32>, Exhausted> {
        let mut places = BTreeSet::new();
        let part = &self.parts[part];
        self.search.at(part, point, Among::before(self.place), |hit| {
            places.insert(hit.place);
        })?;
        let mut takers = Vec::new();
        for place in places {
            if self.takes(place)? {
                takers.push(place);
            }
        }
        takers.sort_by(|a, b| self.share(*b).total_cmp(&self.share(*a)).then(a.cmp(b)));
        Ok(takers)
    }

    /// Whether some packets of the parts come as far as the rule at `place` and match it.
    fn takes(&self, place: u32) -> Result<bool, Exhausted> {
        if let Some(known) = self.takes.borrow().get(&place) {
            return Ok(*known);
        }
        let mut takes = false;
        for ((_, _, part), entry) in self.entries(place) {
            let common = self.search.common(&self.parts[*part], entry);
            if let Some(common) = common
                && self.search.escape(&common, Among::before(place))? != Escape::No
            {
                takes = true;
                break;
            }
        }
        self.takes.borrow_mut().insert(place, takes);
        Ok(takes)
    }

    /// How much of the parts the rule has: no measure of anything else, its regions may overlap.
    fn share(&self, place: u32) -> f64 {
        self.entries(place).map(|((_, _, part), entry)| self.parts[*part].cell.share(&entry.cell)).sum()
    }

    fn entries(&self, place: u32) -> impl Iterator<Item = (&(u32, u32, usize), &Entry)> {
        self.near.range((place, 0, 0)..=(place, u32::MAX, usize::MAX))
    }

    /// Of the rules that `wanted` names and that take some packets, the one that has most.
    fn largest(&self, wanted: Otherwise<'_>) -> Result<Option<u32>, Exhausted> {
        let mut best: Option<(f64, u32)> = None;
        let places: BTreeSet<u32> = self.near.keys().map(|(place, ..)| *place).collect();
        for place in places.into_iter().filter(|place| wanted(*place)) {
            let share = self.share(place);
            if best.is_none_or(|(most, _)| share > most) && self.takes(place)? {
                best = Some((share, place));
            }
        }
        Ok(best.map(|(_, place)| place))
    }
}
