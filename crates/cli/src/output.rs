use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;

use diagnostics::Style;
use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::arguments::When;
use crate::error::Error;

static COLOUR: OnceLock<bool> = OnceLock::new();

/// Decides once whether to colour, and how errors of the program itself are shown.
pub fn set_up(when: When) {
    let on_terminal = |terminal: bool| match when {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let _ = COLOUR.set(on_terminal(io::stdout().is_terminal()));
    let colour = on_terminal(io::stderr().is_terminal());
    // The hook can be set once; a second attempt changes nothing.
    let _ = miette::set_hook(Box::new(move |_| {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
        Box::new(GraphicalReportHandler::new_themed(theme).with_links(false).with_width(110))
    }));
}

/// How findings are drawn.
pub fn style() -> Style {
    let colour = COLOUR.get().copied().unwrap_or(false);
    Style { colour, ascii: !colour, width: None }
}

/// Writes the answer.
pub fn answer(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Says something that is not the answer.
pub fn say(text: &str) {
    eprintln!("{}", diagnostics::printable(text));
}

/// Writes a whole file or nothing: to a temporary file beside it, then renamed. Its permissions stay.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.display().to_string(), source };
    // A link is written through: the file it leads to is replaced, not the link.
    let target = std::fs::canonicalize(path).map_err(failed)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    let permissions = std::fs::metadata(&target).map_err(failed)?.permissions();
    file.as_file().set_permissions(permissions).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Writes a new file, whole or not at all; one that is there already is an error, and stays as it is.
pub fn create_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.display().to_string(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // A temporary file is its owner's alone; this one is to have the permissions of any new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist_noclobber(path).map_err(|error| failed(error.error))?;
    Ok(())
}
