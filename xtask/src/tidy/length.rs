//! A Rust file holds one thing, and one thing is not that long.

use super::Violation;
use super::files::File;

const MOST_LINES: usize = 700;

/// Finds the Rust files of more than 700 lines, tests included.
pub fn check(files: &[File]) -> Vec<Violation> {
    files
        .iter()
        .filter(|file| file.extension() == "rs")
        .filter_map(|file| {
            let lines = file.text().lines().count();
            (lines > MOST_LINES).then(|| {
                Violation::new(
                    &file.path,
                    MOST_LINES + 1,
                    format!("the file has {lines} lines, and {MOST_LINES} is the most"),
                    "move a part that can be named into a file of its own",
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_after_the_last_allowed_one_is_the_place() {
        let long = File::new("a.rs", &"//\n".repeat(MOST_LINES + 1));
        let found = check(&[File::new("b.rs", &"//\n".repeat(MOST_LINES)), long]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_str(), found[0].line), ("a.rs", MOST_LINES + 1));
    }

    #[test]
    fn only_rust_counts() {
        assert!(check(&[File::new("a.md", &"text\n".repeat(2000))]).is_empty());
    }
}
