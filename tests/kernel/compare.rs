//! The comparison: a rule set is loaded, packets are sent, and what arrives must be what Flowright said.

use std::fmt::Write;

use super::judged::{Decision, decide, import, name_of, rule_set};
use super::network::Fate;
use super::probe::Probe;
use super::probes::{Hook, Sent, probes};
use super::programs::{Kernel, Variant};
use super::random::Random;
use super::topology::Family;

/// What is demanded of Flowright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Every packet is decided: all matches are modelled.
    Decided,
    /// What is decided is right.
    Right,
}

/// A kernel to compare with, and what came of it.
pub struct Comparison {
    kernel: Kernel,
    sent: Sent,
    loaded: usize,
    pub tally: Tally,
}

/// How many packets there were of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub arrived: usize,
    pub stopped: usize,
    /// How many of them Flowright left open.
    pub either: usize,
}

impl Tally {
    fn count(&mut self, fates: &[Fate]) {
        let stopped = fates.iter().filter(|fate| **fate == Fate::Stopped).count();
        self.stopped += stopped;
        self.arrived += fates.len() - stopped;
    }
}

/// The kernel remembers the connections of this many rule sets; then a new network is built.
const LOADED_AT_MOST: usize = 60;

/// How a line of a file of nftables begins that can be left out.
const RULE_OF_NFT: &str = "\t\t";

impl Comparison {
    pub fn new(variant: Variant) -> Result<Self, String> {
        Ok(Comparison {
            kernel: Kernel::new(variant)?,
            sent: Sent::default(),
            loaded: 0,
            tally: Tally::default(),
        })
    }

    /// Compares `count` packets for each hook. The file and what the program prints of it are both read.
    ///
    /// An error tells the smallest part of the rule set that still shows the difference.
    pub fn compare(
        &mut self,
        family: Family,
        text: &str,
        hooks: &[Hook],
        count: usize,
        demand: Demand,
        random: &mut Random,
    ) -> Result<(), String> {
        self.load(family, text)?;
        let saved = self
            .kernel
            .saved(family, random.chance(30))
            .map_err(|error| format!("{error}\nthe rule set:\n{text}"))?;
        for hook in hooks {
            let probes = probes(text, family, *hook, count, random, &mut self.sent);
            let fates = self.kernel.network.send(&probes)?;
            for text in [text, &saved] {
                if let Some(difference) = difference(text, *hook, demand, &probes, &fates)? {
                    let small = self.smaller(family, text, *hook, demand, &difference.probe);
                    let again = small.as_deref().unwrap_or(text);
                    return Err(format!("{}\nthe rule set:\n{again}", difference.in_words));
                }
            }
            let export = import(text)?;
            self.tally.count(&fates);
            for probe in &probes {
                if decide(&rule_set(&export, *hook)?.rules, probe)?.0 == Decision::Either {
                    self.tally.either += 1;
                }
            }
        }
        Ok(())
    }

    /// Sends packets near a rule set that is loaded now, and returns them with what became of each.
    pub fn sample(
        &mut self,
        near: &str,
        family: Family,
        hook: Hook,
        count: usize,
        random: &mut Random,
    ) -> Result<Vec<(Probe, Fate)>, String> {
        let probes = probes(near, family, hook, count, random, &mut self.sent);
        let fates = self.kernel.network.send(&probes)?;
        self.tally.count(&fates);
        Ok(probes.into_iter().zip(fates).collect())
    }

    /// Loads a rule set. What its comments `# run: ` say is done first.
    pub fn load(&mut self, family: Family, text: &str) -> Result<(), String> {
        self.loaded += 1;
        if self.loaded > LOADED_AT_MOST {
            self.kernel = Kernel::new(self.kernel.variant)?;
            self.sent = Sent::default();
            self.loaded = 1;
        }
        for command in text.lines().filter_map(|line| line.strip_prefix("# run: ")) {
            self.kernel.command(command)?;
        }
        self.kernel.load(family, text).map_err(|error| format!("{error}\nthe rule set:\n{text}"))
    }

    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Takes rules away as long as the packet still shows the difference.
    fn smaller(
        &mut self,
        family: Family,
        text: &str,
        hook: Hook,
        demand: Demand,
        probe: &Probe,
    ) -> Option<String> {
        let mut lines: Vec<&str> = text.lines().collect();
        let mut shows = |lines: &[&str]| {
            let text = lines.join("\n") + "\n";
            self.load(family, &text).ok()?;
            let fates = self.kernel.network.send(std::slice::from_ref(probe)).ok()?;
            difference(&text, hook, demand, std::slice::from_ref(probe), &fates).ok()?
        };
        let mut at = lines.len();
        while at > 0 {
            at -= 1;
            if lines[at].contains("-A ") || lines[at].starts_with(RULE_OF_NFT) {
                let line = lines.remove(at);
                if shows(&lines).is_none() {
                    lines.insert(at, line);
                }
            }
        }
        let last = shows(&lines)?;
        Some(format!("{}\n({})\n", lines.join("\n"), last.in_words))
    }
}

struct Difference {
    probe: Probe,
    in_words: String,
}

/// The first packet of which Flowright says something else than what became of it.
fn difference(
    text: &str,
    hook: Hook,
    demand: Demand,
    probes: &[Probe],
    fates: &[Fate],
) -> Result<Option<Difference>, String> {
    let export = import(text).map_err(|error| format!("{error}\nthe rule set:\n{text}"))?;
    let rules = rule_set(&export, hook)?;
    for (probe, fate) in probes.iter().zip(fates) {
        let passed = *fate != Fate::Stopped;
        // Where nothing is translated, routes alone say where a packet goes.
        if demand == Demand::Decided && passed && *fate != Fate::Passed(probe.way.to()) {
            return Err(format!("{probe} ends as {fate:?}: the routes are not as they should be"));
        }
        let (decision, deciders) = decide(&rules.rules, probe)?;
        let right = match decision {
            Decision::Permit => passed,
            Decision::Deny => !passed,
            Decision::Either => demand == Demand::Right,
        };
        if !right {
            let mut in_words = format!(
                "the packet {probe} {} the kernel, and Flowright says {decision:?} at {}",
                if passed { "passes" } else { "does not pass" },
                hook.chain()
            );
            for decider in deciders {
                let _ = write!(in_words, ", by {}", name_of(rules, decider));
            }
            return Ok(Some(Difference { probe: *probe, in_words }));
        }
    }
    Ok(None)
}
