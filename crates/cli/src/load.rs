use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use checks::Settings;
use compiler::{Anchor, Database, Date, File, FileKind, Project, position};
use diagnostics::{FileId, Finding, Level, LineIndex, Sources, Span};
use formats::text::{Encoding, decode};
use salsa::Setter;

use crate::arguments::Inputs;
use crate::configuration::{self, Configuration};
use crate::error::Error;
use crate::lock;

/// A project with its texts loaded.
pub struct Loaded {
    pub db: Database,
    pub project: Project,
    pub settings: Settings,
    pub fail_on: Option<Level>,
    /// Exports that a policy names and that cannot be read, with the reason.
    pub unreadable: Vec<(Anchor, Error)>,
    /// How each export was written, to write it back the same way.
    pub encodings: BTreeMap<String, Encoding>,
}

/// Loads what the arguments name; of `library_only`, no policy.
pub fn load(inputs: &Inputs, library_only: bool) -> Result<Loaded, Error> {
    let arguments = if library_only { Vec::new() } else { or_nearest(&inputs.policies)? };
    let mut configuration = Configuration::default();
    for argument in arguments.iter().filter(|argument| *argument != "-") {
        let path = Path::new(argument);
        let folder = if path.is_dir() { Some(path) } else { path.parent() };
        if let Some(folder) = folder {
            configuration = configuration::read(folder)?;
        }
    }
    let mut feeds = Vec::new();
    for argument in arguments.iter().filter(|argument| *argument != "-") {
        let path = Path::new(argument);
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        for feed in lock::feeds(folder)? {
            if !feeds.iter().any(|known: &lock::PinnedFeed| known.path == feed.path) {
                feeds.push(feed);
            }
        }
    }
    let paths = if library_only { Vec::new() } else { policy_paths(&arguments)? };
    let db = Database::default();
    let mut policies = Vec::new();
    for path in paths {
        let (text, _) = read_text(&path)?;
        policies.push(File::new(&db, shown(&path), text.into(), FileKind::Policy));
    }
    // A file that begins with `module` is one that the other files may import.
    let (own_modules, policies): (Vec<File>, Vec<File>) =
        policies.into_iter().partition(|file| compiler::is_module(&db, *file));
    let mut loaded = Loaded {
        project: empty_project(&db, policies, as_of(inputs)?),
        db,
        settings: Settings { levels: configuration.levels, strict: inputs.strict },
        fail_on: configuration.fail_on,
        unreadable: Vec::new(),
        encodings: BTreeMap::new(),
    };
    loaded.add_modules(own_modules);
    loaded.pin_feeds(feeds);
    loaded.open_named_exports();
    let mut extra = Vec::new();
    for argument in &inputs.export {
        let (path, format) = path_and_format(argument)?;
        let (text, encoding) = read_text(&path)?;
        loaded.encodings.insert(shown(&path), encoding);
        let kind = FileKind::Export { mapping: mapping_of(&path, format.as_deref())?, format };
        let file = File::new(&loaded.db, shown(&path), text.into(), kind);
        let name = Path::new(&path)
            .file_stem()
            .map_or_else(|| path.clone(), |stem| stem.to_string_lossy().into_owned());
        extra.push((name, file));
    }
    loaded.project.set_extra_exports(&mut loaded.db).to(extra);
    Ok(loaded)
}

/// The arguments, or the nearest folder of a project where there are none.
fn or_nearest(arguments: &[String]) -> Result<Vec<String>, Error> {
    if !arguments.is_empty() {
        return Ok(arguments.to_vec());
    }
    let folder = configuration::nearest().ok_or_else(|| {
        Error::usage(
            "no policy is given, and no folder above this one holds `flowright.toml`",
            "name a policy: `flowright check POLICY.flow`, or a folder of them",
        )
    })?;
    Ok(vec![folder.display().to_string()])
}

