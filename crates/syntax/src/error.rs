use diagnostics::TextRange;

/// What is wrong with a text, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyntaxError {
    /// From the start of the text.
    pub range: TextRange,
    /// Stands alone: what was expected and what was found.
    pub message: String,
    /// A few words for the place itself.
    pub label: String,
    /// What to do next.
    pub help: Option<String>,
}

impl SyntaxError {
    pub(crate) fn new(range: TextRange, message: impl Into<String>, label: impl Into<String>) -> Self {
        SyntaxError { range, message: message.into(), label: label.into(), help: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A user's text between backticks: control characters escaped, a long one cut short.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown = String::from("`");
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        match character {
            '`' => shown.push('\''),
            _ if character.is_control() || is_invisible(character) => {
                shown.extend(character.escape_unicode())
            }
            _ => shown.push(character),
        }
    }
    shown.push('`');
    shown
}

/// Characters that show as nothing or turn the direction of the text around them.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
