use std::fmt::Write as _;

use checks::fix::{Fixes, Proof};

/// What was fixed and what was left, one thing a line, with what was proved of it and the commands that do it.
///
/// `+` is newly permitted, `-` newly denied, `$` a command for the running firewall, `undo $` one that takes it back.
pub fn written(fixes: &Fixes) -> String {
    let mut text = String::new();
    for fix in &fixes.applied {
        let _ = writeln!(text, "{} [{}] {}", fix.proof.safety.as_str(), fix.check, fix.title);
        proof(&fix.proof, &mut text);
        for (sign, commands) in [("$", &fix.commands), ("undo $", &fix.rollback)] {
            for line in commands.iter().flat_map(|command| command.lines()) {
                let _ = writeln!(text, "  {sign} {line}");
            }
        }
    }
    for left in &fixes.left {
        let _ = writeln!(text, "left ({}) [{}] {}", left.safety.as_str(), left.check, left.title);
        for reason in &left.reasons {
            let _ = writeln!(text, "  {reason}");
        }
        if let Some(known) = &left.proof {
            proof(known, &mut text);
        }
    }
    text
}

fn proof(proof: &Proof, text: &mut String) {
    for (sign, set) in [("+", &proof.newly_permitted), ("-", &proof.newly_denied)] {
        for region in &set.regions {
            let _ = writeln!(text, "  {sign} {region}");
        }
    }
}
