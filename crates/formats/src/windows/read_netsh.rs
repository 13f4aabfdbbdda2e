use std::borrow::Cow;

use diagnostics::{TextRange, printable};

use super::model::{Hidden, Reading, Rule, Shape, Slot, Store};
use super::netsh_profiles;
use super::property::Property;
use crate::ImportError;

/// The labels and values of one language of Windows.
struct Language {
    labels: &'static [(&'static str, Label)],
    /// Words of values, and what the cmdlets call the same.
    values: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    RuleName,
    Property(Property),
    Security,
    Source,
    Irrelevant,
}

use Label::{Irrelevant, RuleName, Security, Source};
use Property as P;

const ENGLISH: Language = Language {
    labels: &[
        ("Rule Name", RuleName),
        ("Description", Label::Property(P::Description)),
        ("Enabled", Label::Property(P::Enabled)),
        ("Direction", Label::Property(P::Direction)),
        ("Profiles", Label::Property(P::Profile)),
        ("Grouping", Irrelevant),
        ("LocalIP", Label::Property(P::LocalAddress)),
        ("RemoteIP", Label::Property(P::RemoteAddress)),
        ("Protocol", Label::Property(P::Protocol)),
        ("LocalPort", Label::Property(P::LocalPort)),
        ("RemotePort", Label::Property(P::RemotePort)),
        ("Edge traversal", Irrelevant),
        ("Program", Label::Property(P::Program)),
        ("Service", Label::Property(P::Service)),
        ("InterfaceTypes", Label::Property(P::InterfaceType)),
        ("Security", Security),
        ("RmtComputerGrp", Label::Property(P::RemoteMachine)),
        ("Remote Computer Group", Label::Property(P::RemoteMachine)),
        ("RmtUsrGrp", Label::Property(P::RemoteUser)),
        ("Remote User Group", Label::Property(P::RemoteUser)),
        ("Rule source", Source),
        ("Action", Label::Property(P::Action)),
    ],
    values: &[],
};

const GERMAN: Language = Language {
    labels: &[
        ("Regelname", RuleName),
        ("Beschreibung", Label::Property(P::Description)),
        ("Aktiviert", Label::Property(P::Enabled)),
        ("Richtung", Label::Property(P::Direction)),
        ("Profile", Label::Property(P::Profile)),
        ("Gruppierung", Irrelevant),
        ("Lokales IP", Label::Property(P::LocalAddress)),
        ("LokaleIP", Label::Property(P::LocalAddress)),
        ("Remote-IP", Label::Property(P::RemoteAddress)),
        ("RemoteIP", Label::Property(P::RemoteAddress)),
        ("Protokoll", Label::Property(P::Protocol)),
        ("Lokaler Port", Label::Property(P::LocalPort)),
        ("Remoteport", Label::Property(P::RemotePort)),
        ("Edgeausnahme", Irrelevant),
        ("Programm", Label::Property(P::Program)),
        ("Dienst", Label::Property(P::Service)),
        ("Schnittstellentypen", Label::Property(P::InterfaceType)),
        ("Sicherheit", Security),
        ("Regelquelle", Source),
        ("Aktion", Label::Property(P::Action)),
    ],
    values: &[
        ("Beliebig", "Any"),
        ("Ja", "Yes"),
        ("Nein", "No"),
        ("Eingehend", "In"),
        ("Ein", "In"),
        ("Ausgehend", "Out"),
        ("Aus", "Out"),
        ("Domäne", "Domain"),
        ("Privat", "Private"),
        ("Öffentlich", "Public"),
        ("Zulassen", "Allow"),
        ("Blocken", "Block"),
        ("Blockieren", "Block"),
        ("Nicht erforderlich", "NotRequired"),
        ("Lokale Einstellung", "Local Setting"),
    ],
};

/// The first label of a rule in languages whose other labels are not known here for sure.
const OTHER_LANGUAGES: &[&str] = &[
    "Nom de la règle",
    "Nombre de regla",
    "Nombre de la regla",
    "Regelnavn",
    "Regelnamn",
    "Regelnaam",
    "Nome regola",
    "Nome da Regra",
    "Nome da regra",
    "Nazwa reguły",
    "Sääntönimi",
    "Název pravidla",
    "Имя правила",
    "規則名稱",
    "规则名称",
    "規則の名前",
    "規則名",
];

