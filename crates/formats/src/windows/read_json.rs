use std::borrow::Cow;

use diagnostics::{TextRange, printable};
use ipnet::IpNet;
use space::{AddressSet, Set};

use super::model::{Keyword, Profile, Reading, Rule, Shape, Slot};
use super::profiles;
use super::property::{Column, FILTERS, Property};
use super::read_csv::{check_filters, set_store, unknown};
use super::words;
use crate::json::{Kind, Value};
use crate::{ImportError, InterfaceEntry};

/// What `collect.ps1` writes as `schema`, without the version.
pub const SCHEMA: &str = "flowright.windows-firewall/";
const VERSION: &str = "1";

pub fn read(root: Value<'_>) -> Result<Reading<'_>, ImportError> {
    let mut reading = Reading::new(Shape::Json);
    let Some(schema) = root.get("schema").and_then(Value::string) else {
        let mut rules = Rules::default();
        rules.list(root, &mut reading, 0);
        return checked(reading, root.place(), &rules);
    };
    let version = schema.strip_prefix(SCHEMA).unwrap_or_default();
    if version != VERSION {
        return Err(ImportError::new(
            root.get("schema").map_or(root.place(), Value::place),
            format!("`{}` is not the schema `{SCHEMA}{VERSION}`", printable(&schema)),
            "export the rules with the `collect.ps1` of this version of flowright",
        ));
    }
    let mut rules = Rules::default();
    for member in root.members() {
        let place = member.name_place.cover(member.value.place());
        match &*member.name {
            "schema" => reading.understood(place),
            "computer" => computer(&mut reading, member.value, place),
            "profiles" => list(member.value).for_each(|profile| read_profile(&mut reading, profile)),
            "interfaces" => interfaces(&mut reading, member.value),
            "dynamicKeywords" => list(member.value).for_each(|value| keyword(&mut reading, value)),
            "rules" => rules.list(member.value, &mut reading, 1),
            "policyStore" => store(&mut reading, member.value, place),
            "collected" => reading.irrelevant(place, "when the rules were collected"),
            "warnings" => {
                for warning in list(member.value) {
                    reading.irrelevant(warning.place(), "a warning of the collector");
                    let text = warning.string().unwrap_or_default();
                    reading.problem(
                        warning.place(),
                        format!("the collector says: {}", printable(&text)),
                        "run it again from an elevated PowerShell",
                    );
                }
            }
            _ => reading.gap(place, format!("`{}` is not known", printable(&member.name))),
        }
    }
    reading.whole = true;
    checked(reading, root.place(), &rules)
}

fn checked<'j>(reading: Reading<'j>, place: TextRange, rules: &Rules) -> Result<Reading<'j>, ImportError> {
    if reading.rules.is_empty() {
        return Err(ImportError::new(
            place,
            "no firewall rule in it",
            "export the rules with `collect.ps1` from an elevated PowerShell",
        ));
    }
    check_filters(place, |property| rules.seen & property.bit() != 0)?;
    Ok(reading)
}

/// The items of a list; PowerShell writes a list of one as the one, and some of its versions put a list into
/// `{"value": [...], "Count": 2}`.
fn list(value: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let wrapped =
        value.get("value").filter(|inner| inner.kind() == Kind::Array && value.get("Count").is_some());
    let value = wrapped.unwrap_or(value);
    let one = matches!(value.kind(), Kind::Object | Kind::String).then_some(value);
    value.elements().chain(one)
}

/// Reads lists of rules.
#[derive(Default)]
struct Rules {
    /// The properties that any rule has.
    seen: u64,
    /// The names of the last object's members: the next one mostly has the same.
    columns: Vec<(String, Column)>,
}

