//! What matches compare with, in text: values, sets, and what statements compute.

use std::rc::Rc;

use super::builder::MOST_COPIES;
use super::lexer::Kind;
use super::model::{Data, Element, Value, Verdict};
use super::text::{Reader, Wrong};
use super::text_key::DEEPEST;

impl<'a> Reader<'a> {
    /// The value of a match: `22`, `22-25`, `a . b`, `established,related`, `@set`, `{ ... }`.
    pub fn value(&mut self) -> Result<Value<'a>, Wrong> {
        let first = self.joined()?;
        if !matches!(self.peek().kind, Kind::Sign("," | "|")) {
            return Ok(first);
        }
        let mut all = vec![self.part(first)?];
        while self.take_sign(",") || self.take_sign("|") {
            let next = self.joined()?;
            all.push(self.part(next)?);
        }
        Ok(Value::List(all))
    }

    fn joined(&mut self) -> Result<Value<'a>, Wrong> {
        let first = self.unit()?;
        if !matches!(self.peek().kind, Kind::Sign(".")) {
            return Ok(first);
        }
        let mut all = vec![self.part(first)?];
        while self.take_sign(".") {
            let next = self.unit()?;
            all.push(self.part(next)?);
        }
        Ok(Value::Concat(all))
    }

    /// Checks that a value may be a part of another one. A variable that holds many, in one that holds many of those,
    /// and so on, would be more than anybody can read.
    fn part(&self, value: Value<'a>) -> Result<Value<'a>, Wrong> {
        match &value {
            Value::Shared(inner) if !matches!(**inner, Value::Range(_) | Value::Prefix(..)) => {
                Err(self.wrong_at("a variable with several values cannot be a part of another value"))
            }
            _ => Ok(value),
        }
    }

    pub fn unit(&mut self) -> Result<Value<'a>, Wrong> {
        let first = self.single()?;
        match self.peek().kind {
            Kind::Sign("-") => {
                self.next();
                let second = self.single()?;
                let simple = |end: &Value<'_>| matches!(end, Value::Word(_) | Value::Unknown { .. });
                if !simple(&first) || !simple(&second) {
                    return Err(self.wrong_at("a range is from one value to another"));
                }
                Ok(Value::Range(Box::new((first, second))))
            }
            Kind::Sign("/") if self.prefixes && matches!(first, Value::Word(_) | Value::Unknown { .. }) => {
                self.next();
                match self.single()? {
                    Value::Word(length) => match length.parse() {
                        Ok(length) => Ok(Value::Prefix(Box::new(first), length)),
                        Err(_) => Err(self.wrong("expected the length of a prefix")),
                    },
                    Value::Unknown { name, placeholder } => Ok(Value::Unknown { name, placeholder }),
                    _ => Err(self.wrong("expected the length of a prefix")),
                }
            }
            _ => Ok(first),
        }
    }

    fn single(&mut self) -> Result<Value<'a>, Wrong> {
        let token = self.next();
        Ok(match token.kind {
            Kind::Word(word) => Value::Word(word.into()),
            Kind::Quoted(text) => Value::Word(text.into()),
            Kind::Variable(name) => self.build.variable(name, token.place()),
            Kind::Gap(name) => Value::Unknown { name: name.to_owned(), placeholder: true },
            Kind::Sign("@") => Value::Reference(self.name("the name of a set")?),
            Kind::Sign("*") => Value::Rest,
            Kind::Sign("-") => {
                let number = self.word("a number")?;
                Value::Word(format!("-{number}").into())
            }
            Kind::Sign("{") => Value::Set(self.elements()?),
            Kind::Sign("(") => {
                let inner = self.nested(Self::value)?;
                self.expect_sign(")")?;
                inner
            }
            Kind::Sign("[") => {
                let inner = self.nested(Self::single)?;
                self.expect_sign("]")?;
                inner
            }
            _ => return Err(Wrong { place: token.place(), message: "expected a value".to_owned() }),
        })
    }

    /// The elements up to the closing brace.
    pub fn elements(&mut self) -> Result<Rc<Vec<Element<'a>>>, Wrong> {
        if self.depth == DEEPEST {
            return Err(self.wrong("nested too deep"));
        }
        self.depth += 1;
        let before = std::mem::replace(&mut self.lexer.across_lines, true);
        let prefixes = std::mem::replace(&mut self.prefixes, true);
        let out = self.elements_inside();
        self.prefixes = prefixes;
        self.lexer.across_lines = before;
        self.depth -= 1;
        out
    }

    fn elements_inside(&mut self) -> Result<Rc<Vec<Element<'a>>>, Wrong> {
        let mut all: Vec<Element<'a>> = Vec::new();
        loop {
            while self.take_sign(",") {}
            if self.take_sign("}") {
                return Ok(Rc::new(all));
            }
            let start = self.peek().start;
            let key = self.joined()?;
            let mut expires = false;
            let mut data = None;
            loop {
                let token = self.peek();
                match token.kind {
                    Kind::Word("timeout" | "expires") => {
                        self.next();
                        expires = true;
                        self.word("a time")?;
                    }
                    Kind::Word("comment") => {
                        self.next();
                        self.next();
                    }
                    // Counters and limits of single elements.
                    Kind::Word("counter") => {
                        self.next();
                        self.counters()?;
                    }
                    Kind::Word("limit" | "quota" | "ct" | "last") => {
                        expires = true;
                        self.next();
                        while !matches!(
                            self.peek().kind,
                            Kind::Sign("," | "}" | ":")
                                | Kind::Word("counter" | "timeout" | "expires" | "comment")
                                | Kind::End
                        ) {
                            self.next();
                        }
                    }
                    Kind::Sign(":") if data.is_none() => {
                        self.next();
                        data = Some(self.data()?);
                    }
                    _ => break,
                }
            }
            let place = diagnostics::TextRange::new(start, self.end);
            if !matches!(self.peek().kind, Kind::Sign("," | "}")) {
                return Err(self.wrong("expected `,` or `}`"));
            }
            match key.elements().cloned() {
                // A variable that is a set lends its elements.
                Some(inner) if data.is_none() => {
                    self.build.copies = self.build.copies.saturating_add(inner.len());
                    if self.build.copies > MOST_COPIES {
                        return Err(self.wrong("the variables stand for too many elements"));
                    }
                    all.extend(inner.iter().cloned());
                }
                _ => {
                    let combination =
                        matches!(&key, Value::Shared(inner) if matches!(**inner, Value::Concat(_)));
                    let key = if combination { key } else { self.part(key)? };
                    all.push(Element { key, data, expires, place });
                }
            }
        }
    }

    fn data(&mut self) -> Result<Data<'a>, Wrong> {
        if let Kind::Word(word) = self.peek().kind
            && let Some(verdict) = self.verdict(word)?
        {
            return Ok(Data::Verdict(verdict));
        }
        // Data may be an address with a port, and the like.
        self.joined().map(Data::Value)
    }

    /// The verdict that begins with `word`, where one does; it is read then.
    pub fn verdict(&mut self, word: &str) -> Result<Option<Verdict<'a>>, Wrong> {
        let verdict = match word {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "continue" => Verdict::Continue,
            "return" => Verdict::Return,
            "jump" | "goto" => {
                self.next();
                let name = match self.peek().kind {
                    Kind::Variable(_) | Kind::Gap(_) => match self.single()? {
                        Value::Word(name) => name,
                        _ => return Err(self.wrong("expected the name of a chain")),
                    },
                    _ => self.name("the name of a chain")?,
                };
                return Ok(Some(if word == "jump" { Verdict::Jump(name) } else { Verdict::Goto(name) }));
            }
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(verdict))
    }

    /// Something that is computed: a value, or keys, masks and maps. Says whether a map is in it.
    pub fn computed(&mut self) -> Result<bool, Wrong> {
        let mut maps = false;
        loop {
            match self.peek().kind {
                Kind::Word(word) if Self::begins_key(word) => {
                    self.nested(Self::plain_key)?;
                }
                Kind::Sign("@") => {
                    let ahead = self.clone_position();
                    if self.plain_key().is_err() {
                        self.rewind(ahead);
                        self.single()?;
                    }
                }
                Kind::Sign("(") => {
                    self.next();
                    maps |= self.nested(Self::computed)?;
                    self.expect_sign(")")?;
                }
                _ => {
                    self.nested(Self::unit)?;
                }
            }
            if self.operator().is_some() || self.take_sign(".") || self.take_sign(",") {
                continue;
            }
            if self.take_word("map") {
                maps = true;
                self.nested(Self::single)?;
            }
            if self.operator().is_none() {
                return Ok(maps);
            }
        }
    }

    pub fn word_or_number(&mut self) -> Result<&'a str, Wrong> {
        self.word("a name or number")
    }
}
