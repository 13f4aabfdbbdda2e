//! The changes to one list: which lines come and go, and the numbers that they have.

use std::collections::{BTreeMap, BTreeSet};

use diagnostics::{Edit, TextRange};

use super::lines::short;
use super::model::{Body, Config, Entry, Family, List, Platform, Style};
use super::write::{self, Dialect};
use crate::Refusal;

/// The largest number that IOS takes for an entry.
const LARGEST: u32 = 2_147_483_647;

/// New lines, by the entry that they stand before (or replace); those at the end by the number of entries.
#[derive(Debug, Default)]
pub struct Plan {
    pub before: BTreeMap<usize, Vec<String>>,
    pub instead: BTreeMap<usize, Vec<String>>,
    pub gone: BTreeSet<usize>,
}

/// What a plan comes to.
#[derive(Debug, Default)]
pub struct Outcome {
    pub edits: Vec<Edit>,
    pub commands: Vec<String>,
    pub rollback: Vec<String>,
}

/// How a list is written.
pub fn dialect(config: &Config<'_>, list: &List<'_>) -> Dialect {
    let shown = list.style == Style::Shown && config.platform != Platform::Ios;
    Dialect {
        family: list.family,
        standard: list.standard,
        prefixes: list.style == Style::Prefix || shown,
        xr: list.style == Style::Xr,
    }
}

/// Where the list stands in the text, and with which numbers its entries are on the device when the commands are run.
struct Numbered<'c, 'a> {
    text: &'c str,
    config: &'c Config<'a>,
    list: &'c List<'a>,
    /// Whether the lines have numbers.
    written: bool,
    numbers: Vec<u32>,
    /// The step of a renumbering that the commands begin with.
    renumbered: Option<u32>,
}

/// Whether the lines have numbers only where those are not the ones that they get by themselves: IPv6 lists of IOS.
fn shows_odd_numbers(config: &Config<'_>, list: &List<'_>) -> bool {
    list.family == Family::V6 && config.platform == Platform::Ios && list.style != Style::Shown
}

impl Plan {
    /// The lines for one gap between entries that stay, first those before an entry, then those in its place.
    fn new_at(&self, at: usize) -> impl Iterator<Item = &String> {
        let of = |map: &'_ BTreeMap<usize, Vec<String>>| map.get(&at).map_or(0..0, |lines| 0..lines.len());
        let (before, instead) = (of(&self.before), of(&self.instead));
        before
            .filter_map(move |line| self.before.get(&at)?.get(line))
            .chain(instead.filter_map(move |line| self.instead.get(&at)?.get(line)))
    }

    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.instead.is_empty() && self.gone.is_empty()
    }

    /// The edits and commands that make the changes to `list`.
    pub fn carry_out(mut self, text: &str, config: &Config<'_>, list: &List<'_>) -> Result<Outcome, Refusal> {
        let is_entry = |entry: &&Entry<'_>| !matches!(entry.body, Body::Remark(_));
        let stays = list
            .entries
            .iter()
            .enumerate()
            .filter(|(at, _)| !self.gone.contains(at))
            .any(|(_, entry)| is_entry(&entry));
        if !stays && self.before.is_empty() && self.instead.values().all(Vec::is_empty) {
            // A list without entries permits everything: what it denied at its end is said.
            let end = list.entries.len();
            self.before.entry(end).or_default().push(write::everything(false, dialect(config, list)));
        }
        let mut numbered = Numbered::new(text, config, list)?;
        let new = match numbered.assign(&self) {
            Some(new) if numbered.written || numbered.is_default() => new,
            _ => {
                numbered.renumber(&self)?;
                numbered.assign(&self).ok_or_else(|| {
                    Refusal::new(
                        format!(
                            "the access list `{}` has no numbers left for so many entries",
                            short(list.name)
                        ),
                        "split the list, or put its addresses into groups",
                    )
                })?
            }
        };
        Ok(Outcome { edits: numbered.edits(&self, &new), ..numbered.commands(&self, &new)? })
    }
}

