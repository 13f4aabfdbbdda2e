use diagnostics::printable;

use super::model::{Reading, Rule, Slot, Store};
use super::powershell::{self, Fields};
use super::property::{FILTERS, Property, bits};
use crate::Refusal;

/// Of these a rule has a list; of all others one value, whatever commas are in it.
const LISTS: &[Property] = &[
    Property::Profile,
    Property::Platform,
    Property::LocalAddress,
    Property::RemoteAddress,
    Property::LocalPort,
    Property::RemotePort,
    Property::IcmpType,
    Property::InterfaceType,
    Property::RemoteDynamicKeywordAddresses,
];

/// What says where a rule comes from, and no cmdlet takes.
const NO_PARAMETERS: &[Property] = &[
    Property::InstanceId,
    Property::PolicyStoreSource,
    Property::PolicyStoreSourceType,
    Property::PackageFamilyName,
    Property::NetworkName,
    Property::SecurityRealm,
];

/// The commands that remove a rule, and that make it again as it was.
pub fn removal(reading: &Reading<'_>, rule: &Rule<'_>) -> Result<(String, String), Refusal> {
    let store = (rule.store == Store::Policy)
        .then(|| format!("<domain>\\{}", rule.text(Property::PolicyStoreSource).unwrap_or("<policy>")));
    let remove = match rule.key() {
        Some(key) => powershell::remove_rule(key, store.as_deref())?,
        None => {
            let shown = rule.shown_name().unwrap_or_default();
            let alike = reading.rules.iter().filter(|other| other.shown_name() == Some(shown)).count();
            if alike != 1 {
                return Err(Refusal::new(
                    format!(
                        "{alike} rules are called `{}`, and the file has no other names",
                        printable(shown)
                    ),
                    "give the rules a `Name`, or remove it in the console `wf.msc`",
                ));
            }
            let by_name = powershell::remove_rule(shown, store.as_deref())?;
            by_name.replacen("-Name ", "-DisplayName ", 1)
        }
    };
    let mut again = powershell::new_rule(&fields(rule)?);
    if let Some(store) = store {
        again.push_str(&format!(" -PolicyStore {}", powershell::quoted(&store)));
    }
    Ok((remove, again))
}

/// A rule of the file, parameter by parameter.
fn fields(rule: &Rule<'_>) -> Result<Fields, Refusal> {
    let cannot = |why: &str| {
        let name = printable(rule.shown_name().unwrap_or_default()).into_owned();
        Refusal::new(
            format!("`{name}` could not be made again as it was: {why}"),
            "collect the rules with `collect.ps1`, and make the change there",
        )
    };
    if rule.missing(bits(FILTERS)) != 0 {
        return Err(cannot("the export leaves filters out"));
    }
    if rule.strange.is_some() {
        return Err(cannot("something in it is not understood"));
    }
    let mut out: Fields = Vec::new();
    for (property, slot) in rule.slots() {
        if NO_PARAMETERS.contains(property) {
            continue;
        }
        let words: Vec<String> = match slot {
            Slot::Expression(_) => return Err(cannot("a value is known only when the script runs")),
            _ if LISTS.contains(property) => {
                slot.words().into_iter().map(|(word, _)| word.to_owned()).collect()
            }
            Slot::List(items) => items.iter().map(|(text, _)| text.trim().to_owned()).collect(),
            Slot::Text(text, _) => vec![text.trim().to_owned()],
        };
        out.push((*property, words));
    }
    // The parameters in the order in which the cmdlet has them.
    out.sort_by_key(|(property, _)| *property);
    Ok(out)
}
