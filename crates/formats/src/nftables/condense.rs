//! Fewer regions for the same packets: what differs in one coordinate only is put together.

use std::collections::HashMap;

use space::{AddressSet, IntervalSet, Region, Set};

/// Puts together regions that are equal but for their destination ports, then those equal but for their sources, and
/// those equal but for their destinations.
pub(super) fn condense(regions: Vec<Region>) -> Vec<Region> {
    if regions.len() < 2 {
        return regions;
    }
    let by_port = merged(
        regions,
        |region| std::mem::replace(&mut region.destination_port, IntervalSet::any()),
        |all| IntervalSet::from_ranges(all.iter().flat_map(IntervalSet::ranges)),
        |region, ports| region.destination_port = ports,
    );
    let by_source = merged(
        by_port,
        |region| std::mem::replace(&mut region.source, AddressSet::any()),
        |all| AddressSet::union_of(all),
        |region, source| region.source = source,
    );
    merged(
        by_source,
        |region| std::mem::replace(&mut region.destination, AddressSet::any()),
        |all| AddressSet::union_of(all),
        |region, destination| region.destination = destination,
    )
}

/// In the order in which each group came first.
fn merged<T>(
    regions: Vec<Region>,
    take: fn(&mut Region) -> T,
    union: fn(&[T]) -> T,
    put: fn(&mut Region, T),
) -> Vec<Region> {
    let mut numbers: HashMap<Region, usize> = HashMap::with_capacity(regions.len());
    let mut groups: Vec<(Region, Vec<T>)> = Vec::new();
    for mut region in regions {
        let part = take(&mut region);
        match numbers.get(&region).and_then(|number| groups.get_mut(*number)) {
            Some((_, parts)) => parts.push(part),
            None => {
                numbers.insert(region.clone(), groups.len());
                groups.push((region, vec![part]));
            }
        }
    }
    groups
        .into_iter()
        .map(|(mut region, mut parts)| {
            let whole = if parts.len() == 1 { parts.swap_remove(0) } else { union(&parts) };
            put(&mut region, whole);
            region
        })
        .collect()
}
