//! A whole rule set to a file for `iptables-restore`.

use super::dump::{Hook, TableKind};
use super::family::Family;
use super::write::{self, Spec, Where};
use crate::{Direction, Refusal, RuleListing};

/// Writes the filter table with one chain: what is there is flushed, replies pass, then the rules in order, then the
/// policy.
pub(super) fn emit(listing: &RuleListing) -> Result<String, Refusal> {
    let named = write::family(&listing.rules)?;
    let family = named.unwrap_or(Family::V4);
    let hook = match listing.direction {
        Direction::Inbound => Hook::Input,
        Direction::Outbound => Hook::Output,
        Direction::Transit => Hook::Forward,
    };
    let place = Where { family, table: TableKind::Filter, hook: Some(hook) };
    let mut specs: Vec<Spec> = Vec::new();
    for rule in &listing.rules {
        specs.extend(write::specs(rule, place)?);
    }
    let chain = hook.chain();
    let policy = if listing.default_permit { "ACCEPT" } else { "DROP" };
    let mut text = format!("*filter\n:{chain} {policy} [0:0]\n-F {chain}\n");
    // A reader tells the family by the addresses: one is needed.
    let shows = |spec: &Spec| {
        spec.0.iter().any(|word| matches!(word.as_str(), "-s" | "-d" | "--src-range" | "--dst-range"))
    };
    let marker = if family == Family::V6 && !specs.iter().any(shows) { "-s ::/0 " } else { "" };
    text.push_str(&format!("-A {chain} {marker}-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"));
    for spec in specs {
        text.push_str(&format!("-A {chain} {}\n", spec.for_restore()));
    }
    text.push_str("COMMIT\n");
    Ok(text)
}
