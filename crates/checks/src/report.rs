use compiler::{Anchor, Db, File, Project, Requirement, requirements_at, waivers};
use diagnostics::{Finding, Level, TextRange};
use formats::Totals;
use space::Verdict;

use crate::waived::without_waived;
use crate::{CHECKS, Context, Settings};

/// Everything there is to say of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The findings of the checks, at the user's levels, without those that are waived.
    pub findings: Vec<Finding<Anchor>>,
    /// What keeps the job from being done whole: errors in policies, exports that cannot be read.
    pub errors: Vec<Finding<Anchor>>,
    pub requirements: Vec<RequirementLine>,
    pub coverage: Vec<Coverage>,
}

/// What is proved of one requirement at one firewall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementLine {
    pub requirement: Requirement,
    pub firewall: String,
    pub verdict: Verdict,
}

/// What became of the statements of one export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub file: File,
    pub totals: Totals,
}

/// The check name that errors in policies are reported under.
pub(crate) const INVALID_POLICY: &str = "invalid-policy";
/// The check name that unreadable exports are reported under.
pub(crate) const UNREADABLE_EXPORT: &str = "unreadable-export";

/// Runs every check.
pub fn report(db: &dyn Db, project: Project, settings: &Settings) -> Report {
    let context = Context::new(db, project, settings);
    let mut findings = Vec::new();
    for check in CHECKS {
        let level = settings.levels.get(check.name).copied().unwrap_or(check.level);
        if level == Level::Off {
            continue;
        }
        let mut found = Vec::new();
        (check.run)(&context, &mut found);
        for finding in &mut found {
            if settings.levels.contains_key(check.name) {
                finding.level = level;
            }
        }
        findings.extend(found);
    }
    let mut findings = without_waived(findings, &waivers(db, project), project.as_of(db));

    let mut errors: Vec<Finding<Anchor>> = Vec::new();
    for problem in compiler::check_policy(db, project).into_iter().chain(context.problems.iter().cloned()) {
        let mut finding =
            Finding::new(INVALID_POLICY, Level::Error, problem.message).primary(problem.place, problem.label);
        for (place, text) in problem.related {
            finding = finding.secondary(place, text);
        }
        finding.help = problem.help;
        errors.push(finding);
    }
    for waiver in waivers(db, project) {
        if crate::find(&waiver.check).is_none() {
            let message = format!("there is no check `{}`", waiver.check);
            let finding =
                Finding::new(INVALID_POLICY, Level::Error, message).primary(waiver.place, "waives nothing");
            errors.push(finding.help("`flowright explain` lists the checks"));
        }
    }
    if !compiler::check_policy(db, project).is_empty() {
        // What is declared is not known whole, so nothing can be called too broad.
        findings.retain(|finding| finding.check != crate::overbroad_rule::CHECK.name);
    }
    let mut requirements = Vec::new();
    let mut coverage: Vec<Coverage> = Vec::new();
    for firewall in compiler::firewalls(db, project) {
        let Some(export) = firewall.export else { continue };
        match compiler::imported(db, export) {
            Err(error) => {
                let place = Anchor::Text { file: export, range: visible(error.place) };
                let known =
                    errors.iter().any(|known| known.labels.first().is_some_and(|label| label.place == place));
                if !known {
                    let finding = Finding::new(UNREADABLE_EXPORT, Level::Error, error.message.clone());
                    errors.push(finding.primary(place, "here").help(error.help.clone()));
                }
            }
            Ok(read) => {
                if !coverage.iter().any(|known| known.file == export) {
                    coverage.push(Coverage { file: export, totals: read.coverage.totals() });
                }
                for (requirement, assessment) in requirements_at(db, project, &firewall) {
                    if let Some(verdict) = assessment.verdict
                        && requirement.kind == compiler::Kind::Required
                    {
                        requirements.push(RequirementLine {
                            requirement,
                            firewall: firewall.name.to_string(),
                            verdict,
                        });
                    }
                }
            }
        }
    }
    Report { findings, errors, requirements, coverage }
}

/// A label must not run over a whole export.
fn visible(range: TextRange) -> TextRange {
    if range.len() > 200 { TextRange::new(range.start as usize, range.start as usize) } else { range }
}
