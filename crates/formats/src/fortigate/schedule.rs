//! Schedules: when a policy matches at all.

use std::collections::HashMap;

use super::Findings;
use super::lexer::Word;
use super::sections::Kind;
use super::tree::{Document, Node};
use super::values::{self, is_placeholder};
use crate::Day;

/// The schedules of one virtual domain.
pub(super) struct Schedules<'d, 't> {
    document: &'d Document<'t>,
    pub list: Vec<Schedule<'d, 't>>,
    by_name: HashMap<&'d str, usize>,
}

pub(super) struct Schedule<'d, 't> {
    pub node: &'d Node<'t>,
    pub kind: &'static str,
    pub times: Times,
    pub uses: u32,
}

/// When a schedule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    Always,
    Never,
    /// At some times; after a day never again.
    Sometimes(Option<Day>),
    /// The file does not say.
    Undefined,
    Placeholder,
}

impl<'d, 't> Schedules<'d, 't> {
    pub fn of(document: &'d Document<'t>, scope: usize) -> Self {
        let mut out = Schedules { document, list: Vec::new(), by_name: HashMap::new() };
        for node in document.entries(scope, Kind::Recurring) {
            out.add(node, "recurring schedule", out.recurring(node));
        }
        for node in document.entries(scope, Kind::Onetime) {
            let day = |key| document.list(node, key).0.iter().find_map(|word| values::day(last(&word.text)));
            out.add(node, "one-time schedule", Times::Sometimes(day("end")));
        }
        for node in document.entries(scope, Kind::ScheduleGroup) {
            let times = out.group(node);
            out.add(node, "schedule group", times);
        }
        out
    }

    fn add(&mut self, node: &'d Node<'t>, kind: &'static str, times: Times) {
        self.by_name.entry(&node.name).or_insert(self.list.len());
        self.list.push(Schedule { node, kind, times, uses: 0 });
    }

    fn recurring(&self, node: &Node<'_>) -> Times {
        const DAYS: [&str; 7] =
            ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let days = self.document.list(node, "day").0;
        let whole_day = ["start", "end"].into_iter().all(|key| {
            self.document.value(node, key).is_none_or(|word| matches!(&*word.text, "00:00" | "0:00"))
        });
        if whole_day && DAYS.iter().all(|day| days.iter().any(|word| word.text == *day)) {
            return Times::Always;
        }
        if matches!(days.as_slice(), [only] if only.text == "none") {
            return Times::Never;
        }
        Times::Sometimes(None)
    }

    /// Groups have schedules and no groups as members (FortiOS CLI Reference, config firewall schedule group).
    fn group(&mut self, node: &Node<'_>) -> Times {
        let mut times = Times::Never;
        for word in self.document.list(node, "member").0 {
            let member = self.times(&word.text);
            times = match (times, member) {
                (Times::Always, _) | (_, Times::Always) => Times::Always,
                (Times::Never, other) | (other, Times::Never) => other,
                (Times::Sometimes(Some(a)), Times::Sometimes(Some(b))) => Times::Sometimes(Some(a.max(b))),
                _ => Times::Sometimes(None),
            };
        }
        times
    }

    fn times(&mut self, name: &str) -> Times {
        if let Some(schedule) = self.by_name.get(name).and_then(|&at| self.list.get_mut(at)) {
            schedule.uses = schedule.uses.saturating_add(1);
            return schedule.times;
        }
        match name {
            "always" => Times::Always,
            "none" => Times::Never,
            _ if is_placeholder(name) => Times::Placeholder,
            _ => Times::Undefined,
        }
    }

    /// When the schedule holds that a policy names; notes its use.
    pub fn named(&mut self, word: &Word<'_>, findings: &mut Findings) -> Times {
        let times = self.times(&word.text);
        if times == Times::Undefined {
            findings.undefined("schedule", &word.text, word.place);
        }
        times
    }
}

/// The last of several words in one quoted value.
fn last(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or(text)
}
