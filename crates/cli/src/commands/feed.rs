use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use diagnostics::{LineIndex, TextRange, printable};
use formats::Problem;
use formats::feed::{Feed as FeedData, FeedDifference, difference, find};
use space::{AddressSet, Set, SymbolKind, address_set};

use crate::arguments::{Feed, FeedCommand};
use crate::configuration;
use crate::error::Error;
use crate::load::{read_text, shown};
use crate::lock::{self, Fault, Lock, NAME_HELP, Pin, Places};
use crate::output;
use crate::status::Status;

/// No command opens a socket: a feed is a file that somebody downloaded.
pub fn run(arguments: &Feed) -> Result<Status, Error> {
    let folder = project(arguments.project.as_deref())?;
    match &arguments.command {
        FeedCommand::Add { name, from_file, kind, version } => {
            add(&folder, name, from_file, kind.as_deref(), version.as_deref())
        }
        FeedCommand::Update { name, from_file, version } => {
            update(&folder, name, from_file, version.as_deref())
        }
        FeedCommand::Status => status(&folder),
        FeedCommand::Diff { name, file } => diff(&folder, name, file),
        FeedCommand::Verify => verify(&folder),
    }
}

/// The folder of `--project`, or the nearest one of a project.
fn project(argument: Option<&str>) -> Result<PathBuf, Error> {
    match argument {
        Some(folder) if Path::new(folder).is_dir() => Ok(PathBuf::from(folder)),
        Some(folder) => {
            let message = format!("`{}` is no folder", printable(folder));
            Err(Error::usage(message, "name the folder that holds `flowright.toml`"))
        }
        None => configuration::nearest().ok_or_else(|| {
            Error::usage(
                "no folder from here upwards holds `flowright.toml`",
                "go to the project's folder, or name it: `--project DIR`",
            )
        }),
    }
}

fn add(
    folder: &Path,
    name: &str,
    from: &str,
    kind: Option<&str>,
    version: Option<&str>,
) -> Result<Status, Error> {
    if !lock::is_name(name) {
        return Err(Error::usage(format!("`{}` is no name of a feed", printable(name)), NAME_HELP));
    }
    let mut lock = Lock::read(folder)?;
    if lock.find(name).is_some() {
        let help = format!("to pin a newer file: `flowright feed update {name} --from-file FILE`");
        return Err(Error::usage(format!("a feed `{name}` is pinned already"), help));
    }
    let new = Opened::read(from, kind)?;
    let file = format!("feeds/{name}.json");
    let target = folder.join(&file);
    if target.exists() {
        let message = format!("`{}` is there already, and no feed `{name}` is pinned", shown_path(&target));
        return Err(Error::usage(
            message,
            "move that file away, or choose another name: nothing is overwritten",
        ));
    }
    let pin = new.pin(name, file, version)?;
    let parent = folder.join("feeds");
    std::fs::create_dir_all(&parent).map_err(|source| Error::Write { path: shown_path(&parent), source })?;
    output::create_file(&target, &new.bytes)?;
    let line = format!(
        "pinned `{name}`: {}, version {}, {}\n",
        pin.kind,
        printable(&pin.version),
        counts(&new.feed)
    );
    lock.put(pin);
    if let Err(error) = lock.write() {
        // A file without a pin would stand in the way of the next attempt.
        let _ = std::fs::remove_file(&target);
        return Err(error);
    }
    new.say_problems();
    output::answer(&line)?;
    Ok(Status::Clean)
}

fn update(folder: &Path, name: &str, from: &str, version: Option<&str>) -> Result<Status, Error> {
    let mut lock = Lock::read(folder)?;
    let old = pinned(&lock, name)?.clone();
    let new = Opened::read(from, Some(old.kind))?;
    let loaded = lock.load(&old);
    let mut pin = new.pin(name, old.file.clone(), version)?;
    let same = loaded.is_ok() && pin.sha256 == old.sha256;
    if same && version.is_none_or(|version| version == old.version) {
        output::answer(&format!("`{name}` is up to date: {} is the file that is pinned\n", shown(from)))?;
        return Ok(Status::Clean);
    }
    let mut text = String::new();
    let before = match loaded {
        Ok(pinned) => parse(&pinned.path, &pinned.text, old.kind),
        Err(fault) => Err(fault.into()),
    };
    match before {
        Ok(before) => write_difference(&difference(&before, &new.feed), &mut text),
        // The file that is replaced was not what was pinned: that is what an update may be for.
        Err(error) => output::say(&format!("the old file is not compared: {error}")),
    }
    if same {
        pin.added.clone_from(&old.added);
    }
    let (before, after) = (printable(&old.version).into_owned(), printable(&pin.version).into_owned());
    let _ = writeln!(text, "pinned `{name}`: version {before} -> {after}, {}", counts(&new.feed));
    let target = folder.join(&old.file);
    let kept = std::fs::read(&target).ok();
    match &kept {
        Some(_) => output::write_file(&target, &new.bytes)?,
        None => {
            if let Some(parent) = target.parent() {
                let failed = |source| Error::Write { path: shown_path(parent), source };
                std::fs::create_dir_all(parent).map_err(failed)?;
            }
            output::create_file(&target, &new.bytes)?;
        }
    }
    lock.put(pin);
    if let Err(error) = lock.write() {
        // The old file goes with the old lock.
        let _ = match kept {
            Some(bytes) => output::write_file(&target, &bytes),
            None => std::fs::remove_file(&target).map_err(Error::from),
        };
        return Err(error);
    }
    new.say_problems();
    output::answer(&text)?;
    Ok(Status::Clean)
}

