use compiler::{Anchor, Waiver};
use diagnostics::Finding;

use compiler::Date;

/// Takes out the findings that a waiver in force answers for, and says of those whose waiver has ended that it has.
pub(crate) fn without_waived(
    findings: Vec<Finding<Anchor>>,
    waivers: &[Waiver],
    as_of: Date,
) -> Vec<Finding<Anchor>> {
    let mut out = Vec::new();
    'findings: for mut finding in findings {
        for waiver in waivers {
            let wanted = |waived: &Option<String>, mine: &Option<String>| waived.is_none() || waived == mine;
            let fits = waiver.check == finding.check
                && wanted(&waiver.firewall, &finding.firewall)
                && wanted(&waiver.rule, &finding.rule);
            if !fits {
                continue;
            }
            match waiver.until {
                Some(until) if until < as_of => {
                    finding =
                        finding.secondary(waiver.place.clone(), format!("this waiver ended on {until}"));
                }
                _ => continue 'findings,
            }
        }
        out.push(finding);
    }
    out
}
