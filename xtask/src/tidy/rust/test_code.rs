//! Which code is only for tests.

/// Code, and what was taken out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The same text, of the same length, with the items that are only for tests as blanks.
    pub code: String,
    /// The names of the modules only for tests whose text is in files of their own.
    pub modules: Vec<String>,
}

/// Takes the items under `#[cfg(test)]`, `#[cfg(all(test, ...))]` and `#[test]` out of text that
/// [`super::code_only`] made.
pub fn without_tests(code: &str) -> Split {
    if condition_is_test(code, code.find("#![cfg(").map(|at| at + 2)) {
        return Split { code: blanked(code), modules: Vec::new() };
    }
    let mut split = Split { code: String::with_capacity(code.len()), modules: Vec::new() };
    let mut rest = code;
    while let Some(at) = rest.find("#[") {
        let attribute_end = at + 1 + bracketed(&rest[at + 1..]);
        if !condition_is_test(rest, Some(at + 1)) {
            split.code.push_str(&rest[..attribute_end]);
            rest = &rest[attribute_end..];
            continue;
        }
        let item = after_attributes(rest, attribute_end);
        let end = item + item_length(&rest[item..]);
        split.modules.extend(module_elsewhere(&rest[item..end]));
        split.code.push_str(&rest[..at]);
        split.code.push_str(&blanked(&rest[at..end]));
        rest = &rest[end..];
    }
    split.code.push_str(rest);
    split
}

/// Where the text of a module is that a file declares: the file, or the folder before its slash.
pub fn out_of_line(declaring_path: &str, module: &str) -> [String; 2] {
    let (folder, name) = declaring_path.rsplit_once('/').unwrap_or(("", declaring_path));
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let folder =
        if ["lib", "main", "mod"].contains(&stem) { folder.to_owned() } else { format!("{folder}/{stem}") };
    [format!("{folder}/{module}.rs"), format!("{folder}/{module}/")]
}

/// Whether the bracket at a place encloses a condition that holds only for tests.
fn condition_is_test(code: &str, bracket: Option<usize>) -> bool {
    let Some(bracketed_text) = bracket.map(|at| &code[at..at + bracketed(&code[at..])]) else { return false };
    let packed: String = bracketed_text.split_whitespace().collect();
    packed == "[test]" || packed == "[cfg(test)]" || packed.starts_with("[cfg(all(test,")
}

/// The length of a text that begins with a bracket, up to the one that closes it.
fn bracketed(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// Where the item begins that stands below further attributes.
fn after_attributes(code: &str, mut at: usize) -> usize {
    loop {
        at += code[at..].len() - code[at..].trim_start().len();
        if !code[at..].starts_with("#[") {
            return at;
        }
        at += 1 + bracketed(&code[at + 1..]);
    }
}

/// The length of an item: up to its semicolon, or to the end of its braces.
fn item_length(text: &str) -> usize {
    let mut at = 0;
    while at < text.len() {
        match text.as_bytes()[at] {
            b';' => return at + 1,
            b'{' => return at + bracketed(&text[at..]),
            b'(' | b'[' => at += bracketed(&text[at..]),
            _ => at += 1,
        }
    }
    text.len()
}

/// The name in `mod name;`.
fn module_elsewhere(item: &str) -> Option<String> {
    let words: Vec<&str> = item.strip_suffix(';')?.split_whitespace().collect();
    match words.as_slice() {
        [.., "mod", name] => Some((*name).to_owned()),
        _ => None,
    }
}

fn blanked(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(code: &str) -> Vec<String> {
        let split = without_tests(code);
        assert_eq!(split.code.len(), code.len());
        split.code.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn items_for_tests_go() {
        assert_eq!(words("a #[cfg(test)] mod tests { b { c } d } e"), ["a", "e"]);
        assert_eq!(words("a #[cfg(test)]\n#[allow(x)]\nfn b(c: [u8; 4]) -> d { e } f"), ["a", "f"]);
        assert_eq!(words("a #[cfg(all(test, unix))] use b; c #[test] fn d() { e }"), ["a", "c"]);
    }

    #[test]
    fn other_items_stay() {
        let code = "#[cfg(any(test, unix))] use a; #[cfg(not(test))] use b; #[derive(Debug)] struct C;";
        assert_eq!(without_tests(code), Split { code: code.to_owned(), modules: Vec::new() });
    }

    #[test]
    fn a_whole_file_may_be_for_tests() {
        assert_eq!(words("#![cfg(test)]\nuse a;"), Vec::<String>::new());
    }

    #[test]
    fn modules_elsewhere_are_named() {
        let split =
            without_tests("#[cfg(test)] mod a; #[cfg(test)] pub(crate) mod b; mod c; #[cfg(test)] use d;");
        assert_eq!(split.modules, ["a", "b"]);
        assert_eq!(out_of_line("crates/x/src/lib.rs", "a"), ["crates/x/src/a.rs", "crates/x/src/a/"]);
        assert_eq!(out_of_line("crates/x/src/y.rs", "a"), ["crates/x/src/y/a.rs", "crates/x/src/y/a/"]);
    }

    #[test]
    fn unfinished_code_ends() {
        assert_eq!(words("a #[cfg(test"), ["a", "#[cfg(test"]);
        assert_eq!(words("a #[cfg(test)] mod b {"), ["a"]);
    }
}
