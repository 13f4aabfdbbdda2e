//! Network namespaces that nothing outlives.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace.
///
/// It has a name only while it is built. Afterwards the open file alone keeps it: the kernel takes it down with
/// everything in it when the file is closed, be it because the process was killed.
pub struct Namespace {
    file: File,
    name: Option<String>,
}

impl Namespace {
    pub fn new(role: &str) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("flowright-{}-{count}-{role}", std::process::id());
        {
            // The first of a machine sets up the folder of names, and must not meet another in it.
            static ADDING: Mutex<()> = Mutex::new(());
            let _alone = ADDING.lock().unwrap_or_else(PoisonError::into_inner);
            run("ip", &["netns", "add", &name], "")?;
        }
        let file = File::open(format!("/run/netns/{name}"))
            .or_else(|_| File::open(format!("/var/run/netns/{name}")));
        match file {
            Ok(file) => Ok(Namespace { file, name: Some(name) }),
            Err(error) => {
                let _ = run("ip", &["netns", "delete", &name], "");
                Err(format!("the new network namespace cannot be opened: {error}"))
            }
        }
    }

    /// The name by which `ip` finds it; only until [`forget_name`](Self::forget_name).
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    pub fn forget_name(&mut self) {
        if let Some(name) = self.name.take() {
            let _ = run("ip", &["netns", "delete", &name], "");
        }
    }

    /// Does `work` in a thread that has entered the namespace. Sockets that it opens stay in there, and programs that it
    /// starts run there.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
        thread::scope(|scope| {
            let entered = scope.spawn(|| {
                move_into_link_name_space(self.file.as_fd(), Some(LinkNameSpaceType::Network))
                    .map_err(|error| format!("the network namespace cannot be entered: {error}"))?;
                work()
            });
            entered.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.forget_name();
    }
}

/// Runs a program with `input`, and returns what it prints. An error has its words and what it says.
pub fn run(program: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    // An ordinary user's path may leave the system's folders out.
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/local/sbin:/usr/sbin:/sbin";
    let mut child = Command::new(program)
        .args(arguments)
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("`{program}` does not start: {error}"))?;
    let mut pipe = child.stdin.take().expect("its standard input is a pipe");
    // All of these programs read their input before they print more than a pipe holds. One that ends early says why.
    let _ = pipe.write_all(input.as_bytes());
    drop(pipe);
    let output =
        child.wait_with_output().map_err(|error| format!("`{program}` cannot be waited for: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{program} {}` failed, {}: {}", arguments.join(" "), output.status, said.trim()))
}
