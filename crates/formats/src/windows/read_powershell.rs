use std::borrow::Cow;

use diagnostics::{TextRange, printable};

use super::lexer::{Kind, Lexer, Token};
use super::model::{Hidden, Keyword, Profile, Reading, Rule, Setting, Shape, Slot, Store};
use super::profiles;
use super::property::{Column, Property};
use super::words;
use crate::ImportError;

const NEW_RULE: &str = "New-NetFirewallRule";
const SET_PROFILE: &str = "Set-NetFirewallProfile";
const NEW_KEYWORD: &str = "New-NetFirewallDynamicKeywordAddress";

/// Whether a line calls a cmdlet that this reads.
pub fn is_command(line: &str) -> bool {
    let line = line.trim_start().to_ascii_lowercase();
    !line.starts_with('#')
        && [NEW_RULE, NEW_KEYWORD, SET_PROFILE].iter().any(|name| line.contains(&name.to_ascii_lowercase()))
}

/// A rule that is made in a block: how often, and whether at all, shows when the script runs.
const IN_BLOCK: Hidden =
    Hidden { reason: "whether the script makes the rule, and how often, is not known", symbol: "block" };
const PIPED: Hidden =
    Hidden { reason: "what the script does with the rule after making it is not known", symbol: "pipeline" };

/// Parameters of all cmdlets that change nothing of a rule.
const COMMON: &[&str] = &[
    "ErrorAction",
    "ErrorVariable",
    "WarningAction",
    "WarningVariable",
    "InformationAction",
    "OutVariable",
    "OutBuffer",
    "PipelineVariable",
    "ThrottleLimit",
    "Verbose",
    "Debug",
    "Confirm",
    "AsJob",
    "PassThru",
    "CimSession",
    "GPOSession",
    "PolicyStore",
    "WhatIf",
    "EA",
];

/// Reads a script of `New-NetFirewallRule` commands.
pub fn read(text: &str) -> Result<Reading<'_>, ImportError> {
    let mut reading = Reading::new(Shape::PowerShell);
    let mut statement: Vec<Token<'_>> = Vec::new();
    let mut blocks = 0_usize;
    let mut brackets = 0_usize;
    let mut lexer = Lexer::new(text);
    for token in lexer.by_ref() {
        match token.kind {
            Kind::End if brackets == 0 => end(&mut reading, text, &mut statement, blocks, false),
            Kind::End => {}
            Kind::BlockOpen | Kind::BlockClose => {
                // What follows the block may still be of the command: `-RemoteAddress (… | Where-Object {…}) -Action Block`.
                let cut = token.kind == Kind::BlockOpen || brackets > 0;
                end(&mut reading, text, &mut statement, blocks, cut);
                brackets = 0;
                blocks = if token.kind == Kind::BlockOpen { blocks + 1 } else { blocks.saturating_sub(1) };
            }
            _ => {
                match token.kind {
                    Kind::Open | Kind::Array => brackets += 1,
                    Kind::Close => brackets = brackets.saturating_sub(1),
                    _ => {}
                }
                statement.push(token);
            }
        }
    }
    let cut = brackets > 0 || lexer.is_cut;
    end(&mut reading, text, &mut statement, blocks, cut);
    if reading.rules.is_empty() && !reading.profiles.iter().any(|profile| profile.place.is_some()) {
        return Err(ImportError::new(
            TextRange::new(0, 0),
            "no `New-NetFirewallRule` in it",
            "export the rules of a computer with `collect.ps1`",
        ));
    }
    Ok(reading)
}

