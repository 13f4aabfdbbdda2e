//! Text to configuration: which statement each line is, and what becomes of it.

use std::collections::{BTreeSet, HashMap, HashSet};

use diagnostics::TextRange;

use super::addresses::Wildcards;
use super::lines::{Line, Lines, Word, short};
use super::model::{Config, Family, Obscure, Platform, Style, ZonePair};
use super::{banner, platform};
use crate::{Coverage, Status};

/// Reads a file. Whatever stands in it, each statement ends in one state.
pub fn parse(text: &str) -> Config<'_> {
    let indents = Lines::new(text).filter(|line| !line.is_nothing()).map(|line| line.indent);
    let base = indents.min().unwrap_or(0);
    let mut reader = Reader {
        text,
        config: Config {
            hostname: None,
            platform: platform::of(text),
            lists: Vec::new(),
            list_by_name: HashMap::new(),
            groups: Vec::new(),
            time_ranges: Vec::new(),
            interfaces: Vec::new(),
            zone_pairs: Vec::new(),
            inspections: Vec::new(),
            nat: Vec::new(),
            routes: Vec::new(),
            routed_otherwise: false,
            other_uses: HashMap::new(),
            dropping_policies: HashSet::new(),
            service_policies: Vec::new(),
            obscure: Vec::new(),
            coverage: Coverage::default(),
            problems: Vec::new(),
        },
        section: Section::None,
        wildcards: Wildcards::default(),
        groups: HashMap::new(),
        interfaces: HashMap::new(),
        never_closed: BTreeSet::new(),
    };
    let mut lines = Lines::new(text);
    let mut words = Vec::new();
    while let Some(line) = lines.next() {
        if line.is_nothing() || reader.block(line, &mut lines) {
            continue;
        }
        if !line.words(&mut words) {
            reader.too_long(line);
            continue;
        }
        reader.line(line, line.indent > base, &words);
    }
    reader.finish()
}

/// Where the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section<'a> {
    None,
    List(usize),
    Interface(usize),
    Group(usize),
    TimeRange(usize),
    ZonePair(usize),
    /// Static routes of a VRF (NX-OS), or of all (IOS XR).
    Routes {
        vrf: Option<&'a str>,
        family: Family,
        static_only: bool,
    },
    PolicyMap(&'a str),
    /// Something that filters nothing, why, and what it may use lists for.
    Other {
        reason: &'static str,
        uses: &'static str,
    },
    NotKnown,
}

pub(super) struct Reader<'a> {
    text: &'a str,
    pub config: Config<'a>,
    pub section: Section<'a>,
    pub wildcards: Wildcards,
    /// Groups and interfaces by name: one that comes again goes on.
    pub groups: HashMap<(&'static str, &'a str), usize>,
    pub interfaces: HashMap<String, usize>,
    /// The ends of banners that the file does not have.
    never_closed: BTreeSet<char>,
}

impl<'a> Reader<'a> {
    /// Adds a statement and returns its number.
    pub fn state(
        &mut self,
        place: TextRange,
        status: Status,
        reason: impl Into<std::borrow::Cow<'static, str>>,
    ) -> u32 {
        let number = u32::try_from(self.config.coverage.statements.len()).unwrap_or(u32::MAX);
        self.config.coverage.push(place, status, reason);
        number
    }

    pub fn irrelevant(&mut self, line: Line<'a>, reason: &'static str) {
        self.state(line.place(), Status::Irrelevant, reason);
    }

    pub fn not_understood(&mut self, line: Line<'a>, reason: impl Into<String>) -> u32 {
        self.state(line.place(), Status::NotUnderstood, reason.into())
    }

    /// Something may decide packets, and how is not modelled.
    pub fn obscure(
        &mut self,
        line: Line<'a>,
        what: &str,
        interface: Option<(usize, Option<super::model::Way>)>,
    ) {
        self.not_understood(line, format!("{what} may decide packets, and is not modelled"));
        self.config.obscure.push(Obscure { place: line.place(), text: short(line.text), interface });
    }

    /// What runs over several lines whatever stands in them: banners and certificates.
    fn block(&mut self, line: Line<'a>, lines: &mut Lines<'a>) -> bool {
        let end = if let Some(found) = banner::delimiter(line, self.text) {
            match banner::end(self.text, &found, &mut self.never_closed) {
                Some(end) => end,
                None => {
                    self.not_understood(line, "the banner is never closed");
                    self.config.problem(
                        line.place(),
                        "the banner is never closed",
                        "export the configuration again: the file is cut off",
                    );
                    self.section = Section::None;
                    return true;
                }
            }
        } else if line.text.starts_with("certificate ") {
            match banner::end_of_certificate(lines) {
                Some(end) => end,
                None => return false,
            }
        } else {
            return false;
        };
        let reason = if line.text.starts_with("certificate ") { "a certificate" } else { "a banner" };
        lines.skip_to(end.saturating_sub(1).max(line.start));
        self.state(TextRange::new(line.start, end), Status::Irrelevant, reason);
        if reason == "a banner" {
            self.section = Section::None;
        }
        true
    }

    fn too_long(&mut self, line: Line<'a>) {
        match self.section {
            Section::List(list) => self.unreadable(list, line, "a line of thousands of words".to_owned()),
            _ => {
                self.not_understood(line, "a line of thousands of words");
            }
        }
    }

