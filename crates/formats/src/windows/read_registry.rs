use std::borrow::Cow;

use diagnostics::{TextRange, printable};

use super::model::{Profile, Reading, Rule, Setting, Shape, Slot, Store};
use super::property::Property;
use crate::ImportError;

/// Reads rule strings (MS-GPFAS, "Firewall Rule and the Firewall Rule Grammar Rule") wherever they stand: in a file of
/// `regedit`, in what `reg query` prints, in `reg add` commands, or on lines of their own.
pub fn read(text: &str) -> Result<Reading<'_>, ImportError> {
    let mut reading = Reading::new(Shape::Registry);
    let mut key = Key { store: Store::Unknown, profile: None };
    let mut settings = Settings::default();
    for (start, line) in lines(text) {
        let trimmed = line.trim();
        let offset = start + (line.len() - line.trim_start().len());
        let place = TextRange::new(offset, offset + trimmed.len());
        if trimmed.is_empty() || trimmed.starts_with(';') {
            continue;
        }
        if let Some(name) = key_line(trimmed) {
            key = Key::of(name);
            reading.irrelevant(place, "the name of a key");
            continue;
        }
        if let Some((at, end)) = rule_string(trimmed) {
            // A `reg add` command names the key itself.
            let key = if trimmed.contains("HK") && at > 0 { Key::of(&trimmed[..at]) } else { key };
            rule(&mut reading, trimmed, place, (at, end), key.store);
            continue;
        }
        let Some((name, value)) = number(trimmed) else {
            let known = trimmed.starts_with("Windows Registry Editor") || trimmed.starts_with("REGEDIT");
            if known || key.profile.is_none() || !trimmed.contains('=') {
                reading.irrelevant(place, "no firewall rule");
            } else {
                reading.irrelevant(place, "a setting that decides no packet");
            }
            continue;
        };
        match key.profile {
            Some(profiles) => settings.note(&mut reading, key.store, profiles, name, value, place),
            None => reading.irrelevant(place, "a setting outside the profiles"),
        }
    }
    settings.merge(&mut reading);
    if reading.rules.is_empty() {
        return Err(ImportError::new(
            TextRange::new(0, 0),
            "no firewall rule in it",
            "export the key with `reg export HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy rules.reg`, or run `collect.ps1`",
        ));
    }
    Ok(reading)
}

/// Whether a line has a rule string in it.
pub fn has_rule(line: &str) -> bool {
    rule_string(line.trim()).is_some()
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_start_matches('\u{feff}'))
    })
}

/// The bit for what a policy sets of Private and Public together.
const STANDARD: u8 = 8;

#[derive(Clone, Copy)]
struct Key {
    store: Store,
    /// The profiles whose settings stand under it, as bits.
    profile: Option<u8>,
}

impl Key {
    fn of(path: &str) -> Self {
        let path = path.to_ascii_lowercase();
        let store = if path.contains("\\restrictedservices\\") {
            Store::Service
        } else if path.contains("\\policies\\microsoft\\windowsfirewall") || path.contains("\\mdm") {
            Store::Policy
        } else if path.contains("\\sharedaccess\\") {
            Store::Local
        } else {
            Store::Unknown
        };
        let last = path.trim_end_matches([']', '\\', '"', ' ']).rsplit('\\').next().unwrap_or_default();
        let profile = match last {
            "domainprofile" => Some(1),
            "privateprofile" => Some(2),
            // The local store's private profile has the name it had in Windows XP. Of policies, MS-GPFAS ("Per-Profile
            // Policy Configuration Options") says that it stands for both others where neither is there.
            "standardprofile" => Some(if store == Store::Policy { STANDARD } else { 2 }),
            "publicprofile" => Some(4),
            _ => None,
        };
        Key { store, profile }
    }
}

