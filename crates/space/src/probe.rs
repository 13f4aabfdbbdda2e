use crate::spread::spread;
use crate::{AddressSet, Coordinate, IntervalSet, NameSet, Region, Set};

/// So many probes are tried before the whole of a question is.
pub(crate) const PROBES: usize = 12;

impl Region {
    /// A part of the region with one value on each axis, the `number`-th of some that lie apart: if that part comes
    /// through, the region does, and to see it costs next to nothing. `None` where the axes are empty.
    pub(crate) fn probe(&self, number: usize) -> Option<Region> {
        Some(Region {
            source: one_address(&self.source, self.destination.v4.is_empty(), spread(number, 1))?,
            destination: one_address(&self.destination, self.source.v4.is_empty(), spread(number, 2))?,
            protocol: one(&self.protocol, spread(number, 3))?,
            source_port: one(&self.source_port, spread(number, 4))?,
            destination_port: one(&self.destination_port, spread(number, 5))?,
            in_interface: NameSet::one(&self.in_interface.example()?).intersect(&self.in_interface),
            out_interface: NameSet::one(&self.out_interface.example()?).intersect(&self.out_interface),
            conditions: self.conditions.clone(),
        })
    }
}

/// One value of the set: an end of one of its intervals, or the value in its middle.
fn one<T: Coordinate>(set: &IntervalSet<T>, number: u64) -> Option<IntervalSet<T>> {
    let length = set.ranges().len();
    let which = usize::try_from(number % (length.max(1) as u64)).ok()?;
    let (low, high) = set.ranges().nth(which)?;
    Some(IntervalSet::one(match number >> 32 & 3 {
        0 => low,
        1 => high,
        _ => T::between(low, high),
    }))
}

fn one_address(set: &AddressSet, other_is_six: bool, number: u64) -> Option<AddressSet> {
    if set.v4.is_empty() || other_is_six {
        return Some(AddressSet { v4: IntervalSet::empty(), v6: one(&set.v6, number)? });
    }
    Some(AddressSet { v4: one(&set.v4, number)?, v6: IntervalSet::empty() })
}
