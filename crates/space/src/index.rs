use crate::{Region, Rule, Set};

/// Which rules of a chain can touch a region, found without looking at all of them.
///
/// The rules are kept twice, by the span of their IPv4 source and of their IPv4 destination, as a balanced tree laid out
/// in an array (sorted by low end, each inner place knowing the highest end below it), so that those which overlap an
/// interval are found in a time that grows with their number, and only with the logarithm of the chain's length. The
/// narrower of the two answers is taken. Rules about IPv6 are few in the exports we know and are all looked at.
#[derive(Debug)]
pub(crate) struct Index {
    by_source: Spans,
    by_destination: Spans,
    /// Rules that can match IPv6, ascending.
    six: Vec<u32>,
    length: usize,
}

/// Chains shorter than this are walked.
pub(crate) const SHORTEST: usize = 48;

impl Index {
    pub fn new(rules: &[Rule]) -> Self {
        let (mut sources, mut destinations, mut six) = (Vec::new(), Vec::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            for region in &rule.matches {
                if let (Some(source), Some(destination)) =
                    (region.source.v4.hull(), region.destination.v4.hull())
                {
                    sources.push((source.0, source.1, at));
                    destinations.push((destination.0, destination.1, at));
                }
                if !region.source.v6.is_empty()
                    && !region.destination.v6.is_empty()
                    && six.last() != Some(&at)
                {
                    six.push(at);
                }
            }
        }
        Index {
            by_source: Spans::new(sources),
            by_destination: Spans::new(destinations),
            six,
            length: rules.len(),
        }
    }

    /// How many rules it was made of.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The rules that can touch any of `parts`, ascending; `None` where that is most of them.
    pub fn candidates<'r>(&self, parts: impl Iterator<Item = &'r Region>) -> Option<Vec<u32>> {
        let mut found: Vec<u32> = Vec::new();
        for part in parts {
            if let (Some(source), Some(destination)) = (part.source.v4.hull(), part.destination.v4.hull()) {
                let limit = self.length / 2;
                let start = found.len();
                if !self.by_destination.overlapping(destination, limit, &mut found) {
                    found.truncate(start);
                    if !self.by_source.overlapping(source, limit, &mut found) {
                        return None;
                    }
                } else if found.len() - start > 64 {
                    // The other side may tell more apart.
                    let mut other = Vec::new();
                    if self.by_source.overlapping(source, found.len() - start, &mut other) {
                        found.truncate(start);
                        found.append(&mut other);
                    }
                }
            }
            if !part.source.v6.is_empty() && !part.destination.v6.is_empty() {
                found.extend(&self.six);
            }
            if found.len() > self.length {
                return None;
            }
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }
}

/// Intervals with a number each, as an implicit balanced tree.
#[derive(Debug)]
struct Spans {
    /// Low end, high end, number; by low end.
    all: Vec<(u32, u32, u32)>,
    /// For each place the highest end in the subtree whose root it is; the root of a range is its middle.
    highest: Vec<u32>,
}

impl Spans {
    fn new(mut all: Vec<(u32, u32, u32)>) -> Self {
        all.sort_unstable();
        let mut highest = vec![0; all.len()];
        Self::fill(&all, &mut highest, 0, all.len());
        Spans { all, highest }
    }

    /// Recursion as deep as the tree is high: 32 levels at the most.
    fn fill(all: &[(u32, u32, u32)], highest: &mut [u32], from: usize, to: usize) -> u32 {
        if from >= to {
            return 0;
        }
        let middle = from + (to - from) / 2;
        let below = Self::fill(all, highest, from, middle).max(Self::fill(all, highest, middle + 1, to));
        highest[middle] = below.max(all[middle].1);
        highest[middle]
    }

    /// Adds the numbers of the intervals that overlap `low..=high`; stops with `false` after `limit` of them.
    fn overlapping(&self, (low, high): (u32, u32), limit: usize, out: &mut Vec<u32>) -> bool {
        let start = out.len();
        let mut stack = vec![(0, self.all.len())];
        while let Some((from, to)) = stack.pop() {
            if from >= to {
                continue;
            }
            let middle = from + (to - from) / 2;
            if self.highest[middle] < low {
                continue;
            }
            let (first, last, number) = self.all[middle];
            stack.push((from, middle));
            if first <= high {
                stack.push((middle + 1, to));
                if last >= low {
                    if out.len() - start >= limit {
                        return false;
                    }
                    out.push(number);
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_that_overlap_are_found_and_no_others(
            spans in proptest::collection::vec((0u32..60, 0u32..20), 0..80),
            (low, width) in (0u32..60, 0u32..20),
        ) {
            let spans: Vec<(u32, u32, u32)> =
                spans.into_iter().zip(0..).map(|((low, width), number)| (low, low + width, number)).collect();
            let mut found = Vec::new();
            prop_assert!(Spans::new(spans.clone()).overlapping((low, low + width), usize::MAX, &mut found));
            found.sort_unstable();
            let naive: Vec<u32> = spans
                .iter()
                .filter(|(first, last, _)| *first <= low + width && low <= *last)
                .map(|(_, _, number)| *number)
                .collect();
            prop_assert_eq!(found, naive);
        }
    }
}
