use super::cell::{AXES, Cell, DESTINATION, DESTINATION_PORT, PROTOCOL, SOURCE, SOURCE_PORT};
use crate::{AddressSet, Coordinate, IntervalSet, Region, Rule, Set};

/// How the sets of a region become numbers of 32 bits, for the packets of one family.
#[derive(Debug)]
pub(crate) enum Axes {
    Four,
    /// Where the intervals between which no rule of the chain tells addresses apart begin, ascending from 0. They are
    /// numbered in this order.
    Six(Vec<u128>),
}

impl Axes {
    /// For IPv6, as `rules` divide it.
    pub fn six(rules: &[Rule]) -> Self {
        let mut starts = vec![0];
        for set in rules
            .iter()
            .flat_map(|rule| &rule.matches)
            .flat_map(|region| [&region.source, &region.destination])
        {
            for (low, high) in set.v6.ranges() {
                starts.push(low);
                starts.extend(high.next());
            }
        }
        starts.sort_unstable();
        starts.dedup();
        Axes::Six(starts)
    }

    /// The smallest cell that holds the region's packets of this family; `None` where there are none.
    pub fn hull(&self, region: &Region) -> Option<Cell> {
        if region.in_interface.is_empty() || region.out_interface.is_empty() {
            return None;
        }
        let sides = [
            widened(&region.protocol)?,
            self.addresses(&region.source)?,
            self.addresses(&region.destination)?,
            widened(&region.source_port)?,
            widened(&region.destination_port)?,
        ];
        Some(Cell { low: sides.map(|(low, _)| low), high: sides.map(|(_, high)| high) })
    }

    /// Whether the hull is all that the region has of this family.
    pub fn is_cell(&self, region: &Region) -> bool {
        (0..AXES).all(|axis| self.pieces(region, axis) <= 1)
    }

    /// Of how many intervals the region's set on this axis is made.
    pub fn pieces(&self, region: &Region, axis: usize) -> usize {
        let addresses = |set: &AddressSet| match self {
            Axes::Four => set.v4.ranges().len(),
            Axes::Six(_) => set.v6.ranges().len(),
        };
        match axis {
            PROTOCOL => region.protocol.ranges().len(),
            SOURCE => addresses(&region.source),
            DESTINATION => addresses(&region.destination),
            SOURCE_PORT => region.source_port.ranges().len(),
            _ => region.destination_port.ranges().len(),
        }
    }

    /// The first interval of the region's set on this axis that does not end before `value`.
    pub fn next_interval(&self, region: &Region, axis: usize, value: u32) -> Option<(u32, u32)> {
        match axis {
            PROTOCOL => following(&region.protocol, u8::try_from(value).ok()?),
            SOURCE => self.addresses_from(&region.source, value),
            DESTINATION => self.addresses_from(&region.destination, value),
            SOURCE_PORT => following(&region.source_port, u16::try_from(value).ok()?),
            DESTINATION_PORT => following(&region.destination_port, u16::try_from(value).ok()?),
            _ => None,
        }
    }

    /// Whether all packets of this family that `some` has, `all` has too, interfaces and conditions aside.
    pub fn is_within(&self, some: &Region, all: &Region) -> bool {
        let addresses = |some: &AddressSet, all: &AddressSet| match self {
            Axes::Four => some.v4.is_subset_of(&all.v4),
            Axes::Six(_) => some.v6.is_subset_of(&all.v6),
        };
        some.protocol.is_subset_of(&all.protocol)
            && some.destination_port.is_subset_of(&all.destination_port)
            && some.source_port.is_subset_of(&all.source_port)
            && addresses(&some.destination, &all.destination)
            && addresses(&some.source, &all.source)
    }

    fn addresses(&self, set: &AddressSet) -> Option<(u32, u32)> {
        match self {
            Axes::Four => set.v4.hull(),
            Axes::Six(starts) => set.v6.hull().map(|(low, high)| (place(starts, low), place(starts, high))),
        }
    }

    fn addresses_from(&self, set: &AddressSet, value: u32) -> Option<(u32, u32)> {
        match self {
            Axes::Four => set.v4.next_interval(value),
            Axes::Six(starts) => {
                let (low, high) = set.v6.next_interval(*starts.get(value as usize)?)?;
                Some((place(starts, low), place(starts, high)))
            }
        }
    }
}

/// The number of the interval that has `value`.
fn place(starts: &[u128], value: u128) -> u32 {
    u32::try_from(starts.partition_point(|start| *start <= value)).unwrap_or(u32::MAX).saturating_sub(1)
}

fn widened<T: Coordinate + Into<u32>>(set: &IntervalSet<T>) -> Option<(u32, u32)> {
    set.hull().map(|(low, high)| (low.into(), high.into()))
}

fn following<T: Coordinate + Into<u32>>(set: &IntervalSet<T>, value: T) -> Option<(u32, u32)> {
    set.next_interval(value).map(|(low, high)| (low.into(), high.into()))
}