/// `netsh` shows neither, and a rule for an app's package looks as if it were for everything.
const PACKAGES: Hidden = Hidden {
    reason: "netsh does not show whether a rule without program and service is for one app package only",
    symbol: "app package",
};

/// What netsh prints once a line of labels begins a rule.
pub fn is_rule_start(line: &str) -> bool {
    let label = label_of(line).map(|(label, _)| label).unwrap_or_default();
    [&ENGLISH, &GERMAN].iter().any(|language| language.find(label) == Some(RuleName))
        || OTHER_LANGUAGES.contains(&label)
}

pub fn read(text: &str) -> Result<Reading<'_>, ImportError> {
    let mut reading = Reading::new(Shape::NetshText);
    let mut language = &ENGLISH;
    let mut open: Option<Rule<'_>> = None;
    let mut last: Option<Property> = None;
    let mut profile: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end().trim_start_matches('\u{feff}');
        let place = TextRange::new(start, start + line.len());
        if line.trim().is_empty() || line.trim().bytes().all(|byte| byte == b'-') {
            continue;
        }
        if let Some(heading) = netsh_profiles::heading(line) {
            close(&mut reading, open.take());
            profile = Some(heading);
            reading.irrelevant(place, "the heading of a profile");
            continue;
        }
        let Some((label, value)) = label_of(line) else {
            if let (Some(profile), None) = (profile, &open) {
                netsh_profiles::setting(&mut reading, profile, line, place);
                continue;
            }
            match &mut open {
                // The rows of the table of ICMP types stand below the protocol.
                Some(rule) if line.starts_with([' ', '\t']) => {
                    continued(rule, last, line, place);
                    rule.place = rule.place.cover(place);
                }
                _ => {
                    reading.irrelevant(place, "no rule");
                }
            }
            continue;
        };
        if OTHER_LANGUAGES.contains(&label) {
            return Err(ImportError::new(
                place,
                format!("`{}` is in a language whose words are not known here", printable(label)),
                "run `collect.ps1`, whose output is the same in all languages, or `netsh` after `chcp 437` on an English Windows",
            ));
        }
        let value_place = || {
            let offset = (value.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            TextRange::new(offset, offset + value.len())
        };
        if let Some(found) =
            [&ENGLISH, &GERMAN].into_iter().find(|language| language.find(label) == Some(RuleName))
        {
            close(&mut reading, open.take());
            language = found;
            let mut rule = Rule::new(place, place);
            rule.set(P::DisplayName, Slot::Text(Cow::Borrowed(value), value_place()));
            open = Some(rule);
            continue;
        }
        let Some(rule) = &mut open else {
            reading.irrelevant(place, "no rule");
            continue;
        };
        rule.place = rule.place.cover(place);
        last = None;
        match language.find(label) {
            Some(Label::Property(property)) => {
                last = Some(property);
                let translated = match property {
                    P::Description => Cow::Borrowed(value),
                    // A path is no list of words.
                    P::Program | P::Service if &*language.translated(value) != "Any" => Cow::Borrowed(value),
                    _ => language.translated(value),
                };
                if rule.has(property) {
                    let what = format!("`{}` of a rule is there twice", printable(label));
                    rule.strange.get_or_insert((what, place));
                }
                rule.set(property, Slot::Text(translated, value_place()));
            }
            Some(Security) => security(rule, &language.translated(value), value_place()),
            Some(Source) if &*language.translated(value) == "Local Setting" => rule.store = Store::Local,
            Some(Source) => rule.store = Store::Policy,
            Some(_) => {}
            None => {
                let what = format!(
                    "`{}` of a rule is not known: it may change what the rule does",
                    printable(label)
                );
                rule.strange = Some((what, place));
            }
        }
    }
    close(&mut reading, open.take());
    if reading.rules.is_empty() {
        return Err(ImportError::new(
            TextRange::new(0, 0),
            "no firewall rule in it",
            "run `netsh advfirewall firewall show rule name=all verbose`, or better `collect.ps1`",
        ));
    }
    Ok(reading)
}

impl Language {
    fn find(&self, label: &str) -> Option<Label> {
        self.labels.iter().find(|(known, _)| known.eq_ignore_ascii_case(label)).map(|(_, label)| *label)
    }

