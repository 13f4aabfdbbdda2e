use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::folder::{files_below, root};

/// What a run of the program came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// `None` where a signal ended it.
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Seconds of processor time after which a run is ended: hundreds of times what any of them takes. A hang is a failure
/// then, and not a test run that never ends.
const PROCESSOR_SECONDS: u32 = 120;

/// Runs the program in `folder`.
pub fn flowright(folder: &Path, arguments: &[&str]) -> Run {
    flowright_with(folder, arguments, &[], b"")
}

/// Runs the program in `folder` with more in its environment, and with something to read.
pub fn flowright_with(folder: &Path, arguments: &[&str], environment: &[(&str, &str)], input: &[u8]) -> Run {
    let mut command = shell("exec \"$@\"", folder);
    command.arg("sh").arg(program()).args(arguments).envs(environment.iter().copied());
    finished(command, input)
}

/// Runs a line as a user types it, with the program as `flowright`; what it says and what it answers are one text, in
/// the order in which they come.
pub fn typed(folder: &Path, line: &str) -> Run {
    finished(shell(&format!("{{ {line}\n}} 2>&1"), folder), b"")
}

fn finished(mut command: Command, input: &[u8]) -> Run {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a shell can be started");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    let output = std::thread::scope(|scope| {
        // Whoever does not read its input to the end is right to do so.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().expect("the program ends")
    });
    Run {
        status: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A shell in `folder`, with nothing in its environment but what finds programs, and with a bound on its time.
fn shell(script: &str, folder: &Path) -> Command {
    let beside = program().parent().unwrap_or(Path::new("."));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -t {PROCESSOR_SECONDS}; {script}")]);
    command.current_dir(folder).env_clear().env("PATH", format!("{}:{path}", beside.display()));
    // A panic must not hide because nobody asked for a backtrace.
    command.env("RUST_BACKTRACE", "1").env("LANG", "C.UTF-8");
    command
}

/// The program, beside the test binary; built where it is not there or older than its sources, since tests of one
/// package do not build another.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("the test binary knows where it is");
        // target/PROFILE/deps/all-HASH
        let profile = test.ancestors().nth(2).expect("the test binary lies in the target folder");
        let program = profile.join(format!("flowright{}", std::env::consts::EXE_SUFFIX));
        let built = changed(&program);
        if built.is_none() || built < newest_source() {
            let name = profile.file_name().unwrap_or_default().to_string_lossy();
            let name = if name == "debug" { "dev".into() } else { name };
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let status = Command::new(cargo)
                .args(["build", "--quiet", "--package", "cli", "--profile", &name])
                .current_dir(root())
                .status()
                .expect("cargo can be started");
            assert!(status.success(), "the program does not build");
        }
        assert!(program.is_file(), "`{}` was built and is not there", program.display());
        program
    })
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// When a source of the program was last written.
fn newest_source() -> Option<SystemTime> {
    let folders = ["crates", "stdlib", "grammar"].map(|folder| root().join(folder));
    let sources =
        folders.iter().flat_map(|folder| files_below(folder).into_iter().map(|file| folder.join(file)));
    sources.filter_map(|source| changed(&source)).max()
}