/// The policy files that the arguments name, folders unfolded.
pub fn policy_paths(arguments: &[String]) -> Result<Vec<String>, Error> {
    let mut paths: Vec<String> = Vec::new();
    for argument in or_nearest(arguments)? {
        let found =
            if Path::new(&argument).is_dir() { policies_in(Path::new(&argument))? } else { vec![argument] };
        for path in found {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    Ok(paths)
}

/// A project of policies and the standard library, without exports.
pub fn empty_project(db: &Database, policies: Vec<File>, as_of: Date) -> Project {
    let library = compiler::STANDARD_LIBRARY
        .iter()
        .map(|(path, text)| File::new(db, (*path).to_owned(), (*text).into(), FileKind::Library))
        .collect();
    Project::new(db, policies, library, BTreeMap::new(), Vec::new(), as_of)
}

impl Loaded {
    /// Puts the project's own modules beside those that come with the program.
    fn add_modules(&mut self, own: Vec<File>) {
        if own.is_empty() {
            return;
        }
        let mut all = self.project.library(&self.db).to_vec();
        for file in own {
            file.set_kind(&mut self.db).to(FileKind::Library);
            all.push(file);
        }
        self.project.set_library(&mut self.db).to(all);
    }

    /// Makes the pinned feeds facts.
    fn pin_feeds(&mut self, feeds: Vec<lock::PinnedFeed>) {
        let file = |feed: lock::PinnedFeed| {
            let kind = FileKind::Feed { name: feed.name, kind: feed.kind.to_owned() };
            File::new(&self.db, feed.path, feed.text.into(), kind)
        };
        let files = feeds.into_iter().map(file).collect();
        self.project.set_feeds(&mut self.db).to(files);
    }

    /// Opens the exports that the policies name, relative to the policy that does.
    fn open_named_exports(&mut self) {
        let mut exports: BTreeMap<(String, String), File> = BTreeMap::new();
        let mut opened: BTreeMap<(String, Option<String>), File> = BTreeMap::new();
        for named in compiler::export_paths(&self.db, self.project) {
            let policy = named.policy.path(&self.db).to_owned();
            let folder = Path::new(&policy).parent().unwrap_or(Path::new(""));
            let path = shown(&folder.join(&named.path).display().to_string());
            let key = (path.clone(), named.format.clone());
            let file = match opened.get(&key) {
                Some(file) => *file,
                None => match read_text(&path).and_then(|(text, encoding)| {
                    Ok((text, encoding, mapping_of(&path, named.format.as_deref())?))
                }) {
                    Ok((text, encoding, mapping)) => {
                        self.encodings.insert(path.clone(), encoding);
                        let kind = FileKind::Export { format: named.format.clone(), mapping };
                        let file = File::new(&self.db, path, text.into(), kind);
                        opened.insert(key, file);
                        file
                    }
                    Err(error) => {
                        self.unreadable.push((named.place, error));
                        continue;
                    }
                },
            };
            exports.insert((policy, named.path), file);
        }
        self.project.set_exports(&mut self.db).to(exports);
    }

    /// Gives findings their lines, and the files for it.
    pub fn concretize(&self, findings: Vec<Finding<Anchor>>) -> (Vec<Finding>, Files<'_>) {
        let mut files: Vec<File> = Vec::new();
        let spans = findings
            .into_iter()
            .map(|finding| {
                finding.map_places(|anchor| {
                    let place = position(&self.db, &anchor);
                    let known = files.iter().position(|file| *file == place.file);
                    let index = known.unwrap_or_else(|| {
                        files.push(place.file);
                        files.len() - 1
                    });
                    Span { file: FileId(u32::try_from(index).unwrap_or(u32::MAX)), range: place.range }
                })
            })
            .collect();
        let files =
            Files { all: files.into_iter().map(|file| (file.path(&self.db), file.text(&self.db))).collect() };
        (spans, files)
    }
}

/// The texts that findings point at.
pub struct Files<'a> {
    all: Vec<(&'a str, &'a str)>,
}

impl<'a> Files<'a> {
    pub fn one(path: &'a str, text: &'a str) -> Self {
        Files { all: vec![(path, text)] }
    }
}

impl Sources for Files<'_> {
    fn path(&self, file: FileId) -> &str {
        self.all.get(file.0 as usize).map_or("", |(path, _)| path)
    }

    fn text(&self, file: FileId) -> &str {
        self.all.get(file.0 as usize).map_or("", |(_, text)| text)
    }
}

