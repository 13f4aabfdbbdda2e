use compiler::{Anchor, RemarkKind};
use diagnostics::{Finding, Level};

use crate::{Check, Context, remarks};

pub(crate) const CHECK: Check = Check {
    name: "document-note",
    summary: "a document that is imported has something odd: a host that looks mistyped, an entry it repeats",
    level: Level::Note,
    page: include_str!("document_note.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for import in remarks::by_import(context, RemarkKind::Note) {
        let (alias, count) = (&import.alias, import.remarks.len());
        let message = format!(
            "the document behind `{alias}` has {count} {}",
            if count == 1 { "oddity" } else { "oddities" }
        );
        let mut finding = Finding::new(CHECK.name, CHECK.level, message).primary(import.place, "this module");
        for remark in &import.remarks {
            finding = finding.note(format!("`{}`: {}", remark.subject, remark.text));
        }
        out.push(finding.help("they are encoded as the document has them; decide which of them you need"));
    }
}
