//! Rule sets of iptables, and in `nftables` those of nft, in a real kernel. See README.md.
#![cfg(target_os = "linux")]

mod answered;
mod changed;
mod checksum;
mod compare;
mod grammar;
mod judged;
mod mentioned;
mod namespace;
mod network;
mod nft;
mod nft_grammar;
mod nft_keys;
mod nft_listed;
mod nft_mentioned;
mod nft_words;
mod nftables;
mod opaque;
mod probe;
mod probes;
mod programs;
mod random;
mod regions;
mod topology;
mod words;
mod written;

use std::fs;
use std::path::{Path, PathBuf};

use answered::answered;
use compare::{Comparison, Demand, Tally};
use network::Fate;
use probes::Hook;
use programs::Variant;
use random::Random;
use topology::Family;
use written::{Written, edited, emitted};

const HOOKS: [Hook; 3] = [Hook::Forward, Hook::Input, Hook::Output];

/// A comparison for each variant of iptables that works here.
fn comparisons() -> Vec<Comparison> {
    comparisons_of(Variant::iptables())
}

/// A comparison for each variant. None where no kernel is to be had; that is a failure where everything has to be there.
fn comparisons_of(variants: Result<Vec<Variant>, String>) -> Vec<Comparison> {
    match variants {
        Ok(variants) => variants
            .into_iter()
            .map(|variant| {
                println!("{}", variant.version());
                Comparison::new(variant)
                    .unwrap_or_else(|error| panic!("the network cannot be built: {error}"))
            })
            .collect(),
        Err(missing) if tests::must_be_complete() => panic!("missing here: {missing}"),
        Err(missing) => {
            println!("skipped: {missing}");
            Vec::new()
        }
    }
}

#[test]
fn the_network_carries_what_no_rule_stops_and_nothing_else() {
    for mut comparison in comparisons() {
        let mut random = Random::new(1);
        for (family, hook) in
            [Family::V4, Family::V6].into_iter().flat_map(|family| HOOKS.map(|hook| (family, hook)))
        {
            for policy in ["ACCEPT", "DROP"] {
                let text = format!("*filter\n:INPUT {policy}\n:FORWARD {policy}\n:OUTPUT {policy}\nCOMMIT\n");
                comparison.load(family, &text).expect("it loads");
                let sample =
                    comparison.sample(&text, family, hook, 400, &mut random).expect("packets can be sent");
                assert_eq!(sample.len(), 400);
                for (probe, fate) in sample {
                    let expected =
                        if policy == "ACCEPT" { Fate::Passed(probe.way.to()) } else { Fate::Stopped };
                    assert_eq!(fate, expected, "{probe} at {hook:?} of a policy {policy}");
                }
            }
        }
    }
}

#[test]
fn handwritten_rule_sets_decide_as_the_kernel_does() {
    let mut failures = Vec::new();
    for mut comparison in comparisons() {
        for (folder, demand) in [("decided", Demand::Decided), ("right", Demand::Right)] {
            for path in files(folder) {
                let shown = format!("{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy());
                let text = fs::read_to_string(&path).expect("a rule set is text");
                let hooks: Vec<Hook> = HOOKS
                    .into_iter()
                    .filter(|hook| *hook == Hook::Forward || text.contains(&format!("-A {} ", hook.chain())))
                    .collect();
                comparison.tally = Tally::default();
                let mut random = Random::new(7);
                if let Err(error) =
                    comparison.compare(Family::of_text(&text), &text, &hooks, 600, demand, &mut random)
                {
                    failures.push(format!("{shown}: {error}"));
                    continue;
                }
                let tally = comparison.tally;
                println!("{shown}: {tally:?}");
                if tally.arrived == 0 || tally.stopped == 0 {
                    failures.push(format!("{shown}: all packets meet the same fate, so it shows little"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernel/rules").join(folder);
    let entries = fs::read_dir(folder).expect("the folder of rule sets is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are no handwritten rule sets");
    paths
}

fn random_rule_sets(family: Family, demand: Demand, count: u64) {
    for mut comparison in comparisons() {
        for seed in 0..count {
            let mut random = Random::new(seed);
            let text = grammar::rule_set(family, demand == Demand::Right, &mut random);
            if let Err(error) = comparison.compare(family, &text, &[Hook::Forward], 200, demand, &mut random)
            {
                panic!("{family:?}, seed {seed}: {error}");
            }
        }
        let tally = comparison.tally;
        println!("{tally:?}");
        let [fewer, all] = [tally.arrived.min(tally.stopped), tally.arrived + tally.stopped];
        assert!(fewer * 4 > all, "most packets meet the same fate: {tally:?}");
        assert!(tally.either * 4 < all * 3, "most packets are not decided: {tally:?}");
    }
}

#[test]
fn random_ipv4_rule_sets_decide_as_the_kernel_does() {
    random_rule_sets(Family::V4, Demand::Decided, 250);
}

#[test]
fn random_ipv6_rule_sets_decide_as_the_kernel_does() {
    random_rule_sets(Family::V6, Demand::Decided, 150);
}

#[test]
fn what_is_decided_beside_unknown_matches_is_right() {
    random_rule_sets(Family::V4, Demand::Right, 200);
    random_rule_sets(Family::V6, Demand::Right, 100);
}

#[test]
fn the_program_answers_as_the_kernel_does() {
    for mut comparison in comparisons() {
        let handwritten =
            files("decided").into_iter().map(|path| fs::read_to_string(path).expect("a rule set is text"));
        let random = (0..10).flat_map(|seed| {
            [Family::V4, Family::V6].map(|family| grammar::rule_set(family, false, &mut Random::new(seed)))
        });
        for text in handwritten.chain(random) {
            let family = Family::of_text(&text);
            comparison.load(family, &text).unwrap_or_else(|error| panic!("{error}"));
            let sample = comparison.sample(&text, family, Hook::Forward, 100, &mut Random::new(3));
            let compared = sample.and_then(|sample| answered(&text, Hook::Forward, &sample));
            compared.unwrap_or_else(|error| panic!("{error}\n{text}"));
        }
    }
}

/// Makes `count` attempts for each family, of which only a few may be refused.
fn attempts(
    comparisons: Vec<Comparison>,
    count: u64,
    mut attempt: impl FnMut(&mut Comparison, Family, u64) -> Result<Written, String>,
) {
    for mut comparison in comparisons {
        for family in [Family::V4, Family::V6] {
            let mut agreed = 0;
            for seed in 0..count {
                match attempt(&mut comparison, family, seed) {
                    Ok(Written::Agreed) => agreed += 1,
                    Ok(Written::Refused) => {}
                    Err(error) => panic!("{family:?}, seed {seed}: {error}"),
                }
            }
            println!("{family:?}: {agreed} of {count} written");
            assert!(agreed * 2 > count, "only {agreed} of {count} were written");
        }
        println!("{:?}", comparison.tally);
    }
}

#[test]
fn what_emit_writes_loads_and_decides_as_asked() {
    attempts(comparisons(), 60, |comparison, family, seed| {
        let mut random = Random::new(seed);
        let hook = if seed % 4 == 0 { *random.pick(&HOOKS) } else { Hook::Forward };
        emitted(comparison, family, hook, &mut random)
    });
}

#[test]
fn what_edit_writes_loads_and_decides_as_asked() {
    attempts(comparisons(), 50, |comparison, family, seed| {
        edited(comparison, family, &mut Random::new(seed))
    });
}
