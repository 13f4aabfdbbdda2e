use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diagnostics::{Level, LineIndex};
use serde::Deserialize;

use crate::error::Error;

/// The name of the file that marks the folder of a project.
pub const FILE_NAME: &str = "flowright.toml";

/// What `flowright.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    pub levels: BTreeMap<String, Level>,
    pub fail_on: Option<Level>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    fail_on: Option<toml::Spanned<String>>,
    #[serde(default)]
    checks: BTreeMap<toml::Spanned<String>, toml::Spanned<String>>,
}

/// Reads the configuration of a folder; the usual one where the folder has none.
pub fn read(folder: &Path) -> Result<Configuration, Error> {
    let path = folder.join(FILE_NAME);
    if !path.is_file() {
        return Ok(Configuration::default());
    }
    let shown = crate::load::shown(&path.display().to_string());
    let text = std::fs::read_to_string(&path).map_err(|source| Error::Read {
        path: shown.clone(),
        source,
        help: "check that it may be read and is UTF-8".to_owned(),
    })?;
    let at = |offset: usize, message: String, help: String| {
        let (line, column) = LineIndex::new(&text).line_column(u32::try_from(offset).unwrap_or(u32::MAX));
        Error::Input { path: shown.clone(), line, column, message, help }
    };
    let written: Written = toml::from_str(&text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let help = "it has `fail-on` and a table `[checks]` with a level for each check".to_owned();
        at(offset, error.message().to_owned(), help)
    })?;
    let level = |word: &toml::Spanned<String>| {
        match word.get_ref().as_str() {
            "off" => Some(Level::Off),
            "note" => Some(Level::Note),
            "warning" => Some(Level::Warning),
            "error" => Some(Level::Error),
            _ => None,
        }
        .ok_or_else(|| {
            let message = format!("`{}` is no level", word.get_ref());
            at(word.span().start, message, "use `off`, `note`, `warning` or `error`".to_owned())
        })
    };
    let mut levels = BTreeMap::new();
    for (name, word) in &written.checks {
        if checks::find(name.get_ref()).is_none() {
            let guess = syntax::similar_name(name.get_ref(), checks::CHECKS.iter().map(|check| check.name));
            let help = guess.map_or_else(
                || "`flowright explain` lists the checks".to_owned(),
                |guess| format!("did you mean `{guess}`?"),
            );
            return Err(at(name.span().start, format!("there is no check `{}`", name.get_ref()), help));
        }
        levels.insert(name.get_ref().clone(), level(word)?);
    }
    let fail_on = written.fail_on.as_ref().map(level).transpose()?;
    Ok(Configuration { levels, fail_on })
}

/// The nearest folder, from here upwards, that holds a configuration.
pub fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let found = here.ancestors().find(|folder| folder.join(FILE_NAME).is_file())?;
    Some(if found == here { PathBuf::from(".") } else { found.to_path_buf() })
}
