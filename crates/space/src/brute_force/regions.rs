//! Regions and unions of them, packet by packet.

use proptest::collection::vec;
use proptest::prelude::*;

use super::cases;
use super::strategies::{block, edge, palette, point};
use super::universe::{Block, Point, every_point, has, some_has};
use crate::{AddressSet, Conditions, Effort, Endpoint, FlowSet, Hidden, IntervalSet, Region, Set, protocol};

fn flow_set(blocks: &[Block]) -> FlowSet {
    blocks.iter().filter_map(Block::region).collect()
}

fn some_contain(blocks: &[Block], point: &Point) -> bool {
    blocks.iter().any(|block| block.contains(point))
}

/// A few blocks of one palette: all that they say can be tried.
fn few_blocks() -> impl Strategy<Value = (Vec<Block>, Vec<Block>)> {
    (palette(3), vec(block(), 0..5), vec(block(), 0..4)).prop_map(|(palette, mut a, mut b)| {
        a.iter_mut().chain(&mut b).for_each(|block| palette.limit(block));
        (a, b)
    })
}

/// The same set cut otherwise: each region along `cuts`, some parts twice, in another order.
fn recut(set: &FlowSet, cuts: &FlowSet) -> FlowSet {
    let mut regions = set.regions.clone();
    for cut in &cuts.regions {
        let mut next = Vec::new();
        for region in &regions {
            let inside = region.split(cut, &mut next);
            next.extend(inside);
        }
        regions = next;
    }
    regions.extend(set.regions.first().cloned());
    regions.reverse();
    regions.into_iter().collect()
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn two_regions(a in block(), b in block(), points in vec(point(), 200), edge in edge()) {
        let (Some(left), Some(right)) = (a.region(), b.region()) else { return Ok(()) };
        let both = left.intersect(&right);
        let mut outside = Vec::new();
        let inside = left.split(&right, &mut outside);
        prop_assert_eq!(&inside, &both);
        prop_assert_eq!(left.overlaps(&right), both.is_some());
        prop_assert!(!outside.iter().chain(&both).any(Region::is_empty));
        for point in &points {
            prop_assert_eq!(has(&left, point, edge), a.contains(point));
            prop_assert_eq!(some_has(&both, point, edge), a.contains(point) && b.contains(point));
            let pieces = outside.iter().filter(|piece| has(piece, point, edge)).count();
            prop_assert_eq!(pieces, usize::from(a.contains(point) && !b.contains(point)));
        }
    }

    #[test]
    fn one_region_in_another((a, b) in few_blocks()) {
        let all = every_point(a.iter().chain(&b));
        for (one, left) in a.iter().filter_map(|block| Some((block, block.region()?))) {
            prop_assert_eq!(left.is_empty(), !all.iter().any(|point| one.contains(point)));
            for (other, right) in b.iter().filter_map(|block| Some((block, block.region()?))) {
                let subset = all.iter().all(|point| !one.contains(point) || other.contains(point));
                prop_assert_eq!(left.is_subset_of(&right), subset);
                let meet = all.iter().any(|point| one.contains(point) && other.contains(point));
                prop_assert_eq!(left.overlaps(&right), meet);
            }
        }
    }

    #[test]
    fn two_unions((a, b) in few_blocks(), edge in edge()) {
        let (left, right) = (flow_set(&a), flow_set(&b));
        let effort = Effort::usual();
        let rest = left.subtract(&right, &effort).unwrap();
        let both = left.intersect(&right);
        let either = left.clone().union(right.clone());
        let canonical = left.canonical(&effort).unwrap();
        let all = every_point(a.iter().chain(&b));
        for point in &all {
            let (in_a, in_b) = (some_contain(&a, point), some_contain(&b, point));
            prop_assert_eq!(some_has(&rest.regions, point, edge), in_a && !in_b);
            prop_assert_eq!(some_has(&both.regions, point, edge), in_a && in_b);
            prop_assert_eq!(some_has(&either.regions, point, edge), in_a || in_b);
            let times = canonical.regions.iter().filter(|region| has(region, point, edge)).count();
            prop_assert_eq!(times, usize::from(in_a), "the canonical regions are disjoint and all");
        }
        let subset = all.iter().all(|point| !some_contain(&a, point) || some_contain(&b, point));
        prop_assert_eq!(left.is_subset_of(&right, &effort).unwrap(), subset);
        prop_assert_eq!(left.overlaps(&right), !both.is_empty());
        prop_assert_eq!(&both, &left.intersect_within(&right, &effort).unwrap());
        // Regions of what is disjoint stay so.
        let apart = canonical.subtract(&right, &effort).unwrap();
        for point in &all {
            let times = apart.regions.iter().filter(|region| has(region, point, edge)).count();
            prop_assert!(times <= 1);
        }
    }

    #[test]
    fn the_canonical_form_is_one((a, b) in few_blocks()) {
        let (left, right) = (flow_set(&a), flow_set(&b));
        let effort = Effort::usual();
        let canonical = |set: &FlowSet| set.canonical(&effort).unwrap();
        let form = canonical(&left);
        prop_assert_eq!(&canonical(&form), &form);
        prop_assert_eq!(&canonical(&recut(&left, &right)), &form);
        let with_and_without = left.subtract(&right, &effort).unwrap().union(left.intersect(&right));
        prop_assert_eq!(&canonical(&with_and_without), &form);
        let same = every_point(a.iter().chain(&b)).iter().all(|point| some_contain(&a, point) == some_contain(&b, point));
        prop_assert_eq!(canonical(&right) == form, same);
    }

    #[test]
    fn condensed_is_the_same((a, _) in few_blocks()) {
        let set = flow_set(&a);
        let condensed = set.condensed();
        let effort = Effort::usual();
        prop_assert!(condensed.regions.len() <= set.regions.len());
        // As packets: it may join what has nothing in between but pairs of two families.
        let packets = |set: &FlowSet| -> FlowSet { set.regions.iter().flat_map(Region::families).collect() };
        prop_assert_eq!(packets(&condensed).canonical(&effort), packets(&set).canonical(&effort));
        prop_assert_eq!(condensed.condensed(), condensed);
    }

    #[test]
    fn a_witness_lies_in_its_region(block in block(), edge in edge(), point in point()) {
        let Some(region) = block.region() else { return Ok(()) };
        let Some(witness) = region.witness() else {
            prop_assert!(region.is_empty());
            return Ok(());
        };
        prop_assert!(!region.is_empty() || !has(&region, &point, edge));
        let question = witness.question();
        let asked = &question.region;
        prop_assert!(asked.protocol.is_subset_of(&region.protocol));
        for (end, hidden, mine, theirs) in [
            (&witness.source, question.hidden.source, &region.source, &asked.source),
            (&witness.destination, question.hidden.destination, &region.destination, &asked.destination),
        ] {
            match end {
                Endpoint::Address(address) => prop_assert!(mine.contains(*address) && !hidden),
                Endpoint::Name(_) => prop_assert!(hidden && theirs.is_any()),
            }
        }
        if let Endpoint::Name(_) = witness.destination {
            // Of several names it tells the narrowest.
            prop_assert!(!asked.conditions.contradict(&region.conditions));
            prop_assert!(region.conditions.iter().any(|(symbol, held)| *held && asked.conditions.get(symbol) == Some(true)));
        }
        let Hidden { source_port, destination_port, .. } = question.hidden;
        prop_assert!(asked.source_port.is_subset_of(&region.source_port) || source_port || !protocol::has_ports(witness.protocol));
        prop_assert!(asked.destination_port.is_subset_of(&region.destination_port) || destination_port || !ported(witness.protocol));
        prop_assert!(asked.in_interface.is_subset_of(&region.in_interface));
        prop_assert!(asked.out_interface.is_subset_of(&region.out_interface));
    }
}

