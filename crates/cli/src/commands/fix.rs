use std::fmt::Write;
use std::path::Path;

use checks::fix::{Applied, Changed, Fixes, Left, Proof, fix};
use diagnostics::{Safety, printable};
use formats::text::{Encoding, encode};
use similar::TextDiff;
use space::FlowSet;

use crate::arguments::{Carrier, Fix};
use crate::error::Error;
use crate::load::{Loaded, load};
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Fix) -> Result<Status, Error> {
    let mut loaded = load(&arguments.inputs, false)?;
    let before = checks::report(&loaded.db, loaded.project, &loaded.settings);
    if !before.errors.is_empty() || !loaded.unreadable.is_empty() {
        return Err(Error::usage(
            "a policy or an export has errors, and a fix would rest on them",
            "`flowright check` shows them; mend them first",
        ));
    }
    let settings = loaded.settings.clone();
    let fixes = fix(&mut loaded.db, loaded.project, &settings, arguments.unsafe_too);
    let text = match arguments.emit {
        Some(Carrier::Diff) => diffs(&loaded, &fixes.files),
        Some(Carrier::Commands) => lines(fixes.applied.iter().flat_map(|fix| &fix.commands)),
        Some(Carrier::Rollback) => rollback(&loaded, &fixes),
        None => in_words(&loaded, &fixes, arguments.write),
    };
    if arguments.write {
        for changed in &fixes.files {
            let path = changed.file.path(&loaded.db);
            let encoding = loaded.encodings.get(path).copied().unwrap_or(Encoding::Utf8);
            output::write_file(Path::new(path), &encode(&changed.after, encoding))?;
        }
    }
    output::answer(&text)?;
    let undone = !arguments.write && !fixes.files.is_empty();
    Ok(if undone || !fixes.left.is_empty() { Status::Findings } else { Status::Clean })
}

fn lines<'a>(lines: impl Iterator<Item = &'a String>) -> String {
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// The vendor's commands that take the fixes back; for a format that no device takes commands for, the diff backwards.
fn rollback(loaded: &Loaded, fixes: &Fixes) -> String {
    let commands = lines(fixes.applied.iter().rev().flat_map(|fix| &fix.rollback));
    let of = |changed: &&Changed| {
        fixes.applied.iter().any(|fix| fix.file == changed.file && !fix.rollback.is_empty())
    };
    let back = fixes.files.iter().filter(|changed| !of(changed)).map(|changed| Changed {
        file: changed.file,
        before: changed.after.clone(),
        after: changed.before.clone(),
    });
    commands + &diffs(loaded, &back.collect::<Vec<_>>())
}

/// Unified diffs of the exports, as `patch` takes them.
fn diffs(loaded: &Loaded, files: &[Changed]) -> String {
    let mut text = String::new();
    for changed in files {
        let path = changed.file.path(&loaded.db);
        let diff = TextDiff::from_lines(&*changed.before, &*changed.after);
        let (old, new) = (format!("a/{path}"), format!("b/{path}"));
        let _ = write!(text, "{}", diff.unified_diff().context_radius(2).header(&old, &new));
    }
    text
}

fn in_words(loaded: &Loaded, fixes: &Fixes, written: bool) -> String {
    let mut text = String::new();
    for Applied { check, file, title, proof, .. } in &fixes.applied {
        let _ = writeln!(text, "{} fix [{check}] {}", proof.safety.as_str(), printable(title));
        let _ = writeln!(text, "    in {}, proved:", printable(file.path(&loaded.db)));
        proved(proof, &mut text);
    }
    for Left { check, title, safety, proof, reasons, .. } in &fixes.left {
        let _ = match safety {
            Safety::Manual => writeln!(text, "left to you [{check}] {}", printable(title)),
            _ => writeln!(text, "not made without --unsafe [{check}] {}", printable(title)),
        };
        for reason in reasons {
            let _ = writeln!(text, "    {}", printable(reason));
        }
        if let Some(proof) = proof {
            let _ = writeln!(text, "    it would, proved:");
            proved(proof, &mut text);
        }
    }
    if fixes.applied.is_empty() && fixes.left.is_empty() {
        text.push_str("nothing to fix\n");
    }
    if !fixes.files.is_empty() {
        text.push('\n');
        // The diff shows what the export holds: no colour and no control characters of its names.
        for line in diffs(loaded, &fixes.files).lines() {
            let _ = writeln!(text, "{}", printable(line));
        }
        let hint =
            if written { "written" } else { "nothing is written: add `--write`, or `--emit commands`" };
        let _ = writeln!(text, "\n{hint}");
    }
    text
}

fn proved(proof: &Proof, text: &mut String) {
    if proof.newly_permitted.is_empty() && proof.newly_denied.is_empty() {
        text.push_str("    nothing changes\n");
    }
    let mut list = |word: &str, set: &FlowSet| {
        for region in set.regions.iter().take(8) {
            let _ = writeln!(text, "    {word}: {}", printable(&region.to_string()));
        }
        if set.regions.len() > 8 {
            let _ = writeln!(text, "    {word}: {} more regions", set.regions.len() - 8);
        }
    };
    list("newly permitted", &proof.newly_permitted);
    list("newly denied", &proof.newly_denied);
}
