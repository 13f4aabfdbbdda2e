//! Fixes: planned by check, written by the export's format, read back and proved before anybody sees them.

mod plan;
mod prove;

use std::collections::BTreeMap;
use std::sync::Arc;

use compiler::{Database, File, FileKind, Project};
use diagnostics::{Safety, apply};
use salsa::Setter;

use crate::{Context, Settings};
use plan::Steps;
pub use prove::Proof;

/// What `fix` did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixes {
    /// Applied to the texts in the database, in order; each is made on top of those before it.
    pub applied: Vec<Applied>,
    /// Not applied: unsafe ones that were not asked for, and choices that are the user's.
    pub left: Vec<Left>,
    /// The exports that changed.
    pub files: Vec<Changed>,
}

/// One proved change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub check: &'static str,
    pub firewall: String,
    pub file: File,
    pub title: String,
    pub proof: Proof,
    /// The vendor's commands that do the same, and those that take it back.
    pub commands: Vec<String>,
    pub rollback: Vec<String>,
}

/// One fix that was not made, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub check: &'static str,
    pub firewall: String,
    pub title: String,
    pub safety: Safety,
    /// Where it is unsafe.
    pub proof: Option<Proof>,
    /// Why, or what there is to choose from.
    pub reasons: Vec<String>,
}

/// An export before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub file: File,
    pub before: Arc<str>,
    pub after: Arc<str>,
}

/// More attempts at one finding than this lead nowhere: a flow that four stages deny takes four.
const ATTEMPTS: usize = 6;

/// Plans, writes and proves fixes for every finding that has one, until no plan is left; the texts in `db` are the
/// fixed ones afterwards. Unsafe fixes are only made where `unsafe_too`.
pub fn fix(db: &mut Database, project: Project, settings: &Settings, unsafe_too: bool) -> Fixes {
    let mut out = Fixes::default();
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    let mut originals: Vec<(File, Arc<str>)> = Vec::new();
    loop {
        let context = Context::new(&*db, project, settings);
        let plan = plan::plans(&context, &|key| tried.get(key).copied().unwrap_or(0) >= ATTEMPTS);
        let Some(plan) = plan else { break };
        let options = match plan.steps {
            Steps::Manual(reasons) => {
                tried.insert(plan.key, ATTEMPTS);
                out.left.push(left(plan.check, plan.firewall, plan.title, Safety::Manual, None, reasons));
                continue;
            }
            Steps::Changes(options) => options,
        };
        let mut refused = Vec::new();
        let mut unsafe_one = None;
        let mut made = None;
        for option in options {
            match prove::written_and_proved(
                &context,
                plan.export,
                plan.rule_set,
                &option,
                plan.wants_permission,
                plan.inside.as_ref(),
            ) {
                Ok(written) => match written.proof.safety {
                    Safety::Safe => {
                        made = Some(written);
                        break;
                    }
                    _ => unsafe_one = unsafe_one.or(Some(written)),
                },
                Err(reason) => {
                    if !refused.contains(&reason) {
                        refused.push(reason);
                    }
                }
            }
        }
        drop(context);
        if made.is_none() && unsafe_too {
            made = unsafe_one.take();
        }
        let Some(written) = made else {
            tried.insert(plan.key, ATTEMPTS);
            let (safety, proof) = match unsafe_one {
                Some(written) => (Safety::Unsafe, Some(written.proof)),
                None => (Safety::Manual, None),
            };
            let reasons = if safety == Safety::Unsafe { Vec::new() } else { refused };
            out.left.push(left(plan.check, plan.firewall, plan.title, safety, proof, reasons));
            continue;
        };
        *tried.entry(plan.key).or_default() += 1;
        let before: Arc<str> = plan.export.text(db).into();
        let Some(after) = apply(&before, &written.edits) else { continue };
        if !originals.iter().any(|(file, _)| *file == plan.export) {
            originals.push((plan.export, before));
        }
        plan.export.set_text(db).to(after.into());
        out.applied.push(Applied {
            check: plan.check,
            firewall: plan.firewall,
            file: plan.export,
            title: plan.title,
            proof: written.proof,
            commands: written.commands,
            rollback: written.rollback,
        });
    }
    for (file, before) in originals {
        let after: Arc<str> = file.text(db).into();
        if before != after {
            out.files.push(Changed { file, before, after });
        }
    }
    out
}

fn left(
    check: &'static str,
    firewall: String,
    title: String,
    safety: Safety,
    proof: Option<Proof>,
    reasons: Vec<String>,
) -> Left {
    Left { check, firewall, title, safety, proof, reasons }
}

/// The format that an export is read as.
fn format_of(context: &Context<'_>, export: File) -> Option<&'static dyn formats::Format> {
    let read = compiler::imported(context.db, export).as_ref().ok()?;
    debug_assert!(matches!(export.kind(context.db), FileKind::Export { .. }));
    formats::find(read.format)
}
