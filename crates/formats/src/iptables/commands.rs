//! The commands of a file: chains, policies, and rules put in their order.

use std::borrow::Cow;
use std::collections::VecDeque;

use diagnostics::{TextRange, printable};

use super::dump::{Chain, Line, Obscure, Policy};
use super::family;
use super::parse::{Open, Reader, shortened};
use crate::{ImportError, Status};

/// More rules than this inserted at a number other than 1: a script, and its order a matter of running it.
const MOST_INSERTIONS: usize = 256;

impl<'a> Reader<'a> {
    /// `:FORWARD DROP [12:3400]`
    pub fn declare(&mut self, line: &'a str, place: TextRange) {
        let mut words = line[1..].split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let policy = words.next();
        self.make(Cow::Borrowed(name), policy, place);
    }

    /// A chain is made, or a built-in one gets its policy. `None` and `-` give none.
    fn make(&mut self, name: Cow<'a, str>, policy: Option<&str>, place: TextRange) {
        let Some(open) = &mut self.open else { return };
        let index = open.chain(name.clone());
        let chain = &mut open.table.chains[index];
        if chain.hook.is_none() {
            chain.declared = true;
            // To declare a chain that is there empties it.
            let gone = std::mem::take(&mut chain.order);
            self.forget(gone, &name);
            if policy.is_some_and(|policy| policy != "-") {
                let message = format!("chain `{}` is not built in and has no policy", printable(&name));
                self.problem(place, message, "write `-` in the place of its policy");
            }
            self.coverage.push(place, Status::Understood, "");
            return;
        }
        chain.declared = true;
        chain.policy_place = Some(place);
        chain.policy = match policy {
            Some("ACCEPT") => Policy::Accept,
            Some("DROP") => Policy::Drop,
            _ => Policy::Unknown,
        };
        if chain.policy != Policy::Unknown {
            self.coverage.push(place, Status::Understood, "");
            return;
        }
        let message = format!("the policy of chain `{name}` is neither ACCEPT nor DROP");
        self.coverage.push(place, Status::NotUnderstood, message.clone());
        self.problem(place, message, "name the policy that the chain has");
    }

    /// Lines that no longer count.
    fn forget(&mut self, gone: VecDeque<u32>, chain: &str) {
        let Some(open) = &mut self.open else { return };
        for index in gone {
            let Some(line) = open.table.lines.get_mut(index as usize) else { continue };
            line.gone = true;
            if let Some(statement) = self.coverage.statements.get_mut(line.statement as usize) {
                statement.status = Status::Irrelevant;
                statement.reason = format!("chain `{}` is emptied further down", printable(chain)).into();
            }
        }
    }

