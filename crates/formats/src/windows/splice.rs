use diagnostics::{Edit, TextRange};

use super::model::{Reading, Rule, Shape};
use super::powershell::{self, Fields};
use super::property::{Column, Property};
use super::read_csv;
use crate::Refusal;
use crate::json::{Json, Kind, Value, quoted};

/// What becomes of a rule of the file.
pub enum Fate {
    Stays,
    /// The rules in its place; none where it goes.
    Becomes(Vec<Fields>),
}

/// The edits that give each rule its fate, and add rules behind all.
pub fn edits(
    text: &str,
    reading: &Reading<'_>,
    fates: &[Fate],
    added: &[Fields],
    keywords: &[String],
) -> Result<Vec<Edit>, Refusal> {
    match reading.shape {
        Shape::Csv => table(text, reading, fates, added),
        Shape::PowerShell => script(text, &reading.rules, fates, added, keywords),
        _ => json(text, &reading.rules, fates, added, keywords),
    }
}

fn edit(start: usize, end: usize, replacement: String) -> Edit {
    Edit { range: TextRange::new(start, end), replacement }
}

fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The range of a line's part with the line ending behind it.
fn with_line_end(text: &str, place: TextRange) -> (usize, usize) {
    let (start, end) = (place.start as usize, place.end as usize);
    let rest = text.get(end..).unwrap_or_default();
    let length = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) };
    (start, end + length)
}

/// Lines of text in the place of rules, each of which has its lines for itself.
fn lines(
    text: &str,
    places: impl Iterator<Item = TextRange>,
    fates: &[Fate],
    added: &[Fields],
    line: impl Fn(&Fields) -> Result<String, Refusal>,
) -> Result<Vec<Edit>, Refusal> {
    let newline = newline(text);
    let join = |all: &[Fields]| -> Result<String, Refusal> {
        Ok(all.iter().map(&line).collect::<Result<Vec<String>, Refusal>>()?.join(newline))
    };
    let mut out = Vec::new();
    let mut last_end = text.len();
    for (place, fate) in places.zip(fates) {
        last_end = place.end as usize;
        match fate {
            Fate::Stays => {}
            Fate::Becomes(list) if list.is_empty() => {
                let (start, end) = with_line_end(text, place);
                out.push(edit(start, end, String::new()));
            }
            Fate::Becomes(list) => out.push(edit(place.start as usize, place.end as usize, join(list)?)),
        }
    }
    if !added.is_empty() {
        let behind = text.get(last_end..).unwrap_or_default();
        let end_of_line = last_end + behind.find(['\r', '\n']).unwrap_or(behind.len());
        let (_, after) = with_line_end(text, TextRange::new(end_of_line, end_of_line));
        let new = join(added)?;
        // After the line ending, so that a line that goes is none of the new one's business.
        out.push(if after > end_of_line {
            edit(after, after, format!("{new}{newline}"))
        } else {
            edit(after, after, format!("{newline}{new}"))
        });
    }
    Ok(out)
}

fn table(text: &str, reading: &Reading<'_>, fates: &[Fate], added: &[Fields]) -> Result<Vec<Edit>, Refusal> {
    let header = read_csv::header(text)
        .ok_or_else(|| Refusal::new("the table has no header", "read the export again"))?;
    let delimiter = char::from(header.delimiter);
    let row = |fields: &Fields| -> Result<String, Refusal> {
        if let Some((property, _)) = fields.iter().find(|(property, _)| !header.has(*property)) {
            return Err(Refusal::new(
                format!("the table has no column `{}`", property.name()),
                "collect the rules with `collect.ps1`, and make the change there",
            ));
        }
        let cells = header.columns.iter().map(|(_, column)| {
            let value = match column {
                Column::Property(property) => value(fields, *property).join(","),
                Column::Irrelevant | Column::Unknown => String::new(),
            };
            let needs_quotes = value.contains([delimiter, '"', '\r', '\n']) || value.trim() != value;
            if header.quoted || needs_quotes { format!("\"{}\"", value.replace('"', "\"\"")) } else { value }
        });
        Ok(cells.collect::<Vec<String>>().join(&delimiter.to_string()))
    };
    lines(text, reading.rules.iter().map(|rule| rule.place), fates, added, row)
}