/// The day of `--as-of`, or today.
fn as_of(inputs: &Inputs) -> Result<Date, Error> {
    let day = match &inputs.as_of {
        None => jiff::Zoned::now().date(),
        Some(text) => text.parse::<jiff::civil::Date>().map_err(|_| {
            Error::usage(
                format!("`{text}` is no date"),
                "write it as year, month and day: `--as-of 2027-03-31`",
            )
        })?,
    };
    Ok(Date { year: day.year(), month: day.month(), day: day.day() })
}

/// The `.flow` files of a folder and of the folders in it, sorted; hidden ones are left out.
fn policies_in(folder: &Path) -> Result<Vec<String>, Error> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let failed = |source| Error::Read {
            path: folder.display().to_string(),
            source,
            help: "check that the folder may be read".to_owned(),
        };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            // A link to a folder could lead back: it is not followed.
            if kind.is_dir() {
                open.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == "flow") {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    if found.is_empty() {
        let message = format!("there is no policy in `{}`", folder.display());
        return Err(Error::usage(message, "a policy's name ends in `.flow`"));
    }
    Ok(found.into_iter().map(|path| path.display().to_string()).collect())
}

/// `FILE[=FORMAT]`; what follows the last `=` is a format only if there is such a format or no such file.
pub fn path_and_format(argument: &str) -> Result<(String, Option<String>), Error> {
    let Some((path, format)) = argument.rsplit_once('=') else { return Ok((argument.to_owned(), None)) };
    if formats::find(format).is_some() {
        return Ok((path.to_owned(), Some(format.to_owned())));
    }
    if Path::new(argument).exists() {
        return Ok((argument.to_owned(), None));
    }
    let known: Vec<&str> = formats::FORMATS.iter().map(|format| format.name()).collect();
    let guess = syntax::similar_name(format, known.iter().copied());
    let help = guess.map_or_else(
        || format!("use one of: {}", known.join(", ")),
        |guess| format!("did you mean `{guess}`?"),
    );
    Err(Error::usage(format!("no format is called `{format}`"), help))
}

/// The mapping that lies beside a table: `edge.csv.toml` beside `edge.csv`. Only of a file that is called `.csv`, or is said to be `csv`.
pub fn mapping_of(path: &str, format: Option<&str>) -> Result<Option<Arc<str>>, Error> {
    let mapping = format!("{path}.toml");
    let wanted = match format {
        Some(format) => format == "csv",
        None => Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")),
    };
    if !wanted || !Path::new(&mapping).is_file() {
        return Ok(None);
    }
    read_text(&mapping).map(|(text, _)| Some(text.into()))
}

/// The text of a file, or of standard input for `-`.
pub fn read_text(path: &str) -> Result<(String, Encoding), Error> {
    let failed = |source: std::io::Error| {
        let help = match source.kind() {
            std::io::ErrorKind::NotFound => {
                "check the path; one in a policy is relative to that policy's folder"
            }
            _ => "check that it is a file and may be read",
        };
        Error::Read { path: shown(path), source, help: help.to_owned() }
    };
    let mut bytes = Vec::new();
    if path == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let size = std::fs::metadata(path).map_err(failed)?.len();
        if size > u64::from(u32::MAX) {
            return Err(Error::TooLarge { path: shown(path) });
        }
        bytes = std::fs::read(path).map_err(failed)?;
    }
    decode(&bytes).map_err(|error| Error::NotText {
        path: shown(path),
        offset: error.offset,
        reason: error.reason,
    })
}

/// A path as it is shown: without a leading `./`.
pub fn shown(path: &str) -> String {
    match path {
        "-" => "<standard input>".to_owned(),
        _ => path.strip_prefix("./").unwrap_or(path).to_owned(),
    }
}

/// The line of a place, for answers without excerpts.
pub fn line_of(text: &str, offset: u32) -> u32 {
    LineIndex::new(text).line_column(offset).0
}