fn key_line(line: &str) -> Option<&str> {
    if let Some(name) = line.strip_prefix('[') {
        return name.strip_suffix(']');
    }
    let is_path = line.starts_with("HKEY_") || line.starts_with("HKLM\\");
    (is_path && !line.contains('|')).then_some(line)
}

/// Where in a line the rule string stands: from its version to its last bar.
fn rule_string(line: &str) -> Option<(usize, usize)> {
    let end = line.rfind('|')? + 1;
    let first = line.find('|')?;
    let head = &line[..first];
    let at = head.rfind(['v', 'V'])?;
    let version = head.get(at + 1..)?;
    let (major, minor) = version.split_once('.')?;
    let digits =
        |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let starts = at == 0 || !head.as_bytes().get(at - 1).is_some_and(u8::is_ascii_alphanumeric);
    let fields = line.get(first + 1..)?.as_bytes();
    let named = memchr::memchr(b'=', fields).is_some();
    (digits(major) && digits(minor) && starts && named).then_some((at, end))
}

/// A number under a name: `"EnableFirewall"=dword:00000001`, `EnableFirewall    REG_DWORD    0x1`.
fn number(line: &str) -> Option<(&str, u32)> {
    if let Some((name, value)) = line.split_once("=dword:") {
        return Some((name.trim().trim_matches('"'), u32::from_str_radix(value.trim(), 16).ok()?));
    }
    let (name, value) = line.split_once("REG_DWORD")?;
    let value = value.trim();
    let value = match value.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => value.parse().ok()?,
    };
    Some((name.trim(), value))
}

fn rule<'t>(
    reading: &mut Reading<'t>,
    line: &'t str,
    place: TextRange,
    (at, end): (usize, usize),
    store: Store,
) {
    let mut rule = Rule::new(place, place);
    rule.store = store;
    let start = place.start as usize;
    let before = &line[..at];
    // Only in a file of regedit are backslashes and quotes of the data escaped.
    let escaped = before.trim_end().ends_with("=\"");
    if let Some((name, offset)) = value_name(before) {
        let name_place = TextRange::new(start + offset, start + offset + name.len());
        rule.head = name_place;
        rule.set(Property::Name, Slot::Text(Cow::Borrowed(name), name_place));
    }
    // Every field ends with a bar: one that does not, or a text without its last quote, was cut off.
    let after = line.get(end..).unwrap_or_default();
    if after.starts_with(|first: char| first.is_ascii_alphanumeric()) || escaped && !after.starts_with('"') {
        rule.strange = Some(("the rule string ends in the middle".to_owned(), place));
    }
    let (mut platforms, mut later) = (Vec::new(), false);
    let mut offset = at;
    for (index, field) in line[at..end].split('|').enumerate() {
        let field_place = TextRange::new(start + offset, start + offset + field.len());
        offset += field.len() + 1;
        if index == 0 || field.is_empty() {
            continue;
        }
        let Some((name, value)) = field.split_once('=') else {
            rule.strange = Some((format!("`{}` in a rule is not known", printable(field)), field_place));
            continue;
        };
        let value_place =
            TextRange { start: field_place.end - u32::try_from(value.len()).unwrap_or(0), ..field_place };
        let value: Cow<'t, str> = if escaped && value.contains('\\') {
            Cow::Owned(value.replace("\\\\", "\\").replace("\\\"", "\""))
        } else {
            Cow::Borrowed(value)
        };
        match name {
            "Platform" => platforms.push(platform(&value)),
            "Platform2" => later = value == "GTEQ",
            _ => {
                if !token(&mut rule, name, value, value_place) && rule.strange.is_none() {
                    let what = format!(
                        "`{}` in a rule is not known: it may change what the rule does",
                        printable(name)
                    );
                    rule.strange = Some((what, field_place));
                }
            }
        }
    }
    // The operator stands for the last of them.
    let last = platforms.len().saturating_sub(1);
    for (index, mut platform) in platforms.into_iter().enumerate() {
        if later && index == last {
            platform.push('+');
        }
        rule.add(Property::Platform, Cow::Owned(platform), place);
    }
    // What is not there is `Any`, all profiles, and for `Active` false: the grammar says so field by field.
    if !rule.has(Property::Enabled) {
        rule.set(Property::Enabled, Slot::Text(Cow::Borrowed("False"), place));
    }
    if !rule.has(Property::Direction) || !rule.has(Property::Action) {
        rule.strange = Some(("a rule string without `Dir=` or `Action=`".to_owned(), place));
    }
    rule.assume_present(u64::MAX);
    if store == Store::Service && rule.text(Property::Action).is_some_and(|text| text == "Allow") {
        return reading
            .irrelevant(place, "lifts a restriction of one service, and permits nothing by itself");
    }
    reading.rules.push(rule);
}

