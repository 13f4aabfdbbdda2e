use tests::folder::{files_below, root, with_files};
use tests::markdown::sections;
use tests::{console, updating};

/// Every Markdown file below `program`: each heading with blocks is a test, in a folder of its own with the files that
/// its `file` blocks hold, and with the commands of its `console` blocks.
#[test]
fn program() {
    let folder = root().join("tests/program");
    let mut failures = Vec::new();
    let mut count = 0;
    for file in files_below(&folder) {
        if file.extension().is_none_or(|extension| extension != "md") || file.ends_with("README.md") {
            continue;
        }
        let text = std::fs::read_to_string(folder.join(&file)).unwrap();
        let shown = format!("tests/program/{}", file.display());
        let mut replayed = text.clone();
        // From the last test to the first: what stands before a test keeps its place.
        for section in sections(&text).unwrap().iter().rev() {
            let files = section.blocks.iter().filter(|block| block.language() == "file");
            let files: Vec<(&str, &[u8])> = files
                .map(|block| (block.words.get(1).copied().unwrap_or("policy.flow"), block.text.as_bytes()))
                .collect();
            if section.blocks.is_empty() {
                continue;
            }
            let start = text.lines().take(section.line - 1).map(|line| line.len() + 1).sum::<usize>();
            let own = with_files(&files);
            match console::replayed(&text[start..section.end], own.path()) {
                Ok((_, 0)) => failures.push(format!("{shown}:{}: no command is run", section.line)),
                Ok((out, commands)) => {
                    count += commands;
                    replayed.replace_range(start..section.end, &out);
                }
                Err(wrong) => failures.push(format!("{shown}:{}: {wrong}", section.line)),
            }
        }
        if replayed != text {
            if updating() {
                std::fs::write(folder.join(&file), replayed).unwrap();
            } else {
                failures.push(console::first_difference(&shown, &text, &replayed));
            }
        }
    }
    assert!(count > 0, "no command was run");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