    /// `[12:3400] -A FORWARD ...` and the other commands that a file may hold.
    pub fn command(&mut self, line: &'a str, from: usize, place: TextRange) -> Result<(), ImportError> {
        if self.open.is_none() {
            self.stray(line, place);
            return Ok(());
        }
        let (rest, counters) = match line.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((_, rest)) => (rest, true),
                None => {
                    self.obscured(line, place, "counters that no bracket closes");
                    return Ok(());
                }
            },
            None => (line, false),
        };
        let mut words = Words { rest };
        let command = words.next().unwrap_or_default();
        match command {
            "-A" | "--append" | "-I" | "--insert" => {
                let Some(chain) = words.next().filter(|chain| !chain.starts_with('-')) else {
                    self.obscured(line, place, "a rule without a chain");
                    return Ok(());
                };
                let insert = matches!(command, "-I" | "--insert");
                let number = if insert { words.number() } else { None };
                let spec = words.rest.trim_ascii_start();
                let spec_start = from + line.len() - spec.len();
                self.rule(chain, insert.then_some(number.unwrap_or(1)), spec, spec_start, counters, place)?;
            }
            "-N" | "--new-chain" => match words.next() {
                Some(chain) => self.make(Cow::Borrowed(chain), None, place),
                None => self.obscured(line, place, "a chain without a name"),
            },
            "-P" | "--policy" => match (words.next(), words.next()) {
                (Some(chain), policy @ Some(_)) => self.make(Cow::Borrowed(chain), policy, place),
                _ => self.obscured(line, place, "a policy without a chain"),
            },
            "-F" | "--flush" => self.flush(words.next(), place),
            "-X" | "--delete-chain" => {
                self.coverage.push(
                    place,
                    Status::Irrelevant,
                    "only chains that are empty and unused can be deleted",
                );
            }
            "-Z" | "--zero" => self.coverage.push(place, Status::Irrelevant, "sets counters to zero"),
            "-D" | "--delete" | "-R" | "--replace" => match words.next() {
                Some(chain) => self.obscure_chain(Cow::Borrowed(chain), line, place),
                None => self.obscured(line, place, "a command without a chain"),
            },
            _ => self.obscured(line, place, "not a command that a file of iptables-save holds"),
        }
        Ok(())
    }

    fn rule(
        &mut self,
        chain: &'a str,
        insert: Option<u32>,
        spec: &'a str,
        spec_start: usize,
        counters: bool,
        place: TextRange,
    ) -> Result<(), ImportError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let index = if open.table.chains.get(open.last).is_some_and(|last| last.name == chain) {
            open.last
        } else {
            open.chain(chain.trim_matches('"').into())
        };
        open.last = index;
        let width = family::width(spec);
        let line = u32::try_from(open.table.lines.len()).unwrap_or(u32::MAX);
        let list = &mut open.table.chains[index];
        if list.order.is_empty() {
            open.filled.push(index);
        }
        let first_undeclared = !list.declared && list.hook.is_none() && list.order.is_empty();
        match insert {
            None => list.order.push_back(line),
            Some(1) => {
                list.shuffled |= !list.order.is_empty() || width > 1;
                list.order.push_front(line);
            }
            Some(number) => {
                self.insertions += 1;
                if self.insertions > MOST_INSERTIONS {
                    let message = format!("more than {MOST_INSERTIONS} rules are inserted by number");
                    let help = "load the file, and export the outcome with `iptables-save`";
                    return Err(ImportError::new(place, message, help));
                }
                let mut at = 0;
                let mut next = 1_u32;
                while next < number
                    && let Some(before) = list.order.get(at)
                {
                    next = next
                        .saturating_add(open.table.lines.get(*before as usize).map_or(1, |line| line.width));
                    at += 1;
                }
                if next != number {
                    self.obscure_chain(Cow::Borrowed(chain), spec, place);
                    return Ok(());
                }
                list.shuffled = true;
                list.order.insert(at, line);
            }
        }
        let statement = u32::try_from(self.coverage.statements.len()).unwrap_or(u32::MAX);
        let only = if self.for_both { family::only(spec) } else { None };
        open.table.lines.push(Line {
            chain: u32::try_from(index).unwrap_or(u32::MAX),
            place,
            spec,
            spec_start,
            counters,
            width,
            only,
            statement,
            gone: false,
        });
        self.coverage.push(place, Status::Understood, "");
        if first_undeclared {
            self.problem(
                place,
                format!("chain `{}` is not declared before its first rule", printable(chain)),
                "iptables would refuse the file: declare the chain, or export again with `iptables-save`",
            );
        }
        Ok(())
    }

    fn flush(&mut self, name: Option<&'a str>, place: TextRange) {
        let Some(open) = &mut self.open else { return };
        let all: Vec<usize> = match name {
            None => std::mem::take(&mut open.filled),
            Some(name) => vec![open.chain(name.into())],
        };
        for index in all {
            let Some(open) = &mut self.open else { return };
            let chain = &mut open.table.chains[index];
            let (name, gone) = (chain.name.clone(), std::mem::take(&mut chain.order));
            chain.obscure.clear();
            self.forget(gone, &name);
        }
        self.coverage.push(place, Status::Understood, "");
    }

    /// A command that changes rules of a chain in a way that is not followed.
    fn obscure_chain(&mut self, chain: Cow<'a, str>, line: &str, place: TextRange) {
        let Some(open) = &mut self.open else { return };
        let index = open.chain(chain);
        let chain = &mut open.table.chains[index];
        chain.shuffled = true;
        let name = format!("{}, command {}", chain.name, chain.obscure.len() + 1);
        chain.obscure.push(Obscure { place, name });
        self.coverage.push(
            place,
            Status::NotUnderstood,
            "a command that changes rules by number or by what they say",
        );
        self.problem(
            place,
            format!("the file changes its own rules: `{}`", printable(&shortened(line))),
            "load the file, and export the outcome with `iptables-save`",
        );
    }
}

impl<'a> Open<'a> {
    /// The index of the chain of that name, which is made where it is not there yet.
    fn chain(&mut self, name: Cow<'a, str>) -> usize {
        if let Some(index) = self.chains.get(&name) {
            return *index;
        }
        let index = self.table.chains.len();
        let hook = self.table.kind.hook(&name);
        self.table.chains.push(Chain {
            name: name.clone(),
            hook,
            declared: false,
            policy: Policy::Unknown,
            policy_place: None,
            order: VecDeque::new(),
            shuffled: false,
            obscure: Vec::new(),
        });
        self.chains.insert(name, index);
        index
    }
}

/// The first words of a line.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let from = self.rest.trim_ascii_start();
        let end = from.bytes().position(super::tokens::is_blank).unwrap_or(from.len());
        self.rest = &from[end..];
        (end > 0).then(|| &from[..end])
    }

    /// The next word where it is a number: the place that `-I` inserts at.
    fn number(&mut self) -> Option<u32> {
        let mut ahead = Words { rest: self.rest };
        let number = ahead.next()?.parse().ok()?;
        self.rest = ahead.rest;
        Some(number)
    }
}