impl<'c, 'a> Numbered<'c, 'a> {
    fn new(text: &'c str, config: &'c Config<'a>, list: &'c List<'a>) -> Result<Self, Refusal> {
        let name = short(list.name);
        let entries = || list.entries.iter().filter(|entry| !matches!(entry.body, Body::Remark(_)));
        let written = entries().filter(|entry| entry.written.is_some()).count();
        if written != 0 && written != entries().count() && !shows_odd_numbers(config, list) {
            return Err(Refusal::new(
                format!("some entries of the access list `{name}` have numbers, and some have not"),
                "export the configuration again",
            ));
        }
        if !list.obscured.is_empty() {
            return Err(Refusal::new(
                format!("the file takes entries of the access list `{name}` away"),
                "run it, and export the configuration",
            ));
        }
        let written = written != 0 && !shows_odd_numbers(config, list);
        let behind = entries()
            .any(|entry| entry.written.is_some_and(|(_, place)| place.start > entry.place.start + 16));
        let in_order = list.entries.is_sorted_by_key(|entry| entry.number);
        if list.style == Style::Shown && (!written || behind || !in_order) {
            return Err(Refusal::new(
                format!(
                    "`show` prints the access list `{name}` without the numbers by which it could be changed"
                ),
                "export the configuration with `show running-config`",
            ));
        }
        let numbers = list.entries.iter().map(|entry| entry.number).collect();
        Ok(Numbered { text, config, list, written, numbers, renumbered: None })
    }

    /// Whether entries without numbers surely have those that a new list gets: IOS writes the numbers of IPv6 lists
    /// where they are others.
    fn is_default(&self) -> bool {
        shows_odd_numbers(self.config, self.list)
    }

    /// Whether an entry has a number on the device.
    fn counts(&self, at: usize) -> bool {
        self.list
            .entries
            .get(at)
            .is_some_and(|entry| entry.written.is_some() || !matches!(entry.body, Body::Remark(_)))
    }

    /// Numbers for the new lines, by the entry they stand at; `None` where there is no room for them.
    fn assign(&self, plan: &Plan) -> Option<BTreeMap<usize, Vec<u32>>> {
        let mut out: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        let mut gap: Vec<usize> = Vec::new();
        let (mut previous, mut freed) = (0, Vec::new());
        for at in 0..=self.list.entries.len() {
            gap.extend(plan.new_at(at).map(|_| at));
            let is_end = at == self.list.entries.len();
            if !is_end && plan.gone.contains(&at) {
                freed.extend(self.numbers.get(at));
                continue;
            }
            if !is_end && !self.counts(at) {
                continue;
            }
            let next = if is_end { None } else { self.numbers.get(at).copied() };
            let count = u32::try_from(gap.len()).ok()?;
            if let (&[number], &[only]) = (freed.as_slice(), gap.as_slice()) {
                // One for one keeps its number.
                out.entry(only).or_default().push(number);
            } else if count > 0 {
                let room =
                    next.map_or(LARGEST.saturating_sub(previous), |next| next.saturating_sub(previous + 1));
                let step = match next {
                    Some(_) => (room + 1) / (count + 1),
                    None => 10.min(room / count),
                };
                if room < count || step == 0 {
                    return None;
                }
                for (nth, at) in (1..).zip(&gap) {
                    out.entry(*at).or_default().push(previous + nth * step);
                }
            }
            gap.clear();
            freed.clear();
            previous = next.unwrap_or(previous);
        }
        Some(out)
    }

    /// The numbers after the device was told to renumber the list, with room for what is new.
    fn renumber(&mut self, plan: &Plan) -> Result<(), Refusal> {
        if self.is_default() {
            return Err(Refusal::new(
                format!(
                    "there are no numbers left where the new entries of `{}` are to stand",
                    short(self.list.name)
                ),
                "IOS does not renumber IPv6 lists: write the list again with other numbers",
            ));
        }
        let all = plan.before.values().chain(plan.instead.values());
        let most = u32::try_from(all.map(Vec::len).sum::<usize>()).unwrap_or(LARGEST);
        let step = most.checked_add(10).map_or(LARGEST, |step| step / 10 * 10);
        let mut number = 0_u32;
        for at in 0..self.list.entries.len() {
            if self.counts(at) {
                number = number.saturating_add(step);
                if number >= LARGEST {
                    return Err(Refusal::new("the list is too long to be renumbered", "split the list"));
                }
            }
            if let Some(slot) = self.numbers.get_mut(at) {
                *slot = number;
            }
        }
        self.renumbered = Some(step);
        Ok(())
    }

