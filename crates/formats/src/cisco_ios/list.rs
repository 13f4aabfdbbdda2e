//! The lines of access lists: numbered, named, and as `show` prints them.

use diagnostics::TextRange;

use super::ace::{self, Around};
use super::lines::{Line, Word, short};
use super::model::{Body, Entry, Family, List, Platform, Style};
use super::names;
use super::parse::{Reader, Section, is_entry};
use crate::Status;

/// More entries than this taken away by number: a script, and a matter of running it.
const MOST_TAKEN: u32 = 256;

impl<'a> Reader<'a> {
    /// `access-list 101 permit ...`
    pub(super) fn numbered(&mut self, line: Line<'a>, words: &[Word<'a>]) {
        let (Some(name), Some(verb)) = (words.get(1), words.get(2)) else {
            self.irrelevant(line, "a setting for all access lists");
            return;
        };
        let Some(number) = names::number(name.text, 2699) else {
            let known = matches!(
                name.text,
                "compiled" | "dynamic-extended" | "dynamic-extend" | "log-update" | "hardware"
            );
            if known {
                self.irrelevant(line, "a setting for all access lists");
            } else {
                self.not_understood(line, "only ASA writes named lists so");
                self.section = Section::NotKnown;
            }
            return;
        };
        // The ranges of numbers: IOS Security Configuration Guide, "IP Access List Overview".
        let standard = match number {
            1..=99 | 1300..=1999 => true,
            100..=199 | 2000..=2699 => false,
            _ => {
                self.irrelevant(line, "a list for other packets than IP");
                return;
            }
        };
        let list = self.list(Family::V4, name.text, standard, Style::Numbered, line.place());
        if !is_entry(verb.text) {
            self.unreadable(list, line, format!("`{}` is no entry", short(verb.text)));
            return;
        }
        self.entry(list, line, &words[2..], None);
    }

    /// `ip access-list extended NAME`, `ipv6 access-list NAME`, `ipv4 access-list NAME`; `words` from the family on.
    pub(super) fn named(&mut self, line: Line<'a>, words: &[Word<'a>]) {
        let family = if words[0].text == "ipv6" { Family::V6 } else { Family::V4 };
        let kind = words.get(2).map_or("", |word| word.text);
        let (standard, at) = match kind {
            "standard" if words.len() > 3 => (true, 3),
            "extended" if words.len() > 3 => (false, 3),
            _ => (false, 2),
        };
        if at == 2
            && matches!(
                kind,
                "" | "resequence"
                    | "logging"
                    | "log-update"
                    | "persistent"
                    | "helper"
                    | "match-local-traffic"
                    | "log"
                    | "counters"
                    | "hw-module"
                    | "maximum"
                    | "statistics"
            )
        {
            self.irrelevant(line, "a setting for all access lists, which changes no entry");
            return;
        }
        if kind == "role-based" && words.len() > 3 {
            self.irrelevant(line, "a list for security groups, which `cts role-based enforcement` applies");
            self.section =
                Section::Other { reason: "an entry of a list for security groups", uses: "security groups" };
            return;
        }
        let style = match (words[0].text, at) {
            ("ipv4", _) => Style::Xr,
            ("ip", 2) => Style::Prefix,
            _ if self.config.platform == Platform::Xr => Style::Xr,
            _ if family == Family::V6 && matches!(self.config.platform, Platform::NxOs | Platform::Eos) => {
                Style::Prefix
            }
            _ => Style::Ios,
        };
        let Some(name) = words.get(at) else { return };
        let list = self.list(family, name.text, standard, style, line.place());
        // Old releases wrote IPv6 entries in one line.
        let rest = words.get(at + 1..).unwrap_or_default();
        if rest.first().is_some_and(|word| is_entry(word.text)) {
            self.entry(list, line, rest, None);
            return;
        }
        let statement = if rest.is_empty() {
            self.state(line.place(), Status::Understood, "")
        } else {
            self.not_understood(line, "what stands behind the name of the list is not known")
        };
        if let Some(list) = self.config.lists.get_mut(list) {
            list.statements.push(statement);
        }
        self.section = Section::List(list);
    }

    /// `Extended IP access list NAME`, as `show ip access-lists` prints it.
    pub(super) fn shown(&mut self, line: Line<'a>, words: &[Word<'a>]) -> bool {
        let texts: Vec<&str> = words.iter().take(5).map(|word| word.text).collect();
        let lower: Vec<String> = texts.iter().map(|text| text.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let (family, standard, name) = match lower[..] {
            [
                kind @ ("extended" | "standard" | "reflexive"),
                family @ ("ip" | "ipv6"),
                "access",
                "list",
                _,
            ] => (if family == "ip" { Family::V4 } else { Family::V6 }, kind == "standard", texts[4]),
            [family @ ("ip" | "ipv6"), "access", "list", _, ..] => {
                (if family == "ip" { Family::V4 } else { Family::V6 }, false, texts[3])
            }
            ["mac", "access", "list", ..] => {
                self.irrelevant(line, "a list for frames that are not IP");
                self.section = Section::Other { reason: "an entry for frames that are not IP", uses: "" };
                return true;
            }
            _ => return false,
        };
        let list = self.list(family, name, standard, Style::Shown, line.place());
        let reflexive = lower[0] == "reflexive";
        let statement = self.state(line.place(), Status::Understood, "");
        if let Some(list) = self.config.lists.get_mut(list) {
            list.statements.push(statement);
            list.reflexive |= reflexive;
        }
        self.section = Section::List(list);
        true
    }

    /// The list of that name, which is made where it is not there yet.
    fn list(
        &mut self,
        family: Family,
        name: &'a str,
        standard: bool,
        style: Style,
        head: TextRange,
    ) -> usize {
        let lists = &mut self.config.lists;
        *self.config.list_by_name.entry((family, name)).or_insert_with(|| {
            lists.push(List {
                name,
                family,
                standard,
                style,
                head,
                statements: Vec::new(),
                entries: Vec::new(),
                obscured: Vec::new(),
                reflexive: false,
                gone: false,
                highest: 0,
                taken: 0,
            });
            lists.len() - 1
        })
    }

    /// `no ip access-list extended NAME`, `no access-list 101`; `words` without the `no`.
    pub(super) fn no_list(&mut self, line: Line<'a>, words: &[Word<'a>]) {
        let family = if words[0].text == "ipv6" { Family::V6 } else { Family::V4 };
        let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
        let name = match texts[..] {
            ["access-list", name]
            | [_, "access-list", "standard" | "extended", name]
            | [_, "access-list", name] => name,
            _ => {
                // One entry of a numbered list: IOS takes it, or before 12.3 the whole list.
                let known =
                    texts.get(1).and_then(|name| self.config.list_by_name.get(&(family, *name))).copied();
                self.not_understood(line, "a command that takes away part of a list");
                if let Some(list) = known.and_then(|at| self.config.lists.get_mut(at)) {
                    list.obscured.push(line.place());
                }
                return;
            }
        };
        let list =
            self.config.list_by_name.remove(&(family, name)).and_then(|at| self.config.lists.get_mut(at));
        let Some(list) = list else {
            self.irrelevant(line, "there is no such list here to delete");
            return;
        };
        list.gone = true;
        let statements =
            list.statements.iter().copied().chain(list.entries.iter().map(|entry| entry.statement));
        for number in statements {
            if let Some(statement) = self.config.coverage.statements.get_mut(number as usize) {
                (statement.status, statement.reason) =
                    (Status::Irrelevant, "its list is deleted further down".into());
            }
        }
        self.state(line.place(), Status::Understood, "");
    }

    /// A line inside a list.
    pub(super) fn list_line(&mut self, list: usize, line: Line<'a>, words: &[Word<'a>]) {
        let number = names::number(words[0].text, u32::MAX).map(|number| (number, words[0].place()));
        let (mut at, mut written) = (usize::from(number.is_some()), number);
        // `show ipv6 access-list` puts the number last, and older files of IPv6 lists `sequence 10` first.
        if words[0].text == "sequence" {
            written = words.get(1).and_then(|word| Some((names::number(word.text, u32::MAX)?, word.place())));
            at = 2;
        }
        let rest = words.get(at..).unwrap_or_default();
        let verb = rest.first().map_or("", |word| word.text);
        if is_entry(verb) {
            self.entry(list, line, rest, written);
            return;
        }
        let statement = match verb {
            "no" if words.len() > at + 1 => return self.no_entry(list, line, &rest[1..]),
            "statistics" | "counters" | "description" | "hardware" | "fragments" => {
                self.state(line.place(), Status::Irrelevant, "counts, or says what is done with fragments")
            }
            _ => return self.unreadable(list, line, format!("`{}` is no entry", short(verb))),
        };
        if let Some(list) = self.config.lists.get_mut(list) {
            list.statements.push(statement);
        }
    }

    fn no_entry(&mut self, list: usize, line: Line<'a>, words: &[Word<'a>]) {
        let number = if words.len() == 1 { names::number(words[0].text, u32::MAX) } else { None };
        let Some(list) = self.config.lists.get_mut(list) else { return };
        list.taken += 1;
        let found = number.filter(|_| list.taken <= MOST_TAKEN).and_then(|number| {
            list.entries
                .iter()
                .rposition(|entry| entry.number == number && !matches!(entry.body, Body::Remark(_)))
        });
        match found {
            Some(at) => {
                let gone = list.entries.remove(at);
                if let Some(statement) = self.config.coverage.statements.get_mut(gone.statement as usize) {
                    (statement.status, statement.reason) =
                        (Status::Irrelevant, "taken away further down".into());
                }
                self.state(line.place(), Status::Understood, "");
            }
            None if number.is_some() && list.taken <= MOST_TAKEN => {
                self.irrelevant(line, "there is no such entry here to take away");
            }
            None => {
                list.obscured.push(line.place());
                self.not_understood(line, "a command that takes away an entry by what it says");
            }
        }
    }

    /// An entry; `words` from its verb on.
    fn entry(&mut self, list: usize, line: Line<'a>, words: &[Word<'a>], written: Option<(u32, TextRange)>) {
        let Some(at) = self.config.lists.get(list) else { return };
        let (family, standard) = (at.family, at.standard);
        let from = words.first().map_or(0, |word| word.start - line.start);
        let text = line.text.get(from..).unwrap_or_default();
        let mut odd = Vec::new();
        let mut trailing = None;
        let body = match words[0].text {
            "remark" => Body::Remark(text.strip_prefix("remark").unwrap_or_default().trim_ascii()),
            "evaluate" => match words.get(1) {
                Some(name) => Body::Evaluate(name.text),
                None => Body::Unreadable("the name of the reflexive list is missing".to_owned()),
            },
            verb => {
                // Lock-and-key: the entry is a template for those who log in.
                let (rest, dynamic) = match words {
                    [_, name, timeout, _, rest @ ..] if verb == "dynamic" && timeout.text == "timeout" => {
                        (rest, Some(name.text))
                    }
                    [_, name, rest @ ..] if verb == "dynamic" => (rest, Some(name.text)),
                    _ => (words, None),
                };
                trailing =
                    rest.iter().position(|word| word.text == "sequence").and_then(|at| rest.get(at + 1));
                let is_rule = rest.first().is_some_and(|word| matches!(word.text, "permit" | "deny"));
                let platform = self.config.platform;
                let mut around =
                    Around { family, standard, platform, wildcards: &mut self.wildcards, odd: &mut odd };
                match ace::read(rest, &mut around) {
                    _ if !is_rule => Body::Unreadable("it neither permits nor denies".to_owned()),
                    Ok(mut ace) => {
                        ace.shared.extend(dynamic.map(|name| format!("dynamic {}", short(name))));
                        Body::Rule(Box::new(ace))
                    }
                    Err(why) => Body::Unreadable(why),
                }
            }
        };
        let written = written
            .or_else(|| trailing.and_then(|word| Some((names::number(word.text, u32::MAX)?, word.place()))));
        for (place, message, help) in odd {
            self.config.problem(place, message, help);
        }
        if let Body::Unreadable(why) = &body {
            let message = format!("the entry cannot be read: {why}");
            self.config.problem(line.place(), message, "correct the line, or export the configuration again");
        }
        let (status, reason) = match &body {
            Body::Remark(_) => (Status::Irrelevant, "a remark".to_owned()),
            Body::Unreadable(why) => {
                (Status::NotUnderstood, format!("{why}: what it matches and does is kept as an unknown"))
            }
            _ => (Status::Understood, String::new()),
        };
        let statement = self.state(line.place(), status, reason);
        let Some(list) = self.config.lists.get_mut(list) else { return };
        let number = match written {
            Some((number, _)) => number,
            // The first gets 10, and each the next ten ("IP Access List Entry Sequence Numbering").
            None => list.highest.saturating_add(10),
        };
        if written.is_some() || !matches!(body, Body::Remark(_)) {
            list.highest = list.highest.max(number);
        }
        list.entries.push(Entry { place: line.place(), statement, written, number, text, body });
    }

    pub(super) fn unreadable(&mut self, list: usize, line: Line<'a>, why: String) {
        let statement = self.state(
            line.place(),
            Status::NotUnderstood,
            format!("{why}: what it matches and does is kept as an unknown"),
        );
        let message = format!("the entry cannot be read: {why}");
        self.config.problem(line.place(), message, "correct the line, or export the configuration again");
        let Some(list) = self.config.lists.get_mut(list) else { return };
        list.highest = list.highest.saturating_add(10);
        let (number, text) = (list.highest, line.text);
        list.entries.push(Entry {
            place: line.place(),
            statement,
            written: None,
            number,
            text,
            body: Body::Unreadable(why),
        });
    }

    /// Puts the entries in the order of their numbers, and notes numbers that are there twice.
    pub(super) fn finish_lists(&mut self) {
        let mut twice = Vec::new();
        for list in &mut self.config.lists {
            if list.style == Style::Shown {
                // `show` prints them as they are asked.
                continue;
            }
            if !list.entries.is_sorted_by_key(|entry| entry.number) {
                list.entries.sort_by_key(|entry| entry.number);
            }
            let mut last = None;
            for entry in &mut list.entries {
                // A line that is no entry has no number: that of its place here is nobody's.
                let has_none = entry.written.is_none() && matches!(entry.body, Body::Unreadable(_));
                if has_none || matches!(entry.body, Body::Remark(_)) {
                    continue;
                }
                if last == Some(entry.number) {
                    entry.body = Body::Unreadable("its sequence number is taken".to_owned());
                    twice.push((entry.place, entry.statement));
                }
                last = Some(entry.number);
            }
        }
        for (place, statement) in twice {
            if let Some(statement) = self.config.coverage.statements.get_mut(statement as usize) {
                statement.status = Status::NotUnderstood;
                statement.reason = "its sequence number is taken: which of the two holds is not known".into();
            }
            let help = "the one replaces the other, or is refused: export the configuration again";
            self.config.problem(place, "two entries have one sequence number", help);
        }
    }
}
