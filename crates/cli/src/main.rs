//! The program `flowright`: opens files, asks the crates below, prints. See README.md.
// The edge: here files are opened and answers printed.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod commands;
mod configuration;
mod error;
mod load;
mod lock;
mod output;
mod status;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use status::Status;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    output::set_up(arguments.color);
    let done = match &arguments.command {
        Command::Check(check) => commands::check::run(check),
        Command::Query(query) => commands::query::run(query),
        Command::Diff(diff) => commands::diff::run(diff),
        Command::Fix(fix) => commands::fix::run(fix),
        Command::Compile(compile) => commands::compile::run(compile),
        Command::Import(import) => commands::import::run(import),
        Command::Fmt(fmt) => commands::fmt::run(fmt),
        Command::Library(library) => commands::library::run(library),
        Command::Test(test) => commands::test::run(test),
        Command::Feed(feed) => commands::feed::run(feed),
        Command::Explain(explain) => commands::explain::run(explain),
    };
    match done {
        Ok(status) => status.into(),
        Err(error::Error::Shown) => Status::CouldNot.into(),
        Err(error) if error.is_closed_pipe() => Status::Clean.into(),
        Err(error) => {
            eprintln!("{:?}", miette::Report::new(error));
            Status::CouldNot.into()
        }
    }
}
