//! iptables and nft themselves, in the router's namespace.

use std::collections::BTreeSet;

use super::namespace::{Namespace, run};
use super::network::Network;
use super::nft;
use super::topology::Family;

/// The program that loads rule sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// The iptables of nf_tables, or the older one, by the end of its name; they read the same text and share no line of
    /// the kernel's code.
    Iptables(&'static str),
    Nft,
}

/// What a machine may lack, and what to do about it.
const HELP: &str = "run this as root, where network namespaces are allowed";

impl Variant {
    /// The variants of iptables that work here. An error says what this machine lacks: the programs, or the right to use
    /// them.
    pub fn iptables() -> Result<Vec<Variant>, String> {
        run("ipset", &["-v"], "").map_err(|error| format!("{error}; install ipset"))?;
        let namespace = trial()?;
        let works = |variant: &Variant| {
            [Family::V4, Family::V6].into_iter().try_for_each(|family| {
                let input = empty("filter");
                namespace.enter(|| run(&variant.restore(family), &[], &input))?;
                namespace.enter(|| run(&variant.save(family), &[], "")).map(drop)
            })
        };
        let named: Vec<Variant> =
            ["-nft", "-legacy"].map(Variant::Iptables).into_iter().filter(|one| works(one).is_ok()).collect();
        if !named.is_empty() {
            return Ok(named);
        }
        // Where there is only one, it has no second name.
        let only = Variant::Iptables("");
        works(&only).map_err(|error| format!("{error}; install iptables, and {HELP}"))?;
        Ok(vec![only])
    }

    /// nft, where it works; an error as for iptables.
    pub fn nft() -> Result<Vec<Variant>, String> {
        nft::works(&trial()?).map_err(|error| format!("{error}; install nftables, and {HELP}"))?;
        Ok(vec![Variant::Nft])
    }

    /// The format that it reads.
    pub fn format(self) -> &'static str {
        if self == Variant::Nft { "nftables" } else { "iptables" }
    }

    fn end(self) -> &'static str {
        if let Variant::Iptables(end) = self { end } else { "" }
    }

    fn restore(self, family: Family) -> String {
        format!("{}{}-restore", family.program(), self.end())
    }

    fn save(self, family: Family) -> String {
        format!("{}{}-save", family.program(), self.end())
    }

    /// What it says of itself: `iptables v1.8.9 (nf_tables)`.
    pub fn version(self) -> String {
        if self == Variant::Nft {
            return nft::version();
        }
        run(&format!("iptables{}", self.end()), &["-V"], "").unwrap_or_default().trim().to_owned()
    }
}

/// A namespace to try a program in.
fn trial() -> Result<Namespace, String> {
    run("ip", &["-V"], "").map_err(|error| format!("{error}; install iproute2"))?;
    Namespace::new("trial").map_err(|error| format!("{error}; {HELP}"))
}

/// A router and what is loaded into it.
pub struct Kernel {
    pub network: Network,
    pub variant: Variant,
    /// The tables of each family that something was loaded into.
    used: BTreeSet<(Family, String)>,
}

impl Kernel {
    pub fn new(variant: Variant) -> Result<Self, String> {
        Ok(Kernel { network: Network::new()?, variant, used: BTreeSet::new() })
    }

    /// Loads the rule set in place of all that was loaded, for the other family too.
    pub fn load(&mut self, family: Family, text: &str) -> Result<(), String> {
        if self.variant == Variant::Nft {
            return nft::load(self.network.router(), text);
        }
        let tables: BTreeSet<(Family, String)> = text
            .lines()
            .filter_map(|line| Some((family, line.strip_prefix('*')?.trim().to_owned())))
            .collect();
        for of in [family.other(), family] {
            let left = self.used.difference(&tables).filter(|(used, _)| *used == of);
            let mut input: String = left.map(|(_, table)| empty(table)).collect();
            if of == family {
                input += text;
            }
            if !input.is_empty() {
                self.network.router().enter(|| run(&self.variant.restore(of), &[], &input))?;
            }
        }
        self.used.retain(|(used, _)| *used == family);
        self.used.extend(tables);
        Ok(())
    }

    /// Whether `iptables-restore --test` or `nft -c` takes it.
    pub fn test(&self, family: Family, text: &str) -> Result<(), String> {
        if self.variant == Variant::Nft {
            return nft::test(self.network.router(), text);
        }
        self.network.router().enter(|| run(&self.variant.restore(family), &["--test"], text)).map(drop)
    }

    /// What is loaded, as iptables-save or nft prints it, with little or with more.
    pub fn saved(&self, family: Family, more: bool) -> Result<String, String> {
        if self.variant == Variant::Nft {
            return nft::listed(self.network.router(), more);
        }
        let arguments: &[&str] = if more { &["-c"] } else { &[] };
        self.network.router().enter(|| run(&self.variant.save(family), arguments, ""))
    }

    /// Runs a command line as an administrator would on the router.
    pub fn command(&self, line: &str) -> Result<(), String> {
        // What is called iptables is one of the variants.
        let line = match line.split_once(' ') {
            Some((program @ ("iptables" | "ip6tables"), rest)) => {
                format!("{program}{} {rest}", self.variant.end())
            }
            _ => line.to_owned(),
        };
        self.network.router().enter(|| run("sh", &["-c", &line], "")).map(drop)
    }
}

/// A table without rules, through which everything passes.
fn empty(table: &str) -> String {
    let chains: &[&str] = match table {
        "raw" => &["PREROUTING", "OUTPUT"],
        "nat" => &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        "mangle" => &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        _ => &["INPUT", "FORWARD", "OUTPUT"],
    };
    let policies: String = chains.iter().map(|chain| format!(":{chain} ACCEPT\n")).collect();
    format!("*{table}\n{policies}COMMIT\n")
}
