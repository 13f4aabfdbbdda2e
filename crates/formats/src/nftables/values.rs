//! What values stand for: numbers, names of interfaces, and the parts of which the file says nothing.

use std::rc::Rc;

use diagnostics::{TextRange, printable};
use space::{NameSet, Set, Side, Symbol, SymbolKind};

use super::axis::{Axis, Trouble};
use super::canonical::{self, fitting};
use super::draft::Draft;
use super::model::{Element, Value};
use super::names;
use crate::UndefinedEntry;

/// What a value stands for.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub ranges: Vec<(u128, u128)>,
    /// Each stands for more values.
    pub unknown: Vec<Symbol>,
}

/// The same for names of interfaces.
pub(super) struct Names {
    pub set: NameSet,
    pub unknown: Vec<Symbol>,
}

/// Variables in variables, deeper than this, are not followed.
const DEEPEST: usize = 64;

/// A named set as far as the file shows it.
pub(super) struct Content<'m, 'a> {
    /// What is surely in it.
    pub elements: Vec<&'m Element<'a>>,
    /// What stands for the rest, where there may be more.
    pub unknown: Option<Symbol>,
}

impl<'m, 'a> Draft<'_, 'm, 'a> {
    /// What is in the set with this name. `None` where the table has no such set.
    pub fn content(&mut self, name: &str, side: Side, place: TextRange) -> Content<'m, 'a> {
        let (number, table) = (self.around.number, self.around.table);
        let found = table.set_numbers.get(name).copied();
        let Some((at, set)) = found.and_then(|at| Some((at, table.sets.get(at)?))) else {
            let title = format!("{} {name}", table.title());
            self.memory.undefined.push(UndefinedEntry { kind: "set", name: title.clone(), place });
            let shown = printable(&title).into_owned();
            let message = format!("set `{shown}` is not in the file");
            self.approximate(message.clone());
            self.warn(place, message, "export the whole ruleset with `nft list ruleset`");
            let symbol = Symbol::new(side, SymbolKind::Undefined, &fitting(title));
            return Content { elements: Vec::new(), unknown: Some(symbol) };
        };
        let uses = self.memory.set_uses.entry((number, at)).or_default();
        *uses = uses.saturating_add(1);
        let all = || set.elements.iter().flat_map(|elements| elements.iter());
        let expiring = all().any(|element| element.expires);
        let empty = !set.constant && all().next().is_none();
        let updated = self.around.facts.updated.contains(&(number, set.name.clone()));
        let elements = all().filter(|element| !element.expires).collect();
        if !(set.changing || expiring || empty || updated) {
            return Content { elements, unknown: None };
        }
        let shown = printable(name).into_owned();
        let symbol = if updated {
            self.approximate(format!("rules change what is in set `{shown}`"));
            self.own_symbol(&format!("@{name}"))
        } else {
            self.approximate(format!("set `{shown}` is filled while the firewall runs"));
            let many = self.around.facts.set_names.get(name).is_some_and(|count| *count > 1);
            let title = if many { format!("{} {name}", table.title()) } else { name.to_owned() };
            match side {
                Side::Packet => Symbol::new(side, SymbolKind::Match, &fitting(format!("@{title}"))),
                _ => Symbol::new(side, SymbolKind::AddressGroup, &fitting(title)),
            }
        };
        Content { elements, unknown: Some(symbol) }
    }

    /// A variable that nothing defines, or a gap of a template.
    fn gap(&mut self, name: &str, placeholder: bool, side: Side) -> Symbol {
        let shown = printable(name).into_owned();
        let (kind, why) = match placeholder {
            true => (SymbolKind::Placeholder, format!("a template fills in `{shown}`")),
            false => (SymbolKind::Undefined, format!("`{shown}` is not defined in the file")),
        };
        self.approximate(why);
        Symbol::new(side, kind, &fitting(name.to_owned()))
    }

    /// The numbers that a value stands for on an axis.
    pub fn numbers(&mut self, axis: Axis, value: &Value<'a>, place: TextRange) -> Found {
        let mut found = Found::default();
        self.add_numbers(axis, value, place, &mut found, 0);
        found
    }

    fn add_numbers(
        &mut self,
        axis: Axis,
        value: &Value<'a>,
        place: TextRange,
        found: &mut Found,
        depth: usize,
    ) {
        if depth > DEEPEST {
            let symbol =
                self.invalid(place, "a value nested too deep", "a value is nested too deep".to_owned(), HELP);
            return found.unknown.push(symbol);
        }
        match value {
            Value::Word(word) => match single(axis, word) {
                Ok(range) => found.ranges.push(range),
                Err(trouble) => {
                    let symbol = self.trouble(axis, word, trouble, place);
                    found.unknown.push(symbol);
                }
            },
            Value::Range(ends) => {
                let mut both = Found::default();
                self.add_numbers(axis, &ends.0, place, &mut both, depth + 1);
                self.add_numbers(axis, &ends.1, place, &mut both, depth + 1);
                match (both.ranges.as_slice(), both.unknown.is_empty()) {
                    (&[(low, _), (_, high)], true) if low <= high => found.ranges.push((low, high)),
                    (_, true) => {
                        let text = canonical::value(value, true);
                        let message = format!("the range `{}` runs backwards", printable(&text));
                        let symbol = self.invalid(place, &text, message, "write the lower end first");
                        found.unknown.push(symbol);
                    }
                    _ => found.unknown.append(&mut both.unknown),
                }
            }
            Value::Prefix(inner, length) => {
                let mut one = Found::default();
                self.add_numbers(axis, inner, place, &mut one, depth + 1);
                match (one.ranges.as_slice(), one.unknown.is_empty()) {
                    (&[(low, high)], true) if low == high && *length <= axis.width() => {
                        let open = axis.largest().checked_shr(*length).unwrap_or(0);
                        found.ranges.push((low & !open, low | open));
                    }
                    (_, true) => {
                        let text = canonical::value(value, false);
                        let message = format!("`{}` is no prefix", printable(&text));
                        let symbol = self.invalid(place, &text, message, HELP);
                        found.unknown.push(symbol);
                    }
                    _ => found.unknown.append(&mut one.unknown),
                }
            }
            Value::Set(elements) => {
                for element in elements.iter() {
                    self.add_numbers(axis, &element.key, element.place, found, depth + 1);
                }
            }
            Value::Shared(inner) => self.add_numbers(axis, inner, place, found, depth + 1),
            Value::Reference(name) => {
                let content = self.content(name, axis.side(), place);
                found.unknown.extend(content.unknown);
                for element in content.elements {
                    self.add_numbers(axis, &element.key, element.place, found, depth + 1);
                }
            }
            Value::Rest => found.ranges.push((0, axis.largest())),
            Value::Unknown { name, placeholder } => {
                let symbol = self.gap(name, *placeholder, axis.side());
                found.unknown.push(symbol);
            }
            Value::Concat(_) | Value::List(_) | Value::Computed(_) => {
                let text = canonical::value(value, true);
                let message = format!("`{}` is no single value", printable(&fitting(text.clone())));
                let symbol = self.invalid(place, &text, message, "write several values in braces");
                found.unknown.push(symbol);
            }
        }
    }

    fn trouble(&mut self, axis: Axis, word: &str, trouble: Trouble, place: TextRange) -> Symbol {
        let shown = printable(&fitting(word.to_owned())).into_owned();
        match trouble {
            Trouble::Host => {
                self.approximate(format!("`{shown}` is resolved when the rules are loaded"));
                Symbol::new(axis.side(), SymbolKind::Undefined, &fitting(word.to_owned()))
            }
            Trouble::Name => {
                let message = format!("`{shown}` is in no list of names but the firewall's own");
                self.approximate(message.clone());
                self.warn(place, message, "write its number");
                let name = fitting(format!("a service or protocol called {word}"));
                Symbol::new(Side::Packet, SymbolKind::Undefined, &name)
            }
            Trouble::Malformed => {
                let what = if axis.is_address() { "an address of its family" } else { "a value that fits" };
                self.invalid(place, word, format!("`{shown}` is not {what}"), HELP)
            }
        }
    }

    /// The names of interfaces that a value stands for. `by_index` is for `iif` and `oif`, which know no wildcards.
    pub fn names(&mut self, value: &Value<'a>, by_index: bool, place: TextRange) -> Names {
        let mut found = Names { set: NameSet::empty(), unknown: Vec::new() };
        self.add_names(value, by_index, place, &mut found, 0);
        found
    }

    fn add_names(
        &mut self,
        value: &Value<'a>,
        by_index: bool,
        place: TextRange,
        found: &mut Names,
        depth: usize,
    ) {
        match value {
            _ if depth > DEEPEST => {}
            Value::Word(word) => match interface(word, by_index) {
                Some(names) => found.set = found.set.union(&names),
                None if by_index && names::number(word).is_some() => {
                    self.approximate("which interface has that number is not in the file");
                    let name = fitting(format!("interface number {word}"));
                    found.unknown.push(Symbol::new(Side::Packet, SymbolKind::Undefined, &name));
                }
                None => {
                    let shown = printable(&fitting(word.to_string())).into_owned();
                    let message = format!("`{shown}` cannot be the name of an interface");
                    let symbol = self.invalid(place, word, message, "a name has at most 15 bytes");
                    found.unknown.push(symbol);
                }
            },
            Value::Set(elements) => {
                self.add_elements(elements.iter(), by_index, found, depth);
            }
            Value::Shared(inner) => self.add_names(inner, by_index, place, found, depth + 1),
            Value::Reference(name) => {
                let content = self.content(name, Side::Packet, place);
                found.unknown.extend(content.unknown);
                self.add_elements(content.elements.into_iter(), by_index, found, depth);
            }
            Value::Rest => found.set = NameSet::any(),
            Value::Unknown { name, placeholder } => {
                let symbol = self.gap(name, *placeholder, Side::Packet);
                found.unknown.push(symbol);
            }
            _ => {
                let text = canonical::value(value, false);
                let message = format!("`{}` is no interface", printable(&fitting(text.clone())));
                let symbol = self.invalid(place, &text, message, HELP);
                found.unknown.push(symbol);
            }
        }
    }

    fn add_elements<'e>(
        &mut self,
        elements: impl Iterator<Item = &'e Element<'a>>,
        by_index: bool,
        found: &mut Names,
        depth: usize,
    ) where
        'a: 'e,
    {
        // One after the other would be quadratic: halves are united, and their halves before.
        let mut parts: Vec<NameSet> = vec![std::mem::replace(&mut found.set, NameSet::empty())];
        for element in elements {
            let mut one = Names { set: NameSet::empty(), unknown: Vec::new() };
            self.add_names(&element.key, by_index, element.place, &mut one, depth + 1);
            parts.push(one.set);
            found.unknown.append(&mut one.unknown);
        }
        while parts.len() > 1 {
            parts = parts
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => left.union(right),
                    [only] => only.clone(),
                    _ => NameSet::empty(),
                })
                .collect();
        }
        found.set = parts.pop().unwrap_or_else(NameSet::empty);
    }

    /// The bits that a value of flags stands for; `None` where they are not known.
    pub fn bits(&self, value: &Value<'a>, flag: fn(&str) -> Option<u32>) -> Option<u32> {
        match value {
            Value::Word(word) => flag(word).or_else(|| u32::try_from(names::number(word)?).ok()),
            Value::List(all) => all.iter().try_fold(0, |bits, one| Some(bits | self.bits(one, flag)?)),
            Value::Shared(inner) => match &**inner {
                // A variable may hold flags, and one in a set is that one.
                Value::Shared(_) => None,
                inner => self.bits(inner, flag),
            },
            _ => None,
        }
    }
}