    fn line(&mut self, line: Line<'a>, indented: bool, words: &[Word<'a>]) {
        let Some(first) = words.first() else { return };
        if matches!(first.text, "exit" | "end" | "quit" | "root" | "commit" | "exit-address-family")
            && words.len() == 1
        {
            self.irrelevant(line, "ends a section");
            if !indented {
                self.section = Section::None;
            }
            return;
        }
        let inside = if indented {
            // Old releases indent an interface for no reason.
            first.text != "interface" || !matches!(self.section, Section::Interface(_) | Section::None)
        } else {
            self.continues(words)
        };
        if inside && self.section_line(line, words) {
            return;
        }
        self.section = Section::None;
        self.top(line, words);
    }

    /// Whether a line without indentation belongs to the section that is open.
    fn continues(&self, words: &[Word<'a>]) -> bool {
        let word = |at: usize| words.get(at).map_or("", |word| word.text);
        match self.section {
            Section::List(_) => {
                let at = usize::from(super::names::number(word(0), u32::MAX).is_some());
                let no = word(0) == "no"
                    && (super::names::number(word(1), u32::MAX).is_some() || is_entry(word(1)));
                let sequence = word(0) == "sequence" && super::names::number(word(1), u32::MAX).is_some();
                is_entry(word(at)) || no || sequence
            }
            Section::Interface(_) => {
                let two = [word(0), word(1)];
                matches!(two, ["ip" | "ipv4" | "ipv6", "address" | "access-group" | "traffic-filter"])
                    || matches!(two, ["description" | "zone-member", _] | ["no", "shutdown"])
                    || word(0) == "shutdown" && words.len() == 1
                    || words.len() == 3
                        && matches!([word(0), word(1), word(2)], ["ip", "nat", "inside" | "outside"])
            }
            _ => false,
        }
    }

    fn section_line(&mut self, line: Line<'a>, words: &[Word<'a>]) -> bool {
        match self.section {
            Section::None => return false,
            Section::List(list) => self.list_line(list, line, words),
            Section::Interface(interface) => self.interface_line(interface, line, words),
            Section::Group(group) => self.group_line(group, line, words),
            Section::TimeRange(at) => self.time_range_line(at, line, words),
            Section::ZonePair(at) => self.zone_pair_line(at, line, words),
            Section::Routes { vrf, family, static_only } => {
                self.routes_line(vrf, family, static_only, line, words)
            }
            Section::PolicyMap(name) => {
                if words.len() == 1 && words[0].text == "drop" {
                    self.config.dropping_policies.insert(name);
                }
                self.irrelevant(line, "quality of service, or what another command applies");
            }
            Section::Other { reason, uses } => {
                self.uses(words, uses);
                self.irrelevant(line, reason);
            }
            Section::NotKnown => {
                self.not_understood(line, "in a section that is not known");
            }
        }
        true
    }

    fn zone_pair_line(&mut self, at: usize, line: Line<'a>, words: &[Word<'a>]) {
        let policy = match words {
            [verb, kind, inspect, name]
                if (verb.text, kind.text, inspect.text) == ("service-policy", "type", "inspect") =>
            {
                name.text
            }
            [description, ..] if description.text == "description" => {
                return self.irrelevant(line, "a description");
            }
            _ => {
                self.not_understood(line, "not a setting of a zone pair that is known");
                return;
            }
        };
        if let Some(pair) = self.config.zone_pairs.get_mut(at) {
            pair.policy = Some(policy);
        }
        self.state(
            line.place(),
            Status::Approximated,
            "what the policy permits between the zones is kept as an unknown",
        );
    }

    pub fn zone_pair(&mut self, line: Line<'a>, words: &[Word<'a>]) {
        let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
        let ["zone-pair", "security", name, "source", source, "destination", destination] = texts[..] else {
            self.obscure(line, "a zone pair that cannot be read", None);
            self.section = Section::NotKnown;
            return;
        };
        self.state(line.place(), Status::Understood, "");
        self.section = Section::ZonePair(self.config.zone_pairs.len());
        let place = line.place();
        self.config.zone_pairs.push(ZonePair { name, source, destination, policy: None, place });
    }

    /// Notes which lists a line of something else than an interface uses.
    pub fn uses(&mut self, words: &[Word<'a>], purpose: &'static str) {
        let mut rest = words.iter().map(|word| word.text).peekable();
        while let Some(word) = rest.next() {
            match word {
                "access-class" | "access-group" | "distribute-list" | "list" | "peer" | "serve-only"
                | "redirect-list" => {
                    if rest.peek() == Some(&"name") {
                        rest.next();
                    }
                    if let Some(name) = rest.next() {
                        self.config.other_uses.entry(name).or_insert(purpose);
                    }
                }
                "address" => {
                    for name in rest.by_ref() {
                        self.config.other_uses.entry(name).or_insert(purpose);
                    }
                }
                "RO" | "RW" | "ro" | "rw" => {
                    if let Some(name) = rest.next() {
                        self.config.other_uses.entry(name).or_insert(purpose);
                    }
                }
                _ => {}
            }
        }
    }

    fn finish(mut self) -> Config<'a> {
        self.finish_lists();
        for policy in &self.config.service_policies {
            if !self.config.dropping_policies.contains(&policy.name) {
                continue;
            }
            if let Some(statement) = self.config.coverage.statements.get_mut(policy.statement as usize) {
                statement.status = Status::NotUnderstood;
                statement.reason = "the policy drops packets of some class, which is not modelled".into();
            }
            let text = format!("service-policy {}", short(policy.name));
            self.config.obscure.push(Obscure {
                place: policy.place,
                text,
                interface: Some((policy.interface, policy.way)),
            });
        }
        if self.config.platform == Platform::Ios
            && self.config.lists.iter().any(|list| list.style == Style::Xr)
        {
            self.config.platform = Platform::Xr;
        }
        self.config
    }
}

/// Whether a line of a list begins with this word.
pub(super) fn is_entry(word: &str) -> bool {
    matches!(word, "permit" | "deny" | "remark" | "evaluate" | "dynamic")
}