    fn edits(&self, plan: &Plan, new: &BTreeMap<usize, Vec<u32>>) -> Vec<Edit> {
        let mut edits = Vec::new();
        let (said_of_new, said) = self.said(plan, new);
        let ending = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let block = |at: usize, beside: Option<&Entry<'_>>| -> String {
            let numbers = new.get(&at).map_or(&[][..], Vec::as_slice);
            let lines = plan.new_at(at).zip(numbers);
            let said = said_of_new.get(&at).map_or(&[][..], Vec::as_slice);
            let number_of = |nth: usize, number: u32| match said.get(nth) {
                Some(true) if beside.is_none_or(|entry| entry.written.is_none()) => {
                    format!("sequence {number} ")
                }
                _ => String::new(),
            };
            let lines = lines.enumerate().map(|(nth, (line, number))| {
                format!("{}{}{line}{ending}", self.prefix(beside, *number), number_of(nth, *number))
            });
            lines.collect()
        };
        for (at, entry) in self.list.entries.iter().enumerate() {
            let (start, end) = self.line(entry.place);
            let lines = block(at, Some(entry));
            if plan.gone.contains(&at) {
                edits.push(Edit { range: TextRange::new(start, end), replacement: lines });
                continue;
            }
            let body = entry.text.as_ptr() as usize - self.text.as_ptr() as usize;
            let number = match said.get(at) {
                Some(true) => format!("sequence {} ", entry.number),
                _ => String::new(),
            };
            if body == start && !(lines.is_empty() && number.is_empty()) {
                edits.push(Edit { range: TextRange::new(start, start), replacement: lines + &number });
            } else {
                if !lines.is_empty() {
                    edits.push(Edit { range: TextRange::new(start, start), replacement: lines });
                }
                if !number.is_empty() {
                    edits.push(Edit { range: TextRange::new(body, body), replacement: number });
                }
            }
            if let (Some(_), Some((number, place)), Some(now)) =
                (self.renumbered, entry.written, self.numbers.get(at))
                && number != *now
            {
                edits.push(Edit { range: place, replacement: now.to_string() });
            }
        }
        let end = self.list.entries.len();
        let last = self.list.entries.iter().max_by_key(|entry| entry.place);
        let lines = block(end, last);
        if !lines.is_empty() {
            let (_, end) = self.line(last.map_or(self.list.head, |last| last.place));
            let open = !self.text[..end].is_empty() && !self.text[..end].ends_with('\n');
            let replacement = if open { format!("{ending}{}", lines.trim_end()) } else { lines };
            // Behind a last line that goes: the two are one edit.
            match edits.iter_mut().find(|edit| edit.range.end as usize == end && !edit.range.is_empty()) {
                Some(edit) => edit.replacement.push_str(replacement.trim_start_matches(['\r', '\n'])),
                None => edits.push(Edit { range: TextRange::new(end, end), replacement }),
            }
        }
        edits
    }

    /// Which lines have to say their number, for it is not the one that they get by themselves: of the new ones by the
    /// entry they stand at, and of those that are there.
    fn said(&self, plan: &Plan, new: &BTreeMap<usize, Vec<u32>>) -> (BTreeMap<usize, Vec<bool>>, Vec<bool>) {
        let entries = &self.list.entries;
        let (mut of_new, mut of_old) = (BTreeMap::new(), vec![false; entries.len()]);
        let starts = |entry: &Entry<'_>| entry.place.start as usize;
        // Old releases wrote an entry in one line with the name of its list, and knew no numbers.
        let in_one_line = entries.iter().any(|entry| {
            entry.written.is_none()
                && entry.text.as_ptr() as usize - self.text.as_ptr() as usize != starts(entry)
        });
        if !self.is_default() || in_one_line {
            return (of_new, of_old);
        }
        let in_order = entries.is_sorted_by_key(starts);
        let mut highest = 0_u32;
        let mut other = |number: u32| {
            let is_other = !in_order || number != highest.saturating_add(10);
            highest = highest.max(number);
            is_other
        };
        for at in 0..=entries.len() {
            if let Some(numbers) = new.get(&at) {
                of_new.insert(at, numbers.iter().map(|number| other(*number)).collect::<Vec<_>>());
            }
            if let (Some(entry), Some(said)) = (entries.get(at), of_old.get_mut(at))
                && self.counts(at)
                && !plan.gone.contains(&at)
            {
                *said = other(entry.number) && entry.written.is_none();
            }
        }
        (of_new, of_old)
    }

    /// What stands before the words of an entry, as the line beside it has it.
    fn prefix(&self, beside: Option<&Entry<'_>>, number: u32) -> String {
        let Some(entry) = beside else {
            return match self.list.style {
                Style::Numbered => format!("access-list {} ", self.list.name),
                _ => " ".to_owned(),
            };
        };
        let (start, _) = self.line(entry.place);
        let at = entry.place.start as usize;
        let body = entry.text.as_ptr() as usize - self.text.as_ptr() as usize;
        let indent = self.text.get(start..at).unwrap_or_default();
        match entry.written {
            // A remark without a number, among entries that have one.
            None if self.written => format!("{indent}{number} "),
            None => self.text.get(start..body).unwrap_or(" ").to_owned(),
            Some((_, place)) => {
                let before = self.text.get(start..place.start as usize).unwrap_or(indent);
                let after = self.text.get(place.end as usize..body).unwrap_or(" ");
                format!("{before}{number}{after}")
            }
        }
    }

    /// A whole line, with its ending.
    fn line(&self, place: TextRange) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let (from, to) = (place.start as usize, place.end as usize);
        let start = memchr::memrchr(b'\n', &bytes[..from]).map_or(0, |before| before + 1);
        let end = memchr::memchr(b'\n', &bytes[to..]).map_or(bytes.len(), |length| to + length + 1);
        (start, end)
    }

    fn commands(&self, plan: &Plan, new: &BTreeMap<usize, Vec<u32>>) -> Result<Outcome, Refusal> {
        let (name, family) = (self.list.name, self.list.family);
        let (word, platform) = (family.word(), self.config.platform);
        // IOS names an IPv6 entry `sequence 10`.
        let sequence = if family == Family::V6 && platform == Platform::Ios { "sequence " } else { "" };
        let head = match (family, platform, self.list.standard) {
            (Family::V4, Platform::Xr, _) => format!("ipv4 access-list {name}"),
            (Family::V4, Platform::Ios, true) => format!("ip access-list standard {name}"),
            (Family::V4, Platform::Ios, false) => format!("ip access-list extended {name}"),
            (_, Platform::Eos, true) => format!("{word} access-list standard {name}"),
            _ => format!("{word} access-list {name}"),
        };
        let mut commands = Vec::new();
        let mut inner = Vec::new();
        let renumber = |start: u32, step: u32| {
            let (outer, within) = self.resequence(start, step);
            (outer.into_iter().collect::<Vec<_>>(), within.into_iter().collect::<Vec<_>>())
        };
        if let Some(step) = self.renumbered {
            (commands, inner) = renumber(step, step);
        }
        let old = |at: &usize| -> Option<(u32, &str)> {
            Some((*self.numbers.get(*at)?, self.list.entries.get(*at)?.text))
        };
        let gone: BTreeMap<u32, &str> = plan.gone.iter().filter_map(old).collect();
        let mut added: Vec<(u32, &String)> = Vec::new();
        for at in 0..=self.list.entries.len() {
            added.extend(new.get(&at).into_iter().flatten().copied().zip(plan.new_at(at)));
        }
        let (mut rest, mut back) = (gone.clone(), Vec::new());
        // What is new comes first, so that nothing is open or closed for a moment; a number in use is freed before.
        for (number, line) in &added {
            if rest.remove(number).is_some() {
                inner.push(format!(" no {sequence}{number}"));
            }
            inner.push(format!(" {sequence}{number} {line}"));
            back.push(format!(" no {sequence}{number}"));
        }
        inner.extend(rest.keys().map(|number| format!(" no {sequence}{number}")));
        let taken: BTreeSet<u32> = added.iter().map(|(number, _)| *number).collect();
        let restored =
            |(number, text): (&u32, &&str)| format!(" {sequence}{number} {}", without_counters(text));
        let first: Vec<String> =
            gone.iter().filter(|(number, _)| !taken.contains(number)).map(restored).collect();
        let last: Vec<String> =
            gone.iter().filter(|(number, _)| taken.contains(number)).map(restored).collect();
        commands.push(head.clone());
        commands.extend(inner);
        let mut rollback = Vec::new();
        if self.renumbered.is_some() && !self.written {
            // What came after may have renumbered the list again: the way back counts for itself.
            let (step, lines) = self.way_back(plan, sequence)?;
            let (outer, within) = renumber(step, step);
            rollback.extend(outer);
            rollback.push(head);
            rollback.extend(within.into_iter().chain(lines));
        } else {
            rollback.push(head.clone());
            rollback.extend(first.into_iter().chain(back).chain(last));
            if let Some((start, step)) = self.distance().filter(|_| self.renumbered.is_some()) {
                let (outer, within) = renumber(start, step);
                rollback.extend(within);
                rollback.extend(outer);
            }
        }
        if platform == Platform::Xr {
            commands.push("commit".to_owned());
            rollback.push("commit".to_owned());
        }
        Ok(Outcome { edits: Vec::new(), commands, rollback })
    }

    /// The command that renumbers the list on the device, and where it is one of the list itself, that in its place.
    fn resequence(&self, start: u32, step: u32) -> (Option<String>, Option<String>) {
        let (name, family) = (self.list.name, self.list.family);
        let word = family.word();
        match self.config.platform {
            Platform::Ios => (Some(format!("{word} access-list resequence {name} {start} {step}")), None),
            Platform::NxOs => (Some(format!("resequence {word} access-list {name} {start} {step}")), None),
            Platform::Xr => {
                let family = if family == Family::V4 { "ipv4" } else { "ipv6" };
                (Some(format!("do resequence access-list {family} {name} {start} {step}")), None)
            }
            Platform::Eos => (None, Some(format!(" resequence {start} {step}"))),
        }
    }

    /// The lines that undo the changes where the list was renumbered before, and the step of that.
    fn way_back(&self, plan: &Plan, sequence: &str) -> Result<(u32, Vec<String>), Refusal> {
        let gone = u32::try_from(plan.gone.len()).unwrap_or(LARGEST);
        let step = gone.checked_add(10).map_or(LARGEST, |step| step / 10 * 10);
        let (mut number, mut between) = (0_u32, 0_u32);
        let (mut restored, mut back) = (Vec::new(), Vec::new());
        for at in 0..=self.list.entries.len() {
            for _ in plan.new_at(at) {
                (number, between) = (number.saturating_add(step), 0);
                back.push(format!(" no {sequence}{number}"));
            }
            let Some(entry) = self.list.entries.get(at).filter(|_| self.counts(at)) else { continue };
            if plan.gone.contains(&at) {
                between += 1;
                let number = number.saturating_add(between);
                restored.push(format!(" {sequence}{number} {}", without_counters(entry.text)));
            } else {
                (number, between) = (number.saturating_add(step), 0);
            }
        }
        if number >= LARGEST - step {
            return Err(Refusal::new("the list is too long to be renumbered", "split the list"));
        }
        restored.extend(back);
        Ok((step, restored))
    }

    /// The first number of the list as it is written, and the distance of each to the next where it is one for all.
    fn distance(&self) -> Option<(u32, u32)> {
        let mut numbers = self.list.entries.iter().filter_map(|entry| Some(entry.written?.0));
        let (first, second) = (numbers.next()?, numbers.next());
        let step = second.map_or(Some(10), |second| second.checked_sub(first)).filter(|step| *step > 0)?;
        let mut last = second.unwrap_or(first);
        numbers
            .all(|number| number.checked_sub(std::mem::replace(&mut last, number)) == Some(step))
            .then_some((first, step))
    }
}

/// An entry without what `show` adds to it.
fn without_counters(text: &str) -> &str {
    let cut = |text: &str, mark: &str| text.find(mark).unwrap_or(text.len());
    let end = [" (", " [", " sequence ", " check="]
        .into_iter()
        .map(|mark| cut(text, mark))
        .min()
        .unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim_end()
}