fn status(folder: &Path) -> Result<Status, Error> {
    let lock = Lock::read(folder)?;
    let mut rows: Vec<[String; 6]> = Vec::new();
    for pin in &lock.pins {
        let (state, held) = match lock.load(pin) {
            Ok(pinned) => match parse(&pinned.path, &pinned.text, pin.kind) {
                Ok(feed) => ("sha256 ok", counts(&feed)),
                Err(_) => ("sha256 ok, unreadable", String::new()),
            },
            Err(Fault::Changed(_)) => ("sha256 differs", String::new()),
            Err(Fault::Missing(_)) => ("file missing", String::new()),
            Err(Fault::Unreadable(_)) => ("file unreadable", String::new()),
        };
        let version = printable(&pin.version).into_owned();
        rows.push([pin.name.clone(), pin.kind.to_owned(), version, pin.file.clone(), state.to_owned(), held]);
    }
    if rows.is_empty() {
        say_none(folder);
    }
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    output::answer(&text)?;
    Ok(Status::Clean)
}

fn diff(folder: &Path, name: &str, file: &str) -> Result<Status, Error> {
    let lock = Lock::read(folder)?;
    let pin = pinned(&lock, name)?;
    let old = lock.load(pin)?;
    let old = parse(&old.path, &old.text, pin.kind)?;
    let new = Opened::read(file, Some(pin.kind))?;
    let difference = difference(&old, &new.feed);
    let mut text = String::new();
    write_difference(&difference, &mut text);
    output::answer(&text)?;
    Ok(if difference.is_empty() { Status::Clean } else { Status::Findings })
}

fn verify(folder: &Path) -> Result<Status, Error> {
    let lock = Lock::read(folder)?;
    if lock.pins.is_empty() {
        say_none(folder);
    }
    let mut worst = Status::Clean;
    for pin in &lock.pins {
        let checked = lock.load(pin).and_then(|pinned| {
            parse(&pinned.path, &pinned.text, pin.kind).map(|_| ()).map_err(Fault::Unreadable)
        });
        let (word, error) = match checked {
            Ok(()) => ("ok", None),
            Err(Fault::Changed(error)) => ("not the pinned file", Some(error)),
            Err(Fault::Missing(error)) => ("missing", Some(error)),
            Err(Fault::Unreadable(error)) => ("unreadable", Some(error)),
        };
        worst = match word {
            "ok" => worst,
            "not the pinned file" if worst != Status::CouldNot => Status::Findings,
            _ => Status::CouldNot,
        };
        output::answer(&format!("{}: {word}\n", pin.name))?;
        if let Some(error) = error {
            eprintln!("{:?}", miette::Report::new(error));
        }
    }
    Ok(worst)
}

/// A feed's file as somebody downloaded it.
struct Opened {
    /// As it is shown.
    path: String,
    text: String,
    bytes: Vec<u8>,
    feed: FeedData,
    /// The month of the file, for the version of a feed that does not tell its own.
    month: String,
}

impl Opened {
    fn read(argument: &str, kind: Option<&str>) -> Result<Self, Error> {
        let (text, encoding) = read_text(argument)?;
        let path = shown(argument);
        let feed = match kind {
            Some(kind) if find(kind).is_none() => {
                let known: Vec<&str> = formats::feed::FEEDS.iter().map(|kind| kind.name()).collect();
                let guess = syntax::similar_name(kind, known.iter().copied());
                let help = guess.map_or_else(
                    || format!("use one of: {}", known.join(", ")),
                    |guess| format!("did you mean `{guess}`?"),
                );
                return Err(Error::usage(format!("no kind of feed is called `{}`", printable(kind)), help));
            }
            kind => formats::feed::read(kind, &text).map_err(|error| located(&path, &text, error))?,
        };
        let saved = match argument {
            "-" => None,
            path => std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok(),
        };
        let saved =
            saved.and_then(|time| jiff::Timestamp::try_from(time).ok()).unwrap_or_else(jiff::Timestamp::now);
        let day = saved.to_zoned(jiff::tz::TimeZone::UTC);
        let month = format!("{:04}-{:02}", day.year(), day.month());
        // Decoding and encoding again gives the bytes that were read.
        let bytes = formats::text::encode(&text, encoding);
        Ok(Opened { path, text, bytes, feed, month })
    }

