use crate::canonical::canonical;
use crate::{Decider, Effort, Exhausted, Region};

/// A union of regions.
///
/// Two flow sets that mean the same are equal once [`canonical`](FlowSet::canonical); in between the regions may be
/// cut in any way.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowSet {
    pub regions: Vec<Region>,
}

impl FlowSet {
    pub fn empty() -> Self {
        FlowSet { regions: Vec::new() }
    }

    /// All packets.
    pub fn any() -> Self {
        Region::any().into()
    }

    pub fn is_empty(&self) -> bool {
        self.regions.iter().all(Region::is_empty)
    }

    pub fn overlaps(&self, other: &FlowSet) -> bool {
        self.regions.iter().any(|region| other.regions.iter().any(|theirs| region.overlaps(theirs)))
    }

    pub fn union(mut self, other: FlowSet) -> FlowSet {
        self.regions.extend(other.regions);
        self
    }

    pub fn intersect(&self, other: &FlowSet) -> FlowSet {
        let regions = self
            .regions
            .iter()
            .flat_map(|mine| other.regions.iter().filter_map(|theirs| mine.intersect(theirs)));
        FlowSet { regions: regions.collect() }
    }

    /// What lies in `self` and not in `other`. The regions are disjoint if those of `self` are.
    pub fn subtract(&self, other: &FlowSet, effort: &Effort) -> Result<FlowSet, Exhausted> {
        let mut left: Vec<Region> =
            self.regions.iter().filter(|region| !region.is_empty()).cloned().collect();
        for cut in &other.regions {
            if left.is_empty() {
                break;
            }
            effort.look(left.len())?;
            let mut next = Vec::with_capacity(left.len());
            for region in left {
                if !region.overlaps(cut) {
                    next.push(region);
                    continue;
                }
                let old = next.len();
                region.split(cut, &mut next);
                effort.spend(1 + next.iter().skip(old).map(Region::weight).sum::<usize>())?;
            }
            left = next;
        }
        Ok(FlowSet { regions: left })
    }

    /// [`intersect`](FlowSet::intersect), within bounds: two long lists have many pairs.
    pub(crate) fn intersect_within(&self, other: &FlowSet, effort: &Effort) -> Result<FlowSet, Exhausted> {
        let mut regions = Vec::new();
        for mine in &self.regions {
            effort.look(other.regions.len())?;
            let old = regions.len();
            regions.extend(other.regions.iter().filter_map(|theirs| mine.intersect(theirs)));
            effort.spend(regions.iter().skip(old).map(Region::weight).sum())?;
        }
        Ok(FlowSet { regions })
    }

    pub fn is_subset_of(&self, other: &FlowSet, effort: &Effort) -> Result<bool, Exhausted> {
        for region in &self.regions {
            if !FlowSet::from(region.clone()).subtract(other, effort)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The one form of this set: disjoint regions, sorted, the same for every way of cutting it.
    pub fn canonical(&self, effort: &Effort) -> Result<FlowSet, Exhausted> {
        canonical(&self.regions, effort).map(|regions| FlowSet { regions })
    }

    pub fn map(&self, change: impl Fn(&Region) -> Region) -> FlowSet {
        self.regions.iter().map(change).collect()
    }

    /// How many packets; exact only where the regions are disjoint.
    pub fn size(&self) -> f64 {
        self.regions.iter().map(Region::size).sum()
    }
}

impl From<Region> for FlowSet {
    fn from(region: Region) -> Self {
        FlowSet { regions: if region.is_empty() { Vec::new() } else { vec![region] } }
    }
}

impl FromIterator<Region> for FlowSet {
    fn from_iter<I: IntoIterator<Item = Region>>(regions: I) -> Self {
        FlowSet { regions: regions.into_iter().filter(|region| !region.is_empty()).collect() }
    }
}

/// Deciders in a reader's order, without doubles.
pub(crate) fn distinct(mut deciders: Vec<Decider>) -> Vec<Decider> {
    deciders.sort_unstable();
    deciders.dedup();
    deciders
}
