//! What `name` defines.

use std::collections::HashMap;

use diagnostics::TextRange;

use super::config::Alias;
use super::words::Words;

/// What `name` defines, wherever it stands: objects further up may use it in a file that was put together by hand.
pub(super) fn aliases(text: &str) -> HashMap<&str, Alias> {
    let mut aliases = HashMap::new();
    for at in memchr::memmem::find_iter(text.as_bytes(), b"name ") {
        if at > 0 && text.as_bytes().get(at - 1) != Some(&b'\n') {
            continue;
        }
        let line = text.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'\n', line.as_bytes()).unwrap_or(line.len());
        let line = line.get(..end).unwrap_or_default().trim_end();
        let mut words = Words::new(line, at);
        words.next();
        if let (Some(address), Some(name)) = (words.next(), words.next()) {
            let place = TextRange::new(at, at + line.len());
            aliases.insert(name.text, Alias { address: address.text.parse().ok(), place });
        }
    }
    aliases
}
