use std::collections::HashMap;

use diagnostics::TextRange;

use super::model::{Reading, Rule};
use super::profiles::{self, Override};
use crate::Direction;

/// What the list of one direction holds, as it is listed: first what the file has, in its order, then what the profiles
/// add. The index is the rule id.
pub struct Item<'r, 't> {
    pub kind: ItemKind<'r, 't>,
    /// Unique in the list.
    pub name: String,
    pub place: TextRange,
}

pub enum ItemKind<'r, 't> {
    Rule(&'r Rule<'t>),
    /// A statement that may be any rule.
    Gap,
    /// A profile that decides before its rules are asked.
    Override(Override),
    /// The default of a profile whose default is not that of the others.
    Default {
        profile: usize,
        permits: Option<bool>,
    },
}

/// The directions of which the file has anything: an export of inbound rules alone says nothing of outbound ones.
pub fn directions(reading: &Reading<'_>) -> Vec<Direction> {
    let mut out = Vec::new();
    for direction in [Direction::Inbound, Direction::Outbound] {
        let rule = reading.rules.iter().any(|rule| rule.direction().is_none_or(|way| way == direction));
        let default = reading.profiles.iter().any(|profile| profile.says_default(direction));
        if reading.whole || rule || default {
            out.push(direction);
        }
    }
    out
}

/// The items of one direction. The same file gives the same list.
pub fn items<'r, 't>(reading: &'r Reading<'t>, direction: Direction) -> Vec<Item<'r, 't>> {
    let mut items: Vec<Item<'r, 't>> = Vec::new();
    for (at, rule) in reading.rules.iter().enumerate() {
        if rule.direction().is_none_or(|way| way == direction) {
            let name = rule.shown_name().map_or_else(|| format!("rule {}", at + 1), str::to_owned);
            items.push(Item { kind: ItemKind::Rule(rule), name, place: rule.place });
        }
    }
    for gap in &reading.gaps {
        items.push(Item { kind: ItemKind::Gap, name: gap.what.clone(), place: gap.place });
    }
    if !reading.gaps.is_empty() {
        items.sort_by_key(|item| item.place.start);
    }
    let place = |profile: usize| {
        reading.profiles.get(profile).and_then(|profile| profile.place).unwrap_or(TextRange::new(0, 0))
    };
    for over in profiles::overrides(&reading.profiles, direction) {
        let (name, place) = (over.name.clone(), place(over.profile));
        items.push(Item { kind: ItemKind::Override(over), name, place });
    }
    let common = common_default(reading, direction);
    for (profile, settings) in reading.profiles.iter().enumerate() {
        let permits = settings.default_permits(direction);
        if permits != Some(common) {
            let name = profiles::NAMES.get(profile).copied().unwrap_or_default();
            let way = if direction == Direction::Outbound { "outbound" } else { "inbound" };
            let name = format!("{name} profile: default {way} action");
            items.push(Item { kind: ItemKind::Default { profile, permits }, name, place: place(profile) });
        }
    }
    make_unique(&mut items);
    items
}

/// What becomes of packets that no rule matches, in all profiles of which no item says otherwise.
pub fn common_default(reading: &Reading<'_>, direction: Direction) -> bool {
    let first = reading.profiles.first().and_then(|profile| profile.default_permits(direction));
    let alike = reading.profiles.iter().all(|profile| profile.default_permits(direction) == first);
    first.filter(|_| alike).unwrap_or_else(|| profiles::documented_default(direction))
}

/// A display name that several rules share is told apart by what Windows tells them apart by, or else by number.
fn make_unique(items: &mut [Item<'_, '_>]) {
    let mut count: HashMap<&str, u32> = HashMap::with_capacity(items.len());
    for item in items.iter() {
        *count.entry(&item.name).or_default() += 1;
    }
    let shared: Vec<bool> =
        items.iter().map(|item| count.get(item.name.as_str()).is_some_and(|count| *count > 1)).collect();
    if !shared.contains(&true) {
        return;
    }
    for (item, shared) in items.iter_mut().zip(shared) {
        if shared
            && let ItemKind::Rule(rule) = item.kind
            && let Some(key) = rule.key().filter(|key| *key != item.name)
        {
            item.name = format!("{} ({key})", item.name);
        }
    }
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(items.len());
    for item in items {
        if !seen.contains_key(&item.name) {
            seen.insert(item.name.clone(), 1);
            continue;
        }
        let base = item.name.clone();
        loop {
            // The count goes on where it stopped for the same name, so that many equal names are not quadratic.
            let number = seen.entry(base.clone()).or_insert(1);
            *number += 1;
            item.name = format!("{base} ({number})");
            if !seen.contains_key(&item.name) {
                break;
            }
        }
        seen.insert(item.name.clone(), 1);
    }
}
