//! Rules in text: statement after statement up to the end of the line.

use diagnostics::TextRange;

use super::canonical;
use super::lexer::Kind;
use super::model::{Key, Op, Rule, Statement, Value, Verdict};
use super::text::{Reader, Wrong};
use crate::Status;

impl<'a> Reader<'a> {
    /// A rule, with everything up to where the next statement begins. What cannot be read is kept as an unknown.
    pub fn rule(&mut self, table: usize, command: bool, start: usize) -> Rule<'a> {
        let covered = self.build.next_statement();
        self.build.coverage.push(TextRange::new(start, start), Status::Understood, "");
        let mut rule = Rule {
            statements: Vec::new(),
            comment: None,
            place: TextRange::new(start, start),
            head: TextRange::new(start, start),
            covered,
            handle: None,
            malformed: None,
            command,
        };
        let from = self.clone_position();
        let depth = self.depth;
        if let Err(wrong) = self.statements(table, &mut rule) {
            // Blocks in it that were read are of no chain.
            rule.statements.clear();
            self.depth = depth;
            self.rewind(from);
            self.prefixes = true;
            self.skip_statement();
            rule.malformed = Some(wrong.message.clone());
            let help = "write it as `nft list ruleset` prints it";
            self.build.problem(wrong.place, format!("the rule cannot be read: {}", wrong.message), help);
        }
        rule.place = TextRange::new(start, self.end.max(start));
        rule.head = first_line(self.lexer.text, rule.place);
        rule.handle = self.handle_ahead();
        if let Some(statement) = self.build.coverage.statements.get_mut(covered as usize) {
            statement.place = rule.place;
        }
        rule
    }

    fn statements(&mut self, table: usize, rule: &mut Rule<'a>) -> Result<(), Wrong> {
        loop {
            let token = self.peek();
            match token.kind {
                Kind::Line(_) | Kind::End | Kind::Sign(";" | "}") => {
                    if rule.statements.is_empty() && rule.comment.is_none() {
                        return Err(self.wrong("expected a rule"));
                    }
                    return Ok(());
                }
                Kind::Word("comment") => {
                    self.next();
                    rule.comment = Some(self.name("a comment")?);
                }
                Kind::Word(word) => {
                    let statement = self.statement(table, word)?;
                    rule.statements.push(statement);
                }
                Kind::Sign("@" | "(") => {
                    let statement = self.matching(token.start)?;
                    rule.statements.push(statement);
                }
                _ => return Err(self.wrong("expected a statement")),
            }
        }
    }

    fn statement(&mut self, table: usize, word: &'a str) -> Result<Statement<'a>, Wrong> {
        let start = self.peek().start;
        if let "jump" | "goto" = word {
            let ahead = self.clone_position();
            self.next();
            if matches!(self.peek().kind, Kind::Sign("{")) {
                return self.block(table, word == "goto");
            }
            self.rewind(ahead);
        }
        if let Some(verdict) = self.verdict(word)? {
            return Ok(Statement::Verdict(verdict));
        }
        match word {
            "counter" | "last" => {
                self.next();
                self.counters()?;
                Ok(Statement::Nothing)
            }
            "log" => self.log(),
            "limit" => self.limit(),
            "quota" => self.quota(),
            "reject" => {
                self.next();
                if self.take_word("with") {
                    match self.word("what to reject with")? {
                        "tcp" => _ = self.word("`reset`")?,
                        _ => {
                            self.take_word("type");
                            self.nested(Self::value)?;
                        }
                    }
                }
                Ok(Statement::Verdict(Verdict::Drop))
            }
            "queue" => {
                self.skip_words();
                Ok(Statement::Verdict(Verdict::Queue))
            }
            "notrack" => {
                self.next();
                Ok(Statement::Notrack)
            }
            "snat" | "masquerade" | "dnat" | "redirect" => self.translation(word),
            "tproxy" | "synproxy" | "fwd" => {
                self.skip_words();
                Ok(match word {
                    "tproxy" => Statement::NewDestination,
                    _ => Statement::Unknown { text: word.to_owned(), known: true },
                })
            }
            "dup" | "flow" => {
                self.skip_words();
                Ok(Statement::Nothing)
            }
            "meter" => {
                self.next();
                let name = self.name("the name of a meter")?;
                self.skip_words();
                Ok(Statement::Condition(format!("meter {name}")))
            }
            "reset" => {
                self.next();
                self.key()?;
                Ok(Statement::Nothing)
            }
            "xt" => {
                self.skip_words();
                Ok(Statement::Unknown { text: "xt".to_owned(), known: false })
            }
            "add" | "update" | "delete" | "set" | "map" => self.update(word),
            _ if Self::begins_key(word) => self.matching(start),
            _ => Err(self.wrong_at(&format!("`{}` is not known", diagnostics::printable(word)))),
        }
    }

    /// `jump { ... }`
    fn block(&mut self, table: usize, goto: bool) -> Result<Statement<'a>, Wrong> {
        let open = self.next();
        let chain = self.build.block(table, open.place());
        self.depth += 1;
        if self.depth > 8 {
            return Err(self.wrong("nested too deep"));
        }
        let before = std::mem::replace(&mut self.lexer.across_lines, false);
        let done = self.chain_body(table, chain);
        self.lexer.across_lines = before;
        self.depth -= 1;
        match done {
            Ok(()) => Ok(Statement::Verdict(Verdict::Block(chain, goto))),
            Err(error) => Err(Wrong { place: error.place, message: error.message }),
        }
    }

    /// A match, a verdict map, or a change of what the key names.
    fn matching(&mut self, start: usize) -> Result<Statement<'a>, Wrong> {
        if self.take_words(&["ct", "count"]) {
            let over = self.take_word("over");
            let count = self.word("a number")?;
            return Ok(Statement::Condition(format!("ct count {}{count}", if over { "over " } else { "" })));
        }
        let key = self.key()?;
        match self.peek().kind {
            Kind::Word("vmap") => {
                self.next();
                let map = self.nested(Self::value)?;
                let place = TextRange::new(start, self.end);
                return Ok(Statement::Vmap { key, map, place });
            }
            Kind::Word("set") => {
                self.next();
                let maps = self.computed()?;
                return Ok(Statement::Change { key, maps });
            }
            // `ct helper set "x"` may stand with its map before the key in old files.
            _ => {}
        }
        let op = self.op();
        let flags = is_flags(&key);
        let before = std::mem::replace(&mut self.prefixes, !flags);
        let value = self.nested(Self::value);
        self.prefixes = before;
        let value = value?;
        let place = TextRange::new(start, self.end);
        if flags && self.take_sign("/") {
            let mask = self.nested(Self::value)?;
            let place = TextRange::new(start, self.end);
            let key = Key::Operation(Box::new(key), "&", Box::new(mask));
            let op = if op == Op::Implicit { Op::Equal } else { op };
            return Ok(Statement::Match { key, op, value, place });
        }
        Ok(Statement::Match { key, op, value, place })
    }

    fn op(&mut self) -> Op {
        let op = match self.peek().kind {
            Kind::Sign("==") | Kind::Word("eq") => Op::Equal,
            Kind::Sign("!=") | Kind::Word("ne") => Op::Unequal,
            Kind::Sign("<") | Kind::Word("lt") => Op::Less,
            Kind::Sign(">") | Kind::Word("gt") => Op::Greater,
            Kind::Sign("<=") | Kind::Word("le") => Op::LessOrEqual,
            Kind::Sign(">=") | Kind::Word("ge") => Op::GreaterOrEqual,
            Kind::Sign("!") => Op::NoneOf,
            _ => return Op::Implicit,
        };
        self.next();
        op
    }

    /// `packets 1 bytes 2`, `name "x"`.
    pub fn counters(&mut self) -> Result<(), Wrong> {
        if self.take_word("name") {
            return self.computed().map(|_| ());
        }
        for option in ["packets", "bytes", "used"] {
            if self.take_word(option) {
                self.word("a number")?;
            }
        }
        Ok(())
    }

    fn log(&mut self) -> Result<Statement<'a>, Wrong> {
        self.next();
        loop {
            match self.peek().kind {
                Kind::Word("prefix" | "level" | "group" | "snaplen" | "queue-threshold") => {
                    self.next();
                    self.nested(Self::single_value)?;
                }
                Kind::Word("flags") => {
                    self.next();
                    match self.word("which flags")? {
                        "tcp" | "ip" => _ = self.nested(Self::value)?,
                        _ => {}
                    }
                }
                _ => return Ok(Statement::Log),
            }
        }
    }

    fn limit(&mut self) -> Result<Statement<'a>, Wrong> {
        self.next();
        if self.take_word("name") {
            let from = self.clone_position();
            self.computed()?;
            return Ok(Statement::Condition(format!("limit name {}", self.since(from).trim_matches('"'))));
        }
        if !self.take_word("rate") {
            return Err(self.wrong("expected `rate`"));
        }
        let over = self.take_word("over");
        let rate = self.word("a number")?;
        let unit = match self.peek().kind {
            Kind::Word(unit) => {
                self.next();
                // `mbytes/second` is one word.
                unit.split_once('/').map(|(unit, per)| (Some(unit), Some(per))).unwrap_or((Some(unit), None))
            }
            _ => (None, None),
        };
        let per = match unit.1 {
            Some(per) => per,
            None => {
                self.expect_sign("/")?;
                self.word("a time")?
            }
        };
        let mut burst = None;
        if self.take_word("burst") {
            let number = self.word("a number")?;
            burst = Some((number, self.word("`packets` or `bytes`")?));
        }
        let burst = burst.map(|(number, unit)| (number.to_owned(), unit.to_owned()));
        Ok(Statement::Condition(canonical::limit(over, rate, unit.0, per, burst)))
    }

    fn quota(&mut self) -> Result<Statement<'a>, Wrong> {
        self.next();
        if self.take_word("name") {
            let from = self.clone_position();
            self.computed()?;
            return Ok(Statement::Condition(format!("quota name {}", self.since(from).trim_matches('"'))));
        }
        let over = self.take_word("over");
        self.take_word("until");
        let number = self.word("a number")?;
        let unit = self.word("a unit")?;
        if self.take_word("used") {
            self.word("a number")?;
            self.word("a unit")?;
        }
        Ok(Statement::Condition(format!("quota {}{number} {unit}", if over { "over " } else { "" })))
    }

    fn translation(&mut self, word: &str) -> Result<Statement<'a>, Wrong> {
        self.next();
        self.take_word("ip");
        self.take_word("ip6");
        if self.take_words(&["addr", "."]) || matches!(self.peek().kind, Kind::Word("addr")) {
            while matches!(self.peek().kind, Kind::Word("addr" | "port") | Kind::Sign(".")) {
                self.next();
            }
        }
        while self.take_word("interval") || self.take_word("prefix") {}
        if self.take_word("to") || !self.at_end_of_target() {
            if !self.take_sign(":") {
                self.computed()?;
                if !self.take_sign(":") {
                    self.flags_of_translation();
                    return Ok(translated(word));
                }
            }
            self.computed()?;
        }
        self.flags_of_translation();
        Ok(translated(word))
    }

    fn at_end_of_target(&self) -> bool {
        matches!(
            self.peek().kind,
            Kind::Line(_)
                | Kind::End
                | Kind::Sign(";" | "}")
                | Kind::Word(
                    "random"
                        | "fully-random"
                        | "persistent"
                        | "netmap"
                        | "comment"
                        | "counter"
                        | "log"
                        | "accept"
                )
        )
    }

    fn flags_of_translation(&mut self) {
        while matches!(
            self.peek().kind,
            Kind::Word("random" | "fully-random" | "persistent" | "netmap") | Kind::Sign(",")
        ) {
            self.next();
        }
    }

    /// `add @set { ip saddr timeout 5m }`
    fn update(&mut self, word: &'a str) -> Result<Statement<'a>, Wrong> {
        self.next();
        let mut operation = word;
        if let "set" | "map" = word {
            // `set add ip saddr @set`
            operation = self.word("`add`, `update` or `delete`")?;
            if !matches!(self.peek().kind, Kind::Sign("@")) {
                self.key()?;
                if self.take_word("timeout") {
                    self.word("a time")?;
                }
            }
        }
        self.expect_sign("@")?;
        let set = self.name("the name of a set")?;
        if matches!(self.peek().kind, Kind::Sign("{")) {
            self.skip_braces()?;
        }
        let text = format!("{operation} @{set}");
        Ok(Statement::Update { set, text })
    }

    pub fn single_value(&mut self) -> Result<Value<'a>, Wrong> {
        self.value()
    }

    /// Up to the comment or the end of the statement.
    fn skip_words(&mut self) {
        while !matches!(
            self.peek().kind,
            Kind::Line(_) | Kind::End | Kind::Sign(";" | "}") | Kind::Word("comment" | "accept" | "drop")
        ) {
            if matches!(self.peek().kind, Kind::Sign("{")) && self.skip_braces().is_ok() {
                continue;
            }
            self.next();
        }
    }

    /// Whether the next words are these; they are read then.
    fn take_words(&mut self, words: &[&str]) -> bool {
        let ahead = self.clone_position();
        for wanted in words {
            let found = match self.next().kind {
                Kind::Word(word) => word == *wanted,
                Kind::Sign(sign) => sign == *wanted,
                _ => false,
            };
            if !found {
                self.rewind(ahead);
                return false;
            }
        }
        true
    }
}

fn translated<'a>(word: &str) -> Statement<'a> {
    if matches!(word, "snat" | "masquerade") { Statement::NewSource } else { Statement::NewDestination }
}

/// Whether values of the key are flags, and a `/` after one is no prefix.
pub(super) fn is_flags(key: &Key<'_>) -> bool {
    match key {
        Key::Payload(header, field) => field == "flags" && matches!(&**header, "tcp" | "dccp"),
        Key::Ct(field, _) => matches!(&**field, "state" | "status" | "event"),
        _ => false,
    }
}

/// The part of a statement to point at: its first line.
pub(super) fn first_line(text: &str, place: TextRange) -> TextRange {
    let whole = text.get(place.start as usize..place.end as usize).unwrap_or_default();
    let length = memchr::memchr(b'\n', whole.as_bytes()).unwrap_or(whole.len());
    let line = whole.get(..length).map_or(whole, str::trim_end);
    TextRange::new(place.start as usize, place.start as usize + line.len())
}
