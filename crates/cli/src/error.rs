use std::io;

/// What keeps the program from doing its job, apart from what is wrong inside policies and exports: those are
/// findings, with labels.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error("`{path}` cannot be read")]
    #[diagnostic(help("{help}"))]
    Read { path: String, source: io::Error, help: String },

    #[error("`{path}` cannot be written; nothing was changed in it")]
    #[diagnostic(help("check that the folder exists and may be written to"))]
    Write { path: String, source: io::Error },

    #[error("`{path}` is no text: {reason} (byte {offset})")]
    #[diagnostic(help("export it again as text"))]
    NotText { path: String, offset: usize, reason: &'static str },

    #[error("`{path}` is larger than 4 GiB")]
    #[diagnostic(help("split the export"))]
    TooLarge { path: String },

    #[error("{message}")]
    #[diagnostic(help("{help}"))]
    Usage { message: String, help: String },

    #[error("{path}:{line}:{column}: {message}")]
    #[diagnostic(help("{help}"))]
    Input { path: String, line: u32, column: u32, message: String, help: String },

    /// It was said with its lines already.
    #[error("the export cannot be read")]
    Shown,

    #[error("the answer cannot be written")]
    Output(#[from] io::Error),
}

impl Error {
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Error::Usage { message: message.into(), help: help.into() }
    }

    /// Whether whoever read the answer has gone away, which is no failure (`flowright … | head`).
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