const HELP: &str = "write it as `nft list ruleset` prints it";

fn single(axis: Axis, word: &str) -> Result<(u128, u128), Trouble> {
    // Hand-written JSON has prefixes in strings.
    if axis.is_address()
        && let Some((address, length)) = word.split_once('/')
    {
        let base = axis.number(address)?;
        let length: u32 = length.parse().map_err(|_| Trouble::Malformed)?;
        if length > axis.width() {
            return Err(Trouble::Malformed);
        }
        let open = axis.largest().checked_shr(length).unwrap_or(0);
        return Ok((base & !open, base | open));
    }
    axis.number(word).map(|number| (number, number))
}

/// The names that a word matches: one, or with a `*` at its end all that begin so.
/// `None` for what nft refuses: no name, or one of more than 15 bytes (`IFNAMSIZ`).
fn interface(word: &str, by_index: bool) -> Option<NameSet> {
    if word.is_empty() || by_index && names::number(word).is_some() {
        return None;
    }
    if let Some(beginning) = word.strip_suffix("\\*") {
        let name = format!("{beginning}*");
        return (name.len() <= 15).then(|| NameSet::one(&name));
    }
    match word.strip_suffix('*').filter(|_| !by_index) {
        Some(beginning) => (beginning.len() <= 15).then(|| NameSet::starting_with(beginning)),
        None => (word.len() <= 15).then(|| NameSet::one(word)),
    }
}

/// The elements of a set that is written here or held by a variable.
pub(super) fn literal<'v, 'a>(value: &'v Value<'a>) -> Option<&'v Rc<Vec<Element<'a>>>> {
    value.elements()
}
