//! Random files for `nft -f`, as an administrator or a program might write them.
//!
//! Every match in them is one that Flowright models, so it has to decide every packet.

use std::fmt::Write;

use super::nft_words::{Of, Words};
use super::probes::Hook;
use super::random::Random;
use super::topology::Family;

/// A file whose chains see packets of `family` at the hook or on the way to it and from it.
pub fn file(family: Family, hook: Hook, random: &mut Random) -> String {
    let tracked = random.chance(40);
    let mut text = String::new();
    let count = 1 + random.below(3);
    for table in 0..count {
        let own = if family == Family::V4 { "ip" } else { "ip6" };
        let other = if family == Family::V4 { "ip6" } else { "ip" };
        let name = *random.pick(&["inet", "inet", "inet", own, own, other]);
        let of = match name {
            "inet" => Of::Both,
            "ip" => Of::One(Family::V4),
            _ => Of::One(Family::V6),
        };
        let _ = writeln!(text, "table {name} t{table} {{");
        Table { words: Words { of, near: family, tracked, hook: "" }, hook, first: table == 0 }
            .write(&mut text, random);
        text.push_str("}\n");
    }
    text
}

struct Table {
    words: Words,
    hook: Hook,
    /// Whether the table has a chain at the hook in any case.
    first: bool,
}

/// Names that chains have in the field, or could.
const CHAINS: [&str; 5] = ["log_drop", "in-eth0", "dmz.1", "fwd/2", "allow"];

impl Table {
    fn write(&self, text: &mut String, random: &mut Random) {
        let mut own = CHAINS;
        random.shuffle(&mut own);
        let own = &own[..random.below(5)];
        let mut sets = Vec::new();
        for number in 0..random.below(4) {
            let (set, name) = self.words.set(number, random);
            let _ = writeln!(text, "\t{set}");
            sets.push(name);
        }
        // Only the last chain is led to by maps: what leads to it goes round in no circle.
        let last = own.last().copied();
        let mut maps = Vec::new();
        for number in 0..random.below(3) {
            let (map, name) = self.words.map(number, last, random);
            let _ = writeln!(text, "\t{map}");
            maps.push(name);
        }
        let bases = 1 + random.below(2);
        let mut hooks = Vec::new();
        for base in 0..bases {
            hooks.push(self.base_hook(self.first && base == 0, random));
        }
        // Rules in chains that several hooks lead to know only what all of them know.
        let shared = if hooks.iter().all(|hook| hook == &hooks[0]) { hooks[0] } else { "" };
        for (index, chain) in own.iter().enumerate() {
            let last = index + 1 == own.len();
            let rules = self.rules(shared, &own[index + 1..], &sets, if last { &[] } else { &maps }, random);
            let _ = write!(text, "\tchain {chain} {{\n{rules}\t}}\n");
        }
        for (number, hook) in hooks.iter().enumerate() {
            let policy = if random.chance(25) { "drop" } else { "accept" };
            let policy = match random.below(4) {
                0 if policy == "accept" => String::new(),
                _ => format!(" policy {policy};"),
            };
            let priority = self.priority(hook, random);
            let rules = self.rules(hook, own, &sets, &maps, random);
            let _ = write!(
                text,
                "\tchain base{number} {{\n\ttype filter hook {hook} priority {priority};{policy}\n{rules}\t}}\n"
            );
        }
    }

    /// The hook itself, or another that the packets pass.
    fn base_hook(&self, itself: bool, random: &mut Random) -> &'static str {
        let (own, others): (_, &[&str]) = match self.hook {
            Hook::Forward => ("forward", &["prerouting", "postrouting"]),
            Hook::Input => ("input", &["prerouting"]),
            Hook::Output => ("output", &["postrouting"]),
        };
        if itself || random.chance(65) { own } else { random.pick::<&str>(others) }
    }

    fn priority(&self, hook: &str, random: &mut Random) -> String {
        match random.below(6) {
            // Before connection tracking its states are not known.
            0 if !self.words.tracked && hook == "prerouting" => "raw".to_owned(),
            0 | 1 => "mangle".to_owned(),
            2 => format!("filter - {}", random.below(20)),
            3 => format!("filter + {}", random.below(200)),
            4 => format!("{}", random.below(100)),
            _ => "filter".to_owned(),
        }
    }

    fn rules(
        &self,
        hook: &'static str,
        later: &[&str],
        sets: &[String],
        maps: &[String],
        random: &mut Random,
    ) -> String {
        let words = Words { hook, ..self.words };
        let count = 1 + random.below(6);
        let rule = |_| format!("\t\t{}\n", words.rule(later, sets, maps, random));
        (0..count).map(rule).collect()
    }
}