/// The name of the value that holds the rule, and where it stands.
fn value_name(before: &str) -> Option<(&str, usize)> {
    let name = if let Some(at) = before.find("/v ") {
        let rest = before[at + 3..].trim_start();
        match rest.strip_prefix('"') {
            Some(rest) => rest.split('"').next()?,
            None => rest.split(' ').next()?,
        }
    } else if let Some(rest) = before.strip_prefix('"') {
        rest.split("\"=").next()?
    } else {
        before.split("REG_SZ").next().filter(|name| name.len() < before.len())?.trim()
    };
    let offset = (name.as_ptr() as usize).checked_sub(before.as_ptr() as usize)?;
    (!name.is_empty()).then_some((name, offset))
}

/// `2:6:2` is version 6.2.
fn platform(value: &str) -> String {
    let mut parts = value.split(':').skip(1);
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) => format!("{major}.{minor}"),
        _ => value.to_owned(),
    }
}

/// Notes one field of a rule string; `false` where it is not known.
fn token<'t>(rule: &mut Rule<'t>, name: &str, value: Cow<'t, str>, place: TextRange) -> bool {
    let one = |rule: &mut Rule<'t>, property, value| rule.set(property, Slot::Text(value, place));
    // A keyword under a name for one family is meant for that family.
    let family = |value: Cow<'t, str>, digit: &str| {
        let is_keyword =
            value.starts_with(|first: char| first.is_ascii_alphabetic()) && !value.contains([':', '.']);
        if is_keyword { Cow::Owned(format!("{value}{digit}")) } else { value }
    };
    match name {
        "Action" => one(rule, Property::Action, value),
        "Active" => one(rule, Property::Enabled, value),
        "Dir" => one(rule, Property::Direction, value),
        "Protocol" => one(rule, Property::Protocol, value),
        "Profile" => rule.add(Property::Profile, value, place),
        "LA4" => rule.add(Property::LocalAddress, family(value, "4"), place),
        "LA6" => rule.add(Property::LocalAddress, family(value, "6"), place),
        "RA4" | "RA42" => rule.add(Property::RemoteAddress, family(value, "4"), place),
        "RA6" | "RA62" => rule.add(Property::RemoteAddress, family(value, "6"), place),
        "ICMP4" | "ICMP6" => rule.add(Property::IcmpType, value, place),
        "App" => one(rule, Property::Program, value),
        "Svc" => one(rule, Property::Service, value),
        "IF" => rule.add(Property::InterfaceAlias, value, place),
        "IFType" => rule.add(Property::InterfaceType, value, place),
        "RMAuth" | "RMauth" => one(rule, Property::RemoteMachine, value),
        "RUAuth" => one(rule, Property::RemoteUser, value),
        "LUAuth" | "LUAuth2_24" => one(rule, Property::LocalUser, value),
        "LUOwn" => one(rule, Property::Owner, value),
        "AppPkgId" => one(rule, Property::Package, value),
        "PFN" => one(rule, Property::PackageFamilyName, value),
        "NNm" => one(rule, Property::NetworkName, value),
        "SecurityRealmId" => one(rule, Property::SecurityRealm, value),
        "Security" if value == "AuthenticateEncrypt" => {
            one(rule, Property::Authentication, Cow::Borrowed("Required"));
            one(rule, Property::Encryption, Cow::Borrowed("Required"));
        }
        "Security" => one(rule, Property::Authentication, Cow::Borrowed("Required")),
        "Security2_9" => one(rule, Property::Authentication, Cow::Borrowed("NoEncap")),
        "Security2" => {
            one(rule, Property::Authentication, Cow::Borrowed("Required"));
            one(rule, Property::Encryption, Cow::Borrowed("Dynamic"));
        }
        "AuthByPassOut" if value.eq_ignore_ascii_case("TRUE") => {
            one(rule, Property::OverrideBlockRules, Cow::Borrowed("True"));
        }
        "Name" => {
            one(rule, Property::DisplayName, value);
            rule.head = place;
        }
        "Desc" => one(rule, Property::Description, value),
        "EmbedCtxt" => one(rule, Property::Group, value),
        "Edge" | "Defer" | "LSM" | "LOM" | "PCross" | "PCROSS" | "SkipVer" | "AuthByPassOut" => {}
        _ if name.starts_with("LPort") => rule.add(Property::LocalPort, value, place),
        _ if name.starts_with("RPort") => rule.add(Property::RemotePort, value, place),
        _ if name.starts_with("TTK") => rule.add(Property::DynamicTarget, value, place),
        _ => return false,
    }
    true
}

