use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use diagnostics::{LineIndex, printable};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use crate::error::Error;
use crate::load::shown;
use crate::output;

/// The name of the file that says which feeds a project uses, beside `flowright.toml`.
pub const FILE_NAME: &str = "flowright.lock";

/// The feeds of a project's folder, each verified to be the file that was pinned; none where there is no lock.
pub fn feeds(folder: &Path) -> Result<Vec<PinnedFeed>, Error> {
    let lock = Lock::read(folder)?;
    lock.pins.iter().map(|pin| lock.load(pin).map_err(Error::from)).collect()
}

/// A feed whose file is the one that was pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedFeed {
    pub name: String,
    /// A name in `formats::feed::FEEDS`.
    pub kind: &'static str,
    /// As it is shown.
    pub path: String,
    pub text: String,
    pub version: String,
}

/// What `flowright.lock` says.
pub struct Lock {
    folder: PathBuf,
    /// The path of the lock, as it is shown.
    path: String,
    text: String,
    /// Sorted by name once written; in the order of the file when read.
    pub pins: Vec<Pin>,
}

/// One feed of the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    pub name: String,
    pub kind: &'static str,
    /// The upstream's word for the state of the list, or the user's.
    pub version: String,
    /// Relative to the folder of the lock, with `/`.
    pub file: String,
    /// Of the file's bytes, in 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The day, as `2026-03-31`.
    pub added: String,
    pub places: Places,
}

/// Where a pin's values stand in the lock, as bytes; 0 for a pin that was not read from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    file: usize,
    sha256: usize,
}

/// Why a pinned feed cannot be used.
#[derive(Debug)]
pub enum Fault {
    /// The file is there, and is another one.
    Changed(Error),
    Missing(Error),
    Unreadable(Error),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Changed(error) | Fault::Missing(error) | Fault::Unreadable(error) => error,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    feed: Vec<WrittenPin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPin {
    name: Spanned<String>,
    kind: Spanned<String>,
    version: Spanned<String>,
    file: Spanned<String>,
    sha256: Spanned<String>,
    added: Spanned<String>,
}

impl Lock {
    /// Reads the lock of a folder; an empty one where there is none.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let file = folder.join(FILE_NAME);
        let path = shown(&file.display().to_string());
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(source) => {
                let help = "check that it may be read and is UTF-8".to_owned();
                return Err(Error::Read { path, source, help });
            }
        };
        let mut lock = Lock { folder: folder.to_path_buf(), path, text, pins: Vec::new() };
        let written: Written = toml::from_str(&lock.text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            lock.error(offset, error.message().to_owned(), RESTORE)
        })?;
        let mut names = BTreeSet::new();
        for pin in written.feed {
            if !names.insert(pin.name.get_ref().clone()) {
                let message = format!("a second feed is called `{}`", printable(pin.name.get_ref()));
                return Err(lock.error(
                    pin.name.span().start,
                    message,
                    "remove one of the two, and its file",
                ));
            }
            let pin = lock.pin(pin)?;
            lock.pins.push(pin);
        }
        Ok(lock)
    }

    /// The pin with this name.
    pub fn find(&self, name: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.name == name)
    }

    /// Puts a pin in, in the place of one of its name.
    pub fn put(&mut self, pin: Pin) {
        self.pins.retain(|other| other.name != pin.name);
        self.pins.push(pin);
    }

    /// Writes the lock, whole or not at all.
    pub fn write(&mut self) -> Result<(), Error> {
        self.pins.sort_by(|one, other| one.name.cmp(&other.name));
        let path = self.folder.join(FILE_NAME);
        let text = self.to_text();
        if path.exists() {
            output::write_file(&path, text.as_bytes())
        } else {
            output::create_file(&path, text.as_bytes())
        }
    }

    fn to_text(&self) -> String {
        let mut text =
            "# Written by `flowright feed`. Keep it in version control, with the files that it names.\n"
                .to_owned();
        let quoted = |value: &str| toml::Value::String(value.to_owned()).to_string();
        for pin in &self.pins {
            let _ = writeln!(text, "\n[[feed]]");
            let values = [
                ("name", pin.name.as_str()),
                ("kind", pin.kind),
                ("version", &pin.version),
                ("file", &pin.file),
                ("sha256", &pin.sha256),
                ("added", &pin.added),
            ];
            for (key, value) in values {
                let _ = writeln!(text, "{key} = {}", quoted(value));
            }
        }
        text
    }

    /// Opens the file of a pin and verifies that it is the one that was pinned.
    pub fn load(&self, pin: &Pin) -> Result<PinnedFeed, Fault> {
        let file = self.folder.join(&pin.file);
        let path = shown(&file.display().to_string());
        let bytes = std::fs::read(&file).map_err(|source| {
            if source.kind() == ErrorKind::NotFound {
                let message = format!("the feed `{}` is pinned, and its file `{path}` is not there", pin.name);
                let help = format!(
                    "restore the file from version control, or pin a new one: `flowright feed update {} --from-file FILE`",
                    pin.name
                );
                return Fault::Missing(self.error(pin.places.file, message, help));
            }
            let help = "check that it is a file and may be read".to_owned();
            Fault::Unreadable(Error::Read { path: path.clone(), source, help })
        })?;
        let found = sha256(&bytes);
        if found != pin.sha256 {
            let message = format!("`{path}` is not the file that was pinned: its SHA-256 is {found}");
            return Err(Fault::Changed(self.error(pin.places.sha256, message, changed_help(pin, &bytes))));
        }
        let (text, _) = formats::text::decode(&bytes).map_err(|error| {
            Fault::Unreadable(Error::NotText {
                path: path.clone(),
                offset: error.offset,
                reason: error.reason,
            })
        })?;
        Ok(PinnedFeed { name: pin.name.clone(), kind: pin.kind, path, text, version: pin.version.clone() })
    }

    fn pin(&self, written: WrittenPin) -> Result<Pin, Error> {
        let wrong = |value: &Spanned<String>, message: &str, help: &str| {
            let message = format!("`{}` is {message}", printable(value.get_ref()));
            self.error(value.span().start, message, help)
        };
        if !is_name(written.name.get_ref()) {
            return Err(wrong(&written.name, "no name of a feed", NAME_HELP));
        }
        let kind = formats::feed::find(written.kind.get_ref()).ok_or_else(|| {
            let known: Vec<&str> = formats::feed::FEEDS.iter().map(|kind| kind.name()).collect();
            wrong(&written.kind, "no kind of feed", &format!("use one of: {}", known.join(", ")))
        })?;
        if !is_inside(written.file.get_ref()) {
            return Err(wrong(
                &written.file,
                "no path inside this folder",
                "keep the file in the project's folder",
            ));
        }
        let digits = written.sha256.get_ref().bytes();
        if digits.len() != 64 || !digits.clone().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(wrong(&written.sha256, "no SHA-256: 64 lower-case hexadecimal digits", RESTORE));
        }
        if written.added.get_ref().parse::<jiff::civil::Date>().is_err() {
            return Err(wrong(&written.added, "no date", "write it as year, month and day: `2026-03-31`"));
        }
        let places = Places { file: written.file.span().start, sha256: written.sha256.span().start };
        Ok(Pin {
            name: written.name.into_inner(),
            kind: kind.name(),
            version: written.version.into_inner(),
            file: written.file.into_inner(),
            sha256: written.sha256.into_inner(),
            added: written.added.into_inner(),
            places,
        })
    }

    fn error(&self, offset: usize, message: String, help: impl Into<String>) -> Error {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        let (line, column) = LineIndex::new(&self.text).line_column(offset);
        Error::Input { path: self.path.clone(), line, column, message, help: help.into() }
    }
}