    /// The pin of this file. The version is the one given, or else the file's own, or else its month.
    fn pin(&self, name: &str, file: String, version: Option<&str>) -> Result<Pin, Error> {
        let version = match (version.map(str::trim), &self.feed.version) {
            (Some(""), _) => {
                return Err(Error::usage("the version is empty", "leave `--version` out, or say one"));
            }
            (Some(given), _) => given.to_owned(),
            (None, Some(own)) => own.clone(),
            (None, None) => {
                output::say(&format!(
                    "{} does not tell its version: its month, {}, is taken; `--version` says another",
                    self.path, self.month
                ));
                self.month.clone()
            }
        };
        Ok(Pin {
            name: name.to_owned(),
            kind: self.feed.kind,
            version,
            file,
            sha256: lock::sha256(&self.bytes),
            added: jiff::Zoned::now().date().to_string(),
            places: Places::default(),
        })
    }

    fn say_problems(&self) {
        let index = LineIndex::new(&self.text);
        let place = |problem: &Problem| {
            let (line, column) = index.line_column(problem.place.start);
            format!("{}:{line}:{column}: {}; {}", self.path, problem.message, problem.help)
        };
        for problem in self.feed.problems.iter().take(MOST_PROBLEMS) {
            output::say(&place(problem));
        }
        if let Some(more) = self.feed.problems.len().checked_sub(MOST_PROBLEMS).filter(|more| *more > 0) {
            output::say(&format!("and {more} more of the kind in {}", self.path));
        }
    }
}

/// As many problems of a file are told one by one.
const MOST_PROBLEMS: usize = 20;

fn pinned<'l>(lock: &'l Lock, name: &str) -> Result<&'l Pin, Error> {
    lock.find(name).ok_or_else(|| {
        let names = lock.pins.iter().map(|pin| pin.name.as_str());
        let help = match syntax::similar_name(name, names) {
            Some(guess) => format!("did you mean `{guess}`?"),
            None => "`flowright feed status` lists the feeds; `flowright feed add` pins a new one".to_owned(),
        };
        Error::usage(format!("no feed `{}` is pinned", printable(name)), help)
    })
}

fn parse(path: &str, text: &str, kind: &str) -> Result<FeedData, Error> {
    formats::feed::read(Some(kind), text).map_err(|error| located(path, text, error))
}

fn located(path: &str, text: &str, error: formats::ImportError) -> Error {
    let TextRange { start, .. } = error.place;
    let (line, column) = LineIndex::new(text).line_column(start);
    Error::Input { path: path.to_owned(), line, column, message: error.message, help: error.help }
}

fn say_none(folder: &Path) {
    output::say(&format!(
        "no feed is pinned in {}: `flowright feed add NAME --from-file FILE` pins one",
        shown_path(&folder.join(lock::FILE_NAME))
    ));
}

fn shown_path(path: &Path) -> String {
    shown(&path.display().to_string())
}

/// How much a feed tells, in a few words.
fn counts(feed: &FeedData) -> String {
    let sets = feed.entries.iter().filter_map(|entry| entry.addresses.as_ref());
    let all = AddressSet::union_of(sets);
    let v6 = AddressSet { v4: <space::IntervalSet<u32> as space::Set>::empty(), v6: all.v6.clone() };
    format!(
        "{} names with addresses, {} without, {} groups, {} IPv4 addresses, {} IPv6 prefixes",
        feed.names.len(),
        feed.unknown_names.len(),
        feed.groups.len(),
        all.v4.size(),
        v6.prefixes().len(),
    )
}

fn write_difference(difference: &FeedDifference, text: &mut String) {
    let title = |kind: SymbolKind, name: &str| format!("{} `{}`", kind.noun(), printable(name));
    let known = |set: &Option<AddressSet>| match set {
        Some(set) => address_set(set),
        None => "addresses not told".to_owned(),
    };
    for gained in &difference.gained {
        let _ = writeln!(text, "gained   {}: {}", title(gained.kind, &gained.name), known(&gained.addresses));
    }
    for lost in &difference.lost {
        let _ = writeln!(text, "lost     {}: {}", title(lost.kind, &lost.name), known(&lost.addresses));
    }
    for moved in &difference.changed {
        let what = match moved.addresses() {
            None => format!("{} -> {}", known(&moved.old), known(&moved.new)),
            Some((came, went)) => {
                let part = |word, set: AddressSet| {
                    (!set.is_empty()).then(|| format!("{word} {}", address_set(&set)))
                };
                let parts: Vec<String> =
                    [part("now", came), part("no longer", went)].into_iter().flatten().collect();
                parts.join("; ")
            }
        };
        let _ = writeln!(text, "changed  {}: {what}", title(moved.kind, &moved.name));
    }
    let _ = match difference {
        nothing if nothing.is_empty() => writeln!(text, "no difference in what it tells"),
        FeedDifference { gained, lost, changed } => {
            writeln!(text, "{} gained, {} lost, {} changed", gained.len(), lost.len(), changed.len())
        }
    };
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