    /// A list of words in the words of the cmdlets.
    fn translated<'t>(&self, value: &'t str) -> Cow<'t, str> {
        let word = |word: &str| {
            self.values.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, word)| *word)
        };
        if self.values.is_empty() {
            return Cow::Borrowed(value);
        }
        if let Some(word) = word(value) {
            return Cow::Borrowed(word);
        }
        if !value.split(',').any(|part| word(part.trim()).is_some()) {
            return Cow::Borrowed(value);
        }
        let words: Vec<&str> = value.split(',').map(|part| word(part.trim()).unwrap_or(part)).collect();
        Cow::Owned(words.join(","))
    }
}

/// A label, up to a colon at the start of a line, and the value behind it.
fn label_of(line: &str) -> Option<(&str, &str)> {
    if line.starts_with([' ', '\t']) {
        return None;
    }
    let (label, value) = line.split_once(':')?;
    (label.len() <= 60).then(|| (label.trim(), value.trim()))
}

/// A line without a label: a row of the table of ICMP types (`8       Any`), or more of a list.
fn continued<'t>(rule: &mut Rule<'t>, last: Option<Property>, line: &'t str, place: TextRange) {
    let words: Vec<&str> = line.split_whitespace().collect();
    match (last, words.as_slice()) {
        (Some(P::Protocol), [kind, code]) => {
            let number = |word: &str| word.parse::<u16>().is_ok();
            if number(kind) {
                let code = if number(code) { *code } else { "*" };
                rule.add(P::IcmpType, Cow::Owned(format!("{kind}:{code}")), place);
            } else if rule.has(P::IcmpType) {
                rule.strange = Some((format!("`{}` is no ICMP type", printable(line.trim())), place));
            }
            // The head of the table is in the language of Windows, and `Any Any` has no number.
        }
        _ if last == Some(P::Description) => {}
        _ => rule.strange = Some((format!("`{}` in a rule is not known", printable(line.trim())), place)),
    }
}

/// `netsh advfirewall firewall add rule`, option `security`.
pub fn security<'t>(rule: &mut Rule<'t>, value: &str, place: TextRange) {
    let mut one = |property, word: &'static str| rule.set(property, Slot::Text(Cow::Borrowed(word), place));
    let is = |word: &str| value.eq_ignore_ascii_case(word);
    if is("NotRequired") || value.is_empty() {
        one(P::Authentication, "NotRequired");
        one(P::Encryption, "NotRequired");
    } else if is("Authenticate") {
        one(P::Authentication, "Required");
    } else if is("AuthEnc") {
        one(P::Authentication, "Required");
        one(P::Encryption, "Required");
    } else if is("AuthDynEnc") {
        one(P::Authentication, "Required");
        one(P::Encryption, "Dynamic");
    } else if is("AuthNoEncap") {
        one(P::Authentication, "NoEncap");
    } else {
        let what = format!("`{}` is no way to secure a connection that is known", printable(value));
        rule.strange = Some((what, place));
    }
}

fn close<'t>(reading: &mut Reading<'t>, rule: Option<Rule<'t>>) {
    let Some(mut rule) = rule else { return };
    // Without `verbose`, neither program nor service is shown.
    let verbose = rule.has(P::InterfaceType) || rule.has(P::Program);
    let is_icmp = rule.text(P::Protocol).is_some_and(|text| text.to_ascii_lowercase().starts_with("icmp"));
    let whole = rule.has(P::Direction) && rule.has(P::Action) && rule.has(P::Protocol);
    let mut known = !0_u64;
    if !verbose {
        for property in
            [P::Program, P::Service, P::Package, P::InterfaceType, P::Authentication, P::Encryption]
        {
            known &= !property.bit();
        }
    } else if rule.get(P::Program).is_none() && rule.get(P::Service).is_none() {
        rule.hidden = Some(PACKAGES);
    }
    for property in [P::Direction, P::Action, P::Protocol, P::LocalAddress, P::RemoteAddress] {
        known &= !property.bit();
    }
    // Rules for protocols without ports have no line for them, and ICMP of any type no table.
    let ported = rule.text(P::Protocol).is_some_and(|text| matches!(text, "TCP" | "UDP" | "6" | "17"));
    if ported && !is_icmp {
        known &= !(P::LocalPort.bit() | P::RemotePort.bit());
    }
    rule.assume_present(known);
    if !whole && rule.strange.is_none() {
        rule.strange = Some(("the rule ends before it says what it does".to_owned(), rule.place));
    }
    reading.rules.push(rule);
}
