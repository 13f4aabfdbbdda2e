/// A product of one interval on each axis: protocol, source, destination, source port, destination port.
///
/// IPv4 addresses stand for themselves, IPv6 addresses for their places between the ends that a chain speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub low: Point,
    pub high: Point,
}

/// One value on each axis.
pub(crate) type Point = [u32; AXES];

pub(crate) const AXES: usize = 5;
pub(crate) const PROTOCOL: usize = 0;
pub(crate) const SOURCE: usize = 1;
pub(crate) const DESTINATION: usize = 2;
pub(crate) const SOURCE_PORT: usize = 3;
pub(crate) const DESTINATION_PORT: usize = 4;

impl Cell {
    pub fn has(&self, point: &Point) -> bool {
        let mut inside = true;
        for (axis, value) in point.iter().enumerate() {
            inside &= self.low[axis] <= *value && *value <= self.high[axis];
        }
        inside
    }

    pub fn contains(&self, other: &Cell) -> bool {
        self.has(&other.low) && self.has(&other.high)
    }

    pub fn overlaps(&self, other: &Cell) -> bool {
        let mut common = true;
        for axis in 0..AXES {
            common &= self.low[axis] <= other.high[axis] && other.low[axis] <= self.high[axis];
        }
        common
    }

    /// The two overlap.
    pub fn intersect(&self, other: &Cell) -> Cell {
        let mut both = *self;
        for axis in 0..AXES {
            both.low[axis] = both.low[axis].max(other.low[axis]);
            both.high[axis] = both.high[axis].min(other.high[axis]);
        }
        both
    }

    /// Which part of this cell lies in `other`, which it overlaps: 1 where all of it does.
    pub fn share(&self, other: &Cell) -> f64 {
        let mut share = 1.0;
        for axis in 0..AXES {
            let (low, high) = (self.low[axis], self.high[axis]);
            if other.low[axis] > low || other.high[axis] < high {
                let common = other.high[axis].min(high) - other.low[axis].max(low);
                share *= (f64::from(common) + 1.0) / (f64::from(high - low) + 1.0);
            }
        }
        share
    }

    /// Pushes what of this cell lies outside `cut`, which has its lowest corner: a piece for each axis at the most, and
    /// the larger ones last.
    pub fn push_beyond(&self, cut: &Cell, out: &mut Vec<Cell>) {
        let mut rest = *self;
        let start = out.len();
        for axis in 0..AXES {
            if cut.high[axis] < rest.high[axis] {
                let mut beyond = rest;
                beyond.low[axis] = cut.high[axis] + 1;
                out.push(beyond);
                rest.high[axis] = cut.high[axis];
            }
        }
        out[start..].reverse();
    }
}
