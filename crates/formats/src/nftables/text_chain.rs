//! Chains in text: their hook, priority and policy, and their rules.

use std::borrow::Cow;

use diagnostics::{TextRange, printable};

use super::builder::At;
use super::lexer::Kind;
use super::model::{Base, Family, Hook, Policy, Value};
use super::names;
use super::text::{Reader, Wrong};
use crate::{ImportError, Status};

impl<'a> Reader<'a> {
    /// Up to the closing brace, which is read.
    pub fn chain_body(&mut self, table: usize, chain: usize) -> Result<(), ImportError> {
        let start = self.end;
        loop {
            let token = self.peek();
            match token.kind {
                Kind::End => return Err(self.truncated(start, "chain")),
                Kind::Line(_) | Kind::Sign(";") => _ = self.next(),
                Kind::Sign("}") => {
                    self.next();
                    return Ok(());
                }
                Kind::Word("type") => {
                    if let Err(wrong) = self.base(table, chain) {
                        self.not_understood(token.start, &wrong.message);
                    }
                }
                Kind::Word("policy") => {
                    if let Err(wrong) = self.policy(table, chain) {
                        self.not_understood(token.start, &wrong.message);
                    }
                }
                Kind::Word("comment" | "flags") => {
                    self.skip_statement();
                    let why = "it decides nothing";
                    self.build.irrelevant(TextRange::new(token.start, self.end), why);
                }
                Kind::Word("devices") => {
                    self.next();
                    let done = self.expect_sign("=").and_then(|()| self.nested(Self::value));
                    match done {
                        Ok(value) => {
                            let devices = words(&value);
                            if let Some(base) = self.base_of(table, chain) {
                                base.devices.extend(devices);
                            }
                            self.build.understood(TextRange::new(token.start, self.end));
                        }
                        Err(wrong) => self.not_understood(token.start, &wrong.message),
                    }
                }
                Kind::Word("include" | "define" | "redefine" | "undefine") => self.common(token),
                _ => {
                    let rule = self.rule(table, false, token.start);
                    if self.end <= token.start {
                        self.next();
                    }
                    self.build.rule(table, chain, At::End, rule);
                }
            }
        }
    }

    fn base_of(&mut self, table: usize, chain: usize) -> Option<&mut Base<'a>> {
        self.build.model.tables.get_mut(table)?.chains.get_mut(chain)?.base.as_mut()
    }

    /// `type filter hook input device eth0 priority 0`
    pub fn base(&mut self, table: usize, chain: usize) -> Result<(), Wrong> {
        let start = self.peek().start;
        self.next();
        self.name("a type of chain")?;
        if !self.take_word("hook") {
            return Err(self.wrong("expected `hook`"));
        }
        let hook_at = self.peek();
        let word = self.word("a hook")?;
        let Some(hook) = Hook::find(word) else {
            return Err(Wrong {
                place: hook_at.place(),
                message: format!("no hook is called `{}`", printable(word)),
            });
        };
        let mut devices = Vec::new();
        if self.take_word("device") {
            devices.push(self.name("an interface")?);
        } else if self.take_word("devices") {
            self.expect_sign("=")?;
            let value = self.nested(Self::value)?;
            devices.extend(words(&value));
        }
        let mut priority = 0;
        if self.take_word("priority") {
            priority = self.priority(table, hook)?;
        }
        if !matches!(self.peek().kind, Kind::Line(_) | Kind::Sign(";" | "}") | Kind::End) {
            return Err(self.wrong("expected the end of the line"));
        }
        let place = TextRange::new(start, self.end);
        let base = Base { place, hook, priority, policy: Policy::Accept, policy_place: None, devices };
        self.build.understood(TextRange::new(start, self.end));
        if let Some(chain) =
            self.build.model.tables.get_mut(table).and_then(|table| table.chains.get_mut(chain))
        {
            match &mut chain.base {
                // A base chain that is declared again keeps its policy.
                Some(before) => {
                    *before = Base { policy: before.policy, policy_place: before.policy_place, ..base }
                }
                None => chain.base = Some(base),
            }
        }
        Ok(())
    }

    /// `0`, `-300`, `filter`, `filter + 5`, `$variable`.
    fn priority(&mut self, table: usize, hook: Hook) -> Result<i32, Wrong> {
        let family = self.build.model.tables.get(table).map_or(Family::Inet, |table| table.family);
        let at = self.peek();
        let value = self.nested(Self::priority_word)?;
        let unknown = Wrong { place: at.place(), message: "the priority is not known".to_owned() };
        let mut priority = match &value {
            Value::Word(word) => names::priority(word, family, hook).ok_or(unknown)?,
            // A place in the order is needed, and which one rarely changes what passes.
            _ => {
                self.build.problem(
                    at.place(),
                    "the priority is not in the file: it is taken for 0",
                    "export with `nft list ruleset`",
                );
                0
            }
        };
        while let Kind::Sign(sign @ ("+" | "-")) = self.peek().kind {
            self.next();
            let offset = i32::try_from(self.number("a number")?).unwrap_or(i32::MAX);
            let offset = if sign == "-" { -offset } else { offset };
            priority = i32::saturating_add(priority, offset);
        }
        Ok(priority)
    }

    fn priority_word(&mut self) -> Result<Value<'a>, Wrong> {
        let token = self.next();
        Ok(match token.kind {
            Kind::Word(word) | Kind::Quoted(word) => Value::Word(word.into()),
            Kind::Variable(name) => self.build.variable(name, token.place()),
            Kind::Gap(name) => Value::Unknown { name: name.to_owned(), placeholder: true },
            Kind::Sign("-") => Value::Word(format!("-{}", self.word("a number")?).into()),
            _ => return Err(Wrong { place: token.place(), message: "expected a priority".to_owned() }),
        })
    }

    pub fn policy(&mut self, table: usize, chain: usize) -> Result<(), Wrong> {
        let start = self.peek().start;
        self.next();
        let value = self.nested(Self::priority_word)?;
        let place = TextRange::new(start, self.end);
        let policy = match &value {
            Value::Word(word) if word == "accept" => Policy::Accept,
            Value::Word(word) if word == "drop" => Policy::Drop,
            _ => Policy::Unknown,
        };
        match self.base_of(table, chain) {
            Some(base) => (base.policy, base.policy_place) = (policy, Some(place)),
            None => return Err(self.wrong("a chain without a hook has no policy")),
        }
        if policy == Policy::Unknown {
            let why = "the policy is neither `accept` nor `drop`";
            self.build.coverage.push(place, Status::NotUnderstood, why);
            self.build.problem(place, why, "name the policy that the chain has");
        } else {
            self.build.understood(place);
        }
        Ok(())
    }
}

/// The words of a value that lists some.
fn words<'a>(value: &Value<'a>) -> Vec<Cow<'a, str>> {
    match value {
        Value::Word(word) => vec![word.clone()],
        Value::Shared(value) => words(value),
        Value::List(all) => all.iter().flat_map(words).collect(),
        Value::Set(elements) => elements.iter().flat_map(|element| words(&element.key)).collect(),
        _ => vec![Cow::Borrowed("")],
    }
}
