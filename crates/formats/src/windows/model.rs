use std::borrow::Cow;

use diagnostics::TextRange;

use super::property::Property;
use crate::{Coverage, Direction, InterfaceEntry, Problem, Status};

/// What a file says of one computer's firewall, in Windows' words, whatever shape the file has.
pub struct Reading<'t> {
    pub shape: Shape,
    pub computer: Option<String>,
    /// The computer's version of Windows: major and minor.
    pub version: Option<(u32, u32)>,
    /// Domain, Private, Public.
    pub profiles: [Profile; 3],
    /// In the order of the file.
    pub rules: Vec<Rule<'t>>,
    pub keywords: Vec<Keyword<'t>>,
    pub interfaces: Vec<InterfaceEntry>,
    /// Statements that may be any rule, or change any.
    pub gaps: Vec<Gap>,
    /// Whether the file is known to have the rules of both directions.
    pub whole: bool,
    /// Without the rules: whether a rule is understood shows when it becomes regions.
    pub coverage: Coverage,
    pub problems: Vec<Problem>,
}

/// In which of its many shapes a Windows firewall came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A table of rules joined with their filters.
    Csv,
    /// What `collect.ps1` writes, or a list of rules joined with their filters.
    Json,
    /// What `netsh advfirewall firewall show rule` prints.
    NetshText,
    /// `netsh advfirewall firewall add rule` commands.
    NetshScript,
    /// The strings of the registry and of group policies.
    Registry,
    /// `New-NetFirewallRule` commands.
    PowerShell,
}

/// The settings of one network profile.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// What says so, where anything in the file does.
    pub place: Option<TextRange>,
    pub enabled: Setting,
    pub inbound_permits: Setting,
    pub outbound_permits: Setting,
    pub inbound_rules: Setting,
    pub local_rules: Setting,
    /// Interfaces that the firewall leaves alone in this profile.
    pub excluded: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Setting {
    /// Not in the file, or left to what Windows does.
    #[default]
    Default,
    Known(bool),
    /// The file says something that is not understood.
    Unknown,
}

/// A rule: what the file has for each property, not yet read.
pub struct Rule<'t> {
    pub place: TextRange,
    /// The part of it to point at.
    pub head: TextRange,
    /// A bit for each property that the file has for it.
    present: u64,
    /// The properties whose value restricts or names anything: most say `Any`, and are not kept.
    slots: Vec<(Property, Slot<'t>)>,
    pub store: Store,
    /// Why the rule may be narrower than what is seen of it, and under which name that is kept.
    pub hidden: Option<Hidden>,
    /// Something in it that is not understood: it may do anything.
    pub strange: Option<(String, TextRange)>,
}

/// What of a rule the file does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The reason, for the coverage.
    pub reason: &'static str,
    /// What the condition is called; the rule's name follows.
    pub symbol: &'static str,
}

/// Where a rule comes from, as far as it matters to what it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// Set by the computer's administrator or its programs.
    Local,
    /// From a group policy or a management service.
    Policy,
    /// The file does not say.
    #[default]
    Unknown,
    /// A restriction of one service, in a list of its own.
    Service,
}

