use std::collections::{BTreeMap, BTreeSet};

use diagnostics::{TextRange, printable};

use crate::json::{Kind, Value};
use crate::{ImportError, Problem};

/// What is odd in a file, gathered while it is read.
#[derive(Default)]
pub struct Notes {
    problems: Vec<Problem>,
    /// A key that is not known: where it stands first, and how often it does.
    unknown: BTreeMap<String, (TextRange, usize)>,
}

impl Notes {
    pub fn add(&mut self, place: TextRange, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem { place, message: message.into(), help: help.into() });
    }

    /// All of them, in the order of the file.
    pub fn finish(mut self) -> Vec<Problem> {
        for (key, (place, times)) in self.unknown {
            let message = match times {
                1 => format!("`{}` is not a known key", printable(&key)),
                _ => format!(
                    "`{}` is not a known key (it stands here and {} times more)",
                    printable(&key),
                    times - 1
                ),
            };
            let help =
                "what it says is left out: see whether the vendor changed what the file means".to_owned();
            self.problems.push(Problem { place, message, help });
        }
        self.problems.sort_by_key(|problem| (problem.place, problem.message.clone()));
        self.problems
    }
}

/// The members of an object under their known keys, in any case and order; `null` counts as left out.
pub struct Members<'j> {
    object: Value<'j>,
    known: Vec<(&'static str, Value<'j>)>,
}

impl<'j> Members<'j> {
    /// Reads an object. `what` is what it should be, for the message: `an endpoint set`.
    ///
    /// A key that is not known is noted. Of a known key that stands twice, nobody can tell which one holds: an error.
    pub fn read(
        object: Value<'j>,
        what: &str,
        keys: &[&'static str],
        notes: &mut Notes,
    ) -> Result<Self, ImportError> {
        expect(object, Kind::Object, what)?;
        let mut known = Vec::new();
        let mut seen = BTreeSet::new();
        for member in object.members() {
            let Some(key) = keys.iter().find(|key| key.eq_ignore_ascii_case(&member.name)) else {
                notes.unknown.entry(member.name.into_owned()).or_insert((member.name_place, 0)).1 += 1;
                continue;
            };
            if !seen.insert(*key) {
                let message = format!("`{key}` stands here for the second time in {what}");
                return Err(ImportError::new(member.name_place, message, AGAIN));
            }
            if member.value.kind() != Kind::Null {
                known.push((*key, member.value));
            }
        }
        Ok(Members { object, known })
    }

    pub fn place(&self) -> TextRange {
        self.object.place()
    }

    pub fn get(&self, key: &str) -> Option<Value<'j>> {
        self.known.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// The values of a list; none where the key is left out.
    pub fn list(&self, key: &str) -> Result<Option<Vec<Value<'j>>>, ImportError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        expect(value, Kind::Array, &format!("a list, for `{key}`"))?;
        Ok(Some(value.elements().collect()))
    }

    /// What a string says, or the digits of a number, without blanks around it; `None` for all else.
    pub fn text(&self, key: &str) -> Option<String> {
        let value = self.get(key)?;
        match value.kind() {
            Kind::Number => Some(value.raw().to_owned()),
            _ => value.string().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        }
    }

    /// The text under a key without which the object says nothing.
    pub fn needed(&self, key: &str, what: &str) -> Result<String, ImportError> {
        self.text(key).ok_or_else(|| ImportError::new(self.place(), format!("{what} has no `{key}`"), AGAIN))
    }
}

/// The next step after a file that does not have its kind's shape.
const AGAIN: &str = "download the file again; if it stays so, the vendor changed its shape, and a newer version of \
                     this program is needed";

/// An error unless a value is of a kind.
pub fn expect(value: Value<'_>, kind: Kind, what: &str) -> Result<(), ImportError> {
    if value.kind() == kind {
        return Ok(());
    }
    let found = match value.kind() {
        Kind::Null => "`null`",
        Kind::Bool => "a truth value",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "a list",
        Kind::Object => "an object",
    };
    Err(ImportError::new(value.place(), format!("expected {what}, found {found}"), AGAIN))
}
