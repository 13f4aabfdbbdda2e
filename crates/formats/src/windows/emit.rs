use std::collections::BTreeSet;

use super::order::{self, Placed};
use super::powershell::{self, Names};
use super::specification::specifications;
use crate::{Direction, Refusal, RuleListing};

const HEAD: &str = "\
# Rules of Windows Defender Firewall, for an elevated PowerShell.
# Rules that are already there stay: for these alone, put them into a group policy of their own
# and set its AllowLocalFirewallRules to False.
";

const NAMES: &str = "
# Names are resolved by the network protection of Microsoft Defender Antivirus, which must be on;
# DNS over HTTPS must be off.
";

/// Writes one script for the rules of both directions.
pub fn emit(listings: &[RuleListing]) -> Result<String, Refusal> {
    let mut names = Names::default();
    let mut keywords = BTreeSet::new();
    let mut rules = String::new();
    let mut defaults = String::new();
    for (at, listing) in listings.iter().enumerate() {
        let way = match listing.direction {
            Direction::Inbound => "Inbound",
            Direction::Outbound => "Outbound",
            Direction::Transit => {
                return Err(Refusal::new(
                    "Windows Defender Firewall filters what a computer sends and receives, not what passes through",
                    "compile for the inbound or the outbound direction",
                ));
            }
        };
        if listings.iter().take(at).any(|other| other.direction == listing.direction) {
            return Err(Refusal::new(
                "two rule sets for one direction do not go into the rules of one computer",
                "write one script for each",
            ));
        }
        let default = if listing.default_permit { "Allow" } else { "Block" };
        defaults.push_str(&format!(" -Default{way}Action {default}"));
        direction(listing, &mut names, &mut keywords, &mut rules)?;
    }
    let mut out = HEAD.to_owned();
    if !keywords.is_empty() {
        out.push_str(NAMES);
        for name in &keywords {
            out.push_str(&powershell::new_keyword(name));
            out.push('\n');
        }
    }
    out.push_str(&rules);
    if !listings.is_empty() {
        // Last, so that what is to be allowed is allowed before all else is blocked.
        out.push_str(&format!("\nSet-NetFirewallProfile -All -Enabled True{defaults}\n"));
    }
    Ok(out)
}

fn direction(
    listing: &RuleListing,
    names: &mut Names,
    keywords: &mut BTreeSet<String>,
    out: &mut String,
) -> Result<(), Refusal> {
    for (rule, placed) in listing.rules.iter().zip(order::unordered(listing)?) {
        let regions = match placed {
            Placed::Regions(regions) => regions,
            Placed::ByDefault => {
                let name = diagnostics::printable(&rule.name);
                out.push_str(&format!("\n# {name}: the default blocks it\n"));
                continue;
            }
        };
        out.push('\n');
        for region in &regions {
            for specification in specifications(region, listing.direction)? {
                keywords.extend(specification.name.clone());
                let (name, shown) = names.take(&rule.name);
                let fields =
                    powershell::fields(&specification, &name, &shown, listing.direction, rule.permit);
                out.push_str(&powershell::new_rule(&fields));
                out.push('\n');
            }
        }
    }
    Ok(())
}
