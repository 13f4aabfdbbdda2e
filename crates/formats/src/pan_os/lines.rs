use super::write::{Entry, Field};

/// A word as the command line takes it. Names come from files that strangers wrote: nothing in one ends the line.
pub fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/:,@$*^+=%\\".contains(&byte) || byte >= 0x80;
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    let mut out = String::with_capacity(word.len() + 2);
    out.push('"');
    for character in word.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\n' | '\r' => out.push(' '),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// The `set` commands for an entry below `path`.
pub fn set(path: &[String], entry: &Entry) -> Vec<String> {
    entry.fields.iter().map(|field| set_field(path, &entry.name, field)).collect()
}

fn set_field(path: &[String], name: &str, field: &Field) -> String {
    let mut line = command("set", path, name);
    for key in &field.path {
        line.push(' ');
        line.push_str(key);
    }
    line.push(' ');
    match field.values.as_slice() {
        [one] => line.push_str(&quoted(one)),
        values => {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            line.push_str(&format!("[ {} ]", values.join(" ")));
        }
    }
    line
}

/// `set rulebase security rules web`, and the same with other verbs.
pub fn command(verb: &str, path: &[String], name: &str) -> String {
    let words: Vec<String> = path.iter().map(|word| quoted(word)).collect();
    let path = words.join(" ");
    format!("{verb} {path} {}", quoted(name))
}
