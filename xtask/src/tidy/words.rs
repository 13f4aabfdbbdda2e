//! Words that say a job is half done, or that name somebody's machine.
//!
//! The words stand here in two halves, so that this file passes its own check.

use super::Violation;
use super::files::File;

struct Word {
    text: &'static str,
    wrong: &'static str,
    remedy: &'static str,
    /// Also looked for in exports: a comment in a firewall's file may say anything else.
    in_exports: bool,
}

const UNFINISHED: &str = "finish it, or leave it out and say so where users read";
const MACHINE: &str = "write a path from the root of the repository";

const WORDS: &[Word] = &[
    unfinished(concat!("TO", "DO")),
    unfinished(concat!("FIX", "ME")),
    unfinished(concat!("todo", "!")),
    Word {
        text: concat!("#[", "ignore"),
        wrong: "a test that never runs",
        remedy: "let it run, or delete it",
        in_exports: false,
    },
    Word {
        text: concat!("#[", "should_panic"),
        wrong: "a test that any panic passes",
        remedy: "return an error and assert what it says",
        in_exports: false,
    },
    machine(concat!("/ho", "me/")),
    machine(concat!("/wo", "rk/")),
    machine(concat!("/ro", "ot/")),
    machine(concat!("/Us", "ers/")),
    machine(concat!(":\\Us", "ers\\")),
];

/// In a manifest, however it is spaced. Salsa cancels by unwinding, so aborting would end the program.
const ABORT: &str = concat!("panic=", "\"abort\"");

const fn unfinished(text: &'static str) -> Word {
    Word { text, wrong: "a note that something is unfinished", remedy: UNFINISHED, in_exports: false }
}

const fn machine(text: &'static str) -> Word {
    Word { text, wrong: "a path of one machine", remedy: MACHINE, in_exports: true }
}

/// Finds the words, each once a line, in every text file.
pub fn check(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files {
        let is_export = file.is_export();
        for (index, line) in file.text().lines().enumerate() {
            for word in WORDS.iter().filter(|word| word.in_exports || !is_export) {
                if contains(line, word.text) {
                    let wrong = format!("`{}` is {}", word.text, word.wrong);
                    found.push(Violation::new(&file.path, index + 1, wrong, word.remedy));
                }
            }
            if file.extension() == "toml" && line.split_whitespace().collect::<String>().contains(ABORT) {
                let wrong = "panics abort, and a cancelled computation unwinds";
                found.push(Violation::new(&file.path, index + 1, wrong, "delete the line"));
            }
        }
    }
    found
}

/// Whether the line has the word, not as the end or the start of a longer one: the path of a web page
/// follows a host's name, and so is no path of a machine.
fn contains(line: &str, word: &str) -> bool {
    let joins = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    let starts_joined = word.starts_with(|first: char| first.is_alphanumeric() || first == '/');
    let ends_joined = word.ends_with(char::is_alphanumeric) && !word.starts_with('#');
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let is_end = starts_joined && before.is_some_and(joins);
        let is_start = ends_joined && after.is_some_and(|next| next.is_alphanumeric() || next == '_');
        !is_end && !is_start
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&[File::new(path, text)]).into_iter().map(|found| found.line).collect()
    }

    #[test]
    fn each_word_is_found_with_its_line() {
        for word in WORDS {
            assert_eq!(lines("a.rs", &format!("fine\n// {} fine\n", word.text)), [2], "{}", word.text);
        }
    }

    #[test]
    fn attributes_are_found_with_their_arguments() {
        assert_eq!(lines("a.rs", concat!("#[", "ignore = \"slow\"]\n")), [1]);
        assert_eq!(lines("a.rs", concat!("#[", "should_panic(expected = \"x\")]\n")), [1]);
    }

    #[test]
    fn longer_words_and_web_pages_are_not_meant() {
        let fine = concat!(
            "MASTODON\n",
            "todo = \"warn\"\n",
            "my_to",
            "do!()\n",
            "https://www.example.com/ho",
            "me/index.html\n",
            "a folder/wo",
            "rk/b\n"
        );
        assert!(lines("a.md", fine).is_empty());
        assert_eq!(lines("a.md", concat!("file:///ho", "me/someone\n")), [1]);
    }

    #[test]
    fn an_export_may_say_anything_but_where_it_was_made() {
        let text = concat!("# TO", "DO remove\n# saved to /ho", "me/someone\n");
        assert_eq!(lines("tests/exports/a.rules", text), [2]);
        assert_eq!(lines("tests/a.rules", text), [1, 2]);
    }

    #[test]
    fn aborting_is_found_however_it_is_spaced() {
        let manifest = concat!("[profile.dist]\npanic  = \"ab", "ort\"\n");
        assert_eq!(lines("Cargo.toml", manifest), [2]);
        assert!(lines("a.md", manifest).is_empty());
    }
}
