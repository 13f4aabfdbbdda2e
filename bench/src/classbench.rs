//! Filters with field statistics like those published with ClassBench (Taylor and Turner 2007) for its seeds acl1, fw1 and
//! ipc1: rounded shares of protocols, port classes, pairs of prefix lengths, and the branching of the address tries.

use std::collections::{BTreeMap, BTreeSet};

use crate::Random;
use crate::anomaly::single;
use crate::model::{Ports, Prefix, Protocol, Rule, Service};

/// What one seed's filters are like.
pub(crate) struct Statistics {
    /// How many filters they were taken from.
    scale: usize,
    protocols: &'static [((Protocol, Classes), f64)],
    /// Lengths of source and destination prefixes.
    lengths: &'static [((u8, u8), f64)],
    /// For arbitrary ranges and for exact ports, of sources and of destinations; the first are used most.
    source_ranges: &'static [Ports],
    source_ports: &'static [u16],
    destination_ranges: &'static [Ports],
    destination_ports: &'static [u16],
    source: Trie,
    destination: Trie,
    /// How often the destination goes on sharing the source's bits, by bands of eight levels.
    correlation: [f64; 4],
}

/// By bands of eight levels.
struct Trie {
    /// The share of nodes with two children.
    both: [f64; 4],
    /// How uneven those two are: 0 even, 1 all in one.
    skew: [f64; 4],
}

/// A class of port sets.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    /// Any port.
    Any,
    /// 1024 and up.
    High,
    /// An arbitrary range.
    Range,
    /// One port.
    Exact,
}

use Class::{Any, Exact, High, Range};

/// Of source and destination ports.
type Classes = &'static [((Class, Class), f64)];

const ANY: Classes = &[((Any, Any), 1.0)];

pub(crate) const ACL1: Statistics = Statistics {
    scale: 733,
    protocols: &[
        ((Protocol::Any, ANY), 0.085),
        ((Protocol::Icmp, ANY), 0.03),
        ((Protocol::Tcp, &[((Any, Any), 0.215), ((Any, Range), 0.13), ((Any, Exact), 0.655)]), 0.875),
        ((Protocol::Udp, &[((Any, Range), 0.12), ((Any, Exact), 0.88)]), 0.01),
    ],
    lengths: &[
        ((32, 32), 0.75),
        ((32, 22), 0.05),
        ((23, 32), 0.05),
        ((32, 24), 0.035),
        ((31, 32), 0.03),
        ((23, 16), 0.02),
        ((30, 22), 0.015),
        ((32, 31), 0.01),
        ((32, 30), 0.01),
        ((31, 22), 0.01),
        ((30, 32), 0.01),
        ((0, 0), 0.001),
    ],
    source_ranges: &[],
    source_ports: &[],
    destination_ranges: &[
        (1600, 1649),
        (1300, 1349),
        (7500, 7599),
        (2200, 2210),
        (1025, 65535),
        (5001, 65535),
        (8000, 8100),
        (20000, 20010),
        (61000, 61099),
        (62000, 62099),
    ],
    destination_ports: &[
        1521, 1526, 1221, 1433, 1525, 135, 1712, 1711, 1704, 5555, 6000, 20, 21, 1489, 5632, 6789, 2121,
        2110, 1540, 443, 80, 27000, 512, 1550,
    ],
    source: Trie { both: [0.2, 0.0, 0.0, 0.65], skew: [1.0, 1.0, 1.0, 0.45] },
    destination: Trie { both: [0.65, 0.17, 0.07, 0.1], skew: [0.7, 0.7, 0.6, 0.45] },
    correlation: [0.8, 1.0, 0.6, 0.0],
};

