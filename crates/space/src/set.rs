/// A set with exact operations; equal values are equal sets (every implementation keeps one canonical form).
pub trait Set: Clone + PartialEq {
    fn any() -> Self;
    fn empty() -> Self;
    fn is_any(&self) -> bool;
    fn is_empty(&self) -> bool;
    fn intersect(&self, other: &Self) -> Self;
    fn subtract(&self, other: &Self) -> Self;
    fn union(&self, other: &Self) -> Self;

    fn overlaps(&self, other: &Self) -> bool {
        !self.intersect(other).is_empty()
    }

    fn is_subset_of(&self, other: &Self) -> bool {
        self.subtract(other).is_empty()
    }

    fn complement(&self) -> Self {
        Self::any().subtract(self)
    }
}
