//! Named sets and maps in text.

use diagnostics::TextRange;

use super::lexer::Kind;
use super::model::{Set, Value};
use super::text::{Reader, Wrong};
use crate::Status;

impl<'a> Reader<'a> {
    /// After the word `set` or `map` in a table's block.
    pub fn set(&mut self, table: usize, start: usize) {
        let is_map = self.lexer.text.get(start..start + 3) == Some("map");
        match self.set_body(start, is_map) {
            Ok(set) => {
                self.build.coverage.push(set.place, Status::Understood, "");
                self.build.set(table, set.name.clone(), set);
            }
            Err(wrong) => self.not_understood(start, &wrong.message),
        }
    }

    pub fn set_body(&mut self, start: usize, is_map: bool) -> Result<Set<'a>, Wrong> {
        let name_at = self.peek().start;
        let name = self.name("the name of a set")?;
        let head = TextRange::new(name_at, self.end);
        let mut set = Set {
            name,
            is_map,
            place: TextRange::new(start, self.end),
            head,
            changing: false,
            constant: false,
            elements: Vec::new(),
        };
        let from = self.clone_position();
        if self.take_sign("{")
            && let Err(wrong) = self.set_lines(&mut set)
        {
            // The whole of it is skipped, not what is left of a line.
            self.rewind(from);
            return Err(wrong);
        }
        set.place = TextRange::new(start, self.end);
        Ok(set)
    }

    fn set_lines(&mut self, set: &mut Set<'a>) -> Result<(), Wrong> {
        let mut expiring = false;
        loop {
            let token = self.next();
            match token.kind {
                Kind::Line(_) | Kind::Sign(";") => {}
                Kind::Sign("}") => break,
                Kind::Word("flags") => {
                    while let Kind::Word(flag) = self.peek().kind {
                        self.next();
                        set.changing |= matches!(flag, "dynamic" | "timeout");
                        set.constant |= flag == "constant";
                        self.take_sign(",");
                    }
                }
                Kind::Word("elements") => {
                    self.expect_sign("=")?;
                    let value = self.nested(Self::value)?;
                    match (&value, value.elements()) {
                        (_, Some(elements)) => set.elements.push(elements.clone()),
                        (Value::Unknown { .. }, _) => set.changing = true,
                        _ => return Err(self.wrong("expected the elements of a set")),
                    }
                }
                Kind::Word("timeout") => {
                    expiring = true;
                    self.skip_statement();
                }
                Kind::End => return Err(self.wrong("expected `}`")),
                _ => self.skip_statement(),
            }
        }
        if expiring {
            set.changing = true;
            for elements in &mut set.elements {
                for element in std::rc::Rc::make_mut(elements) {
                    element.expires = true;
                }
            }
        }
        Ok(())
    }
}