pub(crate) const FW1: Statistics = Statistics {
    scale: 283,
    protocols: &[
        ((Protocol::Any, ANY), 0.01),
        ((Protocol::Icmp, ANY), 0.04),
        ((Protocol::Tcp, &[((Any, Any), 0.185), ((High, High), 0.07), ((Any, Exact), 0.745)]), 0.57),
        (
            (
                Protocol::Udp,
                &[
                    ((High, High), 0.065),
                    ((High, Range), 0.01),
                    ((Range, High), 0.01),
                    ((Any, Exact), 0.43),
                    ((Exact, Any), 0.31),
                    ((High, Exact), 0.055),
                    ((Exact, High), 0.055),
                    ((Exact, Exact), 0.065),
                ],
            ),
            0.32,
        ),
        ((Protocol::Other(47), ANY), 0.06),
    ],
    lengths: &[
        ((0, 32), 0.55),
        ((32, 0), 0.145),
        ((0, 0), 0.075),
        ((32, 32), 0.06),
        ((30, 0), 0.02),
        ((32, 21), 0.02),
        ((21, 0), 0.015),
        ((23, 0), 0.015),
        ((27, 0), 0.015),
        ((28, 32), 0.015),
        ((32, 28), 0.015),
        ((30, 32), 0.015),
        ((32, 30), 0.015),
        ((28, 0), 0.01),
    ],
    source_ranges: &[(33434, 33600)],
    source_ports: &[123, 53, 750, 161, 88, 69, 67, 7648, 162],
    destination_ranges: &[(33434, 33600)],
    destination_ports: &[
        22, 80, 25, 53, 123, 2105, 21, 544, 750, 443, 23, 161, 88, 110, 143, 389, 873, 1433, 3389, 5900,
    ],
    source: Trie { both: [0.35, 0.04, 0.06, 0.2], skew: [0.65, 0.85, 0.8, 0.45] },
    destination: Trie { both: [0.3, 0.02, 0.07, 0.23], skew: [0.85, 1.0, 0.8, 0.5] },
    correlation: [0.9, 1.0, 0.9, 0.4],
};

pub(crate) const IPC1: Statistics = Statistics {
    scale: 1702,
    protocols: &[
        ((Protocol::Any, ANY), 0.345),
        ((Protocol::Icmp, ANY), 0.01),
        (
            (
                Protocol::Tcp,
                &[
                    ((Any, Any), 0.085),
                    ((Any, Range), 0.07),
                    ((Range, Any), 0.065),
                    ((Any, Exact), 0.505),
                    ((Exact, Any), 0.275),
                ],
            ),
            0.26,
        ),
        (
            (
                Protocol::Udp,
                &[
                    ((Any, High), 0.175),
                    ((High, Any), 0.01),
                    ((Any, Range), 0.015),
                    ((Range, Any), 0.01),
                    ((Any, Exact), 0.585),
                    ((Exact, Any), 0.195),
                    ((Exact, Exact), 0.01),
                ],
            ),
            0.38,
        ),
        ((Protocol::Other(50), ANY), 0.005),
    ],
    lengths: &[
        ((32, 32), 0.24),
        ((24, 24), 0.1),
        ((24, 32), 0.09),
        ((32, 24), 0.055),
        ((0, 32), 0.04),
        ((23, 24), 0.04),
        ((23, 32), 0.03),
        ((24, 16), 0.03),
        ((24, 0), 0.025),
        ((32, 26), 0.025),
        ((0, 24), 0.02),
        ((24, 26), 0.02),
        ((26, 24), 0.02),
        ((16, 24), 0.02),
        ((16, 16), 0.02),
        ((32, 0), 0.02),
        ((26, 32), 0.02),
        ((28, 32), 0.015),
        ((32, 28), 0.015),
        ((22, 24), 0.015),
    ],
    source_ranges: &[(20, 23), (109, 110), (1645, 1646), (5000, 5001)],
    source_ports: &[161, 53, 80, 25, 1433, 22, 5540, 143, 5550, 5520, 5632],
    destination_ranges: &[(20, 23), (109, 110), (1645, 1646), (1812, 1813), (5000, 5001)],
    destination_ports: &[
        69, 514, 80, 9003, 53, 25, 1433, 137, 22, 143, 162, 113, 443, 123, 161, 389, 138, 139, 445, 3389,
    ],
    source: Trie { both: [0.45, 0.12, 0.13, 0.1], skew: [0.5, 0.63, 0.5, 0.4] },
    destination: Trie { both: [0.45, 0.06, 0.09, 0.18], skew: [0.7, 0.78, 0.4, 0.5] },
    correlation: [0.75, 0.95, 0.95, 0.15],
};

