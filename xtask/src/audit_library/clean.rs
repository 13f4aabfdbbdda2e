//! What of a document's text counts: everything but its front matter, comments, code and link targets.

/// A document's text without what does not count, and the front matter's entries.
pub struct Cleaned {
    pub text: String,
    pub front_matter: Vec<(String, String)>,
    pub left_out: Vec<String>,
}

/// Takes out what does not count. Fails where a comment or a code block has no end: all that follows would be lost.
pub fn clean(text: &str) -> Result<Cleaned, String> {
    let (front_matter, body) = front_matter(text);
    let mut left_out = Vec::new();
    let body = without_comments(body, &mut left_out)?;
    let body = without_code(&body, &mut left_out)?;
    let text = unescaped(&without_links(&body, &mut left_out));
    Ok(Cleaned { text, front_matter, left_out })
}

/// The entries between the first two lines `---`, and what follows them.
fn front_matter(text: &str) -> (Vec<(String, String)>, &str) {
    let Some(inside) = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) else {
        return (Vec::new(), text);
    };
    let Some(end) = inside.find("\n---") else { return (Vec::new(), text) };
    let (head, tail) = inside.split_at(end);
    let entries = head.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        Some((key.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
    });
    (entries.collect(), tail.trim_start_matches("\n---"))
}

fn without_comments(text: &str, left_out: &mut Vec<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        let Some((comment, after)) = after.split_once("-->") else {
            return Err("a comment has no end; close it with `-->`".to_owned());
        };
        left_out.push(format!("a comment of {} lines: \"{}\"", comment.lines().count(), start(comment)));
        out.push_str(before);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn without_code(text: &str, left_out: &mut Vec<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let mut code = Vec::new();
        loop {
            match lines.next() {
                Some(line) if line.trim() == "```" => break,
                Some(line) => code.push(line),
                None => return Err("a code block has no end; close it with three backticks".to_owned()),
            }
        }
        left_out.push(format!("a block of code ({}): \"{}\"", language.trim(), start(&code.join(" "))));
    }
    Ok(out)
}

/// `[text](target)` becomes `text`: a link leads to something to read, not to an endpoint.
fn without_links(text: &str, left_out: &mut Vec<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        let Some((target, behind)) = after.split_once(')') else { break };
        match before.rfind('[') {
            Some(open) if !target.contains('\n') => {
                out.push_str(&before[..open]);
                out.push_str(&before[open + 1..]);
                if target.starts_with("#tab/") {
                    // What a tab is called stays visible to whoever reads the headings.
                    out.push_str(TAB);
                } else {
                    left_out.push(format!("the target of a link: {target}"));
                }
                rest = behind;
            }
            _ => {
                out.push_str(before);
                out.push_str("](");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Ends a heading that begins a tab.
pub const TAB: &str = "\u{1}";

/// Without `\` before punctuation, with one kind of blank, and with line breaks of cells as the character that ends them.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek().is_some_and(char::is_ascii_punctuation) => {
                // A bar that belongs to a cell's text must not end the cell.
                let escaped = characters.next().filter(|next| *next != '|').unwrap_or(' ');
                out.push(escaped);
            }
            '<' => {
                let tag: String = characters.clone().take(8).take_while(|next| *next != '>').collect();
                if matches!(tag.trim().trim_end_matches('/').trim().to_ascii_lowercase().as_str(), "br") {
                    characters.by_ref().take(tag.chars().count() + 1).for_each(drop);
                    out.push(BREAK);
                } else {
                    out.push('<');
                }
            }
            // No-break spaces and their like are blanks.
            blank if blank.is_whitespace() && blank != '\n' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// Separates the lines of a cell.
pub const BREAK: char = '\u{2}';

fn start(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}