/// What a statement says; `cut` where it may go on after what was read of it.
fn end<'t>(
    reading: &mut Reading<'t>,
    text: &'t str,
    statement: &mut Vec<Token<'t>>,
    blocks: usize,
    cut: bool,
) {
    let tokens = std::mem::take(statement);
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
    let place = first.place.cover(last.place);
    let command = tokens.iter().position(|token| match &token.kind {
        Kind::Word(word) => word.contains('-') && word.to_ascii_lowercase().contains("netfirewall"),
        _ => false,
    });
    let Some(at) = command else {
        let source = text.get(std::ops::Range::from(place)).unwrap_or_default().to_ascii_lowercase();
        let calls = source.contains("netfirewall") || source.contains("advfirewall");
        if calls {
            reading.gap(place, format!("`{}` is not known", shortened(&source)));
        } else {
            reading.irrelevant(place, "no command for the firewall");
        }
        return;
    };
    let Some(Token { kind: Kind::Word(name), .. }) = tokens.get(at) else { return };
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    // What is assigned or put in brackets is still called.
    let called = tokens.iter().take(at).all(|token| {
        matches!(token.kind, Kind::Expression | Kind::Open) || matches!(token.kind, Kind::Word("="))
    });
    let mut arguments = Arguments::of(tokens.get(at + 1..).unwrap_or_default());
    // What a pipe gives a rule to is told by the pipe.
    if cut && !arguments.piped {
        arguments.unclear = Some(("the command goes on in a way that is not known".to_owned(), last.place));
    }
    if !called {
        reading.gap(place, format!("what `{}` is given is not known", printable(name)));
    } else if is(NEW_RULE) {
        new_rule(reading, place, arguments, blocks > 0);
    } else if is(SET_PROFILE) && blocks == 0 && arguments.unclear.is_none() {
        set_profile(reading, place, &arguments);
    } else if is(NEW_KEYWORD) && blocks == 0 && arguments.unclear.is_none() {
        new_keyword(reading, place, &arguments);
    } else if name.to_ascii_lowercase().starts_with("get-") || is("Set-NetFirewallSetting") {
        reading.irrelevant(place, "changes no rule");
    } else if reading.rules.is_empty() && name.to_ascii_lowercase().starts_with("remove-") {
        reading.irrelevant(place, "removes rules that were there before the script");
    } else {
        reading.gap(place, format!("what `{}` changes is not known", printable(name)));
    }
}

fn shortened(text: &str) -> String {
    let text: String = text.chars().take(60).collect();
    printable(text.trim()).into_owned()
}

/// The parameters of a command with their values.
struct Arguments<'t> {
    named: Vec<(&'t str, TextRange, Vec<Token<'t>>)>,
    /// Whether the values of a parameter are more than literals.
    unclear: Option<(String, TextRange)>,
    piped: bool,
}

impl<'t> Arguments<'t> {
    fn of(tokens: &[Token<'t>]) -> Self {
        let mut out = Arguments { named: Vec::new(), unclear: None, piped: false };
        // The brackets that are open, and whether each is `@(`, in which a new line parts values too.
        let mut open: Vec<bool> = Vec::new();
        let mut after_value = false;
        let mut tokens = tokens.iter();
        while let Some(token) = tokens.next() {
            let is_value = after_value;
            after_value = false;
            match &token.kind {
                Kind::Pipe if open.is_empty() => {
                    let quiet = |token: &Token<'_>| match &token.kind {
                        Kind::Word(word) => word.eq_ignore_ascii_case("Out-Null"),
                        _ => false,
                    };
                    let rest = tokens.as_slice();
                    out.piped = !(rest.first().is_some_and(quiet)
                        && rest.iter().skip(1).all(|token| token.kind == Kind::Close));
                    break;
                }
                // `> $null` and `2>&1` redirect what is printed.
                Kind::Word(word) if word.contains('>') => break,
                Kind::Parameter(name) if open.is_empty() => out.named.push((name, token.place, Vec::new())),
                Kind::Open | Kind::Array => open.push(token.kind == Kind::Array),
                Kind::Close => drop(open.pop()),
                Kind::Comma => {}
                kind => match out.named.last_mut() {
                    Some((.., values)) if *kind != Kind::Pipe => {
                        // `('192.0.2.' + $n)`, `(Get-Content list.txt)`: what is in brackets is worked out.
                        if is_value && open.last() == Some(&false) {
                            values.push(Token { kind: Kind::Expression, place: token.place });
                        }
                        values.push(token.clone());
                        after_value = true;
                    }
                    _ => out.unclear = Some(("an argument without a parameter".to_owned(), token.place)),
                },
            }
        }
        out
    }

