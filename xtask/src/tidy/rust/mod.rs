//! Enough of Rust's syntax for a search not to be misled. See README.md.

mod code;
mod imports;
mod test_code;

pub use code::code_only;
pub use imports::imports;
pub use test_code::{out_of_line, without_tests};

/// The places where a word stands alone, not as a part of a longer identifier.
pub fn occurrences<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(in_identifier) && !after.is_some_and(in_identifier)
    })
}

pub fn in_identifier(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_alone() {
        let text = "std::fs, std::fsx, mystd::fs, ::std::fs";
        assert_eq!(occurrences(text, "std::fs").collect::<Vec<_>>(), [0, 32]);
    }
}
