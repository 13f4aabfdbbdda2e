use compiler::{Anchor, Kind, requirements};
use diagnostics::{Finding, Level};

use crate::{Check, Context, words};

pub(crate) const CHECK: Check = Check {
    name: "deprecated-endpoint",
    summary: "a document says that something a flow goes to is gone after a day",
    level: Level::Note,
    page: include_str!("deprecated_endpoint.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    let today = context.project.as_of(context.db);
    for requirement in requirements(context.db, context.project) {
        let Some(last) = requirement.provenance.deprecated else { continue };
        if requirement.alternatives.is_empty() || requirement.kind == Kind::Never {
            continue;
        }
        let id = &requirement.id;
        let message = if last < today {
            format!("what `{id}` goes to is gone since {last}, its document says")
        } else {
            format!("what `{id}` goes to is there until {last}, its document says")
        };
        let mut finding = Finding::new(CHECK.name, CHECK.level, message);
        let place = Anchor::Statement { id: requirement.statement.clone(), range: requirement.range };
        finding = finding.primary(place, "asked for here");
        if let Some(statement) = &requirement.provenance.statement {
            let said = Anchor::Statement { id: statement.clone(), range: requirement.provenance.range };
            finding = finding.secondary(said, "said here");
        }
        finding = finding.note(format!("asked for: {}", words::asked(&requirement)));
        finding = finding.help("once nothing uses it, waive or remove what permits it");
        finding.requirement = Some(id.to_string());
        out.push(finding);
    }
}