fn ported(number: u8) -> bool {
    protocol::has_ports(number) || protocol::is_icmp(number)
}

#[test]
fn a_witness_under_a_wildcard_is_a_host_of_it() {
    let under =
        |conditions: Conditions| Region::any().when(conditions).witness().unwrap().destination.to_string();
    let wildcard = Block { literals: vec![(3, true)], ..Block::any() }.conditions().unwrap();
    assert_eq!(under(wildcard.clone()), "host.b");
    let lacks =
        |name| Conditions::lacks(crate::Symbol::new(crate::Side::Destination, crate::SymbolKind::Name, name));
    assert_eq!(under(wildcard.and(&lacks("host.b")).unwrap()), "host1.b");
    assert_eq!(under(lacks("*.b")), "198.51.100.1");
}

#[test]
fn a_witness_has_both_ends_in_one_family() {
    let v6 = AddressSet::any_v6();
    assert_eq!(Region::any().to(v6).witness().unwrap().to_string(), "2001:db8::1 -> 2001:db8::1 tcp/443");
}

#[test]
fn what_is_empty_is_nowhere() {
    let nothing = Region { protocol: IntervalSet::empty(), ..Region::any() };
    let mut outside = Vec::new();
    assert_eq!(nothing.split(&Region::any(), &mut outside), None);
    assert_eq!(nothing.split(&nothing, &mut outside), None);
    assert!(outside.is_empty() && nothing.witness().is_none());
    let tcp = Region::any().protocol(protocol::TCP);
    assert!(Region { source: AddressSet::empty(), ..Region::any() }.is_subset_of(&tcp));
    assert!(FlowSet { regions: vec![nothing.clone()] }.is_empty());
    assert!(FlowSet::any().map(|_| nothing.clone()).regions.is_empty());
}