    /// The one literal value of the first parameter with this name.
    fn text(&self, name: &str) -> Option<Cow<'t, str>> {
        let (.., values) = self.named.iter().find(|(known, ..)| is_prefix(known, name))?;
        match values.as_slice() {
            [one] => literal(one),
            _ => None,
        }
    }
}

/// PowerShell takes any beginning of a parameter's name that no other has.
fn is_prefix(short: &str, name: &str) -> bool {
    name.get(..short.len()).is_some_and(|head| head.eq_ignore_ascii_case(short))
}

fn literal<'t>(token: &Token<'t>) -> Option<Cow<'t, str>> {
    match &token.kind {
        Kind::Word(word) => Some(Cow::Borrowed(word)),
        Kind::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// The parameters of `New-NetFirewallRule`, as properties; the first is the one that a short form stands for.
const PARAMETERS: &[Property] = &[
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
    Property::LocalAddress,
    Property::RemoteAddress,
    Property::Protocol,
    Property::LocalPort,
    Property::RemotePort,
    Property::IcmpType,
    Property::DynamicTarget,
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
    Property::RemoteDynamicKeywordAddresses,
    Property::PolicyAppId,
];

fn parameter(name: &str) -> Option<Property> {
    if let Column::Property(property) = Property::column(name)
        && PARAMETERS.contains(&property)
    {
        return Some(property);
    }
    if name.eq_ignore_ascii_case("LSM") {
        return Some(Property::LooseSourceMapping);
    }
    let common = COMMON.iter().filter(|common| is_prefix(name, common)).count();
    let mut fitting = PARAMETERS.iter().filter(|property| is_prefix(name, property.name()));
    match (fitting.next(), fitting.next()) {
        (Some(property), None) if common == 0 => Some(*property),
        _ => None,
    }
}

fn new_rule<'t>(reading: &mut Reading<'t>, place: TextRange, arguments: Arguments<'t>, in_block: bool) {
    let mut rule = Rule::new(place, place);
    // A script is run by the computer's administrator; a store named otherwise is a group policy.
    let store = arguments.text("PolicyStore");
    rule.store = match store.as_deref() {
        Some(store) if store.contains('\\') => Store::Policy,
        _ => Store::Unknown,
    };
    if in_block {
        rule.hidden = Some(IN_BLOCK);
    } else if arguments.piped {
        rule.hidden = Some(PIPED);
    }
    let dry = arguments
        .named
        .iter()
        .any(|(name, _, values)| is_prefix(name, "WhatIf") && name.len() > 1 && values.is_empty());
    rule.strange = arguments.unclear;
    for (name, name_place, values) in arguments.named {
        let Some(property) = parameter(name) else {
            let known = COMMON.iter().any(|common| is_prefix(name, common));
            if !known {
                rule.strange = Some((format!("parameter `-{}` is not known", printable(name)), name_place));
            }
            continue;
        };
        let all: Option<Vec<(Cow<'t, str>, TextRange)>> =
            values.iter().map(|token| Some((literal(token)?, inner(token)))).collect();
        match all {
            Some(items) if items.is_empty() => {
                rule.strange = Some((format!("parameter `-{}` has no value", printable(name)), name_place));
            }
            Some(items) => {
                if property == Property::DisplayName || (property == Property::Name && rule.head == place) {
                    rule.head = items.first().map_or(place, |(_, place)| *place);
                }
                rule.set(property, Slot::List(items));
            }
            None => {
                let value_place = values.iter().fold(name_place, |place, token| place.cover(token.place));
                rule.set(property, Slot::Expression(value_place));
            }
        }
    }
    if dry {
        return reading.irrelevant(place, "`-WhatIf`: nothing is made");
    }
    rule.assume_present(u64::MAX);
    reading.rules.push(rule);
}

/// A value's place without quotes.
fn inner(token: &Token<'_>) -> TextRange {
    match &token.kind {
        Kind::Text(text) if token.place.len() == text.len() + 2 => {
            TextRange { start: token.place.start + 1, end: token.place.end - 1 }
        }
        _ => token.place,
    }
}

fn set_profile(reading: &mut Reading<'_>, place: TextRange, arguments: &Arguments<'_>) {
    let mut bits = 0;
    let mut settings = Profile::default();
    let mut unclear = arguments.piped;
    for (name, _, values) in &arguments.named {
        let value = match values.as_slice() {
            [one] => literal(one),
            _ => None,
        };
        let setting = |read: fn(&str) -> Setting| value.as_deref().map_or(Setting::Unknown, read);
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("All") {
            bits = words::ALL_PROFILES;
        } else if is("Name") || is("Profile") {
            for word in values {
                let text = literal(word).unwrap_or_default();
                match text.split(',').map(|word| words::profile(word.trim())).collect::<Option<Vec<u8>>>() {
                    Some(named) => bits |= named.into_iter().fold(0, |all, one| all | one),
                    None => unclear = true,
                }
            }
        } else if is("Enabled") {
            settings.enabled = setting(words::policy_boolean);
        } else if is("DefaultInboundAction") {
            settings.inbound_permits = setting(words::policy_action);
        } else if is("DefaultOutboundAction") {
            settings.outbound_permits = setting(words::policy_action);
        } else if is("AllowInboundRules") {
            settings.inbound_rules = setting(words::policy_boolean);
        } else if is("AllowLocalFirewallRules") {
            settings.local_rules = setting(words::policy_boolean);
        } else if is("DisabledInterfaceAliases") {
            match values.iter().map(literal).collect::<Option<Vec<_>>>() {
                Some(names) => settings.excluded = names.into_iter().map(Cow::into_owned).collect(),
                None => unclear = true,
            }
        }
    }
    if unclear {
        return reading
            .gap(place, "which settings of which profiles the command changes is not known".to_owned());
    }
    // Without a name, all are meant ("Set-NetFirewallProfile", example 2).
    let bits = if bits == 0 { words::ALL_PROFILES } else { bits };
    let take = |setting: &mut Setting, new: Setting| {
        if new != Setting::Default {
            *setting = new;
        }
    };
    for (at, profile) in reading.profiles.iter_mut().enumerate().take(profiles::NAMES.len()) {
        if bits & (1 << at) == 0 {
            continue;
        }
        profile.place = Some(place);
        take(&mut profile.enabled, settings.enabled);
        take(&mut profile.inbound_permits, settings.inbound_permits);
        take(&mut profile.outbound_permits, settings.outbound_permits);
        take(&mut profile.inbound_rules, settings.inbound_rules);
        take(&mut profile.local_rules, settings.local_rules);
        if !settings.excluded.is_empty() {
            profile.excluded.clone_from(&settings.excluded);
        }
    }
    reading.understood(place);
}

fn new_keyword<'t>(reading: &mut Reading<'t>, place: TextRange, arguments: &Arguments<'t>) {
    let (Some(id), Some(keyword)) = (arguments.text("Id"), arguments.text("Keyword")) else {
        return reading
            .irrelevant(place, "a dynamic keyword address whose id is known only when the script runs");
    };
    let named = |name: &str| arguments.named.iter().find(|(known, ..)| is_prefix(known, name));
    let resolves = match named("AutoResolve") {
        None => false,
        Some((.., values)) => match values.as_slice() {
            [one] => literal(one).and_then(|word| words::boolean(&word)).unwrap_or(true),
            _ => true,
        },
    };
    let addresses = named("Addresses").map_or(Vec::new(), |(.., values)| {
        values.iter().map(|token| (literal(token).unwrap_or(Cow::Borrowed("$")), token.place)).collect()
    });
    reading.keywords.push(Keyword { place, id, keyword, resolves, addresses });
    reading.understood(place);
}
