use crate::model::Prefix;

/// A small generator of numbers (SplitMix64, Steele, Lea and Flood 2014): the same seed, the same numbers.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when the bound is.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from((u128::from(self.number()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// A number below `bound`, as one counts list entries.
    pub fn index(&mut self, bound: usize) -> usize {
        self.below(u32::try_from(bound).unwrap_or(u32::MAX)) as usize
    }

    /// A small number below `bound`.
    pub(crate) fn small(&mut self, bound: u32) -> u8 {
        u8::try_from(self.below(bound)).unwrap_or(u8::MAX)
    }

    /// From 0 to `most`.
    pub(crate) fn port(&mut self, most: u16) -> u16 {
        u16::try_from(self.below(u32::from(most) + 1)).unwrap_or(most)
    }

    /// From 0 on and below 1.
    pub fn fraction(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.index(from.len()))
    }

    /// An entry, by its weight.
    pub fn weighted<'a, T>(&mut self, from: &'a [(T, f64)]) -> Option<&'a T> {
        let mut at = self.fraction() * from.iter().map(|(_, weight)| weight).sum::<f64>();
        let found = from.iter().find(|(_, weight)| {
            at -= weight;
            at < 0.0
        });
        found.or(from.last()).map(|(entry, _)| entry)
    }

    /// The entries before the middle are picked more often.
    pub fn skewed(&mut self, bound: usize, power: f64) -> usize {
        ((bound as f64 * self.fraction().powf(power)) as usize).min(bound.saturating_sub(1))
    }

    /// A prefix of that length within another one.
    pub(crate) fn inside(&mut self, prefix: Prefix, length: u8) -> Prefix {
        let length = length.max(prefix.1);
        let bits = u32::try_from(self.number() >> 32).unwrap_or(0);
        Prefix(prefix.0 | bits & !Prefix::mask(prefix.1) & Prefix::mask(length), length)
    }
}