/// The value of one property.
#[derive(Clone, Debug)]
pub enum Slot<'t> {
    Text(Cow<'t, str>, TextRange),
    List(Vec<(Cow<'t, str>, TextRange)>),
    /// Something that is known only when a script runs.
    Expression(TextRange),
}

/// A dynamic keyword address: an object that rules name by its id.
pub struct Keyword<'t> {
    pub place: TextRange,
    pub id: Cow<'t, str>,
    pub keyword: Cow<'t, str>,
    /// Whether the keyword is a DNS name that Windows resolves.
    pub resolves: bool,
    pub addresses: Vec<(Cow<'t, str>, TextRange)>,
}

/// A statement that may be any rule.
pub struct Gap {
    pub place: TextRange,
    pub what: String,
}

impl<'t> Reading<'t> {
    pub fn new(shape: Shape) -> Self {
        Reading {
            shape,
            computer: None,
            version: None,
            profiles: Default::default(),
            rules: Vec::new(),
            keywords: Vec::new(),
            interfaces: Vec::new(),
            gaps: Vec::new(),
            whole: false,
            coverage: Coverage::default(),
            problems: Vec::new(),
        }
    }

    pub fn understood(&mut self, place: TextRange) {
        self.coverage.push(place, Status::Understood, "");
    }

    pub fn irrelevant(&mut self, place: TextRange, reason: &'static str) {
        self.coverage.push(place, Status::Irrelevant, reason);
    }

    /// A statement that may be any rule, or change any.
    pub fn gap(&mut self, place: TextRange, what: String) {
        self.coverage.push(place, Status::NotUnderstood, what.clone());
        self.gaps.push(Gap { place, what });
    }

    pub fn problem(&mut self, place: TextRange, message: String, help: &str) {
        if self.problems.len() <= super::PROBLEM_LIMIT {
            self.problems.push(Problem { place, message, help: help.to_owned() });
        }
    }

    /// The computer's name, or what stands for it.
    pub fn host(&self) -> &str {
        self.computer.as_deref().unwrap_or("windows")
    }
}

impl<'t> Rule<'t> {
    pub fn new(place: TextRange, head: TextRange) -> Self {
        Rule {
            place,
            head,
            present: 0,
            slots: Vec::new(),
            store: Store::Unknown,
            hidden: None,
            strange: None,
        }
    }

    /// Notes a value; the first one of a property counts.
    pub fn set(&mut self, property: Property, slot: Slot<'t>) {
        if self.has(property) {
            return;
        }
        let says_nothing = match &slot {
            Slot::Text(text, _) => property.is_default(text.trim()),
            Slot::List(items) => {
                items.is_empty() || items.iter().all(|(text, _)| property.is_default(text.trim()))
            }
            Slot::Expression(_) => false,
        };
        let is_blank = match &slot {
            Slot::Text(text, _) => text.trim().is_empty(),
            Slot::List(items) => items.iter().all(|(text, _)| text.trim().is_empty()),
            Slot::Expression(_) => false,
        };
        // Windows says `Any`; blank is what an exporter leaves where it was not allowed to read a filter.
        if is_blank && property.is_never_blank() {
            return;
        }
        self.present |= property.bit();
        if !says_nothing {
            self.slots.push((property, slot));
        }
    }

    /// Adds a value to those that a property has.
    pub fn add(&mut self, property: Property, text: Cow<'t, str>, place: TextRange) {
        self.present |= property.bit();
        match self.slots.iter_mut().find(|(known, _)| *known == property) {
            Some((_, Slot::List(items))) => items.push((text, place)),
            Some(_) => {}
            None => self.slots.push((property, Slot::List(vec![(text, place)]))),
        }
    }

    /// Says of these properties that the file has them, with what Windows takes where nothing is given.
    pub fn assume_present(&mut self, properties: u64) {
        self.present |= properties;
    }

    pub fn has(&self, property: Property) -> bool {
        self.present & property.bit() != 0
    }

    /// The value, where there is one that says more than `Any`.
    pub fn get(&self, property: Property) -> Option<&Slot<'t>> {
        self.slots.iter().find(|(known, _)| *known == property).map(|(_, slot)| slot)
    }

    /// The value as one text: the first of a list.
    pub fn text(&self, property: Property) -> Option<&str> {
        match self.get(property)? {
            Slot::Text(text, _) => Some(text.trim()),
            Slot::List(items) => items.first().map(|(text, _)| text.trim()),
            Slot::Expression(_) => None,
        }
    }

    pub fn slots(&self) -> &[(Property, Slot<'t>)] {
        &self.slots
    }

    pub fn missing(&self, properties: u64) -> u64 {
        properties & !self.present
    }

    /// Which way the rule's traffic goes; `None` where the file does not tell.
    pub fn direction(&self) -> Option<Direction> {
        match self.get(Property::Direction) {
            // `New-NetFirewallRule`: "The default value is Inbound."
            None if self.has(Property::Direction) => Some(Direction::Inbound),
            _ => super::words::direction(self.text(Property::Direction)?),
        }
    }

    /// What an administrator calls it.
    pub fn shown_name(&self) -> Option<&str> {
        let named = |property| self.text(property).filter(|text| !text.is_empty());
        named(Property::DisplayName).or_else(|| self.key())
    }

    /// What tells it from all other rules.
    pub fn key(&self) -> Option<&str> {
        let named = |property| self.text(property).filter(|text| !text.is_empty());
        named(Property::Name).or_else(|| named(Property::InstanceId))
    }
}

impl<'t> Slot<'t> {
    pub fn place(&self) -> TextRange {
        match self {
            Slot::Text(_, place) | Slot::Expression(place) => *place,
            Slot::List(items) => match (items.first(), items.last()) {
                (Some((_, first)), Some((_, last))) => first.cover(*last),
                _ => TextRange::new(0, 0),
            },
        }
    }

    /// The words of a list, however it is written: an array, or words between commas, semicolons or bars.
    pub fn words(&self) -> Vec<(&str, TextRange)> {
        let mut out = Vec::new();
        match self {
            Slot::Text(text, place) => {
                // A text that was unescaped is longer in the file than here: its words have the place of the whole.
                let exact = place.len() == text.len();
                let mut at = place.start as usize;
                for word in text.split([',', '|', ';']) {
                    let start = at + (word.len() - word.trim_start().len());
                    let trimmed = word.trim();
                    let place = if exact { TextRange::new(start, start + trimmed.len()) } else { *place };
                    if !trimmed.is_empty() {
                        out.push((trimmed, place));
                    }
                    at += word.len() + 1;
                }
            }
            Slot::List(items) => {
                for (text, place) in items {
                    let words = text.split([',', '|', ';']).map(str::trim).filter(|word| !word.is_empty());
                    out.extend(words.map(|word| (word, *place)));
                }
            }
            Slot::Expression(_) => {}
        }
        out
    }
}