impl Rules {
    fn list<'j>(&mut self, value: Value<'j>, reading: &mut Reading<'j>, depth: usize) {
        match value.kind() {
            Kind::Array => {
                for item in value.elements() {
                    self.one(item, reading);
                }
            }
            Kind::Object if value.get("Direction").is_some() => self.one(value, reading),
            // `{"Rules": [...]}`, and the `value` in which PowerShell wraps lists.
            Kind::Object if depth == 0 => {
                for member in value.members() {
                    let place = member.name_place.cover(member.value.place());
                    match () {
                        () if ["rules", "value", "firewallrules"].contains(&&*member.name.to_lowercase()) => {
                            self.list(member.value, reading, 1);
                        }
                        () if member.name.eq_ignore_ascii_case("profiles") => {
                            list(member.value).for_each(|profile| read_profile(reading, profile));
                        }
                        () => reading.irrelevant(place, "beside the list of rules"),
                    }
                }
            }
            _ => reading.gap(value.place(), "a list of rules that is none".to_owned()),
        }
    }

    fn one<'j>(&mut self, object: Value<'j>, reading: &mut Reading<'j>) {
        if object.kind() != Kind::Object {
            return reading.gap(object.place(), "a rule that is no object".to_owned());
        }
        let mut rule = Rule::new(object.place(), object.place());
        self.members(object, &mut rule, 0);
        set_store(&mut rule);
        if reading.shape == Shape::Json {
            for property in FILTERS {
                if rule.has(*property) {
                    self.seen |= property.bit();
                }
            }
        }
        reading.rules.push(rule);
    }

    fn members<'j>(&mut self, object: Value<'j>, rule: &mut Rule<'j>, depth: usize) {
        for (at, member) in object.members().enumerate() {
            let value = member.value;
            // Exporters put each filter into an object of its own.
            if value.kind() == Kind::Object && depth == 0 && ends_with(&member.name, "filter") {
                let columns = std::mem::take(&mut self.columns);
                self.members(value, rule, 1);
                self.columns = columns;
                continue;
            }
            match self.column(&member.name, at) {
                Column::Property(property) => {
                    if matches!(property, Property::DisplayName | Property::Name)
                        && (rule.head == rule.place || property == Property::DisplayName)
                    {
                        rule.head = value.place();
                    }
                    if let Some(slot) = slot(value) {
                        rule.set(property, slot);
                    }
                }
                Column::Irrelevant => {}
                // The name and other members of a filter's own object are not the rule's.
                Column::Unknown if depth > 0 => {}
                Column::Unknown => match value.kind() {
                    Kind::String => {
                        let text = value.string().unwrap_or_default();
                        unknown(rule, &member.name, &text, value.place());
                    }
                    Kind::Null => {}
                    _ if value.is_empty() => {}
                    _ => unknown(rule, &member.name, value.raw(), value.place()),
                },
            }
        }
    }

    fn column(&mut self, name: &str, at: usize) -> Column {
        if let Some((known, column)) = self.columns.get(at)
            && known == name
        {
            return *column;
        }
        let column = Property::column(name);
        self.columns.truncate(at.min(1_000));
        if self.columns.len() == at {
            self.columns.push((name.to_owned(), column));
        }
        column
    }
}

fn ends_with(name: &str, end: &str) -> bool {
    name.len() >= end.len()
        && name.get(name.len() - end.len()..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// A value of a rule. The objects that `ConvertTo-Json` makes of a list (`{"value": [...], "Count": 2}`) are the list.
fn slot(value: Value<'_>) -> Option<Slot<'_>> {
    match value.kind() {
        Kind::Null => Some(Slot::Text(Cow::Borrowed(""), value.place())),
        Kind::Object => slot(value.get("value").filter(|inner| inner.kind() != Kind::Object)?),
        Kind::Array => {
            let mut items = value.elements();
            // Most lists are `["Any"]`: no list is made for it.
            let first = items.next().filter(|one| one.kind() == Kind::String && one.raw() == "\"Any\"");
            if value.is_empty() || (first.is_some() && items.next().is_none()) {
                let text = if first.is_some() { "Any" } else { "" };
                return Some(Slot::Text(Cow::Borrowed(text), value.place()));
            }
            let items = value.elements().filter_map(|item| Some((scalar(item)?, item.place())));
            Some(Slot::List(items.collect()))
        }
        _ => Some(Slot::Text(scalar(value)?, inner(value))),
    }
}

fn scalar(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::String => value.string(),
        Kind::Bool | Kind::Number => Some(Cow::Borrowed(value.raw())),
        Kind::Null => Some(Cow::Borrowed("")),
        // A list in a list, or an object: what it says is not known, and it is not nothing.
        Kind::Array | Kind::Object => Some(Cow::Borrowed(value.raw())),
    }
}

/// A string's place without its quotes, so that the words in it can be pointed at.
fn inner(value: Value<'_>) -> TextRange {
    let place = value.place();
    if value.kind() == Kind::String && place.len() >= 2 {
        TextRange { start: place.start + 1, end: place.end - 1 }
    } else {
        place
    }
}

fn text<'j>(value: Value<'j>, name: &str) -> Option<Cow<'j, str>> {
    scalar(value.get(name)?)
}

