use std::process::ExitCode;

/// How the program ends; documented, and the same in every format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing to say.
    Clean,
    /// Findings at or above `--fail-on`; differences; files that `fmt --check` would change.
    Findings,
    /// The job could not be done: usage, input that cannot be read or parsed, output that cannot be written.
    CouldNot,
    /// Nothing worse than undecided.
    Undecided,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(match status {
            Status::Clean => 0,
            Status::Findings => 1,
            Status::CouldNot => 2,
            Status::Undecided => 4,
        })
    }
}