/// `count` filters or fewer, all different, the most specific first. ClassBench has no actions; a fifth denies here.
pub(crate) fn filters(random: &mut Random, statistics: &Statistics, count: usize) -> Vec<Rule> {
    // With more filters, the tries branch more.
    let growth = (count as f64 / statistics.scale as f64).max(1.0).powf(0.35);
    let mut sources = Walker { trie: &statistics.source, growth, nodes: BTreeMap::new() };
    let mut destinations = Walker { trie: &statistics.destination, growth, nodes: BTreeMap::new() };
    let mut seen = BTreeSet::new();
    for _ in 0..60 * count {
        if seen.len() == count {
            break;
        }
        let (protocol, classes) =
            random.weighted(statistics.protocols).copied().unwrap_or((Protocol::Any, ANY));
        let (from, to) = random.weighted(classes).copied().unwrap_or((Any, Any));
        let (source, destination) = random.weighted(statistics.lengths).copied().unwrap_or((0, 0));
        let like = sources.draw(random, source, None);
        let shared = (source > 0).then_some((like, &statistics.correlation));
        let far = destinations.draw(random, destination, shared);
        let ports = |random: &mut Random, class, ranges: &[Ports], exact: &[u16]| -> Vec<Ports> {
            match class {
                Any => Vec::new(),
                High => vec![(1024, 65535)],
                Range => ranked(random, ranges).into_iter().collect(),
                Exact => ranked(random, exact).map(|port| (port, port)).into_iter().collect(),
            }
        };
        let source_ports = ports(random, from, statistics.source_ranges, statistics.source_ports);
        let ports = ports(random, to, statistics.destination_ranges, statistics.destination_ports);
        seen.insert((Prefix(like, source), Prefix(far, destination), protocol, source_ports, ports));
    }
    let mut filters: Vec<_> = seen.into_iter().collect();
    let bits =
        |ports: &[Ports]| ports.first().map_or(16.0, |(low, high)| (f64::from(high - low) + 1.0).log2());
    filters.sort_by_cached_key(|(source, destination, protocol, from, to)| {
        let any = if *protocol == Protocol::Any { 8 } else { 0 };
        64 - u32::from(source.1) - u32::from(destination.1) + (bits(from) + bits(to)) as u32 + any
    });
    let rule = |(from, to, protocol, source, destination)| Rule {
        source: single(from),
        destination: single(to),
        service: Service { protocol, source, destination },
        permit: !random.chance(20),
    };
    filters.into_iter().map(rule).collect()
}

/// One of the entries, each used as often as one by its rank.
fn ranked<T: Copy>(random: &mut Random, from: &[T]) -> Option<T> {
    let weighted: Vec<(T, f64)> =
        from.iter().zip(1..).map(|(entry, rank)| (*entry, 1.0 / f64::from(rank))).collect();
    random.weighted(&weighted).copied()
}

/// Draws prefixes from a binary trie that grows as it is walked.
struct Walker<'a> {
    trie: &'a Trie,
    growth: f64,
    /// By length and bits: the heavier child, and its share.
    nodes: BTreeMap<(u8, u32), (u32, f64)>,
}

impl Walker<'_> {
    /// The bits of a prefix; with `like`, they go on as those do for a while.
    fn draw(&mut self, random: &mut Random, length: u8, like: Option<(u32, &[f64; 4])>) -> u32 {
        let (mut bits, mut same) = (0_u32, like);
        for level in 0..length {
            let band = usize::from(level / 8);
            let followed = same.map(|(like, correlation)| {
                let bit = like >> (31 - level) & 1;
                if random.fraction() < correlation[band] {
                    bit
                } else {
                    same = None;
                    1 - bit
                }
            });
            let bit = followed.unwrap_or_else(|| self.bit(random, level, band, bits));
            bits |= bit << (31 - level);
        }
        bits
    }

    fn bit(&mut self, random: &mut Random, level: u8, band: usize, bits: u32) -> u32 {
        let (heavy, share) = *self.nodes.entry((level, bits)).or_insert_with(|| {
            let both = 1.0 - (1.0 - self.trie.both[band]) / self.growth;
            let share =
                if random.fraction() < both { 1.0 / (2.0 - self.trie.skew[band].min(0.98)) } else { 1.0 };
            (random.below(2), share)
        });
        if random.fraction() < share { heavy } else { 1 - heavy }
    }
}
