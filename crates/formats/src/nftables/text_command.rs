//! Commands in text: `add rule inet filter input tcp dport 22 accept`.

use std::borrow::Cow;

use diagnostics::TextRange;

use super::builder::At;
use super::lexer::Kind;
use super::model::{Family, Set};
use super::text::{Reader, Wrong};
use crate::Status;

impl<'a> Reader<'a> {
    /// A statement that begins with a verb, or with what the verb `add` may be left out of.
    pub fn command(&mut self, start: usize) -> Result<(), Wrong> {
        let ahead = self.clone_position();
        let verb = match self.word("a command")? {
            verb @ ("add" | "create" | "insert" | "replace" | "delete" | "destroy" | "flush" | "rename") => {
                verb
            }
            "list" | "reset" | "monitor" | "describe" | "get" => {
                self.skip_statement();
                self.build
                    .irrelevant(TextRange::new(start, self.end), "it shows something, and changes nothing");
                return Ok(());
            }
            _ => {
                self.rewind(ahead);
                "add"
            }
        };
        let object = match self.peek().kind {
            Kind::Word(
                object @ ("table" | "chain" | "rule" | "set" | "map" | "element" | "flowtable" | "counter"
                | "counters" | "quota" | "quotas" | "limit" | "limits" | "ct" | "secmark"
                | "synproxy" | "ruleset" | "tunnel" | "meter" | "sets" | "maps"),
            ) => {
                self.next();
                object
            }
            // `add inet filter input accept`
            _ if verb == "add" || verb == "insert" => "rule",
            _ => return Err(self.wrong("expected what to change")),
        };
        match (verb, object) {
            ("flush", "ruleset") => {
                let family = match self.peek().kind {
                    Kind::Word(word) => Family::find(word),
                    _ => None,
                };
                if family.is_some() {
                    self.next();
                }
                self.build.flush_ruleset(family);
                self.done(start);
            }
            (_, "rule") => self.rule_command(verb, start)?,
            (_, "element") => self.element_command(verb, start)?,
            ("add" | "create", "table") => self.add_table(start)?,
            ("delete" | "destroy" | "flush", "table") => self.remove_table(verb, start)?,
            (_, "chain") => self.chain_command(verb, start)?,
            (_, "set" | "map" | "meter") => self.set_command(verb, object, start)?,
            _ => {
                self.skip_statement();
                let why = "an object that decides nothing by itself";
                self.build.irrelevant(TextRange::new(start, self.end), why);
            }
        }
        Ok(())
    }

    fn done(&mut self, start: usize) {
        self.skip_statement();
        self.build.understood(TextRange::new(start, self.end));
    }

    fn add_table(&mut self, start: usize) -> Result<(), Wrong> {
        let (family, name) = self.table_name()?;
        let place = TextRange::new(start, self.end);
        let table = self.build.table(family, name, place);
        if matches!(self.peek().kind, Kind::Sign("{")) {
            let from = self.clone_position();
            self.next();
            if self.take_word("flags")
                && self.take_word("dormant")
                && let Some(table) = self.build.model.tables.get_mut(table)
            {
                table.dormant = true;
            }
            self.rewind(from);
        }
        self.done(start);
        Ok(())
    }

    fn remove_table(&mut self, verb: &str, start: usize) -> Result<(), Wrong> {
        let (family, name) = self.table_name()?;
        if name == "handle" {
            return Err(self.wrong("the file does not show which table has that handle"));
        }
        if verb == "flush" {
            if let Some(table) = self.build.find_table(family, &name) {
                self.build.empty_table(table, false);
            }
        } else {
            self.build.delete_table(family, name);
        }
        self.done(start);
        Ok(())
    }

    /// The table and the chain (or set) after a command; the chain is made where it is not there yet.
    fn target(&mut self, start: usize) -> Result<(usize, Cow<'a, str>), Wrong> {
        let (family, name) = self.table_name()?;
        let inner = self.name("a name")?;
        let table = match self.build.find_table(family, &name) {
            Some(table) => table,
            None => self.build.table(family, name, TextRange::new(start, self.end)),
        };
        Ok((table, inner))
    }