/// The settings of the profiles, apart by store: what a policy sets counts before what the computer sets.
#[derive(Default)]
struct Settings {
    local: [Profile; 4],
    policy: [Profile; 4],
}

impl Settings {
    fn note(
        &mut self,
        reading: &mut Reading<'_>,
        store: Store,
        profiles: u8,
        name: &str,
        value: u32,
        place: TextRange,
    ) {
        let all = if store == Store::Policy { &mut self.policy } else { &mut self.local };
        let mut known = true;
        for (at, profile) in all.iter_mut().enumerate() {
            if profiles & (1 << at) == 0 {
                continue;
            }
            let yes = match value {
                0 => Setting::Known(false),
                1 => Setting::Known(true),
                _ => Setting::Unknown,
            };
            let no = match yes {
                Setting::Known(value) => Setting::Known(!value),
                other => other,
            };
            // MS-GPFAS: a default action of 1 blocks; exceptions that are not allowed are rules that are ignored.
            match name {
                "EnableFirewall" => profile.enabled = yes,
                "DefaultInboundAction" => profile.inbound_permits = no,
                "DefaultOutboundAction" => profile.outbound_permits = no,
                "DoNotAllowExceptions" => profile.inbound_rules = no,
                "AllowLocalPolicyMerge" => profile.local_rules = yes,
                _ => {
                    known = false;
                    continue;
                }
            }
            profile.place = Some(place);
        }
        if known {
            reading.understood(place);
        } else {
            reading.irrelevant(place, "a setting that decides no packet");
        }
    }

    fn merge(mut self, reading: &mut Reading<'_>) {
        if let [_, private, public, standard] = &mut self.policy
            && private.place.is_none()
            && public.place.is_none()
        {
            *private = standard.clone();
            *public = std::mem::take(standard);
        }
        let first = |policy, local| if policy == Setting::Default { local } else { policy };
        for ((out, policy), local) in reading.profiles.iter_mut().zip(self.policy).zip(self.local) {
            *out = Profile {
                place: policy.place.or(local.place),
                enabled: first(policy.enabled, local.enabled),
                inbound_permits: first(policy.inbound_permits, local.inbound_permits),
                outbound_permits: first(policy.outbound_permits, local.outbound_permits),
                inbound_rules: first(policy.inbound_rules, local.inbound_rules),
                local_rules: first(policy.local_rules, local.local_rules),
                excluded: Vec::new(),
            };
        }
    }
}
