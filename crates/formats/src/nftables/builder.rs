//! Follows the commands of a file, so that the model is what the kernel would have in the end.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use diagnostics::{TextRange, printable};

use super::model::{Chain, Family, Model, Obscure, Rule, Set, Table, Value, Variable};
use crate::{Coverage, Problem, Status, UndefinedEntry};

/// More rules than this put between others: a script, and its order a matter of running it.
const MOST_INSERTIONS: usize = 256;

/// More elements than this are not copied from variables into sets.
pub(super) const MOST_COPIES: usize = 1 << 18;

#[derive(Default)]
pub(super) struct Builder<'a> {
    pub model: Model<'a>,
    pub coverage: Coverage,
    pub problems: Vec<Problem>,
    pub undefined: Vec<UndefinedEntry>,
    /// The tables that are there now.
    tables: HashMap<(Family, Cow<'a, str>), usize>,
    variables: HashMap<Cow<'a, str>, usize>,
    insertions: usize,
    pub copies: usize,
}

/// Where a new rule goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Start,
    End,
    BeforeHandle(u64),
    AfterHandle(u64),
    BeforeIndex(u64),
    AfterIndex(u64),
    InsteadOfHandle(u64),
}

impl<'a> Builder<'a> {
    pub fn problem(&mut self, place: TextRange, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem { place, message: message.into(), help: help.into() });
    }

    /// The number of the statement that is pushed next.
    pub fn next_statement(&self) -> u32 {
        u32::try_from(self.coverage.statements.len()).unwrap_or(u32::MAX)
    }

    pub fn understood(&mut self, place: TextRange) {
        self.coverage.push(place, Status::Understood, "");
    }

    pub fn irrelevant(&mut self, place: TextRange, reason: impl Into<Cow<'static, str>>) {
        self.coverage.push(place, Status::Irrelevant, reason);
    }

    /// A statement that may add or take away anything.
    pub fn obscure(&mut self, place: TextRange, name: String, reason: &'static str, help: &str) {
        self.coverage.push(place, Status::NotUnderstood, reason);
        self.problem(place, format!("`{}`: {reason}", printable(&name)), help);
        self.model.obscure.push(Obscure { place, name });
    }

    /// The table, which is made where it is not there yet.
    pub fn table(&mut self, family: Family, name: Cow<'a, str>, place: TextRange) -> usize {
        let key = (family, name);
        if let Some(&number) = self.tables.get(&key) {
            return number;
        }
        let number = self.model.tables.len();
        self.model.tables.push(Table {
            family,
            name: key.1.clone(),
            place,
            dormant: false,
            chains: Vec::new(),
            chain_numbers: HashMap::new(),
            filled: Vec::new(),
            handles: HashMap::new(),
            sets: Vec::new(),
            set_numbers: HashMap::new(),
        });
        self.tables.insert(key, number);
        number
    }

    /// The chain, which is made where it is not there yet.
    pub fn chain(&mut self, table: usize, name: Cow<'a, str>, place: TextRange, declared: bool) -> usize {
        let Some(table) = self.model.tables.get_mut(table) else { return 0 };
        if let Some(&number) = table.chain_numbers.get(&name) {
            if let Some(chain) = table.chains.get_mut(number).filter(|chain| declared && !chain.declared) {
                (chain.declared, chain.place) = (true, place);
            }
            return number;
        }
        let number = table.chains.len();
        table.chains.push(Chain {
            name: name.clone(),
            place,
            base: None,
            order: VecDeque::new(),
            shuffled: false,
            anonymous: false,
            declared,
        });
        table.chain_numbers.insert(name, number);
        number
    }

    /// A chain that stands inside a rule.
    pub fn block(&mut self, table: usize, place: TextRange) -> usize {
        let Some(table) = self.model.tables.get_mut(table) else { return 0 };
        table.chains.push(Chain {
            name: Cow::Borrowed(""),
            place,
            base: None,
            order: VecDeque::new(),
            shuffled: false,
            anonymous: true,
            declared: true,
        });
        table.chains.len() - 1
    }

    /// Puts a rule into a chain; its statement is already counted.
    pub fn rule(&mut self, table: usize, chain: usize, at: At, rule: Rule<'a>) {
        let number = u32::try_from(self.model.rules.len()).unwrap_or(u32::MAX);
        let (place, handle) = (rule.place, rule.handle);
        let Some(block) = self.model.tables.get_mut(table) else { return };
        let title = if matches!(at, At::End | At::Start) { String::new() } else { block.title() };
        let Some(list) = block.chains.get_mut(chain) else { return };
        if list.order.is_empty() {
            block.filled.push(chain);
        }
        let position = |handle: u64| {
            let rule = block.handles.get(&handle)?;
            list.order.iter().position(|other| other == rule)
        };
        let index = |index: u64| usize::try_from(index).ok().filter(|index| *index < list.order.len());
        let found = match at {
            At::End => Some(list.order.len()),
            At::Start => Some(0),
            _ if self.insertions >= MOST_INSERTIONS => None,
            At::BeforeHandle(handle) | At::InsteadOfHandle(handle) => position(handle),
            At::AfterHandle(handle) => position(handle).map(|at| at + 1),
            At::BeforeIndex(at) => index(at),
            At::AfterIndex(at) => index(at).map(|at| at + 1),
        };
        let Some(found) = found else {
            list.shuffled = true;
            let name = format!("a rule of {title} {}, by its number or handle", list.name);
            let reason = "it goes to a place that the file does not show";
            if let Some(statement) = self.coverage.statements.get_mut(rule.covered as usize) {
                (statement.status, statement.reason) = (Status::NotUnderstood, reason.into());
            }
            let help = "load the file, and export the outcome with `nft list ruleset`";
            self.problem(place, format!("`{}`: {reason}", printable(&name)), help);
            self.model.obscure.push(Obscure { place, name });
            return;
        };
        list.shuffled |= at != At::End && !list.order.is_empty();
        self.insertions += usize::from(!matches!(at, At::Start | At::End));
        let mut gone = None;
        match at {
            At::End => list.order.push_back(number),
            At::Start => list.order.push_front(number),
            At::InsteadOfHandle(_) => {
                gone = list.order.get(found).copied();
                if let Some(old) = list.order.get_mut(found) {
                    *old = number;
                }
            }
            _ => list.order.insert(found, number),
        }
        if let Some(handle) = handle {
            block.handles.insert(handle, number);
        }
        self.model.rules.push(rule);
        self.forget(gone, "replaced further down");
    }

    /// Rules that no longer count.
    fn forget(&mut self, rules: impl IntoIterator<Item = u32>, why: &'static str) {
        for rule in rules {
            let Some(rule) = self.model.rules.get(rule as usize) else { continue };
            if let Some(statement) = self.coverage.statements.get_mut(rule.covered as usize) {
                (statement.status, statement.reason) = (Status::Irrelevant, why.into());
            }
        }
    }

    pub fn flush_ruleset(&mut self, family: Option<Family>) {
        let mut gone: Vec<usize> = Vec::new();
        self.tables.retain(|(of, _), number| {
            let stays = family.is_some_and(|family| family != *of);
            if !stays {
                gone.push(*number);
            }
            stays
        });
        gone.sort_unstable();
        for table in gone {
            self.empty_table(table, true);
        }
        if family.is_none() {
            self.model.obscure.clear();
        }
    }

    /// The table with everything in it.
    pub fn delete_table(&mut self, family: Family, name: Cow<'a, str>) {
        if let Some(table) = self.tables.remove(&(family, name)) {
            self.empty_table(table, true);
        }
    }

    pub fn find_table(&self, family: Family, name: &str) -> Option<usize> {
        self.tables.get(&(family, Cow::Borrowed(name))).copied()
    }

    /// All rules of a table, and with `chains` its chains and sets as well.
    pub fn empty_table(&mut self, table: usize, chains: bool) {
        let Some(block) = self.model.tables.get_mut(table) else { return };
        let mut gone: Vec<u32> = Vec::new();
        for chain in std::mem::take(&mut block.filled) {
            if let Some(chain) = block.chains.get_mut(chain) {
                gone.extend(std::mem::take(&mut chain.order));
                chain.shuffled = false;
            }
        }
        if chains {
            block.chains.clear();
            block.chain_numbers.clear();
            block.sets.clear();
            block.set_numbers.clear();
        }
        self.forget(gone, "removed further down");
    }

    pub fn flush_chain(&mut self, table: usize, chain: usize) {
        let list = self.model.tables.get_mut(table).and_then(|table| table.chains.get_mut(chain));
        let gone = list.map(|chain| {
            chain.shuffled = false;
            std::mem::take(&mut chain.order)
        });
        self.forget(gone.into_iter().flatten(), "removed further down");
    }

    pub fn delete_chain(&mut self, table: usize, name: &str) {
        let found = self.model.tables.get(table).and_then(|table| table.chain_numbers.get(name).copied());
        if let Some(chain) = found {
            self.flush_chain(table, chain);
            if let Some(table) = self.model.tables.get_mut(table) {
                table.chain_numbers.remove(name);
                if let Some(chain) = table.chains.get_mut(chain) {
                    (chain.base, chain.declared) = (None, false);
                }
            }
        }
    }

    /// `delete rule ... handle N`; `false` where the file does not show which one that is.
    pub fn delete_rule(&mut self, table: usize, handle: u64) -> bool {
        let Some(block) = self.model.tables.get_mut(table) else { return false };
        let Some(rule) = block.handles.remove(&handle) else { return false };
        self.insertions += 1;
        if self.insertions > MOST_INSERTIONS {
            return false;
        }
        for chain in &mut block.chains {
            if let Some(at) = chain.order.iter().position(|other| *other == rule) {
                chain.order.remove(at);
                self.forget([rule], "removed further down");
                return true;
            }
        }
        false
    }

    pub fn set(&mut self, table: usize, name: Cow<'a, str>, set: Set<'a>) {
        let Some(table) = self.model.tables.get_mut(table) else { return };
        match table.set_numbers.get(&name).and_then(|number| table.sets.get_mut(*number)) {
            // To add a set that is there adds its elements.
            Some(there) => {
                there.elements.extend(set.elements);
                there.changing |= set.changing;
            }
            None => {
                table.set_numbers.insert(name, table.sets.len());
                table.sets.push(set);
            }
        }
    }

    pub fn find_set(&mut self, table: usize, name: &str) -> Option<&mut Set<'a>> {
        let table = self.model.tables.get_mut(table)?;
        let number = *table.set_numbers.get(name)?;
        table.sets.get_mut(number)
    }

    pub fn define(&mut self, variable: Variable<'a>) {
        self.variables.insert(variable.name.clone(), self.model.variables.len());
        self.model.variables.push(variable);
    }

    pub fn undefine(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// What `$name` stands for.
    pub fn variable(&mut self, name: &str, place: TextRange) -> Value<'a> {
        let found = self.variables.get(name).and_then(|number| self.model.variables.get_mut(*number));
        match found {
            Some(variable) => {
                variable.uses = variable.uses.saturating_add(1);
                match &*variable.value {
                    Value::Word(word) => Value::Word(word.clone()),
                    _ => Value::Shared(variable.value.clone()),
                }
            }
            None => {
                self.undefined.push(UndefinedEntry { kind: "variable", name: name.to_owned(), place });
                Value::Unknown { name: format!("${name}"), placeholder: false }
            }
        }
    }
}