    fn chain_command(&mut self, verb: &str, start: usize) -> Result<(), Wrong> {
        let (table, name) = self.target(start)?;
        match verb {
            "add" | "create" | "insert" => {
                let place = TextRange::new(start, self.end);
                let chain = self.build.chain(table, name, place, true);
                self.build.understood(place);
                if self.take_sign("{") {
                    // `{ type filter hook input priority 0 ; policy drop ; }`
                    return self
                        .chain_body(table, chain)
                        .map_err(|error| Wrong { place: error.place, message: error.message });
                }
            }
            "delete" | "destroy" => {
                self.build.delete_chain(table, &name);
                self.done(start);
            }
            "flush" => {
                let chain = self.build.chain(table, name, TextRange::new(start, self.end), false);
                self.build.flush_chain(table, chain);
                self.done(start);
            }
            _ => {
                let to = self.name("a name")?;
                let place = TextRange::new(start, self.end);
                if let Some(table) = self.build.model.tables.get_mut(table)
                    && let Some(number) = table.chain_numbers.remove(&name)
                {
                    if let Some(chain) = table.chains.get_mut(number) {
                        chain.name = to.clone();
                    }
                    table.chain_numbers.insert(to, number);
                }
                self.build.understood(place);
            }
        }
        Ok(())
    }

    fn rule_command(&mut self, verb: &str, start: usize) -> Result<(), Wrong> {
        let (table, chain) = self.target(start)?;
        let place = TextRange::new(start, self.end);
        let chain = self.build.chain(table, chain, place, false);
        let mut at = if verb == "insert" { At::Start } else { At::End };
        if let Kind::Word(word @ ("handle" | "position" | "index")) = self.peek().kind {
            self.next();
            let number = u64::from(self.number("a number")?);
            at = match (verb, word) {
                ("insert", "index") => At::BeforeIndex(number),
                ("insert", _) => At::BeforeHandle(number),
                ("replace", "handle") => At::InsteadOfHandle(number),
                ("delete" | "destroy", "handle") => {
                    if !self.build.delete_rule(table, number) {
                        return Err(self.wrong_at("the file does not show which rule has that handle"));
                    }
                    self.done(start);
                    return Ok(());
                }
                (_, "index") => At::AfterIndex(number),
                _ => At::AfterHandle(number),
            };
        }
        if !matches!(verb, "add" | "create" | "insert" | "replace") {
            return Err(self.wrong("expected `handle`"));
        }
        let rule = self.rule(table, true, start);
        self.build.rule(table, chain, at, rule);
        Ok(())
    }

    fn element_command(&mut self, verb: &str, start: usize) -> Result<(), Wrong> {
        let (table, name) = self.target(start)?;
        let value = self.nested(Self::value)?;
        let elements = value.elements().cloned().ok_or_else(|| self.wrong("expected `{`"))?;
        let place = TextRange::new(start, self.end);
        match self.build.find_set(table, &name) {
            Some(set) if matches!(verb, "add" | "create") => set.elements.push(elements),
            Some(set) => {
                // What is left is not worked out.
                set.changing = true;
                for elements in &mut set.elements {
                    for element in std::rc::Rc::make_mut(elements) {
                        element.expires = true;
                    }
                }
                let why = "what is left of the set is kept as an unknown";
                self.build.coverage.push(place, Status::Approximated, why);
                return Ok(());
            }
            None => {
                let set = Set {
                    name: name.clone(),
                    is_map: elements.iter().any(|element| element.data.is_some()),
                    place,
                    head: place,
                    changing: true,
                    constant: false,
                    elements: vec![elements],
                };
                self.build.set(table, name, set);
                let why = "the set is not in the file: what else is in it is kept as an unknown";
                self.build.coverage.push(place, Status::Approximated, why);
                return Ok(());
            }
        }
        self.build.understood(place);
        Ok(())
    }

    fn set_command(&mut self, verb: &str, object: &str, start: usize) -> Result<(), Wrong> {
        if matches!(verb, "add" | "create" | "insert") {
            let ahead = self.clone_position();
            let (family, name) = self.table_name()?;
            let table = match self.build.find_table(family, &name) {
                Some(table) => table,
                None => self.build.table(family, name, TextRange::new(start, self.end)),
            };
            let set = match self.set_body(start, object == "map") {
                Ok(set) => set,
                Err(wrong) => {
                    self.rewind(ahead);
                    return Err(wrong);
                }
            };
            self.build.understood(set.place);
            self.build.set(table, set.name.clone(), set);
            return Ok(());
        }
        let (table, name) = self.target(start)?;
        if let Some(set) = self.build.find_set(table, &name) {
            set.elements.clear();
        }
        self.done(start);
        Ok(())
    }
}