/// What a rule has for a property: what was asked for, or what Windows takes where nothing is.
fn value(fields: &Fields, property: Property) -> Vec<String> {
    if let Some((_, words)) = fields.iter().find(|(known, _)| *known == property) {
        return words.clone();
    }
    let word = match property {
        Property::InstanceId => return value(fields, Property::Name),
        Property::Enabled => "True",
        Property::Authentication | Property::Encryption => "NotRequired",
        Property::OverrideBlockRules | Property::LooseSourceMapping | Property::LocalOnlyMapping => "False",
        Property::EdgeTraversalPolicy => "Block",
        Property::PolicyStoreSource => "PersistentStore",
        Property::PolicyStoreSourceType => "Local",
        Property::Profile
        | Property::Protocol
        | Property::LocalPort
        | Property::RemotePort
        | Property::IcmpType
        | Property::LocalAddress
        | Property::RemoteAddress
        | Property::Program
        | Property::Service
        | Property::InterfaceAlias
        | Property::InterfaceType
        | Property::LocalUser
        | Property::RemoteUser
        | Property::RemoteMachine
        | Property::DynamicTarget => "Any",
        _ => return Vec::new(),
    };
    vec![word.to_owned()]
}

fn script(
    text: &str,
    rules: &[Rule<'_>],
    fates: &[Fate],
    added: &[Fields],
    keywords: &[String],
) -> Result<Vec<Edit>, Refusal> {
    for (rule, fate) in rules.iter().zip(fates) {
        let before = text.get(..rule.place.start as usize).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start_matches('\u{feff}');
        let behind = text.get(rule.place.end as usize..).unwrap_or_default();
        let rest = behind.split(['\r', '\n']).next().unwrap_or_default();
        let changes = matches!(fate, Fate::Becomes(_));
        if changes && !(line.trim().is_empty() && rest.trim().is_empty()) {
            return Err(Refusal::new(
                "the command for the rule shares its line with something else",
                "put each command on lines of its own",
            ));
        }
    }
    let places = rules.iter().map(|rule| rule.place);
    let mut out = lines(text, places, fates, added, |fields| Ok(powershell::new_rule(fields)))?;
    if !keywords.is_empty()
        && let Some(first) = rules.first()
    {
        let newline = newline(text);
        let new: String =
            keywords.iter().map(|name| format!("{}{newline}", powershell::new_keyword(name))).collect();
        let start = first.place.start as usize;
        let line = text.get(..start).unwrap_or_default().rfind('\n').map_or(0, |end| end + 1);
        out.insert(0, edit(line, line, new));
    }
    Ok(out)
}

/// What the collector writes for a rule, in its order.
const KEYS: &[Property] = &[
    Property::Name,
    Property::DisplayName,
    Property::Description,
    Property::Group,
    Property::Enabled,
    Property::Profile,
    Property::Platform,
    Property::Direction,
    Property::Action,
    Property::EdgeTraversalPolicy,
    Property::LooseSourceMapping,
    Property::LocalOnlyMapping,
    Property::Owner,
    Property::PolicyStoreSource,
    Property::PolicyStoreSourceType,
    Property::Protocol,
    Property::LocalPort,
    Property::RemotePort,
    Property::IcmpType,
    Property::DynamicTarget,
    Property::LocalAddress,
    Property::RemoteAddress,
    Property::RemoteDynamicKeywordAddresses,
    Property::Program,
    Property::Package,
    Property::Service,
    Property::InterfaceAlias,
    Property::InterfaceType,
    Property::LocalUser,
    Property::RemoteUser,
    Property::RemoteMachine,
    Property::Authentication,
    Property::Encryption,
    Property::OverrideBlockRules,
];

/// The members that are lists.
const LISTS: &[Property] = &[
    Property::Platform,
    Property::LocalPort,
    Property::RemotePort,
    Property::IcmpType,
    Property::LocalAddress,
    Property::RemoteAddress,
    Property::RemoteDynamicKeywordAddresses,
    Property::InterfaceAlias,
];

fn json(
    text: &str,
    rules: &[Rule<'_>],
    fates: &[Fate],
    added: &[Fields],
    keywords: &[String],
) -> Result<Vec<Edit>, Refusal> {
    let first = rules.first().ok_or_else(|| Refusal::new("no rule in it", "read the export again"))?;
    let before = text.get(..first.place.start as usize).unwrap_or_default().trim_end();
    if !before.ends_with('[') {
        return Err(Refusal::new(
            "the file has one rule and no list of rules",
            "collect the rules with `collect.ps1`, and make the change there",
        ));
    }
    let layout = Layout::of(text, first.place);
    let objects = |all: &[Fields]| {
        let written: Vec<String> = all.iter().map(|fields| object(fields, &layout)).collect();
        written.join(&format!(",{}", layout.between))
    };
    let mut out = Vec::new();
    let goes = |at: usize| matches!(fates.get(at), Some(Fate::Becomes(list)) if list.is_empty());
    let last_kept = (0..rules.len()).rev().find(|at| !goes(*at));
    let mut at = 0;
    while at < rules.len() {
        let place = rules[at].place;
        match fates.get(at) {
            Some(Fate::Becomes(list)) if !list.is_empty() => {
                out.push(edit(place.start as usize, place.end as usize, objects(list)));
            }
            Some(Fate::Becomes(_)) => {
                let end = (at..rules.len()).find(|next| !goes(*next)).unwrap_or(rules.len());
                let last = rules.get(end.saturating_sub(1)).map_or(place, |rule| rule.place);
                match (rules.get(end), at.checked_sub(1).and_then(|before| rules.get(before))) {
                    // With the comma after each, up to what follows.
                    (Some(next), _) => {
                        out.push(edit(place.start as usize, next.place.start as usize, String::new()));
                    }
                    // With the comma before each.
                    (None, Some(kept)) => {
                        out.push(edit(kept.place.end as usize, last.end as usize, String::new()));
                    }
                    // All of them, for the new ones.
                    (None, None) => {
                        out.push(edit(place.start as usize, last.end as usize, objects(added)));
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    if !added.is_empty()
        && let Some(kept) = last_kept.and_then(|at| rules.get(at))
    {
        let end = kept.place.end as usize;
        out.insert(0, edit(end, end, format!(",{}{}", layout.between, objects(added))));
    }
    if !keywords.is_empty() {
        out.push(keyword_edit(text, keywords)?);
    }
    Ok(out)
}

fn keyword_edit(text: &str, keywords: &[String]) -> Result<Edit, Refusal> {
    let nowhere = || {
        Refusal::new(
            "the file has no list of dynamic keyword addresses for the name",
            "collect the rules with `collect.ps1`, and make the change there",
        )
    };
    let json = Json::parse(text).map_err(|_| nowhere())?;
    let list =
        json.root().get("dynamicKeywords").filter(|list| list.kind() == Kind::Array).ok_or_else(nowhere)?;
    let written = keywords.iter().map(|name| {
        format!(
            "{{\"Id\": {}, \"Keyword\": {}, \"AutoResolve\": \"True\", \"Addresses\": []}}",
            quoted(&powershell::keyword_id(name)),
            quoted(name)
        )
    });
    let written = written.collect::<Vec<String>>().join(", ");
    Ok(match list.elements().map(Value::place).last() {
        Some(last) => edit(last.end as usize, last.end as usize, format!(", {written}")),
        None => Edit { range: list.place(), replacement: format!("[{written}]") },
    })
}

/// How the objects of a list are laid out.
struct Layout {
    /// Between two objects, after the comma.
    between: String,
    /// Before each member; a blank where objects stand on one line.
    member: String,
    /// Before the closing brace.
    close: String,
}

impl Layout {
    fn of(text: &str, first: TextRange) -> Self {
        let object = text.get(std::ops::Range::from(first)).unwrap_or_default();
        let before = text.get(..first.start as usize).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let alone = before.contains('\n') && line.trim().is_empty();
        let newline = newline(text);
        let between = if alone { format!("{newline}{line}") } else { " ".to_owned() };
        let inner = object.strip_prefix('{').unwrap_or_default();
        let blank = inner.len() - inner.trim_start().len();
        match inner.get(..blank).filter(|blank| blank.contains('\n')) {
            Some(blank) => {
                let indent = blank.rsplit('\n').next().unwrap_or_default();
                let tail = object.strip_suffix('}').unwrap_or_default();
                let close =
                    tail.rsplit('\n').next().filter(|line| line.trim().is_empty()).unwrap_or_default();
                Layout { between, member: format!("{newline}{indent}"), close: format!("{newline}{close}") }
            }
            None => Layout { between, member: " ".to_owned(), close: " ".to_owned() },
        }
    }
}

fn object(fields: &Fields, layout: &Layout) -> String {
    let members = KEYS.iter().map(|property| {
        let words = value(fields, *property);
        let is_list = LISTS.contains(property);
        let written = match words.as_slice() {
            [] if is_list => "[]".to_owned(),
            [] => "null".to_owned(),
            words if is_list => {
                format!("[{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
            }
            words => quoted(&words.join(", ")),
        };
        format!("{}: {written}", quoted(property.name()))
    });
    let members: Vec<String> = members.collect();
    format!("{{{}{}{}}}", layout.member, members.join(&format!(",{}", layout.member)), layout.close)
}