const RESTORE: &str = "restore the lock from version control, or remove the entry and pin the feed again: \
                       `flowright feed add NAME --from-file FILE`";

/// What a feed may be called.
pub const NAME_HELP: &str =
    "use lower-case letters, digits, `-` and `_`, a letter or digit first, at most 64 of them";

/// Whether a feed may have this name: its file is called by it, on every system.
pub fn is_name(name: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    name.len() <= 64
        && name.bytes().all(fits)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

/// The SHA-256 of bytes, in lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Whether a path stays below the folder it is relative to: a lock may come from a stranger.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\\')
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// The next step when the bytes of a pinned file are others than they were.
fn changed_help(pin: &Pin, bytes: &[u8]) -> String {
    let lines_only = [
        replaced(bytes, b"\r\n", b"\n"),
        // Only from ends that are all alone can they have been changed back.
        replaced(&replaced(bytes, b"\r\n", b"\n"), b"\n", b"\r\n"),
    ];
    if lines_only.iter().any(|bytes| sha256(bytes) == pin.sha256) {
        return format!(
            "only its line ends differ: restore it from version control after a line `{} -text` in `.gitattributes`",
            pin.file
        );
    }
    format!(
        "if the change is meant, pin it: `flowright feed update {} --from-file FILE`; if not, restore the file from \
         version control",
        pin.name
    )
}

/// The bytes with every occurrence of one sequence replaced.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(from) {
            Some(after) => {
                out.extend_from_slice(to);
                rest = after;
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: &str = "{\n  \"changeNumber\": 7, \"values\": []\n}\n";

    fn folder(lock: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("feeds")).unwrap();
        std::fs::write(folder.path().join("feeds/azure.json"), FEED).unwrap();
        if !lock.is_empty() {
            std::fs::write(folder.path().join(FILE_NAME), lock).unwrap();
        }
        folder
    }

    fn entry(name: &str) -> String {
        let sum = sha256(FEED.as_bytes());
        format!(
            "[[feed]]\nname = \"{name}\"\nkind = \"azure-service-tags\"\nversion = \"7\"\nfile = \"feeds/azure.json\"\n\
             sha256 = \"{sum}\"\nadded = \"2026-03-31\"\n"
        )
    }

    fn message(error: Error) -> (u32, String, String) {
        match error {
            Error::Input { line, message, help, .. } => (line, message, help),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        // FIPS 180-4, the example of one block.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), abc);
    }

    #[test]
    fn a_folder_without_a_lock_has_no_feeds() {
        assert_eq!(feeds(folder("").path()).unwrap(), []);
    }

    #[test]
    fn a_pinned_feed_comes_with_its_text() {
        let folder = folder(&entry("azure"));
        let found = feeds(folder.path()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].kind), ("azure", "azure-service-tags"));
        assert_eq!((found[0].version.as_str(), found[0].text.as_str()), ("7", FEED));
    }

    #[test]
    fn another_file_than_the_pinned_one_is_an_error_at_the_hash() {
        let folder = folder(&entry("azure"));
        std::fs::write(folder.path().join("feeds/azure.json"), FEED.replace('7', "8")).unwrap();
        let (line, text, help) = message(feeds(folder.path()).unwrap_err());
        assert_eq!(line, 6);
        assert!(text.contains("azure.json` is not the file that was pinned: its SHA-256 is "), "{text}");
        assert!(help.contains("`flowright feed update azure --from-file FILE`"), "{help}");
        assert!(help.contains("version control"), "{help}");
    }

    #[test]
    fn changed_line_ends_are_told_from_changed_content() {
        let folder = folder(&entry("azure"));
        std::fs::write(folder.path().join("feeds/azure.json"), FEED.replace('\n', "\r\n")).unwrap();
        let (_, _, help) = message(feeds(folder.path()).unwrap_err());
        assert!(help.starts_with("only its line ends differ"), "{help}");
    }

    #[test]
    fn a_missing_file_is_an_error_at_its_path() {
        let folder = folder(&entry("azure"));
        std::fs::remove_file(folder.path().join("feeds/azure.json")).unwrap();
        let (line, text, _) = message(feeds(folder.path()).unwrap_err());
        assert_eq!(line, 5);
        assert!(text.starts_with("the feed `azure` is pinned, and its file `"), "{text}");
    }

    #[test]
    fn what_is_written_is_read_back_sorted() {
        let folder = folder(&(entry("tags") + &entry("azure")));
        let mut lock = Lock::read(folder.path()).unwrap();
        lock.pins[0].version = "a \"quoted\"\u{1b} 世".to_owned();
        lock.write().unwrap();
        let again = Lock::read(folder.path()).unwrap();
        let names: Vec<&str> = again.pins.iter().map(|pin| pin.name.as_str()).collect();
        assert_eq!(names, ["azure", "tags"]);
        assert_eq!(again.pins[1].version, "a \"quoted\"\u{1b} 世");
        assert_eq!(again.to_text(), again.text);
    }

    #[test]
    fn every_mistake_has_its_line() {
        let good = entry("azure");
        let cases = [
            (good.replace("azure-service-tags", "azure"), 3, "`azure` is no kind of feed"),
            (
                good.replace("feeds/azure.json", "../azure.json"),
                5,
                "`../azure.json` is no path inside this folder",
            ),
            (
                good.replace("feeds/azure.json", "/etc/passwd"),
                5,
                "`/etc/passwd` is no path inside this folder",
            ),
            (good.replace("2026-03-31", "2026-02-30"), 7, "`2026-02-30` is no date"),
            (good.replace("name = \"azure\"", "name = \"../azure\""), 2, "`../azure` is no name of a feed"),
            (good.replace("sha256 = \"", "sha256 = \"G"), 6, "no SHA-256"),
            (good.clone() + &good, 9, "a second feed is called `azure`"),
            (good.replace("added", "addet"), 7, "unknown field"),
            (good.replace("version = \"7\"\n", ""), 1, "missing field `version`"),
            (good.replace("[[feed]]", "[[feed]"), 1, ""),
        ];
        for (text, at, expected) in cases {
            let (line, text, help) = message(Lock::read(folder(&text).path()).map(|_| ()).unwrap_err());
            assert!(text.contains(expected), "{text}");
            assert_eq!(line, at, "{text}");
            assert!(!help.is_empty());
        }
    }
}
