use diagnostics::TextRange;

use crate::ImportError;
use crate::feed::{FEEDS, Feed};
use crate::json::{Json, Value};

/// A kind of feed: one vendor's list, in that vendor's JSON.
pub trait FeedKind: Sync {
    /// The name on the command line and in `flowright.lock`, in kebab-case: `m365-endpoints`.
    fn name(&self) -> &'static str;

    /// What it is, in the vendor's words.
    fn title(&self) -> &'static str;

    /// Where the vendor offers the file, for messages: this program never fetches it.
    fn origin(&self) -> &'static str;

    /// Whether a file is of this kind, from what it holds. No two kinds say so of one file.
    fn detect(&self, root: Value<'_>) -> bool;

    /// Reads a file that was detected as this kind.
    ///
    /// An error means that the file does not have the kind's shape, so that what is missing from it cannot be told.
    /// A value that is wrong is a problem of the feed: what hangs on it is then not known.
    fn read(&self, root: Value<'_>) -> Result<Feed, ImportError>;
}

/// The kind with this name.
pub fn find(name: &str) -> Option<&'static dyn FeedKind> {
    FEEDS.iter().copied().find(|kind| kind.name() == name)
}

/// The kind of a file, by its content; `None` for what is none of them, or no JSON.
pub fn detect(text: &str) -> Option<&'static dyn FeedKind> {
    Json::parse(text).ok().and_then(|json| of(json.root()))
}

/// Reads a file as the kind with the given name, or as the one its content shows.
///
/// The order of keys, of entries and of what is in them makes no difference to what the feed says.
pub fn read(kind: Option<&str>, text: &str) -> Result<Feed, ImportError> {
    let start = TextRange::new(0, 0);
    let wanted = match kind {
        None => None,
        Some(name) => Some(find(name).ok_or_else(|| {
            let message = format!("no kind of feed is called `{}`", diagnostics::printable(name));
            ImportError::new(start, message, format!("use one of: {}", names()))
        })?),
    };
    let again = || match wanted {
        Some(kind) => format!("download the file again: {}", kind.origin()),
        None => "download the file again, and save it as it comes".to_owned(),
    };
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(ImportError::new(start, "the feed file is empty", again()));
    }
    let json = Json::parse(text).map_err(|error| {
        // What cannot be is the end of the text, or a word that the end cuts.
        let rest = text.get(error.place.start as usize..).unwrap_or_default();
        let is_cut = ["true", "false", "null"].iter().any(|word| word.starts_with(rest));
        let message = if is_cut {
            format!("the feed file is cut off: {}", error.message)
        } else {
            format!("the feed file is no JSON: {}", error.message)
        };
        ImportError::new(error.place, message, again())
    })?;
    let found = of(json.root());
    let kind = match (wanted, found) {
        (Some(wanted), Some(found)) if wanted.name() != found.name() => {
            let message = format!("this is a file of `{}`, not of `{}`", found.name(), wanted.name());
            let help = format!("name the file of {}, or the kind `{}`", wanted.title(), found.name());
            return Err(ImportError::new(start, message, help));
        }
        (_, Some(found)) => found,
        (Some(wanted), None) => {
            let message = format!("this is no file of `{}`", wanted.name());
            return Err(ImportError::new(start, message, again()));
        }
        (None, None) => {
            let help = format!("it has to be the vendor's own JSON of one of: {}", names());
            return Err(ImportError::new(start, "the kind of the feed file is not recognised", help));
        }
    };
    kind.read(json.root())
}

fn of(root: Value<'_>) -> Option<&'static dyn FeedKind> {
    FEEDS.iter().copied().find(|kind| kind.detect(root))
}

fn names() -> String {
    FEEDS.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}
