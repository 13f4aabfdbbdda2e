//! Phrases that several checks use, so that the same thing is said in the same words.

use compiler::{Alternative, Provenance, Requirement, ServicePart};
use space::{FlowSet, Region, Set, Side, SymbolKind, Unknown};

/// `a, b and c`
pub(crate) fn list(words: impl IntoIterator<Item = String>) -> String {
    let mut words: Vec<String> = words.into_iter().collect();
    let Some(last) = words.pop() else { return "nothing".to_owned() };
    if words.is_empty() {
        return last;
    }
    if words.len() > 6 {
        let more = words.len() - 5;
        words.truncate(5);
        return format!("{} and {more} more", words.join(", "));
    }
    format!("{} and {last}", words.join(", "))
}

/// What a requirement asks for, as the language writes it; the choices of alternatives after one another.
pub(crate) fn asked(requirement: &Requirement) -> String {
    let shown: Vec<String> = requirement.alternatives.iter().take(4).map(alternative).collect();
    let more = requirement.alternatives.len().saturating_sub(4);
    let more = if more > 0 { format!(", or {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", or "))
}

fn alternative(alternative: &Alternative) -> String {
    let end = |set: &compiler::EndpointSet| {
        let mut parts: Vec<String> = set.names.iter().map(ToString::to_string).collect();
        if !set.addresses.is_empty() {
            parts.insert(0, space::address_set(&set.addresses));
        }
        match parts.as_slice() {
            [one] => one.clone(),
            _ if parts.len() > 6 => format!("[{}, and {} more]", parts[..5].join(", "), parts.len() - 5),
            _ => format!("[{}]", parts.join(", ")),
        }
    };
    let services: Vec<String> = alternative.services.iter().map(service).collect();
    format!("{} -> {} {}", end(&alternative.from), end(&alternative.to), services.join(", "))
}

fn service(part: &ServicePart) -> String {
    space::service(&part.region())
}

/// Where a requirement comes from, if it is not the policy's own.
pub(crate) fn provenance(provenance: &Provenance) -> Option<String> {
    let module = provenance.module.as_ref()?;
    let mut text = format!("demanded by `{module}`");
    if let Some(document) = &provenance.document {
        text.push_str(&format!(" (\"{document}\""));
        if let Some(version) = &provenance.version {
            text.push_str(&format!(", version {version}"));
        }
        if let Some(row) = &provenance.row {
            text.push_str(&format!(", row {row}"));
        }
        text.push(')');
    }
    if let Some(purpose) = &provenance.purpose {
        text.push_str(&format!(": {purpose}"));
    }
    Some(text)
}

/// Regions as notes, a few of them.
pub(crate) fn regions(verb: &str, set: &FlowSet) -> Vec<String> {
    let all = set.regions.len();
    let shown = if all > 6 { 5 } else { all };
    let mut out: Vec<String> =
        set.regions.iter().take(shown).map(|region| format!("{verb}: {region}")).collect();
    if all > shown {
        out.push(format!("{verb}: {} more regions", all - shown));
    }
    out
}

/// One packet of the set, in the words of `flowright query`.
pub(crate) fn witness(set: &FlowSet) -> Option<String> {
    set.regions.first().and_then(Region::witness).map(|packet| packet.to_string())
}

/// What is not known, and what would make it known.
pub(crate) struct Open {
    /// `whether 52.96.0.0/14 is in service tag `Sql``
    pub what: String,
    /// The next step.
    pub fact: String,
}

/// An unknown in words. `asked` is the region that it is about, `decider` names the deciding rules.
pub(crate) fn open(unknown: &Unknown, asked: &Region, decider: impl Fn(space::Decider) -> String) -> Open {
    match unknown {
        Unknown::Symbol { symbol, .. } => {
            let end = match symbol.side {
                Side::Source => space::address_set(&asked.source),
                Side::Destination => destination(asked),
                Side::Packet => "the packet".to_owned(),
            };
            let name = &symbol.name;
            let noun = symbol.kind.noun();
            match symbol.kind {
                SymbolKind::Match => Open {
                    what: format!("whether `{name}` matches"),
                    fact: "replace that match by addresses and ports, or accept that it cannot be proved"
                        .to_owned(),
                },
                SymbolKind::Name => Open {
                    what: format!("whether {end} is an address of `{name}`"),
                    fact: settled_by(&format!("`{name}`"), symbol.kind, name),
                },
                SymbolKind::Undefined | SymbolKind::Placeholder => Open {
                    what: format!("what the {noun} `{name}` is"),
                    fact: format!(
                        "define `{name}` in the export, or export it together with its definitions"
                    ),
                },
                _ => Open {
                    what: format!("whether {end} is in the {noun} `{name}`"),
                    fact: settled_by(&format!("the {noun} `{name}`"), symbol.kind, name),
                },
            }
        }
        Unknown::Address(side) => {
            let name = names(asked, *side);
            Open {
                what: format!("which addresses {name} has"),
                fact: format!(
                    "{}, or a rule that matches the name",
                    settled_by(&name, SymbolKind::Name, &name)
                ),
            }
        }
        Unknown::InInterface => Open {
            what: "by which interface the packets come in".to_owned(),
            fact: "a rule that does not depend on the interface would settle it".to_owned(),
        },
        Unknown::OutInterface => Open {
            what: "by which interface the packets leave".to_owned(),
            fact: "a rule that does not depend on the interface would settle it".to_owned(),
        },
        Unknown::Port(Side::Source) => {
            Open { what: "from which source port".to_owned(), fact: "say the source port".to_owned() }
        }
        Unknown::Port(_) => Open { what: "to which port".to_owned(), fact: "say the port".to_owned() },
        Unknown::Action(by) => Open {
            what: format!("what {} does with the packet", decider(*by)),
            fact:
                "that statement decides, and it is not understood or depends on something outside the export"
                    .to_owned(),
        },
    }
}

/// Which published list would tell the addresses of `what`.
pub(crate) fn settled_by(what: &str, kind: SymbolKind, name: &str) -> String {
    // The domains of the hosts in Microsoft's endpoint list; others are published by nobody in a form that we read.
    const MICROSOFT: [&str; 9] = [
        "office365.com",
        "office.com",
        "outlook.com",
        "sharepoint.com",
        "microsoftonline.com",
        "microsoft.com",
        "windows.net",
        "partner.outlook.cn",
        "sharepoint.cn",
    ];
    let bare = name.trim_matches('`').to_ascii_lowercase();
    let within = |domain: &str| bare == domain || bare.ends_with(&format!(".{domain}"));
    let feed = match kind {
        SymbolKind::ServiceTag => Some(("Azure's list of service tags", "azure")),
        SymbolKind::Name if MICROSOFT.iter().any(|domain| within(domain)) => {
            Some(("the Microsoft 365 endpoint list", "m365"))
        }
        _ => None,
    };
    match feed {
        Some((list, feed)) => format!(
            "the addresses of {what} would settle it: pin {list} with `flowright feed add {feed} --from-file FILE`"
        ),
        None => format!("the addresses of {what} would settle it"),
    }
}

fn destination(region: &Region) -> String {
    let names = names(region, Side::Destination);
    if names.is_empty() { space::address_set(&region.destination) } else { names }
}

/// The names that the region asserts of a side, between backticks.
fn names(region: &Region, side: Side) -> String {
    let names = region
        .conditions
        .essential()
        .into_iter()
        .filter(|(symbol, held)| *held && symbol.side == side && symbol.kind == SymbolKind::Name);
    let names: Vec<String> = names.map(|(symbol, _)| format!("`{}`", symbol.name)).collect();
    if names.is_empty() { String::new() } else { list(names) }
}
