//! A naive evaluator over a small universe, and the engine held against it.
//!
//! The universe cuts each coordinate into a few cells; every set in these tests is a union of cells, so to look at one
//! value of each cell is to look at all of them. What follows from the rules is then found by walking them packet by
//! packet, which is slow and has nothing to get wrong.

mod conditions;
mod deciding;
mod difference;
mod evaluate;
mod judging;
mod made_to_hurt;
mod regions;
mod relations;
mod sets;
mod strategies;
mod structure;
mod universe;

use proptest::prelude::ProptestConfig;

/// So many cases; `PROPTEST_CASES` (256 unless set) makes all tests longer in proportion.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: cases * usual.cases / 256,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..usual
    }
}
