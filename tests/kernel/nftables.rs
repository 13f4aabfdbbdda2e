//! nftables in a real kernel: random files, and what Flowright writes. See README.md.

use super::compare::{Comparison, Demand};
use super::nft_grammar;
use super::nft_listed::listed;
use super::probes::Hook;
use super::programs::Variant;
use super::random::Random;
use super::topology::Family;
use super::written::emitted;
use super::{HOOKS, attempts, comparisons_of};

fn comparisons() -> Vec<Comparison> {
    comparisons_of(Variant::nft())
}

fn random_files(hook: Hook, seeds: std::ops::Range<u64>, count: usize) {
    for mut comparison in comparisons() {
        let mut loaded = 0;
        for seed in seeds.clone() {
            for family in [Family::V4, Family::V6] {
                let mut random = Random::new(seed);
                let text = nft_grammar::file(family, hook, &mut random);
                let shown = |error: String| format!("{family:?}, seed {seed}: {error}");
                // What nft does not take, such as intervals that overlap, nobody exports.
                if let Err(refused) = comparison.kernel().test(family, &text) {
                    println!("{}", shown(refused));
                    continue;
                }
                loaded += 1;
                let compared =
                    comparison.compare(family, &text, &[hook], count, Demand::Decided, &mut random);
                let compared = compared.and_then(|()| listed(&comparison, &text));
                compared.unwrap_or_else(|error| panic!("{}", shown(error)));
            }
        }
        let tally = comparison.tally;
        println!("{loaded} loaded: {tally:?}");
        let all = 2 * (seeds.end - seeds.start);
        assert!(loaded * 10 > all * 9, "only {loaded} of {all} were loaded");
        let [fewer, all] = [tally.arrived.min(tally.stopped), tally.arrived + tally.stopped];
        assert!(fewer * 5 > all, "most packets meet the same fate: {tally:?}");
    }
}

#[test]
fn random_nftables_decide_forwarded_packets_as_the_kernel_does() {
    random_files(Hook::Forward, 0..80, 200);
}

#[test]
fn random_nftables_decide_packets_of_the_host_as_the_kernel_does() {
    random_files(Hook::Input, 0..15, 150);
    random_files(Hook::Output, 40..55, 150);
}

#[test]
fn what_emit_writes_for_nftables_loads_and_decides_as_asked() {
    attempts(comparisons(), 60, |comparison, family, seed| {
        let mut random = Random::new(seed);
        let hook = if seed % 4 == 0 { *random.pick(&HOOKS) } else { Hook::Forward };
        emitted(comparison, family, hook, &mut random)
    });
}