fn computer(reading: &mut Reading<'_>, value: Value<'_>, place: TextRange) {
    reading.understood(place);
    reading.computer = text(value, "name").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if let Some(version) = text(value, "windows") {
        let mut parts = version.split('.').map(|part| part.trim().parse::<u32>().ok());
        if let (Some(Some(major)), Some(Some(minor))) = (parts.next(), parts.next()) {
            reading.version = Some((major, minor));
        }
    }
}

/// Only what is active is what the computer does.
fn store(reading: &mut Reading<'_>, value: Value<'_>, place: TextRange) {
    reading.understood(place);
    let store = value.string().unwrap_or_default();
    if !store.eq_ignore_ascii_case("ActiveStore") {
        reading.problem(
            value.place(),
            format!("the rules are those of the store `{}` alone", printable(&store)),
            "for what the computer does, collect the ActiveStore: it merges local rules and group policies",
        );
    }
}

/// One profile of `Get-NetFirewallProfile`.
pub fn read_profile(reading: &mut Reading<'_>, value: Value<'_>) {
    let name = text(value, "Name").or_else(|| text(value, "Profile")).unwrap_or_default();
    let at = profiles::NAMES.iter().position(|known| known.eq_ignore_ascii_case(name.trim()));
    let Some(profile) = at.and_then(|at| reading.profiles.get_mut(at)) else {
        return reading.gap(value.place(), format!("`{}` is no network profile", printable(&name)));
    };
    let boolean = |name| text(value, name).map_or_else(Default::default, |text| words::policy_boolean(&text));
    let action = |name| text(value, name).map_or_else(Default::default, |text| words::policy_action(&text));
    *profile = Profile {
        place: Some(value.place()),
        enabled: boolean("Enabled"),
        inbound_permits: action("DefaultInboundAction"),
        outbound_permits: action("DefaultOutboundAction"),
        inbound_rules: boolean("AllowInboundRules"),
        local_rules: boolean("AllowLocalFirewallRules"),
        excluded: value
            .get("DisabledInterfaceAliases")
            .into_iter()
            .flat_map(list)
            .filter_map(scalar)
            .map(|alias| alias.trim().to_owned())
            .filter(|alias| !alias.is_empty() && !alias.eq_ignore_ascii_case("NotConfigured"))
            .collect(),
    };
    reading.understood(value.place());
}

fn keyword<'j>(reading: &mut Reading<'j>, value: Value<'j>) {
    let (Some(id), Some(keyword)) = (text(value, "Id"), text(value, "Keyword")) else {
        return reading.gap(value.place(), "a dynamic keyword address without id or keyword".to_owned());
    };
    let resolves = text(value, "AutoResolve").and_then(|text| words::enabled(&text)).unwrap_or(false);
    let addresses = value.get("Addresses").into_iter().flat_map(list);
    let addresses = addresses.filter_map(|item| Some((scalar(item)?, item.place()))).collect();
    reading.keywords.push(Keyword { place: value.place(), id, keyword, resolves, addresses });
    reading.understood(value.place());
}

/// The networks that the computer is connected to by each interface. One that lies behind two is behind neither for
/// sure.
fn interfaces(reading: &mut Reading<'_>, value: Value<'_>) {
    let mut all: Vec<InterfaceEntry> = Vec::new();
    for interface in list(value) {
        reading.understood(interface.place());
        let Some(name) = text(interface, "InterfaceAlias") else { continue };
        let words = interface.get("Addresses").into_iter().flat_map(list).filter_map(Value::string);
        let sets: Vec<AddressSet> = words
            .filter_map(|word| word.parse::<IpNet>().ok())
            .filter(|net| !net.addr().is_loopback() && !is_link_local(net))
            .map(|net| AddressSet::from(net.trunc()))
            .collect();
        let behind = AddressSet::union_of(&sets);
        if !behind.is_empty() && all.len() < 1_000 {
            all.push(InterfaceEntry { name: name.into_owned(), behind, place: interface.place() });
        }
    }
    let mut seen = AddressSet::empty();
    let mut shared = AddressSet::empty();
    for entry in &all {
        shared = shared.union(&seen.intersect(&entry.behind));
        seen = seen.union(&entry.behind);
    }
    for entry in &mut all {
        entry.behind = entry.behind.subtract(&shared);
    }
    all.retain(|entry| !entry.behind.is_empty());
    reading.interfaces = all;
}

/// The same network is there behind every interface.
fn is_link_local(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => net.addr().is_link_local(),
        IpNet::V6(net) => net.addr().segments().first().is_some_and(|first| first & 0xFFC0 == 0xFE80),
    }
}
