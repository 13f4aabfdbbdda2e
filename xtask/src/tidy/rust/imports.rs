//! What a file imports.

use super::{in_identifier, occurrences};

/// Every path that the `use` items of a text name in full, with the place where its last part begins:
/// `use std::{fs, io::Read as R};` names `std::fs` and `std::io::Read`.
///
/// The text is one that [`super::code_only`] made.
pub fn imports(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for at in occurrences(code, "use") {
        let start = at + "use".len();
        let Some(length) = code[start..].find(';') else { continue };
        let tree = &code[start..start + length];
        // `impl Trait + use<'a>` names no path.
        if tree.trim_start().starts_with('<') {
            continue;
        }
        leaves(tree, start, &mut found);
    }
    found
}

/// Writes down the paths of a tree that begins at a place.
fn leaves(tree: &str, start: usize, found: &mut Vec<(String, usize)>) {
    let mut prefixes: Vec<String> = Vec::new();
    let mut path = String::new();
    let mut place = start;
    let mut is_alias = false;
    let mut words = tree.char_indices().peekable();
    while let Some((at, character)) = words.next() {
        match character {
            '{' => {
                let outer = prefixes.last().cloned().unwrap_or_default();
                prefixes.push(outer + &path);
                path.clear();
            }
            ',' | '}' => {
                finish(&prefixes, &mut path, place, found);
                is_alias = false;
                if character == '}' {
                    prefixes.pop();
                }
            }
            _ if in_identifier(character) => {
                let mut word = String::from(character);
                while let Some((_, next)) = words.next_if(|(_, next)| in_identifier(*next)) {
                    word.push(next);
                }
                is_alias |= word == "as";
                if !is_alias {
                    place = start + at;
                    path.push_str(&word);
                }
            }
            ':' | '*' if !is_alias => path.push(character),
            _ => {}
        }
    }
    finish(&prefixes, &mut path, place, found);
}

fn finish(prefixes: &[String], path: &mut String, place: usize, found: &mut Vec<(String, usize)>) {
    if !path.is_empty() {
        let whole = prefixes.last().cloned().unwrap_or_default() + path;
        found.push((whole.trim_start_matches(':').to_owned(), place));
        path.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(code: &str) -> Vec<String> {
        imports(code).into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn groups_are_spelled_out() {
        assert_eq!(
            paths("use std::{fs, io::{self, Read as R}, net::*}; pub use ::a::b; use c as d;"),
            ["std::fs", "std::io::self", "std::io::Read", "std::net::*", "a::b", "c"]
        );
    }

    #[test]
    fn the_place_is_that_of_the_last_part() {
        let code = "use std::{\n    fs,\n    env::var,\n};\n";
        let places: Vec<usize> = imports(code).into_iter().map(|(_, at)| at).collect();
        assert_eq!(places, [code.find("fs").unwrap(), code.find("var").unwrap()]);
    }

    #[test]
    fn not_every_use_is_an_import() {
        assert_eq!(paths("fn a() -> impl B + use<'c> { reuse; }"), Vec::<String>::new());
        assert_eq!(paths("use unfinished"), Vec::<String>::new());
    }
}
