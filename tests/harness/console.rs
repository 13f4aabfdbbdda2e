use std::path::Path;

use crate::binary::typed;
use crate::markdown::sections;

/// Runs the `console` blocks of a Markdown file in `folder`, one after the other, and returns the file with what really
/// came out in the place of what it says, and how many commands were run.
///
/// A line that begins with `$ ` is typed; what follows is what it prints. `[exit N]` after it is the exit status, where
/// it is not 0.
pub fn replayed(text: &str, folder: &Path) -> Result<(String, usize), String> {
    let mut out = text.to_owned();
    let mut count = 0;
    let mut edits = Vec::new();
    let all = sections(text)?;
    let blocks = all.iter().flat_map(|section| &section.blocks);
    for block in blocks.filter(|block| block.language() == "console") {
        let mut printed = String::new();
        for line in block.text.lines() {
            let Some(command) = line.strip_prefix("$ ") else { continue };
            count += 1;
            let run = typed(folder, command);
            printed.push_str(&format!("$ {command}\n{}", run.out));
            if !printed.ends_with('\n') {
                printed.push('\n');
            }
            match run.status {
                Some(0) => {}
                Some(status) => printed.push_str(&format!("[exit {status}]\n")),
                None => printed.push_str("[ended by a signal]\n"),
            }
        }
        if !block.text.starts_with("$ ") {
            return Err(format!("{}: a console block begins with a command: `$ flowright ...`", block.line));
        }
        edits.push((block.range.clone(), printed));
    }
    for (range, printed) in edits.into_iter().rev() {
        out.replace_range(range, &printed);
    }
    Ok((out, count))
}

/// Where two versions of a file begin to differ, with the lines around.
pub fn first_difference(path: &str, expected: &str, actual: &str) -> String {
    let same = expected.lines().zip(actual.lines()).take_while(|(old, new)| old == new).count();
    let around = |text: &str| {
        text.lines()
            .skip(same.saturating_sub(3))
            .take(40)
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    };
    let (expected, actual) = (around(expected), around(actual));
    format!("{path}:{}: what comes out differs\n  expected:\n{expected}  and it is:\n{actual}", same + 1)
}
