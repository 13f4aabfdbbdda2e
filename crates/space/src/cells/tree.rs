use super::{Cell, Entry, Point};

/// Entries by one of their axes (or by the service, which is two), each kept at nested intervals that together are its own.
///
/// Any two of the intervals are disjoint or nested, being prefixes. So those that have a value are a chain of parents,
/// and those within a range lie side by side; what is side by side in the tree is so in memory.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Low ends, ascending; of equal ones the widest interval comes first.
    lows: Vec<u32>,
    nodes: Vec<Node>,
    /// By node, then by place.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Node {
    high: u32,
    /// The narrowest interval around this one, or `NONE`.
    parent: u32,
    /// Its first entry; they end where those of the next node begin.
    first: u32,
}

const NONE: u32 = u32::MAX;

/// An interval and the number of the entry that it is a part of. Sorted, enclosing intervals come before what they enclose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    low: u32,
    high: std::cmp::Reverse<u32>,
    pub entry: u32,
}

impl Tree {
    /// `spans` are sorted.
    pub fn new(spans: impl Iterator<Item = Span>, entries: &[Entry]) -> Self {
        let mut tree = Tree::default();
        let mut open: Vec<u32> = Vec::new();
        let mut last = None;
        for span in spans {
            let interval = (span.low, span.high.0);
            if last != Some(interval) {
                last = Some(interval);
                while open.last().is_some_and(|top| tree.nodes[*top as usize].high < span.low) {
                    open.pop();
                }
                let parent = open.last().copied().unwrap_or(NONE);
                open.push(number(tree.nodes.len()));
                tree.lows.push(span.low);
                tree.nodes.push(Node { high: span.high.0, parent, first: number(tree.entries.len()) });
            }
            tree.entries.extend(entries.get(span.entry as usize));
        }
        tree
    }

    /// Shows `each` the entries before `before` whose intervals have `value` and whose cells have `point`. Returns how many
    /// were looked at.
    pub fn at(&self, value: u32, point: &Point, before: u32, mut each: impl FnMut(&Entry)) -> usize {
        let mut looks = 8;
        let mut at = self.lows.partition_point(|low| *low <= value).wrapping_sub(1);
        while let Some(node) = self.nodes.get(at) {
            if node.high >= value {
                for entry in self.of(at) {
                    if entry.place >= before {
                        break;
                    }
                    looks += 1;
                    if entry.cell.has(point) {
                        each(entry);
                    }
                }
            }
            looks += 1;
            at = node.parent as usize;
        }
        looks
    }

    /// Shows `each` the entries whose intervals meet `low..=high` and whose cells overlap `cell`, some more than once, until
    /// it returns `false`. Returns how many were looked at.
    pub fn meeting(
        &self,
        (low, high): (u32, u32),
        cell: &Cell,
        mut each: impl FnMut(&Entry) -> bool,
    ) -> (usize, bool) {
        let mut looks = 8;
        let from = self.lows.partition_point(|other| *other < low);
        let to = self.lows.partition_point(|other| *other <= high);
        let mut around = from.wrapping_sub(1);
        while let Some(node) = self.nodes.get(around) {
            if node.high >= low {
                for entry in self.of(around) {
                    looks += 1;
                    if entry.cell.overlaps(cell) && !each(entry) {
                        return (looks, false);
                    }
                }
            }
            looks += 1;
            around = node.parent as usize;
        }
        for entry in &self.entries[self.first(from)..self.first(to)] {
            looks += 1;
            if entry.cell.overlaps(cell) && !each(entry) {
                return (looks, false);
            }
        }
        (looks, true)
    }

    fn of(&self, node: usize) -> &[Entry] {
        &self.entries[self.first(node)..self.first(node + 1)]
    }

    fn first(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(self.entries.len(), |node| node.first as usize)
    }
}

/// Adds the prefixes that together are `low..=high`.
pub(super) fn push_spans((mut low, high): (u32, u32), entry: u32, out: &mut Vec<Span>) {
    loop {
        // The largest block that begins here, and is not too large.
        let mut width = if low == 0 { u32::MAX } else { (1 << low.trailing_zeros()) - 1 };
        while width > high - low {
            width >>= 1;
        }
        out.push(Span { low, high: std::cmp::Reverse(low + width), entry });
        match (low + width).checked_add(1) {
            Some(next) if next <= high => low = next,
            _ => return,
        }
    }
}

/// For each of the sorted `spans`, how many lie in its interval.
pub(super) fn populations(spans: &[Span]) -> Vec<u32> {
    let mut out = vec![0; spans.len()];
    // The intervals around the one at hand, each with its first and last span.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut close = |(first, last): (usize, usize), end: usize| {
        out[first..=last].fill(number(end - first));
    };
    for (at, span) in spans.iter().enumerate() {
        while let Some((first, last)) = open.last_mut() {
            if spans[*first].high.0 < span.low {
                close((*first, *last), at);
                open.pop();
                continue;
            }
            if spans[*first].low == span.low && spans[*first].high == span.high {
                *last = at;
            } else {
                open.push((at, at));
            }
            break;
        }
        if open.is_empty() {
            open.push((at, at));
        }
    }
    while let Some(last) = open.pop() {
        close(last, spans.len());
    }
    out
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spans_of(low: u32, high: u32) -> Vec<(u32, u32)> {
        let mut spans = Vec::new();
        push_spans((low, high), 0, &mut spans);
        spans.iter().map(|span| (span.low, span.high.0)).collect()
    }

    #[test]
    fn an_interval_is_cut_into_prefixes() {
        assert_eq!(spans_of(0, u32::MAX), [(0, u32::MAX)]);
        assert_eq!(spans_of(u32::MAX, u32::MAX), [(u32::MAX, u32::MAX)]);
        assert_eq!(spans_of(1, 6), [(1, 1), (2, 3), (4, 5), (6, 6)]);
        assert_eq!(spans_of(0, 6), [(0, 3), (4, 5), (6, 6)]);
        assert_eq!(spans_of(1, u32::MAX).len(), 32);
    }

    proptest! {
        #[test]
        fn populations_are_counted(ends in proptest::collection::vec((0u32..40, 0u32..12), 0..40)) {
            let mut spans = Vec::new();
            for ((low, width), entry) in ends.into_iter().zip(0..) {
                push_spans((low, low + width), entry, &mut spans);
            }
            spans.sort_unstable();
            for (span, population) in spans.iter().zip(populations(&spans)) {
                let inside = spans.iter().filter(|other| span.low <= other.low && other.high.0 <= span.high.0);
                prop_assert_eq!(inside.count(), population as usize);
            }
        }
    }
}
