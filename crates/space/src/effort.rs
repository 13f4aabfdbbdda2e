use std::cell::Cell;

/// A bound on work, so that a rule set made to be slow ends in a message and not in a hang.
///
/// A region that is made costs a step for each few of its parts; one that is only looked at costs little of a step.
/// Memory is bounded with it: what is kept was made.
pub struct Effort<'a> {
    /// In looks.
    left: Cell<u64>,
    limit: u64,
    tick: Option<&'a dyn Fn()>,
}

/// So many looks cost as much as one step.
const LOOKS: u64 = 64;

/// `tick` is called once in so many looks.
const BETWEEN_TICKS: u64 = 1 << 20;

impl<'a> Effort<'a> {
    /// Enough for any rule set seen in the field, and seconds rather than hours for the ones that are not.
    pub const USUAL: u64 = 20_000_000;

    /// At most `limit` steps.
    pub fn limited(limit: u64) -> Self {
        Effort { left: Cell::new(limit.saturating_mul(LOOKS)), limit, tick: None }
    }

    pub fn usual() -> Self {
        Self::limited(Self::USUAL)
    }

    /// Calls `tick` now and then; it may unwind, to cancel.
    pub fn with_tick(self, tick: &'a dyn Fn()) -> Self {
        Effort { tick: Some(tick), ..self }
    }

    pub(crate) fn spend(&self, steps: usize) -> Result<(), Exhausted> {
        self.take((steps as u64).saturating_mul(LOOKS))
    }

    /// For what is less than a step: comparing two regions, copying a word.
    pub(crate) fn look(&self, looks: usize) -> Result<(), Exhausted> {
        self.take(looks as u64)
    }

    fn take(&self, looks: u64) -> Result<(), Exhausted> {
        let left = self.left.get();
        let Some(after) = left.checked_sub(looks) else { return Err(Exhausted { limit: self.limit }) };
        if let Some(tick) = self.tick
            && left / BETWEEN_TICKS != after / BETWEEN_TICKS
        {
            tick();
        }
        self.left.set(after);
        Ok(())
    }
}

/// The bound that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    pub limit: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_gone() {
        let effort = Effort::limited(2);
        assert_eq!(effort.spend(1), Ok(()));
        assert_eq!(effort.look(64), Ok(()));
        assert_eq!(effort.look(1), Err(Exhausted { limit: 2 }));
        assert_eq!(Effort::limited(u64::MAX).spend(usize::MAX), Ok(()));
    }

    #[test]
    fn ticks_come_with_looks_alone() {
        let ticks = Cell::new(0);
        let tick = || ticks.set(ticks.get() + 1);
        let effort = Effort::usual().with_tick(&tick);
        for _ in 0..40_000 {
            effort.look(100).unwrap();
        }
        assert!((3..=4).contains(&ticks.get()), "{}", ticks.get());
    }
}
